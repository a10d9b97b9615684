"""Loops over datasets in graphs: their elements come from Python while the graph runs."""

import itertools

from ... import dtypes, nest, raw_ops
from ...api.data_dataset import Dataset
from ...api.py_function import _py_function
from ...tensor import TensorSpec, convert_to_tensor
from .conditionals import choose
from .loops import Counter, both, graph_while
from .stand_ins import zeros

_open = {}
_numbers = itertools.count(1)


def _specs(source):
    specs = nest.flatten(source.element_spec)
    for s in specs:
        if not isinstance(s, TensorSpec):
            raise NotImplementedError(
                f"A loop over this dataset in a tf.function is not possible: its elements hold {s!r}. Iterate outside of the "
                "function and pass it the elements."
            )
    return specs


def _pull(function, inputs, specs):
    # A copy, so that the shape is known from its making on, in branches too.
    return [
        raw_ops.Identity(input=t) for t in _py_function(function, inputs, specs, None, differentiable=False)
    ]


def _pieces(element):
    return [convert_to_tensor(x) for x in nest.flatten(element)]


def following(iterator):
    """The next element of an iterator, taken while the graph runs."""
    specs = _specs(iterator)
    flat = _pull(lambda: _pieces(iterator.get_next()), [], specs)
    return nest.pack_sequence_as(iterator.element_spec, flat)


def over_elements(iter_, extra_test, body, get_state, set_state, symbol_names, opts):
    """`for x in dataset: body(x)`."""
    specs = _specs(iter_)
    fresh = isinstance(iter_, Dataset)

    def start():
        number = next(_numbers)
        _open[number] = iter(iter_) if fresh else iter_
        return convert_to_tensor(number, dtypes.int64)

    def take(number):
        source = _open[int(number)]
        for element in source:
            return [convert_to_tensor(True), *_pieces(element)]
        _open.pop(int(number))
        return [convert_to_tensor(False), *[_empty(s) for s in specs]]

    (number,) = _pull(lambda: [start()], [], [TensorSpec([], dtypes.int64)])
    own = Counter("<internal has_next>", convert_to_tensor(True), get_state, set_state, symbol_names)

    def turn():
        has_next, *flat = _pull(take, [number], [TensorSpec([], dtypes.bool), *specs])
        before = own.get_state()[1:]

        def run(block, _):
            set_state(before)
            block()
            return get_state()

        def element():
            body(nest.pack_sequence_as(iter_.element_spec, flat))

        own.value = has_next
        set_state(choose(has_next, run, (element, lambda: None), symbol_names))

    graph_while(
        lambda: both(own.value, extra_test), turn, own.get_state, own.set_state, own.names, opts, body
    )


def _empty(spec):
    dims = [] if spec.shape.ndims is None else [d or 0 if d is None else d for d in spec.shape.as_list()]
    return zeros(dims, spec.dtype)
