#!/usr/bin/env python3
"""Make the frozen graphs of the tests with TensorFlow, and TensorFlow's answers to them.

usage: make_models.py [name ...]        all recipes, or those whose name starts so

Every model gets a folder beside this file:
  model.pb    binary GraphDef; a link where several folders run the same graph
  io.npz      in0.. and out0.. as numpy.savez writes them (stored, not compressed; strings as |S arrays)
  meta.json   inputs, outputs   tensor names, in the order of in0.. and out0..
              init              operations to run once before (tables), if there are any
              error             {class, message} when TensorFlow refuses the run; then there are no out arrays
              spread            per output: largest difference between TensorFlow with oneDNN and graph
                                optimizer, and without either
              note              what the graph is there for
"""

import argparse
import importlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", KERAS_BACKEND="tensorflow")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
SUBJECTS = (
    "loops",
    "conditions",
    "tensor_arrays",
    "functions",
    "recurrent",
    "transformers",
    "detection",
    "audio",
    "images",
    "text",
    "quantized",
    "networks",
    "arrays",
    "sequences",
    "two_stage",
    "serving",
    "signals",
)
LARGEST_MODEL = 100_000


def storable(value):
    """Strings as fixed-width bytes, which need no pickle but lose trailing NULs: there must be none."""
    a = np.asarray(value)
    if a.dtype.kind in "OSU":
        flat = [x if isinstance(x, bytes) else x.encode() for x in a.ravel().tolist()]
        if any(x.endswith(b"\0") for x in flat):
            raise ValueError("a string ends with NUL and cannot be stored")
        return np.array(flat, dtype=f"S{max(map(len, flat), default=1) or 1}").reshape(a.shape)
    if a.dtype.kind not in "fiubc":
        raise ValueError(f"dtype {a.dtype} cannot be stored")
    return a


def tensor_name(t):
    return t if isinstance(t, str) else t.name


def write_model(model, root):
    folder = root / model.name
    folder.mkdir(parents=True, exist_ok=True)
    data = model.graph_def.SerializeToString(deterministic=True)
    if len(data) > LARGEST_MODEL:
        raise ValueError(f"{model.name}: {len(data)} bytes, more than {LARGEST_MODEL}")
    if model.same_as:
        (folder / "model.pb").symlink_to(f"../{model.same_as}/model.pb")
    else:
        (folder / "model.pb").write_bytes(data)
    case = model.case
    meta = {"inputs": [tensor_name(t) for t in case.feeds], "outputs": [tensor_name(t) for t in case.fetches]}
    if case.init:
        meta["init"] = list(case.init)
    if case.fails:
        meta["error"] = None
    meta["note"] = case.note
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    np.savez(folder / "io.npz", **{f"in{i}": storable(x) for i, x in enumerate(case.feeds.values())})


def bare_message(text):
    """The kernel's own words, without the node and the Python stack that TensorFlow puts around them."""
    text = text.split("\n\t [[")[0].split("\n\nOriginal")[0]
    return re.sub(
        r"\AGraph execution error:\n\n(Detected at .*?\nNode: '[^']*'\n)?", "", text, flags=re.DOTALL
    )


def run_model(folder, plain):
    """Outputs of one stored model, or the error that TensorFlow raises."""
    import tensorflow as tf

    meta = json.loads((folder / "meta.json").read_text())
    io = np.load(folder / "io.npz")
    graph_def = tf.compat.v1.GraphDef()
    graph_def.ParseFromString((folder / "model.pb").read_bytes())
    config = tf.compat.v1.ConfigProto()
    if plain:
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        config.graph_options.optimizer_options.opt_level = tf.compat.v1.OptimizerOptions.L0
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(graph_def, name="")
        with tf.compat.v1.Session(graph=graph, config=config) as session:
            if "init" in meta:
                session.run([graph.get_operation_by_name(n) for n in meta["init"]])
            try:
                feeds = {n: io[f"in{i}"] for i, n in enumerate(meta["inputs"])}
                return session.run(meta["outputs"], feeds)
            except tf.errors.OpError as e:
                return {"class": type(e).__name__, "message": bare_message(e.message)}


