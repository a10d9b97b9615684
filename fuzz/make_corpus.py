#!/usr/bin/env python3
"""Writes fuzz/corpus: graph_binary and graph_text from the goldens of tests/format, import from the small models of
tests/models and some graphs whose functions call themselves.

python fuzz/make_corpus.py      (in an environment that has tensorflow)
"""

import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

from google.protobuf import text_format  # noqa: E402
from tensorflow.core.framework import graph_pb2, node_def_pb2  # noqa: E402

HERE = pathlib.Path(__file__).parent
GOLDENS = HERE.parent / "tests" / "format" / "goldens"
TEXTS = {
    "forms": "# c\nnode < name: 'a' \"b\", op: 'A'; input: [\"x\"] >\nnode: { attr: [{ key: 'k' value { i: 0x1F } }] }",
    "numbers": "node { attr { key: 'f' value { list { f: [-inf, nan, .5e3f, 1e400] i: [010, -1] b: [t, 0] } } } }",
    "escapes": 'node { name: "\\n\\x41\\101\\u00e9\\U0001F600" } library { gradient { } }',
}

MODELS = HERE.parent / "tests" / "models"
LARGEST_MODEL = 3500  # bytes; larger ones slow the fuzzer down more than they show it

FLOAT = 'attr { key: "T" value { type: DT_FLOAT } }'
X = 'node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }\n'


def function(name, nodes, result, returns="DT_FLOAT"):
    return (
        f'function {{ signature {{ name: "{name}" input_arg {{ name: "a" type: DT_FLOAT }}'
        f' output_arg {{ name: "r" type: {returns} }} }} {nodes} ret {{ key: "r" value: "{result}" }} }}\n'
    )


def call(field, name, of, given):
    types = "".join(f' attr {{ key: "{k}" value {{ list {{ type: DT_FLOAT }} }} }}' for k in ("Tin", "Tout"))
    return (
        f'{field} {{ name: "{name}" op: "PartitionedCall" input: "{given}"{types}'
        f' attr {{ key: "f" value {{ func {{ name: "{of}" }} }} }} }}\n'
    )


def branch(name, cond, given, yes, no):
    types = "".join(f' attr {{ key: "{k}" value {{ list {{ type: DT_FLOAT }} }} }}' for k in ("Tin", "Tout"))
    functions = "".join(
        f' attr {{ key: "{k}_branch" value {{ func {{ name: "{f}" }} }} }}'
        for k, f in (("then", yes), ("else", no))
    )
    return (
        f'node_def {{ name: "{name}" op: "If" input: "{cond}" input: "{given}"'
        f' attr {{ key: "Tcond" value {{ type: DT_BOOL }} }}{types}{functions} }}\n'
    )


def recursions():
    loop = (
        'node { name: "y" op: "While" input: "x" attr { key: "T" value { list { type: DT_FLOAT } } }'
        ' attr { key: "cond" value { func { name: "f" } } } attr { key: "body" value { func { name: "g" } } } }\n'
    )
    yes = (
        'node_def { name: "t" op: "Const" attr { key: "dtype" value { type: DT_BOOL } }'
        ' attr { key: "value" value { tensor { dtype: DT_BOOL tensor_shape { } bool_val: true } } } }\n'
    )
    less = f'node_def {{ name: "p" op: "Less" input: "a" input: "a" {FLOAT} }}\n'
    chain = function("f0", f'node_def {{ name: "c" op: "Neg" input: "a" {FLOAT} }}', "c:y:0")
    for i in range(1, 30):
        below = f"f{i - 1}"
        nodes = call("node_def", "c", below, "a") + call("node_def", "d", below, "c:output:0")
        chain += function(f"f{i}", nodes, "d:output:0")
    graphs = {
        "calls_itself": (
            function("f", call("node_def", "c", "f", "a"), "c:output:0"),
            call("node", "y", "f", "x"),
        ),
        "calls_itself_in_a_branch": (
            function("f", less + branch("i", "p:z:0", "a", "f", "g"), "i:output:0") + function("g", "", "a"),
            call("node", "y", "f", "x"),
        ),
        "calls_twice": (chain, call("node", "y", "f29", "x")),
        "loops_for_ever": (function("f", yes, "t:output:0", "DT_BOOL") + function("g", "", "a"), loop),
    }
    return {name: f"{X}library {{ {library} }}\n{node}" for name, (library, node) in graphs.items()}


def write_import():
    folder = HERE / "corpus" / "import"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    seen = set()
    for path in sorted(MODELS.glob("*/model.pb")):
        content = path.read_bytes()
        if len(content) <= LARGEST_MODEL and content not in seen:
            seen.add(content)
            (folder / path.parent.name).write_bytes(content)
    for name, text in recursions().items():
        text_format.Parse(text, graph_pb2.GraphDef())
        (folder / name).write_text(text, encoding="utf-8")


def main():
    write_import()
    graphs = {"function": graph_pb2.GraphDef.FromString((GOLDENS / "function.pb").read_bytes())}
    for name in ["every_kind", "many_keys"]:
        node = node_def_pb2.NodeDef.FromString((GOLDENS / f"{name}.pb").read_bytes())
        graphs[name] = graph_pb2.GraphDef(node=[node])
    for node in graph_pb2.GraphDef.FromString((GOLDENS / "tensors.pb").read_bytes()).node:
        if node.ByteSize() < 400:
            graphs[node.name] = graph_pb2.GraphDef(node=[node])
    for kind in ["graph_binary", "graph_text"]:
        (HERE / "corpus" / kind).mkdir(parents=True, exist_ok=True)
    for name, graph in graphs.items():
        (HERE / "corpus" / "graph_binary" / name).write_bytes(graph.SerializeToString(deterministic=True))
    for name in ["function", "every_kind", "many_keys", "string_list", "float_repeat"]:
        text = text_format.MessageToString(graphs[name])
        (HERE / "corpus" / "graph_text" / name).write_text(text, encoding="utf-8")
    for name, text in TEXTS.items():
        (HERE / "corpus" / "graph_text" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
