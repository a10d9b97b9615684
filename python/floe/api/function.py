"""tf.function: Python functions that run as graphs."""

import functools
import inspect
import threading
import weakref

from .. import _floe, autograph, nest
from ..export import export
from ..graph import FuncGraph, Operation
from ..tensor import EagerTensor, Tensor, TensorSpec, convert_to_tensor
from ..tensor_shape import TensorShape
from . import function_types as types
from . import variable as _variables
from . import variable_registry
from .concrete_function import ConcreteFunction, parameters_of, spec_of
from .retracing import Retracing
from .variable import Variable

_eagerly = [False]


@export("config.run_functions_eagerly")
def run_functions_eagerly(run_eagerly):
    """True: functions made by tf.function run as plain Python from now on."""
    _eagerly[0] = bool(run_eagerly)


@export("config.functions_run_eagerly")
def functions_run_eagerly():
    """Whether functions made by tf.function run as plain Python."""
    return _eagerly[0]


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
            raise types.binding_error(e, args, kwargs, self.signature) from None
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


class _Inputs:
    """Bound arguments, flattened: tensors and variables, and what else decides which trace is used."""

    __slots__ = ("args", "flat", "key", "kwargs", "symbols")

    def __init__(self, args, kwargs, signature=None):
        self.args, self.kwargs = args, kwargs
        self.flat = [types.canonical(x) for x in nest.flatten((args, kwargs), expand_composites=True)]
        self.symbols = [x for x in self.flat if types.is_symbol(x)]
        keys = types.leaf_keys(self.flat)
        if signature is not None:
            # Whatever fits the signature shares its trace.
            n = sum(isinstance(s, TensorSpec) for s in nest.flatten(signature, expand_composites=True))
            keys = tuple([("S",) if k[0] == "T" and (n := n - 1) >= 0 else k for k in keys])
        self.key = (types.structure_key((args, kwargs)), keys, _surroundings())


def _surroundings():
    """The graph outside of all functions, for a trace may hold tensors of it; None in eager mode."""
    g = _floe.current_graph()
    while g is not None and g.building_function:
        g = g.outer_graph
    return None if g is None else weakref.ref(g)


