"""tf.function: Python functions that run as graphs."""

import functools
import inspect
import itertools
import threading
import weakref

import numpy as np

from .. import _floe, autograph, dtypes, nest
from ..export import export
from ..graph import FuncGraph, Operation
from ..tensor import EagerTensor, SymbolicTensor, Tensor, TensorSpec, convert_to_tensor
from ..tensor_shape import TensorShape
from . import variable as _variables
from .variable import Variable

_eagerly = [False]
_numbers = itertools.count(1)


@export("config.run_functions_eagerly")
def run_functions_eagerly(run_eagerly):
    """True: functions made by tf.function run as plain Python from now on."""
    _eagerly[0] = bool(run_eagerly)


@export("config.functions_run_eagerly")
def functions_run_eagerly():
    """Whether functions made by tf.function run as plain Python."""
    return _eagerly[0]


def _is_tensor_like(x):
    return isinstance(x, (Tensor, np.ndarray, np.generic)) and not isinstance(x, (np.str_, np.bytes_))


class Signature:
    """The parameters of a Python function, and how calls fill them."""

    def __init__(self, function, is_method=False):
        self.function = function
        try:
            self.parameters = list(inspect.signature(function).parameters.values())
        except (ValueError, TypeError):
            self.parameters = [
                inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
                inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
            ]
        self.signature = inspect.Signature(self.parameters)
        self.plain = all(
            p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
            for p in self.parameters
        )

    def bind(self, args, kwargs):
        """(positional arguments, keyword arguments) with defaults filled in."""
        if self.plain and not kwargs and len(args) == len(self.parameters):
            return args, {}
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as e:
            name = getattr(self.function, "__name__", "function")
            raise TypeError(
                f"Binding inputs to tf.function failed due to `{e}`. Received args: {args} and kwargs: {kwargs} for "
                f"signature: {self.signature} of {name}()."
            ) from None
        bound.apply_defaults()
        return bound.args, bound.kwargs

    def names(self, n_positional):
        """Names of the positional arguments."""
        names, star = [], None
        for p in self.parameters:
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
                names.append(p.name)
            elif p.kind is p.VAR_POSITIONAL:
                star = p.name
        while len(names) < n_positional:
            names.append(
                f"{star or 'args'}_{len(names)}"
                if star is None
                else f"{star}_{len(names) - self._before_star()}"
            )
        return names[:n_positional]

    def _before_star(self):
        return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in self.parameters)


def _leaf_key(x):
    if isinstance(x, Tensor):
        s = x.shape
        return ("T", x.dtype, None if s.ndims is None else tuple(s.as_list()))
    if isinstance(x, Variable):
        return ("V", id(x))
    if isinstance(x, TensorSpec):
        s = x.shape
        return ("T", x.dtype, None if s.ndims is None else tuple(s.as_list()))
    try:
        hash(x)
    except TypeError:
        return ("I", id(x))
    if isinstance(x, (bool, int, float, complex, str, bytes, type(None))):
        return ("P", type(x), x if x == x else "nan", str(x) if isinstance(x, float) else None)
    try:
        return ("W", weakref.ref(x))
    except TypeError:
        return ("H", type(x), x)


def _structure_key(s):
    if isinstance(s, dict):
        return (type(s), *((k, _structure_key(s[k])) for k in sorted(s, key=str)))
    if nest.is_nested(s):
        return (type(s), *(_structure_key(x) for x in s))
    if nest.is_composite(s):
        return (type(s), *(_structure_key(x) for x in s._to_components()))
    return None


class _Inputs:
    """Bound arguments, flattened: tensors, and what else decides which trace is used."""

    __slots__ = ("args", "flat", "key", "kwargs", "tensors")

    def __init__(self, args, kwargs):
        self.args, self.kwargs = args, kwargs
        self.flat = [_canonical(x) for x in nest.flatten((args, kwargs), expand_composites=True)]
        self.tensors = [x for x in self.flat if isinstance(x, (Tensor, TensorSpec))]
        self.key = (_structure_key((args, kwargs)), tuple([_leaf_key(x) for x in self.flat]))


