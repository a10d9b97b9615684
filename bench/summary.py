#!/usr/bin/env python3
"""Floe against TensorFlow and against the best peer, row by row and as geometric means.

usage: summary.py INFER.json [--contender floe-cpp] [--statistic median] [--check]

"TensorFlow" is its fastest way of calling the frozen graph in that row: as an argument, or through a Session.
Rows that mix runs compare machines as much as programs: measure what is compared in one run of infer.py.
--check ends with status 1 when a goal of the table below is missed.
"""

import argparse
import json
import math
import pathlib
import sys

TENSORFLOW = ("tf-frozen-arg", "tf-session")
# Geometric means and worst row that the one-thread tables are to reach.
GOALS = {
    "batch 1": {"tensorflow": 0.70, "best": 1.10, "worst": 1.25},
    "large batch": {"tensorflow": 0.82, "best": 1.05},
}


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def compare(rows, contender, key):
    """[(model, batch, floe ms, tensorflow ms, best peer's name, its ms)] for rows that have all three."""
    cells = {}
    for r in rows:
        if key in r:
            cells.setdefault((r["model"], r["batch"]), {})[r["contender"]] = r[key]
    for (model, batch), times in cells.items():
        peers = {c: t for c, t in times.items() if not c.startswith("floe")}
        tensorflow = [times[c] for c in TENSORFLOW if c in times]
        if contender in times and peers and tensorflow:
            best = min(peers, key=peers.get)
            yield model, batch, times[contender], min(tensorflow), best, peers[best]


def print_table(title, rows, goals):
    print(f"\n{title}\n  {'model':16} {'floe ms':>9} {'x TF':>6} {'x best':>7}  best peer")
    for model, batch, floe, tensorflow, best, peer in rows:
        ratios = f"{floe / tensorflow:6.2f} {floe / peer:7.2f}"
        print(f"  {f'{model} b{batch}':16} {floe:9.3f} {ratios}  {best} {peer:.3f}")
    figures = {
        "tensorflow": geometric_mean([r[2] / r[3] for r in rows]),
        "best": geometric_mean([r[2] / r[5] for r in rows]),
        "worst": max(r[2] / r[5] for r in rows),
    }
    missed = [k for k, goal in goals.items() if figures[k] > goal]

    def goal(k):
        return f" (goal {goals[k]:.2f}{', missed' if k in missed else ''})" if k in goals else ""

    print(
        f"  geometric mean of {len(rows)}: {figures['tensorflow']:.2f} x TensorFlow{goal('tensorflow')}, "
        f"{figures['best']:.2f} x best peer{goal('best')}; worst row {figures['worst']:.2f}{goal('worst')}"
    )
    return missed


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("infer", type=pathlib.Path)
    parser.add_argument("--contender", default="floe-cpp")
    parser.add_argument("--statistic", choices=("median", "min"), default="median")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()

    rows = json.loads(args.infer.read_text())["rows"]
    missed = False
    for threads in sorted({r["threads"] for r in rows}):
        of_threads = [r for r in rows if r["threads"] == threads]
        compared = list(compare(of_threads, args.contender, args.statistic + "_ms"))
        for size in GOALS:
            some = [r for r in compared if (r[1] == 1) == (size == "batch 1")]
            if some:
                title = f"{args.contender}, {size}, {threads} thread(s), {args.statistic}"
                missed |= bool(print_table(title, some, GOALS[size] if threads == 1 else {}))
        if not compared:
            print(f"\n{args.contender}, {threads} thread(s): no row has it, TensorFlow and a peer")
    if args.check and missed:
        sys.exit(1)


if __name__ == "__main__":
    main()
