#!/usr/bin/env python3
"""Writes fuzz/corpus/graph_binary and graph_text from the goldens of tests/format.

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


def main():
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
