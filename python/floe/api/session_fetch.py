"""What Session.run returns for what it was asked: the tensors and operations inside of fetches, and back."""

import collections
import collections.abc as _abc

from .. import nest
from ..export import export
from ..graph import Operation

IndexedSlicesValue = export("compat.v1.IndexedSlicesValue")(
    collections.namedtuple("IndexedSlicesValue", ["values", "indices", "dense_shape"])
)


class Fetches:
    """The distinct elements of a nest of fetches, and how results are put where they belong."""

    def __init__(self, graph, fetches):
        self._graph = graph
        self.elements = []
        self._positions = {}
        self.build = self._builder(fetches)

    def _builder(self, fetch):
        """A function from the elements' results to the result of this fetch."""
        if fetch is None:
            raise TypeError('Argument `fetch` = None has invalid type "NoneType". Cannot be None')
        if isinstance(fetch, (list, tuple)):
            return self._sequence(fetch)
        if isinstance(fetch, _abc.Mapping):
            return self._mapping(fetch)
        if nest.is_composite(fetch):
            return self._composite(fetch)
        return self._element(fetch)

    def _sequence(self, fetch):
        parts = [self._builder(f) for f in fetch]
        kind = type(fetch)
        if isinstance(fetch, list):
            return lambda results: [p(results) for p in parts]
        if hasattr(fetch, "_fields"):
            return lambda results: kind(*[p(results) for p in parts])
        return lambda results: tuple(p(results) for p in parts)

    def _mapping(self, fetch):
        keys = list(fetch)
        parts = [self._builder(fetch[k]) for k in keys]
        kind = type(fetch) if type(fetch) in (dict, collections.OrderedDict) else None

        def build(results):
            made = zip(keys, [p(results) for p in parts])
            if kind is not None:
                return kind(made)
            if isinstance(fetch, collections.defaultdict):
                return collections.defaultdict(fetch.default_factory, made)
            try:
                return type(fetch)(made)
            except TypeError:
                return dict(made)

        return build

    def _composite(self, fetch):
        parts = [self._element(t) for t in fetch._to_components()]

        def build(results):
            return value_of(fetch, [p(results) for p in parts])

        return build

    def _element(self, fetch):
        found = self._found(fetch)
        key = id(found)
        position = self._positions.get(key)
        if position is None:
            position = self._positions[key] = len(self.elements)
            self.elements.append(found)
        return lambda results: results[position]

    def _found(self, fetch):
        try:
            return _readable(self._graph.as_graph_element(fetch))
        except TypeError as e:
            raise TypeError(
                f'Argument `fetch` = {fetch} has invalid type "{type(fetch).__name__}" must be a string or Tensor. ({e})'
            ) from None
        except (ValueError, KeyError) as e:
            raise ValueError(f"Argument `fetch` = {fetch} cannot be interpreted as a Tensor. ({e})") from None


def value_of(composite, parts):
    """The NumPy form of slices, sparse and ragged tensors."""
    make = getattr(composite, "_session_value", None)
    if make is not None:
        return make(parts)
    if type(composite).__name__ == "SparseTensor":
        from ..export import resolve

        return resolve("compat.v1.SparseTensorValue")(*parts)
    if type(composite).__name__ == "IndexedSlices":
        return IndexedSlicesValue(*parts, *[None] * (3 - len(parts)))
    return tuple(parts)


def _readable(element):
    """The value instead of a variable's handle: that is what "v:0" named in TensorFlow 1."""
    if isinstance(element, Operation) or element.op.type != "VarHandleOp":
        return element
    try:
        return element.graph.get_tensor_by_name(f"{element.op.name}/Read/ReadVariableOp:0")
    except KeyError:
        return element