def _canonical(x):
    return convert_to_tensor(x) if _is_tensor_like(x) and not isinstance(x, Tensor) else x


def _spec(x):
    if isinstance(x, TensorSpec):
        return x
    return TensorSpec(x.shape, x.dtype)


class ConcreteFunction:
    """One trace of a function: a graph with inputs and outputs."""

    def __init__(self, core, graph, structured_inputs, arg_names, structured_outputs, name, inputs):
        self._core = core
        self._graph = graph
        self._structured_inputs = structured_inputs  # (args, kwargs) with TensorSpecs in the tensors' places
        self._arg_names = arg_names  # of the tensors, in order
        self._structured_outputs = structured_outputs
        self._flat_outputs = nest.flatten(structured_outputs, expand_composites=True)
        self._name = name
        self._inputs = inputs
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

    def _call_flat(self, tensors):
        outer = _floe.current_graph()
        if outer is not None and outer.building_function:
            for v in self._graph.variables:
                outer.watch_variable(v)
        results = iter(self._core(tensors))
        flat = [None if t is None else next(results) for t in self._flat_outputs]
        return nest.pack_sequence_as(self._structured_outputs, flat, expand_composites=True)

    def __call__(self, *args, **kwargs):
        """Calls it with the arguments of the Python function, or with tensors by position or name."""
        return self._call_flat(self._tensors(args, kwargs))

    def _tensors(self, args, kwargs):
        s_args, s_kwargs = self._structured_inputs
        structured = (len(args) <= len(s_args) or s_kwargs) and not (
            all(isinstance(x, TensorSpec) for x in nest.flatten((s_args, s_kwargs), expand_composites=True))
            and all(isinstance(x, TensorSpec) for x in s_args)
        )
        if structured:
            return self._structured(args, kwargs)
        given = list(args)
        if len(given) > len(self._arg_names):
            raise TypeError(
                f"{self._signature()} takes {len(self._arg_names)} positional arguments but {len(given)} were given."
            )
        for n in self._arg_names[len(given) :]:
            if n not in kwargs:
                missing = [m for m in self._arg_names[len(given) :] if m not in kwargs]
                raise TypeError(f"{self._signature()} missing required arguments: {', '.join(missing)}.")
            given.append(kwargs.pop(n))
        if kwargs:
            raise TypeError(f"{self._signature()} got unexpected keyword arguments: {', '.join(kwargs)}.")
        return self._checked(given)

    def _structured(self, args, kwargs):
        s_args, s_kwargs = self._structured_inputs
        names = self._positional_names
        values = list(args)
        kwargs = dict(kwargs)
        for i in range(len(values), len(s_args)):
            if i < len(names) and names[i] in kwargs:
                values.append(kwargs.pop(names[i]))
            else:
                values.append(s_args[i])
        merged = {k: kwargs.pop(k, v) for k, v in s_kwargs.items()}
        if kwargs:
            raise TypeError(f"{self._signature()} got unexpected keyword arguments: {', '.join(kwargs)}.")
        if len(values) > len(s_args):
            raise TypeError(
                f"{self._signature()} takes {len(s_args)} positional arguments, got {len(values)}."
            )
        tensors = []
        want = nest.flatten((s_args, s_kwargs), expand_composites=True)
        have = nest.flatten((tuple(values), merged), expand_composites=True)
        if len(want) != len(have):
            raise TypeError(f"{self._signature()} got arguments of another structure.")
        for w, h in zip(want, have):
            if isinstance(w, TensorSpec):
                if isinstance(h, TensorSpec):
                    raise TypeError(
                        f"{self._signature()} missing required arguments: {h.name or 'a tensor'}."
                    )
                tensors.append(h)
            elif not (h is w or _same_value(h, w)):
                raise TypeError(
                    f"ConcreteFunction {self._signature()} was constructed with int value {w} in this place, but was called "
                    f"with value {h}. Make another with get_concrete_function."
                    if isinstance(w, int)
                    else f"{self._signature()} was made with {w!r} in this place, but was called with {h!r}."
                )
        return self._checked(tensors)

    _positional_names = ()

    def _checked(self, tensors):
        out = []
        for t, placeholder, name in zip(tensors, self._inputs, self._arg_names):
            if not isinstance(t, (Tensor, Variable)):
                t = convert_to_tensor(t, placeholder.dtype)
            elif isinstance(t, Variable) and placeholder.dtype != dtypes.resource:
                t = convert_to_tensor(t)
            if isinstance(t, Tensor) and t.dtype != placeholder.dtype:
                raise ValueError(
                    f"Argument '{name}' of {self._signature()} is {t.dtype.name}, it was traced with {placeholder.dtype.name}."
                )
            out.append(t)
        return out

    def _signature(self):
        return f"{self._name}({', '.join(self._arg_names)})"

    def pretty_printed_signature(self, verbose=True):
        """Argument and result types, as text."""
        lines = [f"{self._name}({', '.join(self._positional_names or self._arg_names)})"]
        if verbose:
            lines.append("  Args:")
            lines += [f"    {n}: {_type_text(t)}" for n, t in zip(self._arg_names, self._inputs)]
            lines.append("  Returns:")
            lines += [f"    {_type_text(t)}" for t in self._flat_outputs]
        return "\n".join(lines)

    def __repr__(self):
        args = ", ".join(f"{n}: {_spec_repr(t)}" for n, t in zip(self._arg_names, self._inputs))
        return f"<ConcreteFunction ({args}) -> {_structure_repr(self._structured_outputs)} at 0x{id(self):X}>"

    def __str__(self):
        return f"ConcreteFunction {self.pretty_printed_signature()}"


