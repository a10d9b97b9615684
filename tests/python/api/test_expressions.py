"""The cases of each area: eagerly, and in graphs of known and unknown shapes, against TensorFlow's results."""

import importlib

import expressions as cases
import pytest

import floe as tf

AREAS = ["math", "array", "linalg", "debugging", "random"]


def _all():
    for area in AREAS:
        module = importlib.import_module(f"expressions_{area}")
        goldens = cases.load(area)
        for case in module.CASES:
            code = cases.expression(case)
            yield pytest.param(case, goldens[code], getattr(module, "RTOL", 2e-5), id=f"{area}: {code[:90]}")


@pytest.mark.parametrize(("case", "golden", "rtol"), list(_all()))
def test_eager(case, golden, rtol):
    tf.random.set_seed(1234)
    found = cases.evaluate(tf, cases.expression(case))
    if "error" in golden:
        assert "error" in found, f"{golden['error']} is wanted, {found} is found"
        assert found["error"] == golden["error"], found["text"]
        assert case[1] in found["text"]
        return
    assert "value" in found, f"{found['error']}: {found['text']}"
    cases.same(golden["value"], found["value"], rtol)


def _graph_cases():
    for p in _all():
        case, golden, rtol = p.values
        for mode in ("static", "dynamic"):
            if mode in golden:
                yield pytest.param(case, golden, rtol, mode, id=f"{p.id} ({mode})")


def _flat(x):
    if isinstance(x, dict) and "dtype" in x:
        return [x]
    if isinstance(x, dict):
        return [y for v in x.values() for y in _flat(v)]
    return [y for v in x for y in _flat(v)] if isinstance(x, list) else []


@pytest.mark.parametrize(("case", "golden", "rtol", "mode"), list(_graph_cases()))
def test_graph(case, golden, rtol, mode):
    graph, out, feeds = cases.record(tf, cases.expression(case), mode == "dynamic")
    wanted = golden[mode]
    assert len(out) == len(wanted["names"])
    for x, shape in zip(out, wanted["shapes"]):
        assert x.shape.is_compatible_with(shape) and (mode == "dynamic" or x.shape.rank == len(shape)), (
            f"{x} should have the shape {shape}"
        )
    if not out:
        return
    f = tf.load(graph.as_graph_def(), [p.name for p, _ in feeds], [x.name for x in out])
    values = [cases.encode(v) for v in f(*[v for _, v in feeds])]
    cases.same(wanted.get("values", _flat(golden["value"])), values, rtol)
