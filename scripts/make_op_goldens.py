#!/usr/bin/env python3
"""Run the samples of the ops in TensorFlow and write its answers down.

usage: make_op_goldens.py samples.pb OUTDIR [--ops A,B] [--onednn]

samples.pb is a binary GraphDef. Sample k of an op is every node whose name starts with `<Op>/<k>/`:
constants `in<i>`, helper nodes of any name, and the op itself, `<Op>/<k>/op`. Each sample is imported and
run on its own, on the CPU, on one thread, without oneDNN and without the graph optimizer. --onednn turns
oneDNN on, for ops that have channels-first kernels only there (convolutions, pools) or leave outputs unset
without it (FusedBatchNorm in inference).

OUTDIR/<Op>.pb is a binary GraphDef of Const nodes:
  <Op>/<k>/out<i>   the op's output i, bytes in tensor_content (strings in string_val)
  <Op>/<k>/error    "CLASS: message" where TensorFlow refuses the sample; there are no outputs then
Outputs that are resources or variants are left out.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

os.environ.update(
    TF_CPP_MIN_LOG_LEVEL="3",
    CUDA_VISIBLE_DEVICES="",
    TF_NUM_INTRAOP_THREADS="1",
    TF_NUM_INTEROP_THREADS="1",
    TF_ENABLE_ONEDNN_OPTS="1" if "--onednn" in sys.argv else "0",
)

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto

v1 = tf.compat.v1


def read_samples(path):
    """{op: {k: [nodes]}}, ops and samples in the order of the file."""
    graph_def = v1.GraphDef()
    graph_def.ParseFromString(path.read_bytes())
    samples = {}
    for node in graph_def.node:
        op, k, _ = node.name.split("/", 2)
        samples.setdefault(op, {}).setdefault(k, []).append(node)
    return samples


def config():
    c = v1.ConfigProto(device_count={"GPU": 0})
    c.graph_options.rewrite_options.disable_meta_optimizer = True
    c.graph_options.optimizer_options.opt_level = v1.OptimizerOptions.L0
    return c


def bare_message(text):
    """The kernel's own words, without the node and the Python stack that TensorFlow puts around them."""
    text = text.split("\n\t")[0].split("\n\nOriginal")[0]
    return re.sub(
        r"\AGraph execution error:\n\n(Detected at .*?\nNode: '[^']*'\n)?", "", text, flags=re.DOTALL
    )


def renamed(nodes):
    """The nodes under "s/": a graph may not hold a name that starts with an underscore, but an op may."""
    for node in nodes:
        copy = v1.NodeDef()
        copy.CopyFrom(node)
        copy.name = "s/" + node.name
        copy.input[:] = ["^s/" + i[1:] if i.startswith("^") else "s/" + i for i in node.input]
        yield copy


def run_sample(prefix, nodes):
    """{output index: (dtype, array)}, or the text of TensorFlow's error."""
    graph_def = v1.GraphDef(node=renamed(nodes), versions=tf.Graph().graph_def_versions)
    try:
        with tf.Graph().as_default() as graph:
            tf.graph_util.import_graph_def(graph_def, name="")
            op = graph.get_operation_by_name("s/" + prefix + "op")
            outputs = {
                i: t for i, t in enumerate(op.outputs) if t.dtype.base_dtype not in (tf.resource, tf.variant)
            }
            with v1.Session(graph=graph, config=config()) as session:
                arrays = session.run(outputs) if outputs else session.run(op) or {}
            return {i: (outputs[i].dtype.base_dtype, a) for i, a in arrays.items()}
    except tf.errors.OpError as e:
        return f"{type(e).__name__}: {bare_message(e.message)}"
    except (ValueError, TypeError) as e:
        return f"{type(e).__name__}: {bare_message(str(e))}"


def const(name, dtype, array):
    tensor = TensorProto(
        dtype=dtype.as_datatype_enum, tensor_shape=tf.TensorShape(np.shape(array)).as_proto()
    )
    if dtype == tf.string:
        tensor.string_val.extend(np.asarray(array, object).ravel().tolist())
    else:
        tensor.tensor_content = np.asarray(array).tobytes()
    attrs = {"dtype": v1.AttrValue(type=tensor.dtype), "value": v1.AttrValue(tensor=tensor)}
    return v1.NodeDef(name=name, op="Const", attr=attrs)


def write_op(op, samples, out):
    goldens = v1.GraphDef()
    errors = 0
    for k, nodes in samples.items():
        prefix = f"{op}/{k}/"
        result = run_sample(prefix, nodes)
        if isinstance(result, str):
            errors += 1
            result = {None: (tf.string, result.encode())}
        for i, (dtype, array) in result.items():
            goldens.node.append(const(prefix + ("error" if i is None else f"out{i}"), dtype, array))
    (out / f"{op}.pb").write_bytes(goldens.SerializeToString(deterministic=True))
    return errors


def work(samples, out, progress):
    for op, of_op in samples.items():
        with progress.open("a") as f:
            f.write(op + "\n")
        errors = write_op(op, of_op, out)
        print(f"{op}: {len(of_op)} samples" + (f", {errors} refused" if errors else ""), flush=True)


def supervise(args, samples):
    """A sample that brings TensorFlow down costs only the goldens of its op: a new process goes on."""
    left, crashed = list(samples), []
    with tempfile.TemporaryDirectory() as folder:
        progress = pathlib.Path(folder) / "progress"
        while left:
            progress.write_text("")
            child = [sys.executable, __file__, args.samples, args.out, "--ops", ",".join(left)]
            child += ["--work", progress, *["--onednn"] * args.onednn]
            status = subprocess.run(child).returncode
            started = progress.read_text().split()
            left = left[len(started) :]
            if status == 0:
                break
            if not started:
                sys.exit(status)
            crashed.append(started[-1])
    if crashed:
        sys.exit("TensorFlow went down on samples of " + ", ".join(crashed))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("samples", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--ops", help="only these, separated by commas")
    parser.add_argument("--onednn", action="store_true", help="with TensorFlow's oneDNN kernels")
    parser.add_argument("--work", type=pathlib.Path, help=argparse.SUPPRESS)
    args = parser.parse_args()

    samples = read_samples(args.samples)
    if args.ops:
        wanted = args.ops.split(",")
        absent = [op for op in wanted if op not in samples]
        if absent:
            parser.error(f"{args.samples} has no samples of " + ", ".join(absent))
        samples = {op: samples[op] for op in wanted}
    args.out.mkdir(parents=True, exist_ok=True)
    if args.work:
        work(samples, args.out, args.work)
    else:
        supervise(args, samples)


if __name__ == "__main__":
    main()
