"""Gradients: tf.GradientTape, tf.gradients, tf.custom_gradient, ..."""

import contextlib
import enum
import functools

from .. import _floe, dtypes, nest, raw_ops
from ..errors import NotFoundError
from ..export import export
from ..tensor import Tensor, convert_to_tensor
from .indexed_slices import IndexedSlices
from .variable import Variable


@export("UnconnectedGradients")
class UnconnectedGradients(enum.Enum):
    """What the gradient of something is that the target does not depend on."""

    NONE = "none"
    ZERO = "zero"


def _unconnected(value):
    try:
        return UnconnectedGradients(value)
    except ValueError:
        raise ValueError(f"Unknown value for unconnected_gradients: '{value}'") from None


def _source(x):
    if isinstance(x, Variable):
        return x.handle
    if isinstance(x, Tensor):
        return x
    if hasattr(x, "handle") and isinstance(x.handle, Tensor):
        return x.handle
    return convert_to_tensor(x)


def _result(g):
    return IndexedSlices(*g) if isinstance(g, tuple) else g


def _zeros(x):
    if isinstance(x, Variable):
        x = raw_ops.ReadVariableOp(resource=x.handle, dtype=x.dtype)
    return raw_ops.ZerosLike(x=x)


def _target(x):
    if isinstance(x, IndexedSlices):
        return convert_to_tensor(x)
    if isinstance(x, Variable):
        return x.handle
    return convert_to_tensor(x)


_MOST_WARNINGS = 5
_warned = {}


def _warn(text):
    """A warning, some times only: loops would say it for ever."""
    count = _warned[text] = _warned.get(text, 0) + 1
    if count <= _MOST_WARNINGS:
        import logging

        logging.getLogger("tensorflow").warning(text)


@contextlib.contextmanager
def _lookup_errors():
    """A missing gradient is a LookupError."""
    try:
        yield
    except NotFoundError as e:
        raise LookupError(e.message) from None


