#!/usr/bin/env python3
"""Write TensorFlow's op declarations for the ops that Floe is measured against.

usage: make_op_defs.py [--names scripts/op_names.txt] [--json tests/goldens/op_defs.json] [--text FILE]

op_names.txt holds one op per line: its name and the lists it is in (inference, training, eager, ...).
The JSON is what the declaration test reads; --text writes the same for people, one op per line:
  Conv2D | in: input:T, filter:T | out: output:T | attrs: T:{half,float}; strides:list(int); pad:string="SAME"
An argument's type is a dtype, an attr name, `N*T` (N tensors), `types...` (a list attr) or `Ref(T)`.
"""

import argparse
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
from tensorflow.core.framework import op_def_pb2, types_pb2
from tensorflow.python.client import pywrap_tf_session

ROOT = pathlib.Path(__file__).resolve().parent.parent


def all_op_defs():
    op_list = op_def_pb2.OpList()
    op_list.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    return {op.name: op for op in op_list.op}


def dtype_name(number):
    name = types_pb2.DataType.Name(number)[3:].lower()
    return name[:-4] + "_ref" if name.endswith("_ref") else name


def arg_text(arg):
    if arg.type_list_attr:
        kind = arg.type_list_attr + "..."
    else:
        kind = arg.type_attr or dtype_name(arg.type)
        if arg.number_attr:
            kind = f"{arg.number_attr}*{kind}"
    return f"{arg.name}:Ref({kind})" if arg.is_ref else f"{arg.name}:{kind}"


def shape_value(shape):
    return None if shape.unknown_rank else [d.size for d in shape.dim]


def attr_value(value):
    kind = value.WhichOneof("value")
    if kind == "list":
        for name in ("s", "i", "f", "b"):
            items = getattr(value.list, name)
            if items:
                return [x.decode("latin-1") if name == "s" else x for x in items]
        if value.list.type:
            return [dtype_name(t) for t in value.list.type]
        return [shape_value(s) for s in value.list.shape]
    if kind == "s":
        return value.s.decode("latin-1")
    if kind == "type":
        return dtype_name(value.type)
    if kind == "shape":
        return shape_value(value.shape)
    if kind == "func":
        return value.func.name
    if kind == "tensor":
        return "tensor"
    if kind == "f":
        return float(str(np.float32(value.f)))  # 0.001 rather than 0.0010000000474974513
    return getattr(value, kind)


def attr_dict(attr):
    d = {"type": attr.type}
    if attr.HasField("default_value"):
        d["default"] = attr_value(attr.default_value)
    if attr.HasField("allowed_values"):
        d["allowed"] = attr_value(attr.allowed_values)
    if attr.has_minimum:
        d["min"] = attr.minimum
    return d


def op_dict(op):
    d = {
        "in": [arg_text(a) for a in op.input_arg],
        "out": [arg_text(a) for a in op.output_arg],
        "attrs": {a.name: attr_dict(a) for a in op.attr},
    }
    if op.is_stateful:
        d["stateful"] = True
    if op.is_commutative:
        d["commutative"] = True
    return d


def literal(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return "?" if value is None else repr(value)


def attr_line(name, attr):
    kind = attr["type"]
    allowed = attr.get("allowed")
    if allowed:
        items = allowed if kind.endswith("type") or kind == "list(type)" else map(json.dumps, allowed)
        text = "{" + ",".join(items) + "}"
        kind = f"list({text})" if kind.startswith("list") else text
    if "min" in attr:
        kind += f">={attr['min']}"
    if "default" in attr:
        value = attr["default"]
        kind += "=" + (value if attr["type"] == "type" else literal(value))
    return f"{name}:{kind}"


def op_line(name, op):
    flags = [f for f in ("stateful", "commutative") if f in op]
    return " | ".join(
        [
            name,
            "in: " + ", ".join(op["in"]),
            "out: " + ", ".join(op["out"]),
            "attrs: " + "; ".join(attr_line(k, v) for k, v in op["attrs"].items()),
        ]
        + flags
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--names", type=pathlib.Path, default=ROOT / "scripts/op_names.txt")
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "tests/goldens/op_defs.json")
    parser.add_argument("--text", type=pathlib.Path)
    args = parser.parse_args()

    names = [line.split()[0] for line in args.names.read_text().splitlines() if line and line[0] != "#"]
    known = all_op_defs()
    unknown = [n for n in names if n not in known]
    if unknown:
        parser.error("TensorFlow has no op named " + ", ".join(unknown))
    ops = {n: op_dict(known[n]) for n in sorted(names)}
    lines = [json.dumps(n) + ":" + json.dumps(op, separators=(",", ":")) for n, op in ops.items()]
    args.json.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    if args.text:
        args.text.write_text("".join(op_line(n, op) + "\n" for n, op in ops.items()))
    print(f"{args.json}: {len(ops)} ops, {args.json.stat().st_size} bytes")


if __name__ == "__main__":
    main()
