import jax
import jax.numpy as jnp
import numpy as np
from timer import best, chain, report

a, b, m, v = jnp.float32(1.5) + 0, jnp.float32(2.5) + 0, jnp.ones((4, 4)), jnp.ones(10)
scalar = np.array(1.5, "f4")
plus, same, gradient = jax.jit(lambda x: x + 1.0), jax.jit(lambda x: x), jax.grad(chain)
compiled = jax.jit(gradient)
report(
    {
        "add scalar": best(lambda: a + b),
        "matmul 4x4": best(lambda: m @ m),
        "relu 10": best(lambda: jax.nn.relu(v)),
        "constant from numpy scalar": best(lambda: jnp.asarray(scalar)),
        "to numpy scalar": best(lambda: np.asarray(a)),
        "tf.function x+1": best(lambda: plus(a)),
        "tf.function identity": best(lambda: same(a)),
        "10-op chain eager": best(lambda: chain(a), 300),
        "GradientTape over 10-op chain": best(lambda: gradient(a), 50, 5),
        "GradientTape inside tf.function": best(lambda: compiled(a), 500),
    }
)