@export("GradientTape", "autodiff.GradientTape")
class GradientTape:
    """Remembers what is computed in its block, to differentiate it afterwards.

        with tf.GradientTape() as tape:
            loss = f(w)
        dw = tape.gradient(loss, w)

    Trainable variables are watched when they are read, tensors by watch().
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._watch_accessed = watch_accessed_variables
        self._tape = None
        self._recording = False
        self._watched = ()

    def __enter__(self):
        self._start()
        return self

    def __exit__(self, *exception):
        if self._recording:
            self._stop()

    def _start(self, existing=False):
        if self._recording:
            raise ValueError(
                "Tape is still recording, This can happen if you try to re-enter an already-active tape."
            )
        if self._tape is None:
            self._tape = _floe.GradientTape(self._persistent, self._watch_accessed)
        elif not existing:
            self._tape = _floe.GradientTape(self._persistent, self._watch_accessed)
        else:
            self._tape.start()
        self._recording = True

    def _stop(self):
        if not self._recording:
            raise ValueError("Tape is not recording.")
        self._tape.stop()
        self._recording = False

    def watch(self, tensor):
        """Gradients flow to this tensor (or to these tensors) from now on."""
        for t in nest.flatten(tensor, expand_composites=True):
            if not isinstance(t, (Tensor, Variable)) and not hasattr(t, "handle"):
                raise ValueError(
                    f"Passed in object {t} of type {type(t).__name__!r}, not tf.Tensor or tf.Variable or ExtensionType."
                )
            if not (t.dtype.is_floating or t.dtype.is_complex):
                _warn(f"The dtype of the watched tensor must be floating (e.g. tf.float32), got {t.dtype!r}")
            if self._tape is None:
                raise ValueError("The tape is not open: call watch() inside of its `with` block.")
            self._tape.watch(_source(t))

    def stop_recording(self):
        """A block that the tape does not remember."""
        return _Stopped(self)

    def reset(self):
        """Forgets everything."""
        self._stop()
        self._tape = None
        self._start()

    def watched_variables(self):
        """The variables that were read, in order."""
        if self._tape is not None:
            from .variable_registry import variable_of

            found = (variable_of(h) for h in self._tape.watched_variables())
            self._watched = tuple(v for v in found if v is not None)
        return self._watched

    def _used(self):
        """What can be asked once only is gone."""
        if not self._persistent:
            self.watched_variables()
            self._tape = None

    def gradient(
        self, target, sources, output_gradients=None, unconnected_gradients=UnconnectedGradients.NONE
    ):
        """The derivative of the sum of the targets by each source, in the sources' structure."""
        unconnected = _unconnected(unconnected_gradients)
        if self._tape is None:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        if self._recording:
            if not self._persistent:
                self._stop()
            else:
                _warn(
                    "Calling GradientTape.gradient on a persistent tape inside its context is significantly less efficient "
                    "than calling it outside the context (it causes the gradient ops to be recorded on the tape, leading to "
                    "increased CPU and memory usage). Only call GradientTape.gradient inside the context if you actually "
                    "want to trace the gradient in order to compute higher order derivatives."
                )
        if target is None:
            raise TypeError(
                "Argument `target` should be a list or nested structure of Tensors, Variables or CompositeTensors to be "
                "differentiated, but received None."
            )
        flat_sources = nest.flatten(sources, expand_composites=True)
        for s in flat_sources:
            if not hasattr(s, "dtype"):
                raise TypeError(
                    f"The sources of a gradient are tensors and variables, found {s!r} of {type(s)}."
                )
            if not (s.dtype.is_floating or s.dtype.is_complex) and s.dtype != dtypes.variant:
                _warn(
                    f"The dtype of the source tensor must be floating (e.g. tf.float32) when calling GradientTape.gradient, got {s.dtype!r}"
                )
        flat_targets = []
        for t in nest.flatten(target, expand_composites=True):
            t = t if hasattr(t, "dtype") else convert_to_tensor(t)
            if not (t.dtype.is_floating or t.dtype.is_complex) and t.dtype != dtypes.variant:
                _warn(
                    f"The dtype of the target tensor must be floating (e.g. tf.float32) when calling GradientTape.gradient, got {t.dtype!r}"
                )
            flat_targets.append(_target(t))
        if output_gradients is not None:
            output_gradients = [
                None if g is None else convert_to_tensor(g)
                for g in nest.flatten(output_gradients, expand_composites=True)
            ]
        with _lookup_errors():
            grads = self._tape.gradient(flat_targets, [_source(s) for s in flat_sources], output_gradients)
        grads = [_result(g) for g in grads]
        self._used()
        if unconnected == UnconnectedGradients.ZERO:
            grads = [_zeros(s) if g is None else g for g, s in zip(grads, flat_sources)]
        return nest.pack_sequence_as(sources, grads, expand_composites=True)

    def jacobian(
        self,
        target,
        sources,
        unconnected_gradients=UnconnectedGradients.NONE,
        parallel_iterations=None,
        experimental_use_pfor=True,
    ):
        """The derivative of every element of target by each source: shape target.shape + source.shape."""
        unconnected = _unconnected(unconnected_gradients)
        self._ready_for_many()
        target = convert_to_tensor(target)
        flat_sources = nest.flatten(sources)
        shape = raw_ops.Shape(input=target)
        n = target.shape.num_elements()
        if n is None:
            n = raw_ops.Size(input=target)

        def seed(i):
            row = raw_ops.OneHot(
                indices=i, depth=n, on_value=_one(target.dtype), off_value=_zero(target.dtype)
            )
            return raw_ops.Reshape(tensor=row, shape=shape)

        results = []
        for s, rows in zip(flat_sources, self._rows(n, seed, target, flat_sources)):
            if rows is None:
                zero = _zeros(s) if unconnected == UnconnectedGradients.ZERO else None
                results.append(None if zero is None else raw_ops.ZerosLike(x=_outer_shape(shape, zero)))
                continue
            inner = raw_ops.Shape(input=rows)[1:]
            full = raw_ops.Reshape(tensor=rows, shape=raw_ops.ConcatV2(values=[shape, inner], axis=0))
            results.append(full)
        return nest.pack_sequence_as(sources, results)

    def _ready_for_many(self):
        if self._tape is None:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        if self._recording and not self._persistent:
            self._stop()

    def _rows(self, n, seed, target, sources):
        """Per source, the gradients for seed(0) to seed(n - 1), stacked; None where it is not connected."""
        tape, handles = self._tape, [_source(s) for s in sources]

        def row(i):
            with _lookup_errors():
                found = tape.gradient_again([target], handles, [seed(i)])
            return [None if g is None else convert_to_tensor(_result(g)) for g in found]

        if n == 0 if isinstance(n, int) else False:
            found = [None if g is None else raw_ops.ExpandDims(input=g, axis=0)[:0] for g in row(0)]
        elif isinstance(n, int) and (n <= _UNROLLED or not _floe.recording()):
            columns = zip(*[row(i) for i in range(n)])
            found = [None if c[0] is None else raw_ops.Pack(values=list(c), axis=0) for c in columns]
        else:
            found = self._loop(n, row)
        self._used()
        return found

    def _loop(self, n, row):
        """The rows by a loop of the graph. A first row, which is never run, says what is connected."""
        from .control_flow_maps import map_fn_v2

        connected = row(0)
        places = [k for k, g in enumerate(connected) if g is not None]
        types = [connected[k].dtype for k in places]
        order = raw_ops.Range(start=0, limit=n, delta=1)
        found = [None] * len(connected)
        if places:
            stacked = map_fn_v2(lambda i: [row(i)[k] for k in places], order, fn_output_signature=types)
            for k, rows in zip(places, stacked):
                found[k] = rows
        return found

    def batch_jacobian(
        self,
        target,
        source,
        unconnected_gradients=UnconnectedGradients.NONE,
        parallel_iterations=None,
        experimental_use_pfor=True,
    ):
        """Per sample, the derivative of every element of target by source: [batch, target..., source...]."""
        unconnected = _unconnected(unconnected_gradients)
        self._ready_for_many()
        target = convert_to_tensor(target)
        target_shape, source_shape = target.shape.with_rank_at_least(2), source.shape.with_rank_at_least(2)
        if not target_shape[:1].is_compatible_with(source_shape[:1]):
            raise ValueError(
                f"Need first dimension of target shape ({target.shape}) and source shape ({source.shape}) to match."
            )
        shape = raw_ops.Shape(input=target)
        inner = target_shape[1:].num_elements() if target_shape.ndims is not None else None
        if inner is None:
            inner = raw_ops.Prod(input=shape[1:], axis=[0])

        def seed(i):
            row = raw_ops.OneHot(
                indices=i, depth=inner, on_value=_one(target.dtype), off_value=_zero(target.dtype)
            )
            row = raw_ops.Reshape(tensor=row, shape=raw_ops.ConcatV2(values=[[1], shape[1:]], axis=0))
            return raw_ops.BroadcastTo(input=row, shape=shape)

        rows = self._rows(inner, seed, target, [source])[0]
        if rows is None:
            if unconnected == UnconnectedGradients.NONE:
                return None
            zero = _zeros(source)
            return raw_ops.ZerosLike(x=_outer_shape(shape, raw_ops.GatherV2(params=zero, indices=0, axis=0)))
        # [inner, batch, ...] to [batch, inner, ...]
        rank = raw_ops.Rank(input=rows)
        order = raw_ops.ConcatV2(values=[[1, 0], raw_ops.Range(start=2, limit=rank, delta=1)], axis=0)
        rows = raw_ops.Transpose(x=rows, perm=order)
        full = raw_ops.ConcatV2(values=[shape, raw_ops.Shape(input=rows)[2:]], axis=0)
        result = raw_ops.Reshape(tensor=rows, shape=full)
        result.set_shape(target_shape.concatenate(source_shape[1:]))
        return result


