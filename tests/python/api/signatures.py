"""What test_signatures.py and make_signatures.py share."""

import inspect

AREAS = (
    "array_index", "array_join", "array_shape", "array_sort", "clip", "debug_shapes", "debug_values", "linalg_decompose",
    "linalg_diag", "linalg_norm", "linalg_product", "linalg_solve", "math_basic", "math_count", "math_reduce",
    "math_segment", "math_special", "random_stateful", "random_stateless", "types",
)  # fmt: skip


def described(function):
    """The parameters with their defaults."""
    parameters = inspect.signature(function).parameters.values()
    return [str(p.replace(annotation=p.empty)) for p in parameters]
