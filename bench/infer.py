#!/usr/bin/env python3
"""Inference side by side: every contender in its own pinned process, taken in turn.

usage: infer.py DATA_DIR --out OUT.json [--threads 1] [--models a,b] [--contenders a,b] [--batches 1]
                [--budget SECONDS_PER_CONTENDER_AND_BATCH] [--rounds N]

Interpreters: BENCH_PYTHON (default: this one), BENCH_PYTHON_TORCH for torch-*, BENCH_PYTHON_FLOE for floe.
BENCH_EXE_<NAME>=command makes any executable a contender that speaks worker.py's protocol (name lower case,
'_' becomes '-'): it is started as  command MODEL_DIR THREADS.  BENCH_EXE_FLOE_CPP is Floe without Python.
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
CONTENDERS = "floe-cpp,floe,tf-frozen-arg,tf-session,ort,openvino"
MODELS = "mlp,lstm,encoder,mobilenetv2,efficientnetb0,densenet121,resnet50,inceptionv3,vgg16"


class Worker:
    """A contender's process and its side of the line protocol."""

    def __init__(self, name, model_dir, threads, cores, log, script="worker.py", env="BENCH_EXE_"):
        self.name = name
        exe = os.environ.get(env + name.upper().replace("-", "_"))
        if exe:
            command = [*exe.split(), str(model_dir), str(threads)]
        else:
            python = os.environ.get("BENCH_PYTHON", sys.executable)
            for kind in ("torch", "floe"):
                if name.startswith(kind):
                    python = os.environ.get("BENCH_PYTHON_" + kind.upper(), python)
            command = [python, str(HERE / script), name, str(model_dir), str(threads)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            bufsize=1,
            env=dict(os.environ, OMP_NUM_THREADS=str(threads)),
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            reply = self.process.stdout.readline().strip()
        except BrokenPipeError:
            reply = ""
        return reply or f"fail died with status {self.process.wait()}"

    def times(self, batch, calls):
        """Seconds of each call; None when the contender failed."""
        reply = self.ask(f"run {batch} {calls}").split()
        return [float(t) for t in reply[1:]] if reply[0] == "t" else None

    def close(self):
        try:
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
            self.process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def is_floe(name):
    return name.startswith("floe")


def relative_difference(y, gold):
    if y.size != gold.size:
        return float("inf")
    return float(np.abs(y.reshape(gold.shape) - gold).max() / np.abs(gold).max())


def prepare(worker, batch, gold, out, budget_per_round):
    """What the first call cost and how many calls a round takes, or the reason of the failure."""
    reply = worker.ask(f"prep {batch} {out}")
    if not reply.startswith("ok"):
        return {"fail": reply}
    difference = relative_difference(np.load(out), gold)
    if worker.times(batch, 1) is None:
        return {"fail": "the second call failed"}
    one = worker.times(batch, 1)[0]
    calls = max(1, min(2000, int(budget_per_round / max(one, 1e-6))))
    return {"first_s": float(reply.split()[1]), "rel_diff": difference, "n": calls}


def measure(workers, batch, gold, args, out):
    info = {w.name: prepare(w, batch, gold, out, args.budget / args.rounds) for w in workers}
    times = {name: [] for name, i in info.items() if "fail" not in i}
    for _ in range(args.rounds):
        for w in workers:
            if w.name in times:
                part = w.times(batch, info[w.name]["n"])
                if part is None:
                    info[w.name] = {"fail": "a later call failed"}
                    del times[w.name]
                else:
                    times[w.name] += part
    return times, info


def rows_of(model, batch, threads, gflop, times, info):
    best = min((statistics.median(t) for name, t in times.items() if not is_floe(name)), default=None)
    for name, i in info.items():
        row = {"model": model, "batch": batch, "threads": threads, "contender": name, **i}
        if name in times:
            t = times[name]
            median = statistics.median(t)
            row.update(
                min_ms=min(t) * 1e3,
                median_ms=median * 1e3,
                calls=len(t),
                gflops=gflop * batch / min(t),
                vs_best=median / best if best else None,
            )
        yield row


def show(rows):
    for r in sorted(rows, key=lambda r: r.get("median_ms", float("inf"))):
        if "fail" in r:
            print(f"  {r['contender']:14} {r['fail']}", flush=True)
            continue
        print(
            f"  {r['contender']:14} min {r['min_ms']:9.3f}  median {r['median_ms']:9.3f} ms  "
            f"{r['gflops']:6.1f} GFLOP/s  x best peer {r['vs_best'] or 0:5.2f}  first {r['first_s']:6.2f} s  "
            f"difference {r['rel_diff']:.1e}  n={r['calls']}",
            flush=True,
        )


def replace_rows(results, rows):
    key = lambda r: (r["model"], r["batch"], r["threads"], r["contender"])  # noqa: E731
    fresh = {key(r) for r in rows}
    results["rows"] = [r for r in results["rows"] if key(r) not in fresh] + rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cores", help="e.g. 0 or 0,1; default: the first THREADS cores")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--contenders", default=CONTENDERS)
    parser.add_argument("--batches", help="default: those of each model")
    parser.add_argument("--budget", type=float, default=2.5)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()

    cores = {int(c) for c in args.cores.split(",")} if args.cores else set(range(args.threads))
    results = json.loads(args.out.read_text()) if args.out.exists() else {"rows": []}
    out = pathlib.Path(tempfile.mkdtemp()) / "out.npy"
    with open(f"{args.out}.log", "a") as log:
        for model in args.models.split(","):
            folder = args.data / model
            if not (folder / "meta.json").exists():
                print(f"{model}: not in {args.data}; make_models.py makes it", flush=True)
                continue
            meta = json.loads((folder / "meta.json").read_text())
            workers = [Worker(c, folder, args.threads, cores, log) for c in args.contenders.split(",")]
            for batch in meta["batches"]:
                if args.batches and str(batch) not in args.batches.split(","):
                    continue
                gold = np.load(folder / f"gold_b{batch}.npy")
                times, info = measure(workers, batch, gold, args, out)
                rows = list(rows_of(model, batch, args.threads, meta["gflop"], times, info))
                print(f"{model} batch {batch} threads {args.threads} ({meta['gflop'] * batch:.2f} GFLOP)")
                show(rows)
                replace_rows(results, rows)
                args.out.write_text(json.dumps(results, indent=1))
            for w in workers:
                reply = w.ask("rss")
                if reply.startswith("rss"):
                    results.setdefault("rss", {}).setdefault(model, {})[w.name] = float(reply.split()[1])
                w.close()
            args.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
