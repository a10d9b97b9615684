"""Every graph of tests/models through Python gives TensorFlow's outputs or TensorFlow's error."""

import models
import pytest

import floe as tf


def run(model):
    if "init" not in model.meta:
        f = tf.load(model.file, model.meta["inputs"], model.meta["outputs"])
        return f(*model.inputs)
    graph_def = tf.compat.v1.GraphDef()
    with tf.io.gfile.GFile(model.file, "rb") as file:
        graph_def.ParseFromString(file.read())
    wrapped = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph_def, name=""), [])
    wrapped.prune([], model.meta["init"])()
    return wrapped.prune(model.meta["inputs"], model.meta["outputs"])(*model.inputs)


def opening(message):
    """TensorFlow's text up to the first full stop: what follows may be advice that is not Floe's."""
    return message.partition(". ")[0]


@pytest.mark.parametrize("name", models.names())
def test_model(name):
    model = models.Model(name)
    expected = model.meta.get("error")
    if expected:
        with pytest.raises(getattr(tf.errors, expected["class"])) as raised:
            run(model)
        assert opening(expected["message"]) in str(raised.value)
        return
    outputs = run(model)
    assert len(outputs) == len(model.outputs)
    for have, want, spread in zip(outputs, model.outputs, model.spread):
        models.check(models.plain(have), want, spread)
