"""Elements of datasets: tuples and dicts of tensors; lists stand for tensors."""

from ..tensor import Tensor, TensorSpec
from . import compose as c


def is_nest(x):
    return isinstance(x, (tuple, dict))


def children(x):
    return [x[k] for k in sorted(x)] if isinstance(x, dict) else list(x)


def rebuild(x, values):
    """A structure like x with other children."""
    if isinstance(x, dict):
        by_key = dict(zip(sorted(x), values))
        return type(x)((k, by_key[k]) for k in x)
    return type(x)(*values) if hasattr(x, "_fields") else tuple(values)


def map_leaves(f, x, *others):
    """f of each leaf of x and the leaves in the same places of other structures."""
    if not is_nest(x):
        return f(x, *others)
    rest = zip(*(children(o) for o in others)) if others else [()] * len(x)
    return rebuild(x, [map_leaves(f, a, *b) for a, b in zip(children(x), rest)])


def leaves(x):
    return [leaf for child in children(x) for leaf in leaves(child)] if is_nest(x) else [x]


def as_element(x):
    """A structure with tensors for leaves."""
    return map_leaves(_leaf, x)


def as_result(x):
    """What a function returned as an element; a list at the top is a tuple."""
    return as_element(tuple(x) if isinstance(x, list) else x)


def _leaf(x):
    from .data_dataset import Dataset

    if isinstance(x, Tensor) or x is None or isinstance(x, Dataset) or is_composite(x):
        return x
    return c.tensor(x)


def is_composite(x):
    return hasattr(x, "flat_values") or hasattr(x, "dense_shape")


def spec_of(x):
    """The TensorSpec of a leaf (or the spec of what it is)."""
    if isinstance(x, Tensor):
        return TensorSpec(x.shape, x.dtype)
    from .data_dataset import Dataset, DatasetSpec

    if isinstance(x, Dataset):
        return DatasetSpec(x.element_spec)
    if x is None:
        return c.public("NoneTensorSpec")()
    return c.public("type_spec_from_value")(x)


def traced_spec(function, spec, unpack=True):
    """What function gives for elements of a spec, found by recording it."""
    from ..graph import FuncGraph, placeholder

    with FuncGraph("dataset_function").as_default():
        element = map_leaves(lambda s: _stand_in(s, placeholder), spec)
        result = call(function, element) if unpack else function(element)
        return map_leaves(spec_of, as_result(result))


def _stand_in(spec, placeholder):
    if isinstance(spec, TensorSpec):
        return placeholder(spec.dtype, spec.shape)
    return spec.stand_in()


def call(function, element):
    """function with the parts of a tuple as its arguments."""
    return (
        function(*element)
        if isinstance(element, tuple) and not hasattr(element, "_fields")
        else function(element)
    )


def row(x, i):
    """x[i]."""
    return c.item(x, i) if isinstance(x, Tensor) else x[i]
