#!/usr/bin/env python3
"""Physical limits of one core and how near every contender comes.

usage: limit.py --out OUT.json [--infer INFER.json] [--core 0]

Compiles peak.c with $CC (default cc); sgemm through NumPy, TensorFlow, and torch where BENCH_PYTHON_TORCH
is set. With --infer, prints the percentage of the multiply-add peak per model and contender.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def machine():
    """The fastest of three runs, as clocks move."""
    exe = pathlib.Path(tempfile.mkdtemp()) / "peak"
    subprocess.check_call([os.environ.get("CC", "cc"), "-O3", "-march=native", HERE / "peak.c", "-o", exe])
    runs = [json.loads(subprocess.check_output([exe])) for _ in range(3)]
    return max(runs, key=peak_of)


def peak_of(limits):
    return max((v for k, v in limits.items() if k.startswith("fma")), default=0)


def sgemm(python, library):
    p = subprocess.run([python, HERE / "gemm.py", library], capture_output=True, text=True)
    return json.loads(p.stdout.splitlines()[-1]) if p.returncode == 0 else p.stderr[-300:]


def print_shares(rows, peak):
    cells = {}
    for r in rows:
        if r["threads"] == 1 and "gflops" in r:
            cells.setdefault((r["model"], r["batch"]), {})[r["contender"]] = 100 * r["gflops"] / peak
    for (model, batch), shares in sorted(cells.items()):
        print(f"{model:18} b{batch:<3}", "  ".join(f"{c} {s:.0f}%" for c, s in sorted(shares.items())))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--infer", type=pathlib.Path)
    parser.add_argument("--core", type=int, default=0)
    args = parser.parse_args()
    os.sched_setaffinity(0, {args.core})

    python, torch_python = (
        os.environ.get("BENCH_PYTHON", sys.executable),
        os.environ.get("BENCH_PYTHON_TORCH"),
    )
    result = {"machine": machine(), "sgemm_numpy": sgemm(python, "numpy"), "sgemm_tf": sgemm(python, "tf")}
    if torch_python:
        result["sgemm_torch"] = sgemm(torch_python, "torch")
    result["peak_gflops"] = peak_of(result["machine"])
    print(json.dumps(result, indent=1))
    if args.infer:
        print_shares(json.loads(args.infer.read_text())["rows"], result["peak_gflops"])
    args.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