def _same_value(a, b):
    try:
        return type(a) is type(b) and bool(a == b)
    except Exception:
        return False


def _type_text(t):
    return "None" if t is None else f"{t.dtype.name} Tensor, shape={t.shape}"


def _spec_repr(t):
    return f"TensorSpec(shape={t.shape}, dtype={t.dtype!r}, name={t.op.name if isinstance(t, SymbolicTensor) else None!r})"


def _structure_repr(s):
    if s is None:
        return "None"
    if isinstance(s, Tensor):
        return f"TensorSpec(shape={s.shape}, dtype={s.dtype!r}, name=None)"
    if isinstance(s, dict):
        return "Dict[" + ", ".join(f"[{k!r}, {_structure_repr(v)}]" for k, v in s.items()) + "]"
    if isinstance(s, (list, tuple)):
        return f"{'List' if isinstance(s, list) else 'Tuple'}[{', '.join(_structure_repr(v) for v in s)}]"
    return repr(s)


def _output(x, name):
    if x is None or isinstance(x, Tensor):
        return x
    if isinstance(x, Variable):
        return x._read()
    if isinstance(x, Operation) or isinstance(x, type):
        _not_a_tensor(x, name)
    try:
        return convert_to_tensor(x)
    except (TypeError, ValueError):
        _not_a_tensor(x, name)


def _not_a_tensor(x, name):
    raise TypeError(
        "To be compatible with tf.function, Python functions must return zero or more Tensors or ExtensionTypes or None "
        f"values; in compilation of {name}, found return value of type {type(x).__name__}, which is not a Tensor or "
        "ExtensionType."
    )


