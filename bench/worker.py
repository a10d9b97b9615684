"""One contender in one process, driven over stdin/stdout by infer.py.

Protocol (lines; anything else goes to stderr):
  in:  prep B OUT.npy    make ready for batch B (reads MODEL_DIR/in_b<B>.npy), run once,
                         write the first output to OUT.npy
  out: ok SECONDS        or: fail REASON
  in:  run B N           N timed calls, outputs materialised on the host
  out: t S1 S2 ... SN    seconds per call
  in:  rss               out: rss MIB (peak)
  in:  quit
A contender in another language only has to speak this protocol and take the arguments MODEL_DIR THREADS;
worker.cpp is Floe's.

usage: worker.py CONTENDER MODEL_DIR THREADS
"""

import json
import os
import sys
import time

name, mdir, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
out = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)  # chatter of libraries must not disturb the protocol

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
os.environ["OPENBLAS_NUM_THREADS"] = str(threads)
os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
os.environ["TF_NUM_INTEROP_THREADS"] = str(threads)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np

meta = json.load(open(os.path.join(mdir, "meta.json")))


def P(file):
    return os.path.join(mdir, file)


def load_x(b):
    return np.load(P(f"in_b{b}.npy"))


def tf_setup():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    return tf


class TfFrozen:
    def __init__(self, file="frozen.pb"):
        tf = self.tf = tf_setup()
        gd = tf.compat.v1.GraphDef()
        gd.ParseFromString(open(P(file), "rb").read())
        w = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(gd, name=""), [])
        self.fn = w.prune(meta["input"], meta["output"])

    def prep(self, b):
        x = self.tf.constant(load_x(b))
        return lambda: self.fn(x).numpy()


class TfFrozenArg:
    """As TfFrozen, but the input is an argument of the wrapped function instead of a
    placeholder found by prune(): the cheaper call of the two."""

    def __init__(self):
        tf = self.tf = tf_setup()
        gd = tf.compat.v1.GraphDef()
        gd.ParseFromString(open(P("frozen.pb"), "rb").read())
        self.fn = tf.compat.v1.wrap_function(
            lambda x: tf.graph_util.import_graph_def(
                gd, input_map={meta["input"]: x}, return_elements=[meta["output"]], name=""
            )[0],
            [tf.TensorSpec(meta["shape"], meta["dtype"])],
        )

    def prep(self, b):
        x = self.tf.constant(load_x(b))
        return lambda: self.fn(x).numpy()


class TfSession:
    """TF 1 style: Session.run with a NumPy feed."""

    def __init__(self):
        tf = tf_setup()
        g = tf.Graph()
        gd = tf.compat.v1.GraphDef()
        gd.ParseFromString(open(P("frozen.pb"), "rb").read())
        with g.as_default():
            tf.import_graph_def(gd, name="")
        cfg = tf.compat.v1.ConfigProto(
            intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads
        )
        self.s = tf.compat.v1.Session(graph=g, config=cfg)

    def prep(self, b):
        x = load_x(b)
        call = self.s.make_callable(meta["output"], [meta["input"]])
        return lambda: call(x)


class TfSaved:
    def __init__(self):
        self.tf = tf_setup()
        self.m = self.tf.saved_model.load(P("saved_model"))
        self.fn = self.m.signatures["serving_default"]
        self.key = list(self.fn.structured_input_signature[1])[0]

    def prep(self, b):
        kw = {self.key: self.tf.constant(load_x(b))}
        return lambda: next(iter(self.fn(**kw).values())).numpy()


class TfKeras:
    def __init__(self, mode):
        os.environ["KERAS_BACKEND"] = "tensorflow"
        self.tf = tf_setup()
        import keras

        self.model = keras.saving.load_model(P("model.keras"), compile=False)
        m = self.model
        self.mode = mode
        if mode == "eager":
            self.fn = lambda x: m(x, training=False)
        elif mode == "predict":
            self.fn = None
        else:
            self.fn = self.tf.function(
                lambda x: m(x, training=False), jit_compile=(mode == "xla"), autograph=False
            )

    def prep(self, b):
        x = load_x(b)
        if self.mode == "predict":
            return lambda: self.model.predict(x, batch_size=b, verbose=0)
        x = self.tf.constant(x)
        return lambda: self.fn(x).numpy()


class Ort:
    def __init__(self):
        import onnxruntime as ort

        so = ort.SessionOptions()
        so.intra_op_num_threads = threads
        so.inter_op_num_threads = 1
        self.s = ort.InferenceSession(P("model.onnx"), so, providers=["CPUExecutionProvider"])
        self.i = self.s.get_inputs()[0].name

    def prep(self, b):
        feed = {self.i: load_x(b)}
        return lambda: self.s.run(None, feed)[0]


