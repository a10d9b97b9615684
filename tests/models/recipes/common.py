"""What the recipes share: registration, graphs of both kinds of control flow, freezing of Keras models."""

import dataclasses
import zlib

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

v1 = tf.compat.v1
RECIPES = {}


@dataclasses.dataclass
class Case:
    """One run of a graph. `feeds` and `fetches` hold tensors or their names."""

    feeds: dict
    fetches: list
    suffix: str = ""
    note: str = ""
    init: tuple = ()
    fails: bool = False


@dataclasses.dataclass
class Model:
    name: str
    graph_def: v1.GraphDef
    case: Case
    same_as: str = ""  # the model whose graph this is too


def rng(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def normal(name, *shape, scale=1.0):
    return (rng(name).standard_normal(shape) * scale).astype(np.float32)


def weight(name, *shape):
    fan_in = int(np.prod(shape[:-1])) or 1
    return tf.constant(normal(name, *shape, scale=fan_in**-0.5), name=name)


def register(name, make):
    if name in RECIPES:
        raise ValueError(f"two recipes are named {name}")
    RECIPES[name] = make


def graph(*flows):
    """Registers a function that builds into the default graph and returns a Case or several.

    `flows`: "v1" lays control flow out as Switch/Merge/Enter, "fn" as If/While with a function library.
    With one flow the model has the function's name, with two it gets the flow as an ending.
    """

    def decorate(build):
        for flow in flows or ("v1",):
            base = build.__name__ + (f"_{flow}" if len(flows) > 1 else "")

            def make(flow=flow, base=base):
                toggle = v1.disable_control_flow_v2 if flow == "v1" else v1.enable_control_flow_v2
                toggle()
                try:
                    with tf.Graph().as_default() as g:
                        v1.set_random_seed(1)
                        cases = build()
                        graph_def = g.as_graph_def()
                finally:
                    v1.enable_control_flow_v2()
                first = ""
                for case in cases if isinstance(cases, list) else [cases]:
                    name = "_".join(filter(None, (base, case.suffix)))
                    yield Model(name, graph_def, case, first)
                    first = first or name

            register(base, make)
        return build

    return decorate


def keras_model(*flows):
    """Registers a function that returns (keras model or callable, inputs, note), frozen in the given flows.

    The default is the lowered form, which is what freezing writes unless told otherwise.
    """

    def decorate(build):
        for flow in flows or ("v1",):
            base = build.__name__ + (f"_{flow}" if len(flows) > 1 else "")

            def make(flow=flow, base=base):
                tf.keras.backend.clear_session()
                tf.keras.utils.set_random_seed(7)
                call, inputs, note = build()
                inputs = inputs if isinstance(inputs, list) else [inputs]
                specs = [
                    tf.TensorSpec([None, *x.shape[1:]], x.dtype, name=f"x{i}" if i else "x")
                    for i, x in enumerate(inputs)
                ]
                traced = tf.function(lambda *xs: call(*xs), input_signature=specs, autograph=False)
                frozen = convert_variables_to_constants_v2(
                    traced.get_concrete_function(), lower_control_flow=flow == "v1"
                )
                feeds = {t.name: x for t, x in zip(frozen.inputs, inputs)}
                yield Model(
                    base,
                    frozen.graph.as_graph_def(),
                    Case(feeds, [t.name for t in frozen.outputs], note=note),
                )

            register(base, make)
        return build

    return decorate


def feed(name, dtype, shape):
    return v1.placeholder(dtype, shape, name=name)


def named(name, tensor):
    return tf.identity(tensor, name=name)


def conv(name, x, filters, size=3, stride=1, activation=tf.nn.relu, padding="SAME"):
    w = weight(name + "/w", size, size, int(x.shape[-1]), filters)
    b = tf.constant(normal(name + "/b", filters, scale=0.1), name=name + "/b")
    y = tf.nn.bias_add(tf.nn.conv2d(x, w, stride, padding, name=name), b, name=name + "/bias")
    return activation(y, name=name + "/act") if activation else y


def dense(name, x, units, activation=None):
    w = weight(name + "/w", int(x.shape[-1]), units)
    b = tf.constant(normal(name + "/b", units, scale=0.1), name=name + "/b")
    y = tf.nn.bias_add(tf.matmul(x, w, name=name), b, name=name + "/bias")
    return activation(y, name=name + "/act") if activation else y
