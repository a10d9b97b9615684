"""The note's code for reading a frozen graph, with nothing changed but the import."""

import pathlib

import models
import numpy as np
import pytest

import floe as tf


def wrap_frozen_graph(graph_def, inputs, outputs, print_graph=False):
    def _imports_graph_def():
        tf.compat.v1.import_graph_def(graph_def, name="")

    wrapped_import = tf.compat.v1.wrap_function(_imports_graph_def, [])
    import_graph = wrapped_import.graph
    print("-" * 50)
    print("Frozen model layers: ")
    layers = [op.name for op in import_graph.get_operations()]
    if print_graph == True:  # noqa: E712
        for layer in layers:
            print(layer)
    print("-" * 50)
    return wrapped_import.prune(
        tf.nest.map_structure(import_graph.as_graph_element, inputs),
        tf.nest.map_structure(import_graph.as_graph_element, outputs),
    )


def open_frozen(path, inputs, outputs):
    with tf.io.gfile.GFile(str(path), "rb") as f:
        graph_def = tf.compat.v1.GraphDef()
        loaded = graph_def.ParseFromString(f.read())
    assert loaded == pathlib.Path(path).stat().st_size
    return wrap_frozen_graph(graph_def=graph_def, inputs=inputs, outputs=outputs, print_graph=True)


def test_digits(assets, images, expected, capsys):
    frozen_func = open_frozen(assets / "digits.pb", ["x:0"], ["Identity:0"])
    printed = capsys.readouterr().out.splitlines()
    assert printed[2] == "x" and printed[-2] == "Identity" and len(printed) == 94
    outputs = frozen_func(images)
    assert isinstance(outputs, list) and len(outputs) == 1
    assert isinstance(outputs[0], tf.Tensor)
    np.testing.assert_allclose(outputs[0].numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(frozen_func(tf.constant(images))[0].numpy(), expected, atol=1e-5)


def test_cifar_frozen():
    folder = pathlib.Path(__file__).parents[3] / "shared" / "models" / "cifar_frozen"
    if not folder.exists():
        pytest.skip("no ../shared/models here")
    io = np.load(folder / "io.npz")
    f = open_frozen(folder / "model" / "frozen_model.pb", ["Input:0"], ["Output:0"])
    models.check(f(io["in0"])[0].numpy(), io["out0"], 5.72e-06)
    models.check(tf.load(str(folder / "model" / "frozen_model.pb"))(io["in0"]).numpy(), io["out0"], 5.72e-06)
