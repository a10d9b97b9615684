import numpy as np
import torch
from timer import best, chain, report

torch.set_num_threads(1)
a, b, m, v = torch.tensor(1.5), torch.tensor(2.5), torch.rand(4, 4), torch.randn(10)
scalar, w = np.array(1.5, "f4"), torch.tensor(1.5, requires_grad=True)
r = {
    "add scalar": best(lambda: a + b),
    "matmul 4x4": best(lambda: m @ m),
    "relu 10": best(lambda: torch.relu(v)),
    "constant from numpy scalar": best(lambda: torch.tensor(scalar)),
    "to numpy scalar": best(lambda: a.numpy()),
    "10-op chain eager": best(lambda: chain(a), 300),
    "GradientTape over 10-op chain": best(lambda: torch.autograd.grad(chain(w), w), 300),
}
with torch.inference_mode():
    r["add scalar, inference mode"] = best(lambda: a + b)
report(r)
