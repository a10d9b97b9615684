"""tensorflow.python.ops.gradient_checker_v2: tf.test.compute_gradient."""

import numpy as np

from . import public


def compute_gradient(f, x, delta=None):
    """Jacobians of f at x, by the gradient and by differences: two lists with an array for each of x."""
    return public("test.compute_gradient")(f, x, *(() if delta is None else (delta,)))


def max_error(grad1, grad2):
    """The largest difference of two lists of Jacobians."""
    error = 0.0
    for a, b in zip(grad1, grad2):
        if a.size or b.size:
            error = np.maximum(error, np.fabs(a - b).max())
    return error