_UNROLLED = 16


def _one(dtype):
    return raw_ops.Cast(x=1.0, DstT=dtype)


def _zero(dtype):
    return raw_ops.Cast(x=0.0, DstT=dtype)


def _outer_shape(shape, zero):
    dims = raw_ops.ConcatV2(values=[shape, raw_ops.Shape(input=zero)], axis=0)
    return raw_ops.Fill(dims=dims, value=raw_ops.Cast(x=0.0, DstT=zero.dtype))


class _Stopped:
    def __init__(self, tape):
        self._tape = tape

    def __enter__(self):
        if self._tape._tape is None:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
            )
        self._tape._stop()

    def __exit__(self, *exception):
        self._tape._start(existing=True)


def _gradients(ys, xs, grad_ys, unconnected, stop, name="gradients"):
    if not _floe.recording():
        raise RuntimeError(
            "tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead."
        )
    unconnected = _unconnected(unconnected)
    ys, xs = nest.flatten(ys), nest.flatten(xs)
    stop = [] if stop is None else nest.flatten(stop)
    if grad_ys is not None:
        # A list of lists holds values, one for each of ys.
        grad_ys = list(grad_ys) if isinstance(grad_ys, (list, tuple)) else [grad_ys]
        if len(grad_ys) != len(ys):
            raise ValueError(f"Length mismatch. Passed {len(grad_ys)} grad_ys for {len(ys)} ys")
    grads = (
        None
        if grad_ys is None
        else [None if g is None else convert_to_tensor(g, y.dtype) for g, y in zip(grad_ys, ys)]
    )
    targets, sources = [_target(y) for y in ys], [_source(x) for x in xs]
    with _floe.current_graph().name_scope(name or "gradients"), _lookup_errors():
        found = _floe.gradients(targets, sources, grads, [_source(s) for s in stop])
    found = [_result(g) for g in found]
    if unconnected == UnconnectedGradients.ZERO:
        found = [_zeros(x) if g is None else g for g, x in zip(found, xs)]
    return found


