"""Python code in the middle of a graph: tf.py_function, tf.numpy_function, compat.v1.py_func."""

import collections
import itertools
import linecache
import traceback

import numpy as np

from .. import _floe, dtypes, nest, raw_ops
from ..autograph.locations import text as user_line
from ..errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    OpError,
    OutOfRangeError,
    ResourceExhaustedError,
    UnimplementedError,
    UnknownError,
)
from ..export import export
from ..tensor import EagerTensor, Tensor, TensorSpec, convert_to_tensor
from .gradients import GradientTape

_PACKAGE = __file__.rpartition("/")[0].rpartition("/")[0]


def _flat_types(Tout):
    """dtypes, shapes (None: unknown) and whether a single result is wanted."""
    single = not isinstance(Tout, (list, tuple, dict))
    flat = [Tout] if single else nest.flatten(Tout)
    types, shapes = [], []
    for t in flat:
        if isinstance(t, TensorSpec):
            types.append(t.dtype)
            shapes.append(t.shape)
        else:
            types.append(dtypes.as_dtype(t))
            shapes.append(None)
    return types, shapes, single


def _results(result, types, name):
    if len(types) == 1 and type(result) is EagerTensor:
        return [result if result.dtype is types[0] else raw_ops.Cast(x=result, DstT=types[0])]
    if not types:
        return []
    flat = [result] if len(types) == 1 and not isinstance(result, (list, tuple)) else nest.flatten(result)
    if len(types) == 1 and isinstance(result, (list, tuple)) and len(flat) != 1:
        flat = [result]
    if len(flat) == 1 and flat[0] is None:
        flat = []
    if len(flat) != len(types):
        raise InvalidArgumentError(
            None, None, f"{name} returns {len(flat)} values, but expects to see {len(types)} values."
        )
    return [_as(r, t) for r, t in zip(flat, types)]


def _as(value, dtype):
    if isinstance(value, Tensor) or hasattr(value, "__tf_tensor__"):
        t = convert_to_tensor(value)
        return t if t.dtype == dtype else raw_ops.Cast(x=t, DstT=dtype)
    return convert_to_tensor(value, dtype)


def _differentiable(t):
    return t.dtype.is_floating or t.dtype.is_complex


class _Tapes:
    """What calls in a graph keep for their gradients, once one is asked for: their tapes by number.

    Nothing says when no more gradients will be asked for: few are kept, and of small tensors some more.
    """

    FEW, ASKED, BYTES = 16, 4, 64 << 20
    OWN_BYTES = 16 << 10  # of a tape

    def __init__(self):
        self.wanted = False
        self.next = 0
        self._kept = {}
        self._asked = collections.deque()
        self._bytes = 0

    def keep(self, tape, args, out):
        self.next += 1
        size = self.OWN_BYTES + sum(t._nbytes() for t in (*args, *out))
        self._kept[self.next] = tape, args, out, size
        self._bytes += size
        while len(self._kept) > self.FEW and self._bytes > self.BYTES:
            self._drop(next(iter(self._kept)))
        return self.next

    def find(self, number):
        """(tape, arguments, results) of a call."""
        if number not in self._kept:
            raise FailedPreconditionError(
                None,
                None,
                "The gradient of a py_function was asked for after many further calls: its tape is gone.",
            )
        self._asked.append(number)
        if len(self._asked) > self.ASKED:
            old = self._asked.popleft()
            if old in self._kept and old not in self._asked:
                self._drop(old)
        return self._kept[number][:3]

    def _drop(self, number):
        self._bytes -= self._kept.pop(number)[3]


_ERRORS = (
    ((TypeError, ValueError), InvalidArgumentError),
    (StopIteration, OutOfRangeError),
    (MemoryError, ResourceExhaustedError),
    (NotImplementedError, UnimplementedError),
)
_both = {}


