"""Expressions evaluated by TensorFlow (into goldens) and by Floe (compared with them).

A case is an expression of `tf`, `np` and `t`, or (expression, phrase) where an error with that phrase is wanted.
`t(value, dtype)` is a tensor: a constant in eager mode and in "static" graphs, a placeholder of unknown shape in
"dynamic" graphs.
"""

import json
import pathlib

import numpy as np

GOLDENS = pathlib.Path(__file__).parents[2] / "goldens" / "api"


def expression(case):
    return case if isinstance(case, str) else case[0]


def _leaf(x):
    a = np.asarray(x)
    if a.dtype == object or a.dtype.kind in "SU":
        values = [v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in a.reshape(-1)]
        return {"dtype": "string", "shape": list(a.shape), "values": values}
    name = a.dtype.name
    if name == "bfloat16":
        a = a.astype(np.float32)
    if a.dtype.kind == "c":
        a = np.stack([a.real, a.imag], -1)
    return {"dtype": name, "shape": list(np.shape(x)), "values": a.reshape(-1).tolist()}


def encode(x):
    """A result as JSON: tensors as dtype, shape and values, structures as they are."""
    if x is None or isinstance(x, (bool, int, float, str)) and not isinstance(x, np.generic):
        return x
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return {"tuple": type(x).__name__, "fields": {k: encode(v) for k, v in zip(x._fields, x)}}
    if isinstance(x, (list, tuple)):
        return {"sequence": type(x).__name__, "items": [encode(v) for v in x]}
    if isinstance(x, dict):
        return {"dict": {k: encode(v) for k, v in x.items()}}
    if hasattr(x, "numpy"):
        return _leaf(x.numpy())
    if isinstance(x, (np.ndarray, np.generic, bytes)):
        return _leaf(x)
    return {"repr": repr(x)}


def evaluate(tf, code):
    """The result in eager mode, or the error."""
    scope = {"tf": tf, "np": np, "t": lambda v, dtype=None: tf.constant(v, dtype)}
    try:
        return {"value": encode(eval(code, scope))}
    except Exception as e:  # the error is the result
        return {"error": type(e).__name__, "text": str(e)}


def tensors_in(x):
    if isinstance(x, (list, tuple)):
        return [y for v in x for y in tensors_in(v)]
    if isinstance(x, dict):
        return [y for v in x.values() for y in tensors_in(v)]
    return [x] if hasattr(x, "op") and hasattr(x, "value_index") else []


def record(tf, code, dynamic):
    """The expression recorded in a graph: its tensors and what to feed."""
    feeds = []

    def t(value, dtype=None):
        value = np.asarray(value, dtype and tf.as_dtype(dtype).as_numpy_dtype)
        value = value.astype({"float64": "float32", "int64": "int32"}.get(value.dtype.name, value.dtype)) \
            if dtype is None and value.dtype.name in ("float64", "int64") else value  # fmt: skip
        if not dynamic:
            return tf.constant(value, dtype)
        p = tf.compat.v1.placeholder(tf.as_dtype(value.dtype) if dtype is None else dtype)
        feeds.append((p, value))
        return p

    graph = tf.Graph()
    with graph.as_default():
        out = tensors_in(eval(code, {"tf": tf, "np": np, "t": t}))
    return graph, out, feeds


def load(area):
    return json.loads((GOLDENS / f"{area}.json").read_text())


def _same_leaf(a, b, rtol):
    assert (a["dtype"], a["shape"]) == (b["dtype"], b["shape"]), f"{a} is wanted, {b} is found"
    if a["dtype"] == "string":
        assert a["values"] == b["values"]
        return
    exact = not ("float" in a["dtype"] or "complex" in a["dtype"])
    tol = {"float16": 2e-3, "bfloat16": 2e-2}.get(a["dtype"], rtol)
    np.testing.assert_allclose(
        np.array(b["values"], np.float64), np.array(a["values"], np.float64), 0 if exact else tol,
        0 if exact else tol
    )  # fmt: skip


def same(wanted, found, rtol=2e-5):
    """Compares encoded results."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        assert wanted.keys() == found.keys(), f"{wanted} is wanted, {found} is found"
        if "dtype" in wanted:
            _same_leaf(wanted, found, rtol)
            return
        for k in wanted:
            same(wanted[k], found[k], rtol)
    elif isinstance(wanted, list):
        assert isinstance(found, list) and len(wanted) == len(found), f"{wanted} is wanted, {found} is found"
        for w, f in zip(wanted, found):
            same(w, f, rtol)
    else:
        assert wanted == found or wanted == "numpy", f"{wanted!r} is wanted, {found!r} is found"