@export("gradients")
def gradients_v2(
    ys,
    xs,
    grad_ys=None,
    name="gradients",
    gate_gradients=False,
    aggregation_method=None,
    stop_gradients=None,
    unconnected_gradients=UnconnectedGradients.NONE,
):
    """The derivative of the sum of ys by each of xs, as nodes of the graph that is being recorded."""
    return _gradients(ys, xs, grad_ys, unconnected_gradients, stop_gradients, name)


@export("compat.v1.gradients")
def gradients_v1(
    ys,
    xs,
    grad_ys=None,
    name="gradients",
    colocate_gradients_with_ops=False,
    gate_gradients=False,
    aggregation_method=None,
    stop_gradients=None,
    unconnected_gradients=UnconnectedGradients.NONE,
):
    """The derivative of the sum of ys by each of xs, as nodes of the graph that is being recorded."""
    return _gradients(ys, xs, grad_ys, unconnected_gradients, stop_gradients, name)


@export("hessians")
def hessians(ys, xs, gate_gradients=False, aggregation_method=None, name="hessians"):
    """The second derivatives of the sum of ys by each of xs."""
    xs = nest.flatten(xs)
    found = []
    for g, x in zip(_gradients(ys, xs, None, UnconnectedGradients.NONE, None), xs):
        flat = raw_ops.Reshape(tensor=g, shape=[-1])
        rows = [
            _gradients(flat[i], x, None, UnconnectedGradients.ZERO, None)[0]
            for i in range(x.shape.num_elements())
        ]
        shape = raw_ops.ConcatV2(values=[raw_ops.Shape(input=x), raw_ops.Shape(input=x)], axis=0)
        found.append(raw_ops.Reshape(tensor=raw_ops.Pack(values=rows, axis=0), shape=shape))
    return found


@export("compat.v1.AggregationMethod", "AggregationMethod")
class AggregationMethod:
    """How gradients that meet are added; Floe always adds them as they come."""

    ADD_N = 0
    DEFAULT = 0
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


@export("RegisterGradient")
class RegisterGradient:
    """@RegisterGradient("OpType") makes a function(op, *grads) the gradient of an op type."""

    def __init__(self, op_type):
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, function):
        def rule(record, grads):
            op = _RecordedOp(record)
            found = function(
                op, *[_result(g) if g is not None else _zeros(o) for g, o in zip(grads, op.outputs)]
            )
            found = (
                found
                if isinstance(found, (list, tuple)) and not isinstance(found, IndexedSlices)
                else [found]
            )
            return [_core_gradient(g) for g in found]

        if self._op_type in _registered or _floe.has_gradient(self._op_type):
            raise KeyError(f"Registering two gradient with name '{self._op_type}'!")
        _registered[self._op_type] = function
        _floe.set_gradient(self._op_type, rule)
        return function


_registered = {}


def _core_gradient(g):
    if g is None:
        return None
    if isinstance(g, IndexedSlices):
        return (g.values, g.indices, g.dense_shape)
    return convert_to_tensor(g)


class _RecordedOp:
    """An op as a gradient function sees it."""

    def __init__(self, record):
        self.type, self.name, self.inputs, self.outputs, _, self._attrs = record
        self.inputs, self.outputs = tuple(self.inputs), list(self.outputs)

    def get_attr(self, name):
        if name not in self._attrs:
            raise ValueError(f"Operation '{self.name}' has no attr named '{name}'.")
        return self._attrs[name]


@export("no_gradient", "NoGradient")
def no_gradient(op_type):
    """Says that ops of this type have no gradient: it is None."""
    _floe.set_gradient(op_type, lambda record, grads: [None] * len(record[2]))


not_differentiable = export("NotDifferentiable", "compat.v1.NotDifferentiable")(no_gradient)


@export("custom_gradient")
def custom_gradient(f=None):
    """A function that gives (result, gradient function) as a function of the result with that gradient."""
    if f is None:
        return custom_gradient

    class Bound:
        def __call__(self, *args, **kwargs):
            return _call_custom(f, args, kwargs)

        def __get__(self, instance, owner):
            # Only the arguments after the instance are tensors.
            return self if instance is None else custom_gradient(functools.partial(f, instance))

    wrapped = f.func if isinstance(f, functools.partial) else f
    return functools.update_wrapper(Bound(), wrapped)