def _raised(e):
    """The error for an exception of the user's function: of its class, and of the one that TensorFlow has for it."""
    cls = type(e)
    if isinstance(e, OpError) or not isinstance(e, Exception):
        return e
    if cls not in _both:
        ours = next((ours for theirs, ours in _ERRORS if issubclass(cls, theirs)), UnknownError)
        try:
            both = type(cls.__name__, (ours, cls), {"__module__": cls.__module__, "__init__": ours.__init__})
            both.__new__(both)
        except TypeError:
            both = ours
        _both[cls] = both
    lines = [s for s in traceback.extract_tb(e.__traceback__) if not s.filename.startswith(_PACKAGE)]
    where = "".join(_line(s) for s in lines)
    text = f"{cls.__name__}: {e}\nTraceback (most recent call last):\n{where}{cls.__name__}: {e}"
    made = _both[cls].__new__(_both[cls])
    made.__init__(None, None, text)
    made.__cause__, made.__suppress_context__ = e.__cause__, e.__suppress_context__
    for name, value in vars(e).items():
        vars(made).setdefault(name, value)
    return made


def _line(s):
    """A line of a traceback; code that AutoGraph made is named by the line that it was made of."""
    name, _, number = user_line(s.filename, s.lineno).rpartition(":")
    source = linecache.getline(name, int(number)).strip() if number.isdigit() else s.line
    return f'  File "{name}", line {number}, in {s.name}\n    {source}\n'


def _guarded(run):
    """What the runtime calls. An exception keeps its traceback, whose last line is the user's."""

    def call(args):
        try:
            return run(args)
        except BaseException as e:
            error, trace = _raised(e), e.__traceback__
        raise error.with_traceback(trace)

    return call


@export("py_function")
def py_function(func=None, inp=None, Tout=None, name=None):
    """func(*inp) in eager mode, in the middle of a graph: it sees EagerTensors, and gradients flow through it.

    `Tout` holds the dtypes of the results, or TensorSpecs, which give them shapes. In eager mode func is called at
    once.
    """
    return _py_function(func, inp, Tout, name)


@export("compat.v1.py_function")
def py_function_v1(func=None, inp=None, Tout=None, name=None):
    """func(*inp) in eager mode, in the middle of a graph."""
    return _py_function(func, inp, Tout, name)


def _is_plain_list(x):
    """A list of numbers is one tensor; a list of tensors stays a list."""
    return isinstance(x, (list, tuple)) and not any(
        hasattr(leaf, "dtype") or nest.is_nested(leaf) for leaf in nest.flatten(x)
    )


def _py_function(func, inp, Tout, name):
    if not callable(func):
        raise ValueError(f"Expected func to be callable. Received func={func} of type {type(func)}.")
    types, shapes, single = _flat_types(Tout)
    structure = [] if inp is None else inp if isinstance(inp, (dict, list, tuple)) else list(inp)
    if not isinstance(structure, dict):
        structure = [convert_to_tensor(x) if _is_plain_list(x) else x for x in structure]
    leaves = nest.flatten(structure, expand_composites=True)
    inputs = [convert_to_tensor(x) for x in leaves]
    label = getattr(func, "__name__", "py_function")
    if not isinstance(structure, dict) and all(a is b for a, b in itertools.zip_longest(leaves, structure)):
        call = func
    else:

        def call(*values):
            return func(*nest.pack_sequence_as(list(structure), list(values), expand_composites=True))

    if not _floe.recording():
        out = _guarded(lambda args: _results(call(*args), types, label))(inputs)
        return out[0] if single else (nest.pack_sequence_as(Tout, out) if types else [])
    differentiable = any(map(_differentiable, inputs))
    tapes = _Tapes() if differentiable else None
    none_kept = _floe.to_tensor(0, dtypes.int64.as_datatype_enum) if differentiable else None

    def run(args):
        if not differentiable:
            return _results(call(*args), types, label)
        if not tapes.wanted:
            return [*_results(call(*args), types, label), none_kept]
        with GradientTape(persistent=True) as tape:
            tape.watch([a for a in args if _differentiable(a)])
            out = _results(call(*args), types, label)
        return [*out, convert_to_tensor(tapes.keep(tape, args, out), dtypes.int64)]

    callback = _floe.register_callback(_guarded(run))
    g = _floe.current_graph()
    tout = [*types, dtypes.int64] if differentiable else types
    # The graph holds the function, and its gradient, as long as it lives.
    _floe.keep_alive_with(g._core, callback)
    outputs = raw_ops.EagerPyFunc(input=inputs, token=callback.token, Tout=tout, name=name or "EagerPyFunc")
    outputs = outputs if isinstance(outputs, list) else [outputs]
    for o, s in zip(outputs, shapes):
        if s is not None:
            o.set_shape(s)
    if differentiable:
        made = outputs  # the last one says which tape
        _floe.set_node_gradient_of_inputs(
            g._core, made[0].op._id, lambda _, grads: _gradient(tapes, inputs, made, grads)
        )
        outputs = made[:-1]
        if not types:
            return made[0].op
    if not types:
        return outputs[0] if outputs else []
    return outputs[0] if single else nest.pack_sequence_as(Tout, outputs)