def _spec(x):
    return x if isinstance(x, TensorSpec) else TensorSpec(x.shape, x.dtype)


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
        is_method=False,
    ):
        if not callable(python_function):
            raise TypeError(f"{python_function!r} is not a callable object")
        self._python_function = python_function
        self._spec = Signature(python_function)
        self._name = name or getattr(python_function, "__name__", "function")
        self._autograph = autograph
        self._autograph_options = experimental_autograph_options
        self._jit_compile = jit_compile
        self._reduce_retracing = reduce_retracing or bool(experimental_relax_shapes)
        self._input_signature = self._checked_signature(input_signature, is_method)
        self._start()
        functools.update_wrapper(self, python_function)

    def _start(self):
        """No trace yet."""
        self._traces = {}
        self._relaxed = {}
        self._count = 0
        self._made_variables = []
        self._may_make = True
        self._calls = _floe.Calls()
        self._lock = threading.RLock()
        self._bound = {}
        self._retracing = Retracing(self._python_function)

    def __getstate__(self):
        kept = ("_python_function", "_spec", "_name", "_autograph", "_autograph_options", "_jit_compile")
        kept += ("_reduce_retracing", "_input_signature")
        return {k: self.__dict__[k] for k in kept}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._start()
        functools.update_wrapper(self, self._python_function)

    def _checked_signature(self, given, is_method):
        if given is None:
            return None
        if not isinstance(given, (list, tuple)):
            raise TypeError(f"input_signature must be either a tuple or a list, got {type(given)}.")
        for s in nest.flatten(given, expand_composites=True):
            if not hasattr(s, "shape") or not hasattr(s, "dtype"):
                raise TypeError(
                    f"input_signature must be a possibly nested sequence of TensorSpec objects, got {given}"
                )
        parameters = self._spec.parameters
        places = [p for p in parameters if types.is_positional(p)]
        if not is_method and places and places[0].name == "self":
            return tuple(given)
        if len(given) > len(places) and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
            raise TypeError(f"input_signature contains {len(given) - len(places)} extra type constraints.")
        for p in [*places[len(given) :], *(p for p in parameters if p.kind is p.KEYWORD_ONLY)]:
            if p.default is p.empty:
                raise TypeError(f"input_signature missing type constraint for {p.name}")
        return tuple(given)

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
        number = id(instance)
        found = self._bound.get(number)
        if found is None:
            bound = self._bound
            try:
                held = weakref.ref(instance, lambda _: bound.pop(number, None))
            except TypeError:
                held = lambda: instance  # noqa: E731
            found = bound[number] = held, self._bind(held)
        return BoundFunction(found[1], instance)

    def _bind(self, held):
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
            is_method=True,
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
            count = self._count
            f = self._trace(inputs)
            self._retracing.called(self._count > count, inputs, self._spec)
        else:
            self._retracing.called(False, inputs, self._spec)
        self._remember(args, kwargs, f)
        return f.call_leaves(inputs.symbols)

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
            args = self._fit(args, kwargs)
        return _Inputs(args, kwargs, self._input_signature)

    def _fit(self, args, kwargs):
        """The positional arguments as the input signature wants them; others must have their default values."""
        signature = self._input_signature
        names = self._spec.names(len(args))
        defaults = {p.name: p.default for p in self._spec.parameters if p.default is not p.empty}
        try:
            if len(args) < len(signature):
                raise TypeError("missing a required argument")
            fitted = [_fit_to(s, x) for s, x in zip(signature, args)]
            for name, x in [*zip(names[len(signature) :], args[len(signature) :]), *kwargs.items()]:
                if name not in defaults:
                    raise TypeError("too many positional arguments")
                types.cast(defaults[name], x, [])
        except TypeError as e:
            wanted = [*signature, *(defaults.get(n) for n in names[len(signature) :])]
            text = parameters_of(self._spec, wanted, {k: defaults.get(k) for k in kwargs}).text(
                defaults=defaults
            )
            raise types.binding_error(e, args, kwargs, text) from None
        return (*fitted, *args[len(signature) :])

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
                for k in [k for k in self._traces if k[0] != "relaxed" and types.is_dead(k[1])]:
                    del self._traces[k]
                f = self._record(inputs, specs)
                if relaxed_key is not None:
                    self._traces[relaxed_key] = f
            self._traces[inputs.key] = f
            return f

    def _specs(self, inputs):
        aliases = {}
        specs = [spec_of(x, None, aliases) if isinstance(x, Variable) else _spec(x) for x in inputs.symbols]
        if self._input_signature is not None:
            own = [s for s in nest.flatten(self._input_signature, expand_composites=True)]
            specs[: len(own)] = own
        return specs

    def _relax(self, inputs, specs):
        """Dimensions that differ from earlier calls of this kind become unknown."""
        kind = (
            inputs.key[0],
            tuple((k[0], k[1]) if k[0] == "T" else k for k in inputs.key[1]),
            inputs.key[2],
        )
        seen = self._relaxed.get(kind)
        shapes = [s.shape for s in specs]
        if seen is not None:
            shapes = [_common(a, b) for a, b in zip(seen, shapes)]
        self._relaxed[kind] = shapes
        specs = [
            TensorSpec(sh, s.dtype, s.name) if isinstance(s, TensorSpec) else s
            for sh, s in zip(shapes, specs)
        ]
        key = ("relaxed", kind, tuple(None if s.ndims is None else tuple(s.as_list()) for s in shapes))
        return specs, key

    def _record(self, inputs, specs):
        if not self._may_make:
            return self._record_once(inputs, specs)
        self._may_make = False
        before = len(self._made_variables)
        _variables._first_call.append(self)
        try:
            f = self._record_once(inputs, specs)
        except BaseException:
            self._may_make = True
            raise
        finally:
            _variables._first_call.remove(self)
        # What made variables is recorded again, to use them: it fails here where every call would make more.
        return f if len(self._made_variables) == before else self._record_once(inputs, specs)

    def _record_once(self, inputs, specs):
        self._count += 1
        names = self._tensor_names(inputs)
        g = FuncGraph(self._name)
        with g.as_default():
            placeholders, flat, stand_ins = [], [], {}
            for x in inputs.flat:
                if not types.is_symbol(x):
                    flat.append(x)
                    continue
                s, name = specs[len(placeholders)], _node_name(names[len(placeholders)])
                if isinstance(x, Variable):
                    p = g._core.add_input(x.handle.dtype, x.handle.shape, name)
                    if id(x) not in stand_ins:
                        stand_ins[id(x)] = _stand_in(x, p)
                    flat.append(stand_ins[id(x)])
                else:
                    p = g._core.add_input(s.dtype, s.shape, _node_name(s.name or name))
                    flat.append(p)
                placeholders.append(p)
            args, kwargs = nest.pack_sequence_as((inputs.args, inputs.kwargs), flat, expand_composites=True)
            g.inputs = list(placeholders)
            if all(isinstance(x, EagerTensor) for x in inputs.symbols):
                g.first_call = placeholders, inputs.symbols
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
        for v in stand_ins.values():
            g._variables.pop(id(v), None)
        structured_inputs = _with_specs(inputs, specs, names)
        g.structured_input_signature = structured_inputs
        parameters = parameters_of(self._spec, *structured_inputs)
        return ConcreteFunction(core, g, structured_inputs, names, structured, self._name, parameters)

    def _tensor_names(self, inputs):
        """Names of the tensors among the arguments: the parameter's, with a number inside of a nest."""
        names, used = [], set()
        positional = self._spec.names(len(inputs.args))
        groups = [*zip(positional, inputs.args), *((k, inputs.kwargs[k]) for k in sorted(inputs.kwargs))]
        for name, value in groups:
            leaves = [
                x
                for x in nest.flatten(value, expand_composites=True)
                if types.is_array(x) or types.is_symbol(x)
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


class BoundFunction(Function):
    """A method taken from an instance. It keeps the instance alive, the traces behind it do not."""

    def __init__(self, function, instance):
        self._function, self._instance = function, instance

    def __getattr__(self, name):
        if name in ("_function", "_instance"):
            raise AttributeError(name)
        return getattr(self._function, name)

    def __call__(self, *args, **kwargs):
        return self._function(*args, **kwargs)

    def get_concrete_function(self, *args, **kwargs):
        return self._function.get_concrete_function(*args, **kwargs)

    def __getstate__(self):
        return self.__dict__

    def __setstate__(self, state):
        self.__dict__.update(state)


def _fit_to(spec, value):
    """An argument as its entry of the input signature asks for it."""
    if nest.is_nested(spec):
        # A structure of specs is checked leaf by leaf, in the value's own containers.
        leaves = []
        types.cast(spec, value, leaves)
        return nest.pack_sequence_as(value, leaves, expand_composites=True)
    if nest.is_composite(value) or not isinstance(spec, TensorSpec):
        return value
    return types.cast_tensor(spec, value)


def _stand_in(variable, handle):
    """The variable as a trace sees it that works for others of its kind too."""
    v = object.__new__(type(variable))
    v.__dict__.update(variable.__dict__)
    v._handle = handle
    variable_registry.register(v)
    return v


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
        if types.is_symbol(x):
            s = specs[at]
            flat.append(TensorSpec(s.shape, s.dtype, s.name or names[at]) if isinstance(s, TensorSpec) else s)
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
