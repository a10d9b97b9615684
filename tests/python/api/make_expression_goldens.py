"""Evaluates the cases of an area under TensorFlow and writes tests/goldens/api/<area>.json.

    python tests/python/api/make_expression_goldens.py math array ...

`expressions_<area>.py` beside this script holds the list CASES.
"""

import importlib
import json
import os
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
sys.path.insert(0, os.path.dirname(__file__))

import expressions as cases  # noqa: E402
import tensorflow as tf  # noqa: E402


def in_graph(code, dynamic):
    """Names and shapes of what TensorFlow records, or None where it cannot."""
    try:
        graph, out, feeds = cases.record(tf, code, dynamic)
        with tf.compat.v1.Session(graph=graph) as session:
            values = session.run(out, dict(feeds))
    except Exception:  # not for this mode
        return None
    shapes = [None if x.shape.rank is None else x.shape.as_list() for x in out]
    return {"names": [x.name for x in out], "shapes": shapes, "values": [cases.encode(v) for v in values]}


def golden(case, seeded):
    code = cases.expression(case)
    tf.random.set_seed(1234)
    result = cases.evaluate(tf, code)
    if "error" in result:
        phrase = case[1] if not isinstance(case, str) else None
        if phrase is None:
            print(f"unwanted error: {code}\n  {result['error']}: {result['text'][:300]}")
        elif phrase not in result["text"]:
            print(f"{code}: '{phrase}' is not in {result['error']}: {result['text'][:300]}")
        return {"error": result["error"]}
    if not isinstance(case, str):
        print(f"no error: {code}")
    if not seeded:
        for mode in ("static", "dynamic"):
            graph = in_graph(code, mode == "dynamic")
            if graph is not None:
                values = graph.pop("values")
                result[mode] = graph
                flat = [v for v in leaves(result["value"])]
                if values != flat and not close(flat, values):
                    result[mode]["values"] = values
    return result


def leaves(x):
    if isinstance(x, dict) and "dtype" in x:
        return [x]
    if isinstance(x, dict):
        return [y for v in x.values() for y in leaves(v)]
    return [y for v in x for y in leaves(v)] if isinstance(x, list) else []


def close(a, b):
    try:
        cases.same(a, b)
    except AssertionError:
        return False
    return True


for area in sys.argv[1:]:
    module = importlib.import_module(f"expressions_{area}")
    seeded = getattr(module, "SEEDED", False)
    results = {cases.expression(c): golden(c, seeded) for c in module.CASES}
    cases.GOLDENS.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in results.items())
    (cases.GOLDENS / f"{area}.json").write_text("{\n" + lines + "\n}\n")
    print(f"{area}: {len(results)} cases")