def _gradient(tapes, inputs, outputs, grads):
    tapes.wanted = True
    wanted = [i for i, t in enumerate(inputs) if _differentiable(t)]
    grads = [
        raw_ops.ZerosLike(x=o) if g is None else convert_to_tensor(g)
        for o, g in zip(outputs[:-1], grads)
        if _differentiable(o)
    ]

    def run(args):
        tape, values, out = tapes.find(int(args[0]))
        out = [o for o in out if _differentiable(o)]
        found = tape.gradient(out, [values[i] for i in wanted], output_gradients=list(args[1:]))
        return [
            raw_ops.ZerosLike(x=values[i]) if f is None else convert_to_tensor(f)
            for i, f in zip(wanted, found)
        ]

    callback = _floe.register_callback(_guarded(run))
    g = _floe.current_graph()
    if g is None:
        found = run([outputs[-1], *grads])
    else:
        _floe.keep_alive_with(g._core, callback)
        found = raw_ops.EagerPyFunc(
            input=[outputs[-1], *grads], token=callback.token, Tout=[inputs[i].dtype for i in wanted]
        )
        found = found if isinstance(found, list) else [found]
    result = [None] * len(inputs)
    for i, f in zip(wanted, found):
        f.set_shape(inputs[i].shape)
        result[i] = f
    return result


def _numpy_call(func):
    def call(*tensors):
        result = func(*[t.numpy() for t in tensors])
        return result

    call.__name__ = getattr(func, "__name__", "py_func")
    return call


@export("numpy_function")
def numpy_function(func=None, inp=None, Tout=None, stateful=True, name=None):
    """func(*arrays) on NumPy arrays, in the middle of a graph. It has no gradient."""
    return _numpy_function(func, inp, Tout, stateful, name)


@export("compat.v1.py_func")
def py_func(func=None, inp=None, Tout=None, stateful=True, name=None):
    """func(*arrays) on NumPy arrays, in the middle of a graph. It has no gradient."""
    return _numpy_function(func, inp, Tout, stateful, name)


def _numpy_function(func, inp, Tout, stateful, name):
    if not callable(func):
        raise TypeError(f"{type(func).__name__!r} object is not callable: func={func}")
    types, _, single = _flat_types(Tout)
    inputs = [convert_to_tensor(x) for x in inp]
    label = getattr(func, "__name__", "py_func")

    def check(result):
        flat = [result] if len(types) == 1 and not isinstance(result, (list, tuple)) else list(result or [])
        out = []
        for i, (r, t) in enumerate(zip(flat, types)):
            a = np.asarray(r, order="C")
            if a.dtype.kind in "SUO" or t == dtypes.string:
                out.append(convert_to_tensor(a, dtypes.string))
                continue
            if dtypes.as_dtype(a.dtype) != t:
                raise InvalidArgumentError(
                    None,
                    None,
                    f"{i}-th value returned by {label} is {dtypes.as_dtype(a.dtype).name}, but expects {t.name}",
                )
            out.append(convert_to_tensor(a))
        if len(flat) != len(types):
            raise InvalidArgumentError(
                None, None, f"{label} returns {len(flat)} values, but expects to see {len(types)} values."
            )
        return out

    call = _numpy_call(func)
    if not _floe.recording():
        # Values as they are: only a graph has to know their types.
        out = nest.flatten(func(*[np.array(t.numpy()) for t in inputs]))
        out = [None if x is None else convert_to_tensor(x) for x in out]
        return out[0] if len(out) == 1 else out
    callback = _floe.register_callback(_guarded(lambda args: check(call(*args))))
    _floe.keep_alive_with(_floe.current_graph()._core, callback)
    op = raw_ops.PyFunc if stateful else raw_ops.PyFuncStateless
    out = op(input=inputs, token=callback.token, Tout=types, name=name)
    out = out if isinstance(out, list) else [out]
    return out[0] if single else out
