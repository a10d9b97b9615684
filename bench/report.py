#!/usr/bin/env python3
"""Markdown tables from the JSON files of infer.py and cold.py.   usage: report.py DIR [threads]"""

import json
import pathlib
import sys

RANK = ("mlp lstm encoder mobilenetv2 efficientnetb0 densenet121 resnet50 inceptionv3 vgg16").split()
ORDER = (
    "floe-cpp floe tf-frozen tf-frozen-arg tf-session tf-savedmodel tf-function tf-xla tf-eager "
    "keras-predict ort openvino openvino-onnx openvino-default keras-jax torch-eager torch-compile"
).split()


def number(x):
    return f"{x:.3f}" if x < 1 else f"{x:.2f}" if x < 10 else f"{x:.1f}" if x < 1000 else f"{x:.0f}"


def position(names, name):
    return names.index(name) if name in names else len(names)


def print_table(title, rows, key):
    cells = {}
    for r in rows:
        if key in r:
            cells.setdefault((r["model"], r["batch"]), {})[r["contender"]] = r[key]
    if not cells:
        return
    contenders = sorted({c for v in cells.values() for c in v}, key=lambda c: (position(ORDER, c), c))
    print(f"### {title}\n\n| model, batch | " + " | ".join(contenders) + " | best peer |")
    print("|" + " --- |" * (len(contenders) + 2))
    for model, batch in sorted(cells, key=lambda k: (position(RANK, k[0]), k)):
        times = cells[model, batch]
        best = min((c for c in times if not c.startswith("floe")), key=times.get, default="")
        shown = [
            ("**{}**" if c == best else "{}").format(number(times[c])) if c in times else "-"
            for c in contenders
        ]
        peer = f"{best} {number(times[best])} ms" if best else "-"
        print(f"| {model} b{batch} | " + " | ".join(shown) + f" | {peer} |")
    print()


def print_differences(rows):
    worst = {}
    for r in rows:
        if "rel_diff" in r:
            worst[r["contender"]] = max(worst.get(r["contender"], (0.0, "")), (r["rel_diff"], r["model"]))
    print(
        "Largest relative difference to the expected output:",
        ", ".join(f"{c} {d:.1e} ({m})" for c, (d, m) in sorted(worst.items())),
        "\n",
    )
    for r in rows:
        if "fail" in r:
            print(f"- failed: {r['model']} b{r['batch']} {r['contender']}: {r['fail'][:160]}")


def main():
    folder, threads = pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    infer = folder / f"infer_t{threads}.json"
    if infer.exists():
        rows = [r for r in json.loads(infer.read_text())["rows"] if r["threads"] == threads]
        for key, statistic in (("median_ms", "median"), ("min_ms", "minimum")):
            print_table(f"Inference, {threads} thread(s), {statistic} ms", rows, key)
        print_differences(rows)
    cold = folder / "cold.json"
    if cold.exists():
        result = json.loads(cold.read_text())
        print(f"\n### Process start to first answer, {result['model']}\n")
        print("| | median ms | peak MiB |\n| --- | --- | --- |")
        for name, r in result["rows"].items():
            print(f"| {name} | {r['median_ms']:.0f} | {r['peak_mib']:.0f} |")


if __name__ == "__main__":
    main()