class Ov:
    def __init__(self, src, f32=True):
        import openvino as ov

        self.f32 = f32
        self.ov = ov
        self.core = ov.Core()
        f = {"pb": "frozen.pb", "onnx": "model.onnx", "sm": "saved_model"}[src]
        if src == "pb" and meta["loops"]:
            f = "frozen_fn.pb"
        self.m = ov.convert_model(P(f)) if src != "onnx" else self.core.read_model(P(f))

    def prep(self, b):
        m = self.m.clone()
        m.reshape([b] + meta["shape"][1:])
        cfg = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
        if self.f32:  # left alone, OpenVINO computes in bf16 where the CPU has it
            cfg["INFERENCE_PRECISION_HINT"] = "f32"
        c = self.core.compile_model(m, "CPU", cfg)
        print("openvino precision", c.get_property("INFERENCE_PRECISION_HINT"), file=sys.stderr)
        r = c.create_infer_request()
        x = load_x(b)
        o = c.output(0)

        def call():
            r.infer({0: x}, share_inputs=True)
            return r.get_tensor(o).data

        return call


class KerasJax:
    """The same .keras file on the JAX backend, whole call jitted, weights as constants."""

    def __init__(self):
        os.environ["KERAS_BACKEND"] = "jax"
        os.environ["XLA_FLAGS"] = (
            f"--xla_cpu_multi_thread_eigen={'false' if threads == 1 else 'true'} "
            f"intra_op_parallelism_threads={threads}"
        )
        os.environ["JAX_PLATFORMS"] = "cpu"
        import jax
        import keras

        self.jax = jax
        m = keras.saving.load_model(P("model.keras"), compile=False)
        tv = [v.value for v in m.trainable_variables]
        ntv = [v.value for v in m.non_trainable_variables]
        self.fn = jax.jit(lambda x: m.stateless_call(tv, ntv, x, training=False)[0])

    def prep(self, b):
        x = self.jax.numpy.asarray(load_x(b))
        return lambda: np.asarray(self.fn(x).block_until_ready())


class Torch:
    def __init__(self, mode):
        import torch
        from torch_models import build

        self.torch = torch
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        torch.set_grad_enabled(False)
        m = build(mdir, meta).eval()
        if mode == "compile":
            import torch._inductor.config as ic

            ic.freezing = True
            m = torch.compile(m)
        self.m = m

    def prep(self, b):
        torch = self.torch
        x = torch.from_numpy(load_x(b))
        if x.ndim == 4:
            x = x.permute(0, 3, 1, 2)  # NHWC data seen as channels_last, no copy
        x = x.to(torch.int64) if x.dtype == torch.int32 else x
        with torch.inference_mode():
            self.m(x)

        def call():
            with torch.inference_mode():
                return self.m(x).numpy()

        return call


class FloePy:
    """The frozen graph through Floe's Python package."""

    def __init__(self):
        import floe

        floe.config.threading.set_intra_op_parallelism_threads(threads)
        self.fn = floe.load(P("frozen.pb"), inputs=meta["input"], outputs=meta["output"])

    def prep(self, b):
        x = load_x(b)
        return lambda: np.asarray(self.fn(x))


MAKE = {
    "tf-frozen": TfFrozen,
    "tf-frozen-arg": TfFrozenArg,
    "tf-session": TfSession,
    "tf-savedmodel": TfSaved,
    "tf-function": lambda: TfKeras("function"),
    "tf-xla": lambda: TfKeras("xla"),
    "tf-eager": lambda: TfKeras("eager"),
    "keras-predict": lambda: TfKeras("predict"),
    "ort": Ort,
    "openvino": lambda: Ov("pb"),
    "openvino-onnx": lambda: Ov("onnx"),
    "openvino-default": lambda: Ov("pb", f32=False),
    "keras-jax": KerasJax,
    "torch-eager": lambda: Torch("eager"),
    "torch-compile": lambda: Torch("compile"),
    "floe": FloePy,
}


def main():
    obj, calls = None, {}
    for line in sys.stdin:
        a = line.split()
        try:
            if not a:
                continue
            if a[0] == "quit":
                break
            if a[0] == "prep":
                t0 = time.perf_counter()
                if obj is None:
                    obj = MAKE[name]()
                b = int(a[1])
                calls[b] = obj.prep(b)
                y = calls[b]()
                dt = time.perf_counter() - t0
                np.save(a[2], np.asarray(y))
                print(f"ok {dt:.6f}", file=out)
            elif a[0] == "run":
                f, n = calls[int(a[1])], int(a[2])
                ts = []
                for _ in range(n):
                    t0 = time.perf_counter()
                    f()
                    ts.append(time.perf_counter() - t0)
                print("t", *(f"{t:.9f}" for t in ts), file=out)
            elif a[0] == "rss":
                import resource

                print(f"rss {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f}", file=out)
        except Exception as e:
            import traceback

            traceback.print_exc()
            print(f"fail {type(e).__name__}:", " ".join(str(e).split())[:300], file=out)


main()
