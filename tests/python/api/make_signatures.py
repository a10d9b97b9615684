"""Writes tests/goldens/api/signatures.json: the parameters that TensorFlow's functions have.

    python tests/python/api/make_signatures.py

The functions are those of the modules listed in test_signatures.py, by every name that Floe exports.
"""

import inspect
import json
import os
import pathlib
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "python" / "floe")]

import tensorflow as tf  # noqa: E402
from _index import INDEX  # noqa: E402
from signatures import AREAS, described  # noqa: E402


def main():
    found = {}
    for name, target in sorted(INDEX.items()):
        if target.partition(":")[0].removeprefix(".api.") not in AREAS:
            continue
        f = tf
        for part in name.split("."):
            f = getattr(f, part, None)
        if f is not None and callable(f) and not inspect.isclass(f):
            found[name] = described(f)
    text = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items())
    (HERE.parents[1] / "goldens" / "api" / "signatures.json").write_text("{\n" + text + "\n}\n")


if __name__ == "__main__":
    main()
