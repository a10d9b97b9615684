#!/usr/bin/env python3
"""Fixed costs: dispatch per op, call of a function, tape, size on disk. (cold.py has the first answer.)

usage: overhead.py --out OUT.json [--sections dispatch,size] [--core 0] [--repeats 3]

Interpreters: BENCH_PYTHON, BENCH_PYTHON_TORCH, BENCH_PYTHON_FLOE; a library without one is left out.
Dispatch figures are the best of several repeats in each process, the median over processes taken in turn.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DISPATCH = {
    "numpy": ("BENCH_PYTHON", "ops_numpy.py"),
    "tf": ("BENCH_PYTHON", "ops_tf.py"),
    "jax": ("BENCH_PYTHON", "ops_jax.py"),
    "torch": ("BENCH_PYTHON_TORCH", "ops_torch.py"),
    "floe": ("BENCH_PYTHON_FLOE", "ops_tf.py", "floe"),
}
PACKAGES = "floe tensorflow-cpu tensorflow keras onnxruntime openvino tf2onnx jax torch numpy".split()


def interpreter(variable):
    return os.environ.get(variable, sys.executable if variable == "BENCH_PYTHON" else None)


def run(command, core):
    one = {k: "1" for k in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    one |= {k: "1" for k in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")}
    env = dict(os.environ, **one, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu")
    p = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=env,
        timeout=600,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    lines = [line for line in p.stdout.splitlines() if line.startswith("@@")]
    if p.returncode or not lines:
        return {"error": (p.stderr or p.stdout)[-400:]}
    return json.loads(lines[-1][2:])


def dispatch(core, repeats):
    samples = {}
    for _ in range(repeats):
        for library, (variable, script, *arguments) in DISPATCH.items():
            python = interpreter(variable)
            if python:
                command = [python, str(HERE / "dispatch" / script), *arguments]
                samples.setdefault(library, []).append(run(command, core))
    result = {}
    for library, runs in samples.items():
        failed = [r for r in runs if "error" in r]
        result[library] = failed[0] if failed else {k: statistics.median(r[k] for r in runs) for k in runs[0]}
    return result


def print_dispatch(result):
    libraries = [name for name in result if "error" not in result[name]]
    print(f"{'microseconds':40}" + "".join(f"{name:>10}" for name in libraries))
    for key in dict.fromkeys(k for name in libraries for k in result[name]):
        print(f"{key:40}" + "".join(f"{result[name].get(key, '-'):>10}" for name in libraries))
    for name in result.keys() - set(libraries):
        print(f"{name} failed: {result[name]['error']}")


def sizes():
    """Installed size of the packages of this interpreter, alone and with what they require."""
    from packaging.requirements import Requirement

    def normal(name):
        return re.sub("[-_.]+", "-", name).lower()

    def own(distribution):
        files = (f.locate() for f in distribution.files or [] if "__pycache__" not in str(f))
        return sum(os.path.getsize(f) for f in files if os.path.exists(f))

    def walk(name, extras, seen):
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            return
        fresh = [e for e in ("", *extras) if (normal(name), e) not in seen]
        seen.update({(normal(name), e): own(distribution) for e in fresh})
        for requirement in map(Requirement, distribution.requires or []):
            if any(requirement.marker is None or requirement.marker.evaluate({"extra": e}) for e in fresh):
                walk(requirement.name, requirement.extras, seen)

    result = {}
    for name in PACKAGES:
        seen = {}
        walk(name, (), seen)
        if seen:
            each = {package: size for (package, _), size in seen.items()}
            result[name] = {
                "own_mb": round(each[normal(name)] / 1e6, 1),
                "total_mb": round(sum(each.values()) / 1e6, 1),
                "packages": len(each),
            }
    return result


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--sections", default="dispatch,size")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sizes-here", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.sizes_here:
        return print("@@" + json.dumps(sizes()))

    result = json.loads(args.out.read_text()) if args.out and args.out.exists() else {}
    if "dispatch" in args.sections:
        result["dispatch_us"] = dispatch(args.core, args.repeats)
        print_dispatch(result["dispatch_us"])
    if "size" in args.sections:
        result["size"] = {}
        for variable in ("BENCH_PYTHON", "BENCH_PYTHON_TORCH", "BENCH_PYTHON_FLOE"):
            if python := interpreter(variable):
                found = run([python, __file__, "--sizes-here"], args.core)
                result["size"] = {**found, **result["size"]}
        for name, s in result["size"].items():
            print(
                f"{name:16}",
                s
                if name == "error"
                else f"own {s['own_mb']:7.1f} MB  with dependencies "
                f"{s['total_mb']:7.1f} MB ({s['packages']} packages)",
            )
    if args.out:
        args.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
