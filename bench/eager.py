#!/usr/bin/env python3
"""Networks written with plain op calls, run eagerly and under a function: Floe beside TensorFlow, in turn.

usage: eager.py [--out OUT.json] [--threads 1] [--cases mobilenetv2,encoder,training] [--contenders a,b]
                [--budget SECONDS_PER_CONTENDER] [--rounds N]

Interpreters: BENCH_PYTHON with TensorFlow (default: this one), BENCH_PYTHON_FLOE.
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

import numpy as np
from infer import Worker, measure

CONTENDERS = "floe-eager,floe-sync,floe-function,tf-eager,tf-function"
BATCHES = {"mobilenetv2": [1], "encoder": [1], "training": [20, 128]}


def show(title, times, info):
    base = times.get("floe-function")
    print(title)
    for name, i in info.items():
        if "fail" in i:
            print(f"  {name:14} {i['fail']}")
            continue
        t = times[name]
        ratio = f"{min(t) / min(base):6.2f} x floe-function (min)" if base else ""
        median = f"{statistics.median(t) / statistics.median(base):6.2f} (median)" if base else ""
        print(
            f"  {name:14} min {min(t) * 1e3:9.3f}  median {statistics.median(t) * 1e3:9.3f} ms  {ratio} {median}"
            f"  difference {i['rel_diff']:.1e}  n={len(t)}"
        )
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cases", default=",".join(BATCHES))
    parser.add_argument("--contenders", default=CONTENDERS)
    parser.add_argument("--budget", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()

    rows = []
    with tempfile.TemporaryDirectory() as folder, open(pathlib.Path(folder) / "log", "w") as log:
        out = pathlib.Path(folder) / "out.npy"
        for case in args.cases.split(","):
            workers = [
                Worker(c, case, args.threads, set(range(args.threads)), log, script="eager_worker.py")
                for c in args.contenders.split(",")
            ]
            for batch in BATCHES[case]:
                reply = workers[-1].ask(f"prep {batch} {out}")
                if not reply.startswith("ok"):
                    print(f"{case} batch {batch}: {workers[-1].name} {reply}")
                    continue
                times, info = measure(workers, batch, np.load(out), args, out)
                show(f"{case} batch {batch} threads {args.threads}", times, info)
                rows += [
                    {
                        "case": case,
                        "batch": batch,
                        "contender": name,
                        "min_ms": min(t) * 1e3,
                        "median_ms": statistics.median(t) * 1e3,
                    }
                    for name, t in times.items()
                ]
            for w in workers:
                w.close()
    if args.out:
        args.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
