#!/usr/bin/env python3
"""Writes python/floe/inside/_modules.py: TensorFlow's inner modules, and the public names of what they define.

Run it with a Python that has TensorFlow; only names are taken from there.
"""

import importlib
import os
import sys
import types
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

PREFIX = "tensorflow.python."
FAMILIES = (
    "autograph checkpoint client compat data eager framework lib module ops platform saved_model summary "
    "trackable training types util"
).split()
MORE = """framework.test_util framework.function platform.googletest platform.test eager.test
ops.gradient_checker ops.gradient_checker_v2 ops.linalg.linalg ops.nn_grad ops.math_grad ops.array_grad
ops.candidate_sampling_ops ops.signal.signal ops.control_flow_grad ops.distributions.distributions
ops.tensor_getitem_override ops.parallel_for.control_flow_ops ops.losses.losses ops.logging_ops
framework.test_ops training.training data.kernel_tests.test_base""".split()


def public_name(value):
    from tensorflow.python.util import tf_decorator

    own = getattr(tf_decorator.unwrap(value)[1], "__dict__", {})
    new, old = (
        [n for n in own.get(k, ()) if not n.startswith("raw_ops.")]
        for k in ("_tf_api_names", "_tf_api_names_v1")
    )
    if new:
        return min(new, key=lambda n: (n.count("."), len(n)))
    return "compat.v1." + min(old, key=lambda n: (n.count("."), len(n))) if old else None


def collect():
    import tensorflow  # noqa: F401

    for name in MORE:
        try:
            importlib.import_module(PREFIX + name)
        except ImportError as e:
            print(f"{name}: {e}", file=sys.stderr)
    found = {}
    for full, module in sorted(sys.modules.items()):
        name = full[len(PREFIX) :]
        if not full.startswith(PREFIX) or module is None or name.split(".")[0] not in FAMILIES:
            continue
        names = {}
        if name.rpartition(".")[2].startswith("gen_"):
            found[name] = names
            continue
        for key, value in sorted(vars(module).items()):
            if isinstance(value, types.ModuleType) or key.startswith("__"):
                continue
            public = public_name(value)
            if public:
                names[key] = public
        found[name] = names
    return found


def main():
    lines = [
        '"""TensorFlow\'s modules below tensorflow.python, and the public names of what each defines.',
        "",
        'Written by scripts/make_inside_index.py."""',
        "",
        "MODULES = {",
    ]
    for module, names in collect().items():
        entries = " ".join(k if v == k else f"{k}={v}" for k, v in names.items())
        lines.append(f'    "{module}": "{entries}",')
    lines.append("}")
    out = Path(__file__).resolve().parent.parent / "python/floe/inside/_modules.py"
    out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