class Function:
    """A Python function that is recorded once per kind of arguments and then runs as a graph."""

    def __init__(
        self,
        python_function,
        name=None,
        input_signature=None,
        autograph=True,
        jit_compile=None,
        reduce_retracing=False,
        experimental_implements=None,
        experimental_autograph_options=None,
        experimental_attributes=None,
        experimental_relax_shapes=None,
        experimental_compile=None,
        experimental_follow_type_hints=None,
    ):
        self._python_function = python_function
        self._spec = Signature(python_function)
        self._name = name or getattr(python_function, "__name__", "function")
        self._autograph = autograph
        self._autograph_options = experimental_autograph_options
        self._jit_compile = jit_compile
        self._reduce_retracing = reduce_retracing or bool(experimental_relax_shapes)
        self._input_signature = None if input_signature is None else tuple(input_signature)
        if self._input_signature is not None:
            for s in nest.flatten(self._input_signature, expand_composites=True):
                if not hasattr(s, "shape") or not hasattr(s, "dtype"):
                    raise TypeError(
                        f"input_signature must be a possibly nested sequence of TensorSpec objects, got {self._input_signature}"
                    )
        self._traces = {}
        self._relaxed = {}
        self._count = 0
        self._calls_since = 0
        self._made_variables = []
        self._may_make = True
        self._calls = _floe.Calls()
        self._lock = threading.RLock()
        self._bound = weakref.WeakKeyDictionary()
        functools.update_wrapper(self, python_function)

    @property
    def python_function(self):
        return self._python_function

    @property
    def input_signature(self):
        return self._input_signature

    @property
    def function_spec(self):
        return self._spec

    @property
    def name(self):
        return self._name

    def experimental_get_tracing_count(self):
        """How often the Python function was recorded."""
        return self._count

    def _list_all_concrete_functions(self):
        return [*dict.fromkeys(self._traces.values())]

    def pretty_printed_concrete_signatures(self, verbose=True):
        """All traces' signatures as text."""
        return "\n\n".join(f.pretty_printed_signature(verbose) for f in self._list_all_concrete_functions())

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        try:
            bound = self._bound.get(instance)
        except TypeError:
            return self._bind(instance)
        if bound is None:
            bound = self._bound[instance] = self._bind(instance)
        return bound

    def _bind(self, instance):
        try:
            held = weakref.ref(instance)
        except TypeError:
            held = lambda: instance  # noqa: E731
        f = self._python_function

        @functools.wraps(f)
        def method(*args, **kwargs):
            return f(held(), *args, **kwargs)

        method.__wrapped_method__ = (f, held)
        parameters = self._spec.parameters[1:] if self._spec.parameters else []
        method.__signature__ = inspect.Signature(parameters)
        bound = Function(
            method,
            name=self._name,
            input_signature=self._input_signature,
            autograph=self._autograph,
            reduce_retracing=self._reduce_retracing,
            experimental_autograph_options=self._autograph_options,
        )
        return bound

    def __call__(self, *args, **kwargs):
        if _eagerly[0]:
            return self._python_function(*args, **kwargs)
        if not kwargs:
            result = self._calls(args)
            if result is not NotImplemented:
                return result
        inputs = self._inputs(args, kwargs)
        f = self._traces.get(inputs.key)
        if f is None:
            f = self._trace(inputs)
        self._remember(args, kwargs, f)
        return f._call_flat([x for x in inputs.flat if isinstance(x, Tensor)])

    def _remember(self, args, kwargs, f):
        """Lets the core find the trace by itself for plain tensors in and one tensor out."""
        if (
            not kwargs
            and self._spec.plain
            and len(args) == len(self._spec.parameters)
            and self._input_signature is None
            and isinstance(f._structured_outputs, Tensor)
            and all(isinstance(x, EagerTensor) for x in args)
            and not _floe.recording()
        ):
            self._calls.add(list(args), f._core)

    def get_concrete_function(self, *args, **kwargs):
        """The trace for these arguments; TensorSpecs stand for tensors."""
        if self._input_signature is not None and not args and not kwargs:
            args = self._input_signature
        inputs = self._inputs(args, kwargs)
        return self._traces.get(inputs.key) or self._trace(inputs)

    def _inputs(self, args, kwargs):
        args, kwargs = self._spec.bind(args, kwargs)
        if self._input_signature is not None:
            args, kwargs = self._fit(args, kwargs)
        return _Inputs(args, kwargs)

    def _fit(self, args, kwargs):
        signature = self._input_signature
        if len(args) > len(signature):
            extra = args[len(signature) :]
            if any(isinstance(x, Tensor) for x in nest.flatten(extra)):
                raise TypeError(
                    f"{self._name}() takes {len(signature)} arguments by its input_signature, {len(args)} given."
                )
            rest = extra
        else:
            rest = ()
        if len(args) < len(signature):
            raise TypeError(
                f"{self._name}(): its input_signature has {len(signature)} entries, {len(args)} arguments were given."
            )
        fitted = tuple(_fit_to(s, x) for s, x in zip(signature, args))
        return (*fitted, *rest), kwargs

    def _trace(self, inputs):
        with self._lock:
            f = self._traces.get(inputs.key)
            if f is not None:
                return f
            specs = self._specs(inputs)
            relaxed_key = None
            if self._input_signature is None and self._reduce_retracing:
                specs, relaxed_key = self._relax(inputs, specs)
                f = self._traces.get(relaxed_key)
            if f is None:
                f = self._record(inputs, specs)
                if relaxed_key is not None:
                    self._traces[relaxed_key] = f
            self._traces[inputs.key] = f
            return f

    def _specs(self, inputs):
        specs = [_spec(x) for x in inputs.tensors]
        if self._input_signature is not None:
            own = [s for s in nest.flatten(self._input_signature, expand_composites=True)]
            specs[: len(own)] = own
        return specs

    def _relax(self, inputs, specs):
        """Dimensions that differ from earlier calls of this kind become unknown."""
        kind = (inputs.key[0], tuple((k[0], k[1]) if k[0] == "T" else k for k in inputs.key[1]))
        seen = self._relaxed.get(kind)
        shapes = [s.shape for s in specs]
        if seen is not None:
            shapes = [_common(a, b) for a, b in zip(seen, shapes)]
        self._relaxed[kind] = shapes
        specs = [TensorSpec(sh, s.dtype, s.name) for sh, s in zip(shapes, specs)]
        key = ("relaxed", kind, tuple(None if s.ndims is None else tuple(s.as_list()) for s in shapes))
        return specs, key

    def _record(self, inputs, specs):
        first = self._may_make
        self._may_make = False
        if first:
            before = len(self._made_variables)
            _variables._first_call.append(self)
            try:
                f = self._record_once(inputs, specs)
            except BaseException:
                self._may_make = True
                raise
            finally:
                _variables._first_call.remove(self)
            if len(self._made_variables) == before:
                # Nothing was made: a later call may still be the first that does.
                self._may_make = True
                return f
        return self._record_once(inputs, specs)

    def _record_once(self, inputs, specs):
        self._count += 1
        names = self._tensor_names(inputs)
        g = FuncGraph(self._name)
        with g.as_default():
            placeholders, flat, at = [], [], 0
            for x in inputs.flat:
                if isinstance(x, (Tensor, TensorSpec)):
                    s = specs[at]
                    p = g._core.add_input(s.dtype, s.shape, _node_name(s.name or names[at]))
                    placeholders.append(p)
                    flat.append(p)
                    at += 1
                else:
                    flat.append(x)
            args, kwargs = nest.pack_sequence_as((inputs.args, inputs.kwargs), flat, expand_composites=True)
            g.inputs = list(placeholders)
            if all(isinstance(x, EagerTensor) for x in inputs.tensors):
                g.first_call = placeholders, inputs.tensors
            function = self._python_function
            if self._autograph:
                function = autograph.traceable(function, self._autograph_options)
            result = function(*args, **kwargs)
            structured = nest.map_structure(lambda x: _output(x, self._name), result, expand_composites=True)
            outputs = [t for t in nest.flatten(structured, expand_composites=True) if t is not None]
            outputs = [_identity(g, t) for t in outputs]
            rest = iter(outputs)
            structured = nest.map_structure(
                lambda t: None if t is None else next(rest), structured, expand_composites=True
            )
        core = _floe.ConcreteFunction.make(g._core, placeholders, outputs, self._name)
        g.outputs = outputs
        g.structured_outputs = structured
        structured_inputs = _with_specs(inputs, specs, names)
        g.structured_input_signature = structured_inputs
        f = ConcreteFunction(core, g, structured_inputs, names, structured, self._name, placeholders)
        f._positional_names = self._spec.names(len(inputs.args))
        return f

    def _tensor_names(self, inputs):
        """Names of the tensors among the arguments: the parameter's, with a number inside of a nest."""
        names, used = [], set()
        positional = self._spec.names(len(inputs.args))
        groups = [*zip(positional, inputs.args), *((k, inputs.kwargs[k]) for k in sorted(inputs.kwargs))]
        for name, value in groups:
            leaves = [
                x
                for x in nest.flatten(value, expand_composites=True)
                if isinstance(_canonical(x), (Tensor, TensorSpec))
            ]
            for i, x in enumerate(leaves):
                own = x.name if isinstance(x, TensorSpec) and x.name else None
                n = own or (
                    name if len(leaves) == 1 and not nest.is_nested(value) else f"{name}_{i}" if i else name
                )
                while n in used:
                    n += "_1"
                used.add(n)
                names.append(n)
        return names

    def __repr__(self):
        return f"<floe.Function {self._name} at 0x{id(self):X}>"


