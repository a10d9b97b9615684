"""Batches and windows of datasets."""

import itertools

import numpy as np

from .. import dtypes
from ..errors import DataLossError, InvalidArgumentError
from ..tensor import Tensor, TensorSpec
from ..tensor_shape import TensorShape
from . import compose as c
from . import data_structure as s


def _groups(source, n, drop):
    while True:
        rows = list(itertools.islice(source, n))
        if not rows or drop and len(rows) < n:
            return
        yield rows


def batched(source, n, drop):
    for rows in _groups(source, n, drop):
        yield _transposed(rows, _stack)


def _transposed(rows, join):
    columns = zip(*(s.leaves(r) for r in rows))
    made = iter([join(i, column) for i, column in enumerate(columns)])
    return s.map_leaves(lambda _: next(made), rows[0])


def _stack(component, column):
    if not isinstance(column[0], Tensor):
        return c.public("stack")(list(column))
    first = column[0].shape
    for i, x in enumerate(column):
        if x.shape != first:
            raise InvalidArgumentError(
                None,
                None,
                f"Cannot batch tensors with different shapes in component {component}. First element had shape "
                f"{_listed(first)} and element {i} had shape {_listed(x.shape)}.",
            )
    return c.stack(column)


def _listed(shape):
    return "[" + ",".join(str(n) for n in shape.as_list()) + "]"


def batched_spec(spec, n):
    def leaf(x):
        return (
            TensorSpec(TensorShape([n]).concatenate(x.shape), x.dtype)
            if isinstance(x, TensorSpec)
            else x._batch(n)
        )

    return s.map_leaves(leaf, spec)


class Padding:
    """How the elements of padded_batch are padded."""

    def __init__(self, spec, shapes, values):
        self._spec = spec
        flat = s.leaves(spec)
        for x in flat:
            if not isinstance(x, TensorSpec):
                raise TypeError(
                    f"`padded_batch` is only supported for datasets that produce tensor elements but type of elements in the input dataset: {type(x)}."
                )
        if shapes is None:
            for x in flat:
                if x.shape.rank is None:
                    raise ValueError(
                        f"You must provide `padded_shapes` argument because component 0 has unknown rank: {x.shape}"
                    )
            self._shapes = [x.shape for x in flat]
        else:
            self._shapes = [_as_shape(p, x) for p, x in zip(_aligned(shapes, spec), flat)]
        if values is None or not s.is_nest(values):
            self._values = [_padding_value(values, x.dtype) for x in flat]
        else:
            self._values = [_padding_value(v, x.dtype) for v, x in zip(_aligned(values, spec), flat)]

    def spec(self, n):
        shapes = iter(self._shapes)
        return s.map_leaves(
            lambda x: TensorSpec(TensorShape([n]).concatenate(next(shapes)), x.dtype), self._spec
        )

    def batched(self, source, n, drop):
        for rows in _groups(source, n, drop):
            yield _transposed(rows, self._join)

    def _join(self, component, column):
        wanted = self._shapes[component].as_list()
        sizes = [x.shape.as_list() for x in column]
        full = [max(have) if want is None else want for want, have in zip(wanted, zip(*sizes))]
        padded = []
        for x, have in zip(column, sizes):
            if any(a > b for a, b in zip(have, full)):
                raise DataLossError(None, None, "Attempted to pad to a smaller size than the input element.")
            if have == full:
                padded.append(x)
                continue
            paddings = np.array([[0, b - a] for a, b in zip(have, full)], np.int32)
            padded.append(c.pad(x, paddings, self._values[component]))
        return c.stack(padded)


def _aligned(given, spec):
    if not s.is_nest(spec):
        return [given]
    return [x for a, b in zip(s.children(given), s.children(spec)) for x in _aligned(a, b)]


def _as_shape(given, spec):
    static = c.static_value(given) if isinstance(given, Tensor) else None
    values = static.tolist() if static is not None else given
    shape = (
        values
        if isinstance(values, TensorShape)
        else TensorShape([None if n in (None, -1) else n for n in values])
    )
    if spec.shape.rank is not None and shape.rank != spec.shape.rank:
        raise ValueError(
            f"The padded shape {shape} is not compatible with the corresponding input component shape {spec.shape}."
        )
    return shape


def _padding_value(value, dtype):
    if value is None:
        return c.tensor("" if dtype == dtypes.string else np.zeros((), dtype.as_numpy_dtype), dtype)
    t = c.tensor(value) if isinstance(value, Tensor) else c.tensor(value, dtype)
    if t.dtype != dtype:
        raise TypeError(
            f"Mismatched type between padding value {value} and input dataset's component type {dtype.name}: {t.dtype.name} vs. {dtype.name}."
        )
    return t


def windows(source, size, shift, stride, drop):
    """Lists of `size` rows, `stride` apart, `shift` further each time."""
    span = (size - 1) * stride + 1
    buffer, more = [], True
    while True:
        while more and len(buffer) < span:
            x = next(source, None)
            if x is None:
                more = False
            else:
                buffer.append(x)
        if not buffer or drop and len(buffer) < span:
            return
        yield buffer[:span:stride]
        gone = min(shift, len(buffer))
        del buffer[:gone]
        for _ in range(shift - gone):
            if next(source, None) is None:
                more = False
                break
