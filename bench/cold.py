#!/usr/bin/env python3
"""Cold start: from the start of a process to its first answer, and what the process took of memory.

usage: cold.py DATA_DIR [--floe PATH] [--model NAME] [--runs 15] [--core 0] [--peers] [--out OUT.json]

Every run is a new process on one core and one thread; the ways are taken in turn and the first round is
dropped, so files are in the page cache. Memory is the peak resident set of the process. `--peers` adds
TensorFlow, ONNX Runtime and OpenVINO.
Interpreters: BENCH_PYTHON for the peers, BENCH_PYTHON_FLOE for floe; both default to this one.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

GOALS = {"first answer ms": 150, "import over numpy ms": 60}
SHOW = "\nimport numpy\nassert numpy.isfinite(numpy.asarray(y)).all()"
PEERS = {
    "tensorflow": """
import tensorflow as tf
g, gd = tf.Graph(), tf.compat.v1.GraphDef.FromString(open(d + '/frozen.pb', 'rb').read())
with g.as_default(): tf.import_graph_def(gd, name='')
y = tf.compat.v1.Session(graph=g).run(m['output'], {m['input']: x})""",
    "onnxruntime": """
import onnxruntime as o
so = o.SessionOptions(); so.intra_op_num_threads = 1
s = o.InferenceSession(d + '/model.onnx', so, providers=['CPUExecutionProvider'])
y = s.run(None, {s.get_inputs()[0].name: x})[0]""",
    "openvino": """
import openvino as ov
c = ov.Core(); model = c.read_model(d + '/frozen.pb'); model.reshape(list(x.shape))
y = c.compile_model(model, 'CPU', {'INFERENCE_NUM_THREADS': 1, 'INFERENCE_PRECISION_HINT': 'f32'})([x])[0]""",
}
FLOE = "\nimport floe\ny = floe.load(d + '/frozen.pb', inputs=m['input'], outputs=m['output'])(x)"


def head(folder):
    return (
        f"import json, numpy as np\nd = {str(folder)!r}\nm = json.load(open(d + '/meta.json'))\n"
        "x = np.load(d + '/in_b1.npy')"
    )


def python_can(python, module):
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


def ways(args, folder):
    python = os.environ.get("BENCH_PYTHON", sys.executable)
    floe_python = os.environ.get("BENCH_PYTHON_FLOE", python)
    result = {}
    if args.floe:
        command = [args.floe, "run", str(folder / "frozen.pb"), "--input", str(folder / "in_b1.npy")]
        result["floe run (shell)"] = command
    result["python, numpy"] = [floe_python, "-c", "import numpy"]
    if python_can(floe_python, "floe"):
        result["python, numpy, floe"] = [floe_python, "-c", "import numpy, floe"]
        result["floe (Python)"] = [floe_python, "-c", head(folder) + FLOE + SHOW]
    if args.peers:
        for name, code in PEERS.items():
            if python_can(python, name):
                result[name] = [python, "-c", head(folder) + code + SHOW]
    return result


def run(command, env, core):
    """(seconds, peak MiB) of one process."""
    with tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=err,
            env=env,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            err.seek(0)
            sys.exit(
                f"{command[0]} ended with {process.returncode}: {err.read().decode(errors='replace')[-2000:]}"
            )
    return seconds, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument(
        "--floe", default=shutil.which("floe"), help="the floe command; default: the one on the PATH"
    )
    parser.add_argument("--model", default="mobilenetv2")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()

    folder = (args.data / args.model).resolve()
    env = dict(
        os.environ,
        OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1",
        TF_NUM_INTRAOP_THREADS="1",
        TF_NUM_INTEROP_THREADS="1",
        TF_CPP_MIN_LOG_LEVEL="3",
        CUDA_VISIBLE_DEVICES="",
    )
    measured = {}
    commands = ways(args, folder)
    for round_ in range(args.runs + 1):
        for name, command in commands.items():
            sample = run(command, env, args.core)
            if round_:
                measured.setdefault(name, []).append(sample)

    size = (folder / "frozen.pb").stat().st_size / 2**20
    rows = {
        n: {
            "min_ms": min(t for t, _ in v) * 1e3,
            "median_ms": statistics.median(t for t, _ in v) * 1e3,
            "peak_mib": max(m for _, m in v),
        }
        for n, v in measured.items()
    }
    print(f"{args.model}, {size:.1f} MiB, {args.runs} processes each")
    for name, r in rows.items():
        times = f"min {r['min_ms']:8.1f}  median {r['median_ms']:8.1f} ms"
        print(f"  {name:22} {times}   peak {r['peak_mib']:7.1f} MiB")
    if "floe run (shell)" in rows:
        r = rows["floe run (shell)"]
        print(
            f"  first answer from the shell {r['median_ms']:.0f} ms (goal {GOALS['first answer ms']}); "
            f"peak {r['peak_mib']:.0f} MiB (goal {40 + 1.5 * size:.0f})"
        )
    if "python, numpy, floe" in rows:
        over = rows["python, numpy, floe"]["median_ms"] - rows["python, numpy"]["median_ms"]
        print(f"  import floe {over:.0f} ms over Python with numpy (goal {GOALS['import over numpy ms']})")
    if args.out:
        args.out.write_text(json.dumps({"model": args.model, "file_mib": size, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