def _fit_to(spec, value):
    """An argument as its entry of the input signature asks for it."""
    if nest.is_nested(spec):
        if not nest.is_nested(value) or len(spec) != len(value):
            raise TypeError(
                f"Structure of Python function inputs does not match input_signature: expected {spec}, found {value}."
            )
        if isinstance(spec, dict):
            return nest._like(spec, [_fit_to(spec[k], value[k]) for k in sorted(spec)])
        return nest._like(spec, [_fit_to(s, v) for s, v in zip(spec, value)])
    if nest.is_composite(value) or not isinstance(spec, TensorSpec):
        return value
    if not isinstance(value, (Tensor, TensorSpec)):
        try:
            value = convert_to_tensor(value, spec.dtype)
        except (TypeError, ValueError) as e:
            raise TypeError(f"Can not cast {value!r} to {spec}: {e}") from None
    if value.dtype != spec.dtype or not spec.shape.is_compatible_with(value.shape):
        raise TypeError(
            f"Can not cast TensorSpec(shape={value.shape}, dtype={value.dtype!r}, name=None) to {spec}"
        )
    return value


def _identity(g, t):
    """An output of its own, so that an argument or a captured tensor can be handed out."""
    from .. import raw_ops

    return raw_ops.Identity(input=t, name="Identity")


