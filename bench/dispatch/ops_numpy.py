import numpy as np
from timer import best, report

a, b = np.array(1.5, "f4"), np.array(2.5, "f4")
m, v = np.random.rand(4, 4).astype("f4"), np.random.randn(10).astype("f4")
report(
    {
        "add scalar": best(lambda: np.add(a, b)),
        "matmul 4x4": best(lambda: m @ m),
        "relu 10": best(lambda: np.maximum(v, 0)),
    }
)