def run_all(names, root, out, plain):
    for name in names:
        result = run_model(root / name, plain)
        if isinstance(result, dict):
            (out / (name + ".json")).write_text(json.dumps(result))
        else:
            np.savez(out / (name + ".npz"), *map(storable, result))


def difference(where, a, b):
    if a.shape != b.shape or a.dtype != b.dtype:
        raise ValueError(f"{where}: shape or dtype differ between TensorFlow's own ways")
    if a.dtype.kind in "fc":
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        wide = np.complex128 if a.dtype.kind == "c" else np.float64
        d = np.abs(a[~same].astype(wide) - b[~same].astype(wide))
        if not np.isfinite(d).all():
            raise ValueError(f"{where}: infinities differ between TensorFlow's own ways")
        return float(d.max(initial=0.0))
    if not np.array_equal(a, b):
        raise ValueError(f"{where}: TensorFlow's own ways give {a.ravel()[:20]} and {b.ravel()[:20]}")
    return 0.0


def finish(name, root, tuned, plain):
    folder = root / name
    meta = json.loads((folder / "meta.json").read_text())
    failure = tuned / (name + ".json")
    if failure.exists() != ("error" in meta):
        raise ValueError(f"{name}: " + (failure.read_text() if failure.exists() else "was meant to fail"))
    if failure.exists():
        meta["error"] = json.loads(failure.read_text())
    else:
        outs, others = (list(np.load(d / (name + ".npz")).values()) for d in (tuned, plain))
        where = [f"{name} {n}" for n in meta["outputs"]]
        meta["spread"] = list(map(difference, where, outs, others))
        ins = np.load(folder / "io.npz")
        arrays = {**ins, **{f"out{i}": a for i, a in enumerate(outs)}}
        np.savez(folder / "io.npz", **arrays)
    meta["note"] = meta.pop("note")
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")


def subprocess_run(names, root, out, plain):
    env = dict(os.environ, TF_ENABLE_ONEDNN_OPTS="0" if plain else "1")
    command = [
        sys.executable,
        __file__,
        "--root",
        root,
        "--run",
        out,
        *(["--plain"] if plain else []),
        *names,
    ]
    subprocess.run(command, env=env, check=True)


def build(prefixes, root):
    from recipes import common

    for subject in SUBJECTS:
        importlib.import_module("recipes." + subject)
    names, failures = [], []
    for recipe, make in common.RECIPES.items():
        if prefixes and not recipe.startswith(tuple(prefixes)):
            continue
        try:
            for model in make():
                write_model(model, root)
                names.append(model.name)
        except Exception as e:
            failures.append(f"{recipe}: {type(e).__name__}: {e}")
    if failures:
        sys.exit("\n".join(failures))
    return names


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*")
    parser.add_argument("--root", type=pathlib.Path, default=HERE)
    parser.add_argument("--run", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        return run_all(args.names, args.root, args.run, args.plain)

    with tempfile.TemporaryDirectory() as t:
        fresh, tuned, plain = (pathlib.Path(t) / d for d in ("fresh", "tuned", "plain"))
        for d in (fresh, tuned, plain):
            d.mkdir()
        names = build(args.names, fresh)
        subprocess_run(names, fresh, tuned, plain=False)
        subprocess_run(names, fresh, plain, plain=True)
        for name in names:
            finish(name, fresh, tuned, plain)
            shutil.rmtree(args.root / name, ignore_errors=True)
            shutil.copytree(fresh / name, args.root / name, symlinks=True)
    sizes = [f.lstat().st_size for n in names for f in (args.root / n).iterdir()]
    print(f"{len(names)} models, {sum(sizes)} bytes")


if __name__ == "__main__":
    main()