def _node_name(name):
    import re

    n = re.sub(r"[^A-Za-z0-9_.\\/-]", "_", name)
    return n if n and (n[0].isalnum() or n[0] == ".") else f"arg_{n}"


def _common(a, b):
    if a.ndims is None or b.ndims is None or a.ndims != b.ndims:
        return TensorShape(None)
    return TensorShape([x if x == y else None for x, y in zip(a.as_list(), b.as_list())])


def _with_specs(inputs, specs, names):
    flat, at = [], 0
    for x in inputs.flat:
        if isinstance(x, (Tensor, TensorSpec)):
            flat.append(TensorSpec(specs[at].shape, specs[at].dtype, specs[at].name or names[at]))
            at += 1
        else:
            flat.append(x)
    return nest.pack_sequence_as((tuple(inputs.args), dict(inputs.kwargs)), flat, expand_composites=True)


@export("function")
def function(
    func=None,
    input_signature=None,
    autograph=True,
    jit_compile=None,
    reduce_retracing=False,
    experimental_implements=None,
    experimental_autograph_options=None,
    experimental_attributes=None,
    experimental_relax_shapes=None,
    experimental_compile=None,
    experimental_follow_type_hints=None,
):
    """Makes a function that runs as a graph of a Python function over tensors; also as a decorator.

    It is recorded once per dtypes and shapes of the tensors (see `input_signature`, `reduce_retracing`), values of other
    arguments, and structure. Python's if, while and for over tensors become graph operations where `autograph` is on.
    """

    def make(f):
        if isinstance(f, Function):
            return f
        return Function(
            f,
            input_signature=input_signature,
            autograph=autograph,
            jit_compile=jit_compile,
            reduce_retracing=reduce_retracing,
            experimental_implements=experimental_implements,
            experimental_autograph_options=experimental_autograph_options,
            experimental_attributes=experimental_attributes,
            experimental_relax_shapes=experimental_relax_shapes,
        )

    return make if func is None else make(func)
