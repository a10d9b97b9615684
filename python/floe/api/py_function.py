"""Python code in the middle of a graph: tf.py_function, tf.numpy_function, compat.v1.py_func."""

import numpy as np

from .. import _floe, dtypes, nest, raw_ops
from ..export import export
from ..tensor import Tensor, TensorSpec, convert_to_tensor


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
    if not types:
        return []
    flat = [result] if len(types) == 1 and not isinstance(result, (list, tuple)) else nest.flatten(result)
    if len(types) == 1 and isinstance(result, (list, tuple)) and len(flat) != 1:
        flat = [result]
    if len(flat) != len(types):
        from ..errors import InvalidArgumentError

        raise InvalidArgumentError(
            None,
            None,
            f"The function {name} returns {len(flat)} values, but expects to see {len(types)} values.",
        )
    return [_as(r, t, name) for r, t in zip(flat, types)]


def _as(value, dtype, name):
    if value is None:
        # A function called for its effect gives an empty tensor.
        return convert_to_tensor(np.zeros(0, dtype.as_numpy_dtype))
    if isinstance(value, Tensor) or hasattr(value, "__tf_tensor__"):
        t = convert_to_tensor(value)
        return t if t.dtype == dtype else raw_ops.Cast(x=t, DstT=dtype)
    return convert_to_tensor(value, dtype)


class _Tapes:
    """What a call in a graph keeps for its gradient: the tape of the last calls, by number."""

    def __init__(self):
        self.kept = {}
        self.next = 0

    def keep(self, entry):
        self.next += 1
        self.kept[self.next] = entry
        while len(self.kept) > 64:
            self.kept.pop(next(iter(self.kept)))
        return self.next


@export("py_function")
def py_function(func=None, inp=None, Tout=None, name=None):
    """func(*inp) in eager mode, in the middle of a graph: it sees EagerTensors, and gradients flow through it.

    `Tout` holds the dtypes of the results, or TensorSpecs, which give them shapes. In eager mode func is called at
    once.
    """
    return _py_function(func, inp, Tout, name, differentiable=True)


@export("compat.v1.py_function")
def py_function_v1(func=None, inp=None, Tout=None, name=None):
    """func(*inp) in eager mode, in the middle of a graph."""
    return _py_function(func, inp, Tout, name, differentiable=True)


def _py_function(func, inp, Tout, name, differentiable):
    if not callable(func):
        raise ValueError(f"Expected func to be callable. Received func={func} of type {type(func)}.")
    types, shapes, single = _flat_types(Tout)
    structure = inp if inp is not None else []
    inputs = [convert_to_tensor(x) for x in nest.flatten(structure, expand_composites=True)]
    label = getattr(func, "__name__", "py_function")

    def packed(values):
        return nest.pack_sequence_as(list(structure), list(values), expand_composites=True)

    if not _floe.recording():
        out = _results(func(*packed(inputs)), types, label)
        return out[0] if single else (nest.pack_sequence_as(Tout, out) if types else [])
    tapes = _Tapes()

    def run(args):
        if not differentiable:
            return _results(func(*packed(args)), types, label)
        from .gradients import GradientTape

        with GradientTape(persistent=True) as tape:
            floats = [a for a in args if a.dtype.is_floating or a.dtype.is_complex]
            if floats:
                tape.watch(floats)
            out = _results(func(*packed(args)), types, label)
        number = tapes.keep((tape, args, out)) if floats else 0
        return [*out, convert_to_tensor(number, dtypes.int64)]

    callback = _floe.register_callback(run)
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
        return outputs[0].op if outputs else []
    return outputs[0] if single else nest.pack_sequence_as(Tout, outputs)


def _gradient(tapes, inputs, outputs, grads):
    wanted = [i for i, t in enumerate(inputs) if t.dtype.is_floating or t.dtype.is_complex]
    if not wanted:
        return [None] * len(inputs)
    grads = [
        raw_ops.ZerosLike(x=o) if g is None else convert_to_tensor(g)
        for o, g in zip(outputs[:-1], grads)
        if o.dtype.is_floating or o.dtype.is_complex
    ]

    def run(args):
        number = int(args[0])
        if number not in tapes.kept:
            from ..errors import FailedPreconditionError

            raise FailedPreconditionError(
                None,
                None,
                "The gradient of a py_function was asked for after many further calls: its tape is gone.",
            )
        tape, values, out = tapes.kept.pop(number)
        out = [o for o in out if o.dtype.is_floating or o.dtype.is_complex]
        found = tape.gradient(out, [values[i] for i in wanted], output_gradients=list(args[1:]))
        return [
            raw_ops.ZerosLike(x=values[i]) if f is None else convert_to_tensor(f)
            for i, f in zip(wanted, found)
        ]

    callback = _floe.register_callback(run)
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
        raise ValueError(f"Expected func to be callable. Received func={func} of type {type(func)}.")
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
                from ..errors import InvalidArgumentError

                raise InvalidArgumentError(
                    None,
                    None,
                    f"{i}-th value returned by {label} is {dtypes.as_dtype(a.dtype).name}, but expects {t.name}",
                )
            out.append(convert_to_tensor(a))
        if len(flat) != len(types):
            from ..errors import InvalidArgumentError

            raise InvalidArgumentError(
                None, None, f"{label} returns {len(flat)} values, but expects to see {len(types)} values."
            )
        return out

    call = _numpy_call(func)
    if not _floe.recording():
        out = check(call(*inputs))
        return out[0] if single else out
    callback = _floe.register_callback(lambda args: check(call(*args)))
    _floe.keep_alive_with(_floe.current_graph()._core, callback)
    op = raw_ops.PyFunc if stateful else raw_ops.PyFuncStateless
    out = op(input=inputs, token=callback.token, Tout=types, name=name)
    out = out if isinstance(out, list) else [out]
    return out[0] if single else out
