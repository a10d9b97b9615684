"""Answers of TensorFlow, kept in tests/goldens/api/<area>.npz, for lists of cases that Floe answers too.

    python tests/python/api/golden.py nn image      # with tensorflow installed: writes the answers anew

cases_<area>.py holds CASES, a dict of names to functions of the module `tf`.
"""

import importlib
import json
import pathlib
import re
import sys

import numpy as np
import pytest

GOLDENS = pathlib.Path(__file__).parents[2] / "goldens" / "api"


_run = {}
_NO_RULE = r"^No gradient defined for operation|^Op '\w+Grad\w*' is not known"


def describe(value, arrays):
    """A JSON description of a result; numbers go into `arrays`."""
    if value is None or isinstance(value, (bool, str, int)):
        return ["plain", value]
    if isinstance(value, float):
        return ["plain", round(value, 6)]
    if isinstance(value, bytes):
        return ["bytes", value.decode("latin-1")]
    if hasattr(value, "dense_shape"):
        parts = [describe(x, arrays) for x in (value.indices, value.values, value.dense_shape)]
        return ["sparse", parts]
    if hasattr(value, "nested_row_splits"):
        parts = [describe(x, arrays) for x in (value.flat_values, *value.nested_row_splits)]
        return ["ragged", parts]
    if isinstance(value, dict):
        return ["dict", {str(k): describe(value[k], arrays) for k in sorted(value)}]
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return [kind, [describe(x, arrays) for x in value], list(getattr(value, "_fields", ()))]
    return _describe_tensor(value, arrays)


def _describe_tensor(value, arrays):
    value = _run.get(id(value), value)
    dtype = getattr(value.dtype, "name", str(value.dtype))
    kind = "array" if isinstance(value, (np.ndarray, np.generic)) else "tensor"
    v = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    if v.dtype == object or v.dtype.kind in "SU":
        flat = [x.decode("latin-1") if isinstance(x, bytes) else str(x) for x in v.reshape(-1).tolist()]
        return [kind, dtype, list(v.shape), flat]
    if dtype in ("bfloat16",) or v.dtype.kind == "V":
        v = v.astype(np.float32) if dtype == "bfloat16" else v.view("u1" if v.itemsize == 1 else "u2")
    arrays.append(np.array(v))
    return [kind, dtype, list(v.shape), len(arrays) - 1]


def message(text):
    """An error's own text, without the user's lines that stand before it: they name files of one machine."""
    own = re.search(r"^in user code:.*?\n    \w+: (.*)", text, re.DOTALL)
    text = own.group(1).strip() if own else text
    return text.partition("\nTraceback (most recent call last)")[0]


def answer(case, tf):
    arrays = []
    try:
        return describe(case(tf), arrays), arrays
    except Exception as e:
        return ["error", type(e).__name__, message(str(e))], []
    finally:
        _run.clear()


def leaves(value):
    """The tensors of a result."""
    if hasattr(value, "dense_shape"):
        return [value.indices, value.values, value.dense_shape]
    if hasattr(value, "nested_row_splits"):
        return [value.flat_values, *value.nested_row_splits]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [x for v in value for x in leaves(v)]
    return [value] if hasattr(value, "dtype") and not isinstance(value, (np.ndarray, np.generic)) else []


def recorded(case):
    """The case as one that records a graph of its ops, then runs the graph."""

    def run(tf):
        results, tensors = [], []

        def record():
            results.append(case(tf))
            tensors.extend(leaves(results[0]))
            return tensors

        values = tf.compat.v1.wrap_function(record, [])()
        _run.update((id(t), v) for t, v in zip(tensors, values))
        return results[0]

    return run


def write(area):
    import tensorflow as tf

    out, meta = {}, {}
    for name, case in importlib.import_module("cases_" + area).CASES.items():
        meta[name], arrays = answer(case, tf)
        if meta[name][0] == "error" and "error" not in name:
            print(f"{area}: {name} fails: {meta[name]}")
        for i, a in enumerate(arrays):
            out[f"{name}/{i}"] = a
    out["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    GOLDENS.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(GOLDENS / f"{area}.npz", **out)
    print(area, len(meta), (GOLDENS / f"{area}.npz").stat().st_size)


def load(area):
    z = np.load(GOLDENS / f"{area}.npz")
    return json.loads(z["meta"].tobytes()), {k: z[k] for k in z.files}


def check(name, case, tf, goldens, tolerance):
    """Compares Floe's answer with TensorFlow's."""
    meta, z = goldens
    expected = meta[name]
    got, arrays = answer(case, tf)
    if got[0] == "error" and re.search(_NO_RULE, got[2]) and expected[0] != "error":
        pytest.skip(got[2])
    if expected[0] == "error":
        assert got[0] == "error", f"TensorFlow: {expected[1:]}; here no error: {got}"
        assert got[1] == expected[1], (got, expected)
        opening = expected[2].partition("[Op:")[0].partition("{{")[0][:30].strip()
        assert opening in got[2], f"expected {expected[2]!r}, got {got[2]!r}"
        return
    assert got == expected, f"expected {str(expected)[:800]}\n     got {str(got)[:800]}"
    for i, a in enumerate(arrays):
        want = z[f"{name}/{i}"]
        if a.dtype.kind in "fc":
            rtol, atol = tolerance if a.dtype.itemsize > 2 else (2e-3, 2e-3)
            np.testing.assert_allclose(a, want, rtol=rtol, atol=atol)
        else:
            np.testing.assert_array_equal(a, want)


if __name__ == "__main__":
    for a in sys.argv[1:]:
        write(a)