def _call_custom(f, args, kwargs, detached=False):
    """`detached`: f sees to it that nothing of what it does is kept."""
    flat = nest.flatten(args, expand_composites=True)
    flat = [convert_to_tensor(a) if not isinstance(a, Variable) else a for a in flat]
    # Tapes see how the values inside depend on the arguments, for the gradient's gradient, and that the result depends
    # on them in the given way only.
    inner = [a if isinstance(a, Variable) or detached else raw_ops.Identity(input=a) for a in flat]
    with GradientTape(watch_accessed_variables=True) as seen:
        result, grad_fn = f(*nest.pack_sequence_as(args, inner, expand_composites=True), **kwargs)
    variables = [v for v in seen.watched_variables() if not any(v is a for a in flat)]
    flat_result = [convert_to_tensor(r) for r in nest.flatten(result, expand_composites=True)]
    outputs = [raw_ops.Identity(input=_stop(r)) for r in flat_result]
    import inspect

    takes = inspect.signature(grad_fn).parameters.values()
    wants = any(p.name == "variables" or p.kind is p.VAR_KEYWORD for p in takes)
    if variables and not wants:
        raise TypeError(
            "@tf.custom_gradient grad_fn must accept keyword argument 'variables', since function uses variables: "
            f"{variables}"
        )

    def backward(_, grads):
        grads = [
            convert_to_tensor(_result(g)) if g is not None else _zeros(o) for g, o in zip(grads, outputs)
        ]
        if variables:
            found, by_variable = grad_fn(*grads, variables=variables)
            if len(by_variable) != len(variables):
                raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
        else:
            found, by_variable = grad_fn(*grads), []
        found = nest.flatten(found, expand_composites=False) if isinstance(found, (list, tuple)) else [found]
        if len(found) != len(flat):
            raise ValueError(
                f"custom_gradient function expected to return {len(flat)} gradients, but returned {len(found)} instead."
            )
        return [_core_gradient(g) for g in [*found, *by_variable]]

    inputs = [a.handle if isinstance(a, Variable) else a for a in flat] + [v.handle for v in variables]
    name = getattr(f, "__name__", "custom_gradient")
    if _floe.recording():
        _mark(outputs, inputs, backward)
    _floe.record_custom(name, inputs, outputs, backward)
    return nest.pack_sequence_as(result, outputs, expand_composites=True)


def _stop(t):
    return raw_ops.StopGradient(input=t)


def _mark(outputs, inputs, backward):
    """In a graph the step is an IdentityN node, so that tf.gradients finds it there."""
    if not outputs:
        return
    n = raw_ops.IdentityN(input=[*outputs, *inputs])
    op = n[0].op
    _floe.set_node_gradient(op.graph._core, op._id, len(outputs), backward)
    outputs[:] = n[: len(outputs)]


@export("grad_pass_through")
def grad_pass_through(f):
    """f as a function whose gradient is that of the identity."""

    @custom_gradient
    def wrapped(*args, **kwargs):
        def grad(*dy, variables=None):
            found = dy if len(dy) > 1 else dy[0]
            return (found, [None] * len(variables)) if variables else found

        return f(*args, **kwargs), grad

    return functools.wraps(f)(lambda *args, **kwargs: wrapped(*args, **kwargs))


@export("recompute_grad")
def recompute_grad(f):
    """f as a function that computes its intermediate values again for the gradient instead of keeping them."""

    @functools.wraps(f)
    def wrapped(*args, **kwargs):
        given = [
            a if isinstance(a, Variable) else convert_to_tensor(a) for a in nest.flatten((args, kwargs), True)
        ]

        def call(values):
            inner_args, inner_kwargs = nest.pack_sequence_as((args, kwargs), values, expand_composites=True)
            return f(*inner_args, **inner_kwargs)

        def inner(*_):
            # Tapes outside see neither the values nor what is made of them: nothing of it is kept.
            result = call([a if isinstance(a, Variable) else _stop(a) for a in given])

            def grad(*dy, variables=None):
                with GradientTape() as tape:
                    again = [a if isinstance(a, Variable) else raw_ops.Identity(input=a) for a in given]
                    tape.watch([a for a in again if not isinstance(a, Variable)])
                    out = call(again)
                found = tape.gradient(out, [*again, *(variables or [])], output_gradients=list(dy))
                return (found[: len(again)], found[len(again) :]) if variables else found

            return result, grad

        return _call_custom(inner, given, {}, detached=True)

    return wrapped
