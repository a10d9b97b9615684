"""tf.compat.v1.wrap_function: a recorded graph as something to call."""

import itertools as _itertools

from . import _floe, dtypes, nest
from .errors import InvalidArgumentError
from .graph import FuncGraph, Operation
from .tensor import SymbolicTensor, Tensor, TensorSpec, convert_to_tensor

_numbers = _itertools.count(1)


def _spec_text(x):
    if isinstance(x, Tensor):
        return f"TensorSpec(shape={x.shape}, dtype={x.dtype!r}, name=None)"
    if x is None or isinstance(x, Operation):
        return "Literal[None]"
    if isinstance(x, dict):
        return "Dict[" + ", ".join(f"[{k!r}, {_spec_text(v)}]" for k, v in x.items()) + "]"
    if isinstance(x, (list, tuple)):
        kind = "List" if isinstance(x, list) else "Tuple"
        return f"{kind}[{', '.join(_spec_text(v) for v in x)}]"
    return repr(x)


class WrappedFunction:
    """A callable piece of a graph. Arguments are fed in the order of `inputs`."""

    def __init__(self, graph, inputs, structured_outputs, name, arg_names=None, made=(), pruned=False):
        self._graph = graph
        self._inputs = inputs
        self._structure = structured_outputs
        self._flat = nest.flatten(structured_outputs)
        self._name = f"__inference_{name}_{next(_numbers)}".encode()
        self._arg_names = arg_names
        self._runner = None
        self._concrete = None
        self._made = made
        self._pruned = pruned

    @property
    def graph(self):
        return self._graph

    @property
    def inputs(self):
        return list(self._inputs)

    @property
    def outputs(self):
        return [x for x in self._flat if isinstance(x, Tensor)]

    @property
    def structured_outputs(self):
        return nest.map_structure(lambda x: None if isinstance(x, Operation) else x, self._structure)

    @property
    def structured_input_signature(self):
        return None

    @property
    def name(self):
        return self._name

    @property
    def captured_inputs(self):
        return self._graph.external_captures

    @property
    def variables(self):
        """The variables that were made inside, and those of outside that are read."""
        found = {id(v): v for v in self._made}
        found.update((id(v), v) for v in self._graph.variables)
        return tuple(found.values())

    @property
    def trainable_variables(self):
        return tuple(v for v in self.variables if v.trainable)

    def _prepare(self):
        g = self._graph
        feeds = [g._endpoint(t) for t in [*self._inputs, *g.internal_captures]]
        fetches = [g._endpoint(t) for t in self.outputs]
        targets = [x._id for x in self._flat if isinstance(x, Operation)]
        self._runner = g._core.function(feeds, fetches, targets)
        return self._runner

    def _positional(self, args, kwargs):
        if not kwargs:
            return args
        if self._arg_names is None:
            names = ", ".join(sorted(kwargs))
            raise NotImplementedError(
                f"Keyword arguments are not supported when calling a wrap_function-decorated function. Got {names}."
            )
        names = self._arg_names[len(args) :]
        unknown = [k for k in kwargs if k not in names]
        if unknown:
            known = ", ".join(self._arg_names)
            raise TypeError(
                f"{self._display_name()} got an unexpected keyword argument {unknown[0]!r}. Its arguments are: {known}."
            )
        missing = [n for n in names if n not in kwargs]
        if missing:
            raise TypeError(f"{self._display_name()} missing required arguments: {', '.join(missing)}.")
        return (*args, *(kwargs[n] for n in names))

    def _display_name(self):
        return self._name.decode()

    def __call__(self, *args, **kwargs):
        args = self._positional(args, kwargs)
        n = len(self._inputs)
        if len(args) != n:
            names = ", ".join(f"{t.name!r} ({t.dtype.name}, shape {t.shape})" for t in self._inputs)
            error = ValueError if len(args) < n else TypeError
            raise error(f"Signature specifies {n} arguments, got: {len(args)}. Expected inputs: [{names}].")
        results = iter(self._run(args))
        flat = [
            next(results) if isinstance(x, Tensor) else None if isinstance(x, Operation) else x
            for x in self._flat
        ]
        return nest.pack_sequence_as(self._structure, flat)

    def _run(self, args):
        g = self._graph
        captures = g.external_captures
        # A piece of a graph runs what it needs and no other effects, which no function could do.
        alone = self._pruned and g._core.has_effects()
        if alone or not (captures or _floe.recording() or _floe.watching()):
            return (self._runner or self._prepare())(*args, *captures)
        if self._concrete is None:
            self._concrete = _floe.ConcreteFunction.make(
                g._core,
                self._inputs,
                self.outputs,
                self._name.decode().rpartition("_")[0].removeprefix("__inference_"),
            )
        for v in self.trainable_variables:
            _floe.variable_accessed(v.handle)
        return self._concrete(list(args))

    def prune(self, feeds, fetches, name=None, input_signature=None):
        """A function from `feeds` to `fetches`: tensors, operations or names, in any nest."""
        g = self._graph
        flat_feeds = [g.as_graph_element(x) for x in nest.flatten(feeds)]
        for f in flat_feeds:
            if not isinstance(f, Tensor):
                raise ValueError(
                    f"All members of argument `feeds` must be tensors. Got {f} with type {type(f)}."
                )
        if len({id(f) for f in flat_feeds}) != len(flat_feeds):
            twice = next(f.name for f in flat_feeds if sum(f is x for x in flat_feeds) > 1)
            raise InvalidArgumentError(
                None, None, f"TF_Output {twice} appears more than once in the input list"
            )
        structure = nest.map_structure(g.as_graph_element, fetches)
        pruned = WrappedFunction(
            g,
            flat_feeds,
            structure,
            name or "pruned",
            [_argument_name(f.name) for f in flat_feeds],
            self._made,
            pruned=True,
        )
        pruned._prepare()
        return pruned

    def __repr__(self):
        args = ", ".join(
            f"{n}: TensorSpec(shape={t.shape}, dtype={t.dtype!r}, name={t.op.name!r})"
            for n, t in zip(self._arg_names or [f"arg_{i}" for i in range(len(self._inputs))], self._inputs)
        )
        return f"<ConcreteFunction ({args}) -> {_spec_text(self._structure)} at 0x{id(self):X}>"


