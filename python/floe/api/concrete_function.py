"""One trace of a tf.function."""

import inspect

from .. import _floe, nest
from ..tensor import Tensor
from . import function_types as types
from .function_types import VariableSpec
from .variable import Variable


class ConcreteFunction:
    """One trace of a function: a graph with inputs and outputs."""

    def __init__(self, core, graph, structured_inputs, arg_names, structured_outputs, name, parameters):
        self._core = core
        self._graph = graph
        self._structured_inputs = structured_inputs  # (args, kwargs) with TensorSpecs in the tensors' places
        self._arg_names = arg_names  # of the tensors, in order
        self._structured_outputs = structured_outputs
        self._flat_outputs = nest.flatten(structured_outputs, expand_composites=True)
        self._name = name
        self._parameters = parameters
        core.set_variables([v.handle for v in graph.variables if v.trainable])

    @property
    def graph(self):
        return self._graph

    @property
    def name(self):
        return self._core.name

    @property
    def inputs(self):
        return self._core.all_inputs()

    @property
    def outputs(self):
        return [t for t in self._flat_outputs if t is not None]

    @property
    def captured_inputs(self):
        return self._core.captured

    @property
    def variables(self):
        return self._graph.variables

    @property
    def trainable_variables(self):
        return self._graph.trainable_variables

    @property
    def structured_outputs(self):
        return self._structured_outputs

    @property
    def structured_input_signature(self):
        return self._structured_inputs

    @property
    def output_shapes(self):
        return nest.map_structure(lambda t: None if t is None else t.shape, self._structured_outputs)

    @property
    def output_dtypes(self):
        return nest.map_structure(lambda t: None if t is None else t.dtype, self._structured_outputs)

    @property
    def function_def(self):
        return self._core.function_def()

    @property
    def function_type(self):
        return self._parameters

    def call_leaves(self, leaves):
        """Calls it with what the arguments hold in the places of tensors: tensors and variables."""
        outer = _floe.current_graph()
        if outer is not None and outer.building_function:
            for v in self._graph.variables:
                outer.watch_variable(v)
            for x in leaves:
                if isinstance(x, Variable):
                    outer.watch_variable(x)
        results = iter(self._core([_handed(x) for x in leaves]))
        flat = [None if t is None else next(results) for t in self._flat_outputs]
        return nest.pack_sequence_as(self._structured_outputs, flat, expand_composites=True)

    _call_flat = call_leaves

    def __call__(self, *args, **kwargs):
        """Calls it with the arguments of the Python function, or with tensors by position or name."""
        try:
            leaves = self._parameters.bind(args, kwargs)
        except TypeError as e:
            error = types.binding_error(e, args, kwargs, self._text())
        else:
            return self.call_leaves(leaves)
        try:
            leaves = self._flat(args, kwargs)
        except TypeError as e:
            raise TypeError(f"{error}\nFallback to flat signature also failed due to: {e}") from None
        return self.call_leaves(leaves)

    def _flat(self, args, kwargs):
        """Tensors only, by position or by name."""
        names = self._arg_names
        what = f"{self._name}({', '.join(names)})"
        if len(args) > len(names):
            raise TypeError(f"{what} takes {len(names)} positional arguments, got {len(args)}.")
        given, kwargs = list(args), dict(kwargs)
        for n in names[: len(args)]:
            if n in kwargs:
                raise TypeError(f"{what} got two values for '{n}'.")
        missing = [n for n in names[len(args) :] if n not in kwargs]
        if missing:
            raise TypeError(f"{what} missing required arguments: {', '.join(missing)}.")
        given += [kwargs.pop(n) for n in names[len(args) :]]
        if kwargs:
            raise TypeError(f"{what} got unexpected keyword arguments: {', '.join(kwargs)}.")
        for i, x in enumerate(given):
            if not isinstance(x, (Tensor, Variable)):
                raise TypeError(
                    f"{what}: expected argument #{i}(zero-based) to be a Tensor; got {type(x).__name__} ({x})."
                )
        specs = [
            x for x in nest.flatten(self._structured_inputs, expand_composites=True) if types.is_symbol(x)
        ]
        leaves = []
        for s, x in zip(specs, given):
            types.cast(s, x, leaves)
        return leaves

    def _text(self):
        return self._parameters.text((self._structured_outputs,))

    def pretty_printed_signature(self, verbose=True):
        """Argument and result types, as text."""
        if not verbose:
            return self._text()
        lines = ["Input Parameters:"]
        lines += [f"  {n} ({kind.name}): {types.describe(t)}" for n, kind, t in self._parameters.entries]
        lines += ["Output Type:", f"  {types.describe(self._structured_outputs)}", "Captures:"]
        found = [
            f"  {id(t)}: {types.describe(t)}" for t in self.captured_inputs if t.dtype.name != "resource"
        ]
        return "\n".join([*lines, *(found or ["  None"])])

    def __repr__(self):
        return f"<ConcreteFunction {self._text()} at 0x{id(self):X}>"

    def __str__(self):
        return f"ConcreteFunction {self.pretty_printed_signature()}"


def _handed(x):
    if not isinstance(x, Variable):
        return x
    if x.trainable:
        _floe.variable_accessed(x.handle)
    return x.handle


def parameters_of(signature, args, kwargs):
    """The parameters of a trace, from those of the Python function and the types of what a call gave."""
    names = signature.names(len(args))
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    kinds = [p.kind for p in signature.parameters if types.is_positional(p)]
    kinds = kinds[: len(args)] + [plain] * (len(args) - len(kinds))
    if len(args) > sum(map(types.is_positional, signature.parameters)):
        kinds = [inspect.Parameter.POSITIONAL_ONLY] * len(args)
    elif any(p.kind is p.VAR_POSITIONAL for p in signature.parameters):
        kinds = [inspect.Parameter.POSITIONAL_ONLY] * len(args)
    return types.Parameters(
        [
            *zip(names, kinds, args),
            *((k, inspect.Parameter.KEYWORD_ONLY, kwargs[k]) for k in sorted(kwargs)),
        ]
    )


def spec_of(x, name, aliases):
    """What stands in the signature of a trace for a leaf that a call brings."""
    if isinstance(x, Variable):
        return VariableSpec(x.shape, x.dtype, x.trainable, aliases.setdefault(id(x), len(aliases)))
    return x
