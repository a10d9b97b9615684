"""Loops over datasets in graphs: their elements come from Python while the graph runs."""

import itertools
import threading

from ... import dtypes, nest, raw_ops
from ...api.data_dataset import Dataset
from ...api.py_function import py_function
from ...tensor import TensorSpec, convert_to_tensor
from .conditionals import choose
from .loops import Counter, Loop, both
from .stand_ins import zeros

_NUMBER = TensorSpec([], dtypes.int64)
_MOST_OPEN = 4096

_open = {}
_numbers = itertools.count(1)
_lock = threading.Lock()


def _begin(iterator):
    with _lock:
        number = next(_numbers)
        _open[number] = iterator
        # Iterators that nobody reads to their end are dropped at some time.
        while len(_open) > _MOST_OPEN:
            _open.pop(next(iter(_open)))
    return number


def _pull(function, inputs, specs):
    # A copy, so that the shape is known from its making on, in branches too.
    results = py_function(function, inputs, specs)
    return [raw_ops.Identity(input=t) for t in results]


class Source:
    """`iter(dataset)` in a graph: every run of the graph has an iterator of its own."""

    def __init__(self, of):
        self.element_spec = of.element_spec
        self.specs = nest.flatten(of.element_spec)
        for s in self.specs:
            if not isinstance(s, TensorSpec):
                raise NotImplementedError(
                    f"A loop over this dataset in a tf.function is not possible: its elements hold {s!r}. Iterate outside "
                    "of the function and pass it the elements."
                )
        self._iterator = None if isinstance(of, Dataset) else of
        self._number = []
        if self._iterator is None:
            self._number = _pull(lambda: [convert_to_tensor(_begin(iter(of)), dtypes.int64)], [], [_NUMBER])

    def take(self):
        """Whether there is a next element, and its tensors."""
        has_next, *flat = _pull(self._take, self._number, [TensorSpec([], dtypes.bool), *self.specs])
        return has_next, nest.pack_sequence_as(self.element_spec, flat)

    def _take(self, *number):
        key = int(number[0]) if number else None
        for element in _open.get(key, ()) if number else self._iterator:
            return [convert_to_tensor(True), *_pieces(element)]
        _open.pop(key, None)
        return [convert_to_tensor(False), *[_empty(s) for s in self.specs]]

    def following(self):
        """The next element; the run fails where there is none."""
        flat = _pull(self._following, self._number, self.specs)
        return nest.pack_sequence_as(self.element_spec, flat)

    def _following(self, *number):
        has_next, *flat = self._take(*number)
        if not has_next:
            from ...errors import OutOfRangeError

            raise OutOfRangeError(None, None, "End of sequence")
        return flat

    def close(self):
        _pull(lambda number: _open.pop(int(number), None) and [], self._number, [])


def _pieces(element):
    return [convert_to_tensor(x) for x in nest.flatten(element)]


def _empty(spec):
    dims = [] if spec.shape.ndims is None else [d or 0 for d in spec.shape.as_list()]
    return zeros(dims, spec.dtype)


def following(iterator):
    """next(iterator), taken while the graph runs."""
    return (iterator if isinstance(iterator, Source) else Source(iterator)).following()


def over_elements(iter_, extra_test, body, get_state, set_state, symbol_names, opts):
    """`for x in dataset: body(x)`."""
    source = iter_ if isinstance(iter_, Source) else Source(iter_)
    own = Counter("<internal has_next>", convert_to_tensor(True), get_state, set_state, symbol_names)

    def turn():
        own.value, element = source.take()
        before = get_state()

        def run(block, _):
            set_state(before)
            block()
            # In the loop's words rather than in those of the `if` that is around the element.
            loop.check((own.value, *before), own.get_state())
            return get_state()

        set_state(choose(own.value, run, (lambda: body(element), lambda: None), symbol_names))

    test = lambda: both(own.value, extra_test)
    loop = Loop(test, turn, own.get_state, own.set_state, own.names, opts, body)
    loop.record()
    if isinstance(iter_, Dataset):
        source.close()