def _argument_name(tensor_name):
    """How a fed tensor is called as a keyword: `x:0` is x, `scope/x:0` is x, others by their node's name."""
    return tensor_name.partition(":")[0]


def _symbolic(g, x):
    if x is None or isinstance(x, SymbolicTensor):
        return x
    if isinstance(x, Operation):
        raise TypeError(
            "To be compatible with tf.function, Python functions must return zero or more Tensors or None values; "
            f"found return value of type Operation ({x!r}), which is not a Tensor."
        )
    return g._as_tensor(convert_to_tensor(x) if hasattr(x, "__tf_tensor__") else x)


class _Holder:
    """Keeps the variables that a wrapped function makes."""

    def __init__(self):
        self._made_variables = []

    def __enter__(self):
        from .api import variable

        variable._first_call.append(self)
        return self

    def __exit__(self, *exception):
        from .api import variable

        variable._first_call.remove(self)


def wrap_function(fn, signature, name=None):
    """Records what `fn` does to placeholders of the signature and returns it as a function.

    Variables that it makes are made once, outside, and kept with the function.
    """
    graph_name = f"wrapped_function_{name}" if name else "wrapped_function"
    g = FuncGraph(graph_name)
    with _Holder() as holder, g.as_default():
        args = nest.map_structure(lambda s: _argument(g, s), signature)
        if isinstance(args, dict):
            result = fn(**args)
        else:
            result = fn(*args) if isinstance(args, (list, tuple)) else fn(args)
        structured = nest.map_structure(lambda x: _symbolic(g, x), result)
    g.inputs = nest.flatten(args)
    g.structured_outputs = structured
    g.outputs = [x for x in nest.flatten(structured) if x is not None]
    return WrappedFunction(g, g.inputs, structured, graph_name, made=holder._made_variables)


def _argument(g, spec):
    if isinstance(spec, TensorSpec):
        return g._placeholder(spec.dtype, spec.shape, spec.name or "Placeholder")
    if isinstance(spec, dtypes.DType):
        return g._placeholder(spec, None, "Placeholder")
    raise TypeError(f"The signature of wrap_function holds TensorSpecs, not {spec!r}.")
