#!/usr/bin/env python3
"""Ask TensorFlow for the gradients of the samples of the ops, and which ops have a gradient at all.

usage: make_gradient_goldens.py samples.pb OUTDIR [--ops A,B] [--kinds gradient_kinds.json]

samples.pb is what make_op_goldens.py takes. The gradients are of sum(output * r) over all floating-point
outputs, with the r of `arriving` (tests/ops/gradient_test.cpp has the same), with respect to each
floating-point input. Samples with half-precision inputs, and those that TensorFlow refuses, are left out.

OUTDIR/<Op>.pb is a binary GraphDef of Const nodes:
  <Op>/<k>/out<i>   the gradient of input i; there is none where the input is not connected
  <Op>/<k>/error    "none" when no input is connected; "CLASS: message" where only the gradient fails
"""

import argparse
import json
import pathlib
import subprocess
import sys

from make_op_goldens import bare_message, config, const, np, read_samples, renamed, tf, v1

HALVES = (tf.float16, tf.bfloat16)
MAX_ELEMENTS = 2000
# Ops whose gradients hold memory that nobody has written when there is nothing to add up.
UNWRITTEN = ("SparseSegment", "DepthwiseConv2d")


def weight(k, i):
    return ((i * 37 + k * 101 + 11) % 97) / 48.0 - 1.0


def arriving(k, array):
    i = np.arange(array.size)
    r = weight(k, 2 * i)
    if np.iscomplexobj(array):
        r = r + 1j * weight(k, 2 * i + 1)
    return r.reshape(array.shape).astype(array.dtype)


def differentiable(t):
    return t.dtype.base_dtype.is_floating or t.dtype.base_dtype.is_complex


def gradients(prefix, nodes):
    """{input index: array} of those that are connected, or the text of TensorFlow's error, or None."""
    graph_def = v1.GraphDef(node=renamed(nodes), versions=tf.Graph().graph_def_versions)
    with tf.Graph().as_default() as graph, v1.Session(graph=graph, config=config()) as session:
        try:
            tf.graph_util.import_graph_def(graph_def, name="")
            op = graph.get_operation_by_name("s/" + prefix + "op")
            if any(t.dtype.base_dtype in HALVES or "_ref" in t.dtype.name for t in op.inputs):
                return None
            if op.type.startswith(UNWRITTEN) and any(t.shape.num_elements() == 0 for t in op.inputs):
                return None
            inputs = {i: t for i, t in enumerate(op.inputs) if differentiable(t)}
            outputs = {k: t for k, t in enumerate(op.outputs) if differentiable(t)}
            if not inputs or not outputs:
                return None
            arrays = session.run(outputs)
        except (tf.errors.OpError, ValueError, TypeError):
            return None
        sizes = [a.size for a in arrays.values()] + [t.shape.num_elements() or 0 for t in inputs.values()]
        if max(sizes) > MAX_ELEMENTS:
            return None
        rs = [tf.constant(arriving(k, a)) for k, a in arrays.items()]
        try:
            grads = v1.gradients(list(outputs.values()), list(inputs.values()), grad_ys=rs)
            dense = {i: tf.convert_to_tensor(g) for i, g in zip(inputs, grads) if g is not None}
            return session.run(dense) if dense else {}
        except LookupError as e:
            return None if "No gradient defined" in str(e) else f"LookupError: {e}"
        except tf.errors.OpError as e:
            return f"{type(e).__name__}: {bare_message(e.message)}"
        except Exception as e:
            return f"{type(e).__name__}: {bare_message(str(e))}"


def write_op(op, samples, out):
    goldens = v1.GraphDef()
    for k, nodes in samples.items():
        prefix = f"{op}/{k}/"
        result = gradients(prefix, nodes)
        if result is None:
            continue
        if isinstance(result, str) or not result:
            goldens.node.append(const(prefix + "error", tf.string, (result or "none").encode()[:300]))
            continue
        for i, array in result.items():
            goldens.node.append(const(f"{prefix}out{i}", tf.as_dtype(array.dtype), array))
    if len(goldens.node):
        (out / f"{op}.pb").write_bytes(goldens.SerializeToString(deterministic=True))


def work(samples, out):
    for op, of_op in samples.items():
        print("start", op, flush=True)
        write_op(op, of_op, out)


def supervise(args, samples):
    """A sample that brings TensorFlow down costs only the goldens of its op: a new process goes on."""
    left, crashed = list(samples), []
    while left:
        child = [sys.executable, __file__, args.samples, args.out, "--work", "--ops", ",".join(left)]
        done = subprocess.run(child, stdout=subprocess.PIPE, text=True)
        started = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("start ")]
        left = left[len(started) :]
        if done.returncode == 0:
            break
        if not started:
            sys.exit(done.returncode)
        crashed.append(started[-1])
    if crashed:
        print("TensorFlow went down on samples of " + ", ".join(crashed))


def write_kinds(path):
    """One op a line: "rule", or "none" for ops that TensorFlow declares without a derivative."""
    from tensorflow.python.framework.ops import gradient_registry

    kinds = {op: "rule" if gradient_registry.lookup(op) else "none" for op in gradient_registry.list()}
    path.write_text(json.dumps(kinds, indent=0, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("samples", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--ops", help="only these, separated by commas")
    parser.add_argument("--kinds", type=pathlib.Path, help="write the list of ops that have a gradient")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()

    samples = read_samples(args.samples)
    if args.ops:
        samples = {op: samples[op] for op in args.ops.split(",") if op in samples}
    args.out.mkdir(parents=True, exist_ok=True)
    if args.kinds:
        write_kinds(args.kinds)
    if args.work:
        work(samples, args.out)
    else:
        supervise(args, samples)


if __name__ == "__main__":
    main()
