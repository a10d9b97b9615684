"""Write the benchmark models in every format the contenders need.

usage: make_models.py DATA_DIR [model ...]

Each model gets DATA_DIR/<model>/ with
  frozen.pb        frozen GraphDef, v1 control flow (what freezing gives by default)
  frozen_fn.pb     the same with functional control flow (only if the graph has loops)
  saved_model/     SavedModel with a serving_default signature
  model.keras, model.h5
  model.onnx       through tf2onnx
  graph.json, weights.npz   plain description for contenders without a TF reader
  in_b<N>.npy, gold_b<N>.npy   inputs and expected outputs per batch size
  meta.json        names, shapes, batches, GFLOP per sample, parameter count
Weights are random but calibrated (batch-norm statistics are those of real
activations), so that outputs discriminate and nothing falls into denormals.
"""

import json
import os
import sys
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2 as freeze

SEED = 1234


def app(cls, size):
    return lambda: getattr(keras.applications, cls)(weights=None, input_shape=(size, size, 3))


def encoder(n=4, d=256, heads=8, seq=128, vocab=8000, classes=10):
    ids = keras.Input((seq,), dtype="int32", name="ids")
    pos = layers.Embedding(seq, d, name="pos")
    x = layers.Embedding(vocab, d, name="tok")(ids)
    x = x + pos(keras.ops.arange(seq))
    x = layers.LayerNormalization(epsilon=1e-6, name="ln_in")(x)
    for i in range(n):
        a = layers.MultiHeadAttention(heads, d // heads, name=f"mha{i}")(x, x)
        x = layers.LayerNormalization(epsilon=1e-6, name=f"ln_a{i}")(x + a)
        f = layers.Dense(4 * d, name=f"ff1_{i}")(x)
        # exact gelu written out: tf.nn.gelu lowers to Erfc, which tf2onnx cannot convert
        f = 0.5 * f * (1.0 + keras.ops.erf(f * 0.70710678))
        f = layers.Dense(d, name=f"ff2_{i}")(f)
        x = layers.LayerNormalization(epsilon=1e-6, name=f"ln_f{i}")(x + f)
    x = layers.GlobalAveragePooling1D(name="pool")(x)
    model = keras.Model(ids, layers.Dense(classes, activation="softmax", name="head")(x), name="encoder")
    # the position table is a constant of the graph, not a tracked weight: hand it on separately
    model.bench_extra = {"pos/embeddings": pos.embeddings.numpy()}
    return model


def lstm(seq=100, feat=64, units=128, classes=10):
    i = keras.Input((seq, feat), name="seq")
    x = layers.LSTM(units, name="lstm")(i)
    return keras.Model(i, layers.Dense(classes, activation="softmax", name="head")(x), name="lstm")


def mlp():
    i = keras.Input((784,), name="x")
    x = layers.Dense(512, activation="relu", name="d1")(i)
    x = layers.Dense(256, activation="relu", name="d2")(x)
    return keras.Model(i, layers.Dense(10, activation="softmax", name="d3")(x), name="mlp")


MODELS = {
    "mobilenetv2": (app("MobileNetV2", 224), [1, 32]),
    "resnet50": (app("ResNet50", 224), [1, 32]),
    "inceptionv3": (app("InceptionV3", 299), [1, 32]),
    "efficientnetb0": (app("EfficientNetB0", 224), [1, 32]),
    "densenet121": (app("DenseNet121", 224), [1, 32]),
    "vgg16": (app("VGG16", 224), [1, 8]),
    "encoder": (encoder, [1, 32]),
    "lstm": (lstm, [1, 32]),
    "mlp": (mlp, [1, 32]),
}


def make_input(model, n):
    rng = np.random.default_rng(7)
    shape = (n,) + tuple(model.inputs[0].shape[1:])
    if model.inputs[0].dtype == "int32":
        return rng.integers(0, 8000, shape, dtype=np.int32)
    if len(shape) == 4 and model.name.startswith("efficientnet"):
        return (rng.random(shape) * 255).astype(np.float32)
    return rng.standard_normal(shape).astype(np.float32)


def calibrate(model):
    """He-normal kernels, mildly random affine terms, true batch-norm statistics."""
    rng = np.random.default_rng(SEED)
    bns = []
    for l in model._flatten_layers(include_self=False):
        cls = type(l).__name__
        if cls in ("Conv2D", "Dense") and l.kernel.path.count("multi_head") == 0:
            k = l.kernel.shape
            fan = int(np.prod(k[:-1]))
            l.kernel.assign(rng.standard_normal(tuple(k)).astype("f4") * np.sqrt(2.0 / fan))
            if l.bias is not None:
                l.bias.assign(rng.standard_normal(tuple(l.bias.shape)).astype("f4") * 0.05)
        elif cls == "DepthwiseConv2D":
            k = l.kernel.shape
            l.kernel.assign(rng.standard_normal(tuple(k)).astype("f4") * np.sqrt(2.0 / (k[0] * k[1])))
        elif cls == "BatchNormalization":
            bns.append((l, l.momentum))
            l.momentum = 0.0
            if l.gamma is not None:
                l.gamma.assign(rng.uniform(0.8, 1.2, tuple(l.gamma.shape)).astype("f4"))
            l.beta.assign(rng.standard_normal(tuple(l.beta.shape)).astype("f4") * 0.1)
    if bns:
        model(make_input(model, 8), training=True)
        for l, m in bns:
            l.momentum = m


def graph_json(model):
    """Flat list of layers with their inputs (functional models only)."""
    out = []
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            op = node.operation
            try:
                cfg = op.get_config()
            except Exception:
                cfg = {}
            ok = (int, float, str, list, tuple, bool, type(None))
            cfg = {k: v for k, v in cfg.items() if isinstance(v, ok)}
            out.append(
                {
                    "name": op.name,
                    "class": type(op).__name__,
                    "config": cfg,
                    "inputs": [t._keras_history.operation.name for t in node.input_tensors],
                }
            )
    return out


def sequential_onnx(model, path):
    """Conv/pool/dense chain straight to ONNX. Used for VGG16, where tf2onnx took more than
    23 GiB of memory and was killed."""
    import onnx
    from onnx import helper as h
    from onnx import numpy_helper as nh

    nodes, init, cur = [], [], "x"

    def add(op, extra=(), **kw):
        nonlocal cur
        names = []
        for a in extra:
            init.append(nh.from_array(np.ascontiguousarray(a), f"c{len(init)}"))
            names.append(init[-1].name)
        nodes.append(h.make_node(op, [cur] + names, [f"t{len(nodes)}"], **kw))
        cur = nodes[-1].output[0]

    add("Transpose", perm=[0, 3, 1, 2])
    for l in model.layers:
        cls = type(l).__name__
        if cls == "Conv2D":
            add("Conv", (l.kernel.numpy().transpose(3, 2, 0, 1), l.bias.numpy()), pads=[1] * 4)
        elif cls == "MaxPooling2D":
            add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        elif cls == "Flatten":
            add("Transpose", perm=[0, 2, 3, 1])
            add("Flatten", axis=1)
        elif cls == "Dense":
            add("Gemm", (l.kernel.numpy(), l.bias.numpy()))
        a = getattr(getattr(l, "activation", None), "__name__", "linear")
        if a == "relu":
            add("Relu")
        elif a == "softmax":
            add("Softmax", axis=-1)
    f = onnx.TensorProto.FLOAT
    g = h.make_graph(
        nodes,
        model.name,
        [h.make_tensor_value_info("x", f, ["N"] + list(model.inputs[0].shape[1:]))],
        [h.make_tensor_value_info(cur, f, ["N", model.outputs[0].shape[-1]])],
        init,
    )
    onnx.save(h.make_model(g, opset_imports=[h.make_opsetid("", 17)], ir_version=9), path)


def lstm_onnx(model, path):
    """The LSTM classifier as ONNX with the native LSTM operator: tf2onnx turns the loop of the
    frozen graph into a Loop that ONNX Runtime rejects."""
    import onnx
    from onnx import helper as h
    from onnx import numpy_helper as nh

    cell, head = model.get_layer("lstm").cell, model.get_layer("head")

    def gates(k):  # Keras i f c o -> ONNX i o f c, transposed
        i, f, c, o = np.split(k, 4, axis=-1)
        return np.concatenate([i, o, f, c], -1).T[None]

    w, r = gates(cell.kernel.numpy()), gates(cell.recurrent_kernel.numpy())
    b = gates(cell.bias.numpy()[None])[0].reshape(1, -1)
    ini = dict(
        W=w,
        R=r,
        B=np.concatenate([b, np.zeros_like(b)], 1),
        K=head.kernel.numpy(),
        C=head.bias.numpy(),
        ax=np.array([0], np.int64),
    )
    nodes = [
        h.make_node("Transpose", ["x"], ["xt"], perm=[1, 0, 2]),
        h.make_node("LSTM", ["xt", "W", "R", "B"], ["", "yh"], hidden_size=r.shape[2]),
        h.make_node("Squeeze", ["yh", "ax"], ["y"]),
        h.make_node("Gemm", ["y", "K", "C"], ["z"]),
        h.make_node("Softmax", ["z"], ["p"], axis=-1),
    ]
    f = onnx.TensorProto.FLOAT
    g = h.make_graph(
        nodes,
        "lstm",
        [h.make_tensor_value_info("x", f, ["N", 100, 64])],
        [h.make_tensor_value_info("p", f, ["N", 10])],
        [nh.from_array(np.ascontiguousarray(v), k) for k, v in ini.items()],
    )
    onnx.save(h.make_model(g, opset_imports=[h.make_opsetid("", 17)], ir_version=9), path)


def flops(graph_def):
    g = tf.Graph()
    with g.as_default():
        tf.graph_util.import_graph_def(graph_def, name="")
        opts = (
            tf.compat.v1.profiler.ProfileOptionBuilder(
                tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
            )
            .with_empty_output()
            .build()
        )
        p = tf.compat.v1.profiler.profile(g, options=opts)
    return p.total_float_ops


def analytic_flops(name):
    if name == "lstm":
        return 2 * 100 * (64 + 128) * 512 + 2 * 128 * 10
    if name == "encoder":
        s, d = 128, 256
        return 4 * (2 * s * d * d * 4 + 2 * 2 * s * s * d + 2 * 2 * s * d * 4 * d) + 2 * d * 10
    if name == "mlp":
        return 2 * (784 * 512 + 512 * 256 + 256 * 10)
    return None


def write_onnx(name, model, fn, spec, graph_def, in_name, out_name, path):
    """Notes on how it was done."""
    by_hand = {"vgg16": sequential_onnx, "lstm": lstm_onnx}.get(name)
    if by_hand:
        by_hand(model, path)
        return ["onnx written directly, not through tf2onnx"]
    import tf2onnx

    try:
        tf2onnx.convert._convert_common(
            graph_def, name=name, opset=17, input_names=[in_name], output_names=[out_name], output_path=path
        )
    except Exception as e:
        tf2onnx.convert.from_function(fn, input_signature=[spec], opset=17, output_path=path)
        return [f"tf2onnx from frozen.pb: {str(e)[:200]}"]
    return []


def build(name, root):
    make, batches = MODELS[name]
    d = os.path.join(root, name)
    os.makedirs(d, exist_ok=True)
    t0 = time.time()
    keras.backend.clear_session()
    keras.utils.set_random_seed(SEED)
    model = make()
    calibrate(model)
    notes = []

    inp = model.inputs[0]
    spec = tf.TensorSpec([None] + list(inp.shape[1:]), inp.dtype, name="x")
    fn = tf.function(lambda x: model(x, training=False), input_signature=[spec])
    cf = fn.get_concrete_function()
    frozen = freeze(cf)
    gd = frozen.graph.as_graph_def()
    with open(os.path.join(d, "frozen.pb"), "wb") as f:
        f.write(gd.SerializeToString())
    loops = any(n.op in ("Enter", "While", "StatelessWhile") for n in gd.node)
    if loops:
        g2 = freeze(cf, lower_control_flow=False).graph.as_graph_def()
        with open(os.path.join(d, "frozen_fn.pb"), "wb") as f:
            f.write(g2.SerializeToString())
    in_name, out_name = frozen.inputs[0].name, frozen.outputs[0].name

    model.export(os.path.join(d, "saved_model"), verbose=False)
    model.save(os.path.join(d, "model.keras"))
    model.save(os.path.join(d, "model.h5"))
    try:
        notes += write_onnx(name, model, fn, spec, gd, in_name, out_name, os.path.join(d, "model.onnx"))
    except Exception as e:
        notes.append(f"onnx failed: {type(e).__name__}: {str(e)[:300]}")
    with open(os.path.join(d, "graph.json"), "w") as f:
        json.dump(graph_json(model), f)
    np.savez(
        os.path.join(d, "weights.npz"),
        **{w.path: w.numpy() for w in model.weights},
        **getattr(model, "bench_extra", {}),
    )

    for b in batches:
        x = make_input(model, b)
        y = np.asarray(model(x, training=False))
        np.save(os.path.join(d, f"in_b{b}.npy"), x)
        np.save(os.path.join(d, f"gold_b{b}.npy"), y)

    fl = analytic_flops(name)
    if fl is None:
        spec1 = tf.TensorSpec([1] + list(inp.shape[1:]), inp.dtype)
        c1 = tf.function(lambda x: model(x, training=False)).get_concrete_function(spec1)
        fl = flops(freeze(c1).graph.as_graph_def())
    ops = {}
    for n in gd.node:
        ops[n.op] = ops.get(n.op, 0) + 1
    meta = dict(
        name=name,
        input=in_name,
        output=out_name,
        dtype=str(inp.dtype),
        shape=[None] + list(inp.shape[1:]),
        batches=batches,
        gflop=fl / 1e9,
        params=int(model.count_params()),
        nodes=len(gd.node),
        loops=loops,
        ops=ops,
        gold_max=float(y.max()),
        gold_spread=float(y.std()),
        notes=notes,
    )
    with open(os.path.join(d, "meta.json"), "w") as f:
        json.dump(meta, f, indent=1)
    print(
        f"{name:15} {fl / 1e9:7.3f} GFLOP {meta['params'] / 1e6:6.2f} M params, {meta['nodes']:4} nodes, "
        f"out max {meta['gold_max']:.3f} std {meta['gold_spread']:.4f}  {time.time() - t0:.0f} s {notes}",
        flush=True,
    )


if __name__ == "__main__":
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))  # do not take the machine down
    root = sys.argv[1]
    for n in sys.argv[2:] or MODELS:
        build(n, root)
