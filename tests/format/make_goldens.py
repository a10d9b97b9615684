#!/usr/bin/env python3
"""Writes tests/format/goldens: what TensorFlow and protobuf say about messages of every kind.

    python tests/format/make_goldens.py      (in an environment that has tensorflow)

NAME.pb       binary form            NAME.pbtxt   google.protobuf.text_format
NAME.str      str(message)           tensors.pb   Const nodes with their bytes as NumPy has them
"""

import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from google.protobuf import text_format  # noqa: E402
from tensorflow.core.framework import (  # noqa: E402
    graph_debug_info_pb2,
    graph_pb2,
    node_def_pb2,
    op_def_pb2,
    tensor_pb2,
    tensor_shape_pb2,
)
from tensorflow.core.protobuf import (  # noqa: E402
    config_pb2,
    meta_graph_pb2,
    struct_pb2,
    tensor_bundle_pb2,
)

OUT = pathlib.Path(__file__).parent / "goldens"
FLOATS = [0.0, -0.0, 1.0, -1.5, 0.1, 1e-5, 1e-4, 123456789.0, 1e15, 1e16, 3.4028235e38, 1e-45, 16777216.0]
FLOATS += [float("inf"), float("-inf"), float("nan"), 1 / 3, 9.999999e-5, 100000.0, 1234567.0]
DOUBLES = FLOATS + [1e22, 1.7976931348623157e308, 2.2250738585072014e-308, 123456789012345678.0, 2 / 3]


def every_kind():
    node = node_def_pb2.NodeDef(name="scope/each", op="Each", device="/device:CPU:0")
    node.input.extend(["a", "b:1", "^c"])
    node.experimental_debug_info.original_node_names.append("each")
    values = node.attr["list"].list
    values.s.extend([b"", b"plain", bytes(range(256)), "\u00e9\u3042".encode()])
    values.i.extend([0, 1, -1, 2**63 - 1, -(2**63)])
    values.f.extend(FLOATS)
    values.b.extend([True, False])
    values.type.extend([tf.float32.as_datatype_enum, 101, 77])
    values.shape.add().dim.add(size=-1, name="batch")
    values.shape.add().unknown_rank = True
    values.tensor.add(dtype=1, double_val=DOUBLES, uint64_val=[2**64 - 1], uint32_val=[2**32 - 1])
    values.func.add(name="quote\" back\\ tick' tab\t \u00e9 \U0001f600 \x01\x7f").attr["x"].placeholder = ""
    return node


def many_keys():
    node = node_def_pb2.NodeDef(name="keys")
    for key in ["T", "padding", "B", "a", "_output_shapes", "\u00e9", "dilations"]:
        node.attr[key].i = len(key)
    node.attr["unset"].SetInParent()
    return node


def function():
    graph = graph_pb2.GraphDef()
    graph.versions.producer = 1645
    graph.versions.bad_consumers.extend([1, 300])
    f = graph.library.function.add()
    f.signature.name = "branch"
    f.signature.input_arg.add(name="x", type=tf.float32.as_datatype_enum)
    f.node_def.add(name="r", op="Relu", input=["x"]).attr["T"].type = 1
    f.ret["y"] = "r:activations:0"
    f.arg_attr[0].attr["_user_specified_name"].s = b"x"
    f.arg_attr[3].attr["_user_specified_name"].s = b"w"
    f.resource_arg_unique_id[2] = 7
    graph.library.gradient.add(function_name="branch", gradient_func="branch_grad")
    return graph


def config():
    c = config_pb2.ConfigProto(intra_op_parallelism_threads=-1, allow_soft_placement=True)
    c.device_count["CPU"] = 2
    c.gpu_options.per_process_gpu_memory_fraction = 0.3
    c.gpu_options.experimental.virtual_devices.add().memory_limit_mb.extend([1.5, 1024])
    c.graph_options.rewrite_options.meta_optimizer_iterations = 2
    return c


def debug_info():
    g = graph_debug_info_pb2.GraphDebugInfo(files=["a.py"])
    g.frames_by_id[2**63 + 5].line = 0
    g.frames_by_id[2**63 + 5].func = "f"
    g.frames_by_id[0].col = 7
    g.traces_by_id[1].frame_id.extend([2**63 + 5, 1])
    g.name_to_trace_id["n"] = 0
    return g


def structured():
    v = struct_pb2.StructuredValue()
    fields = v.dict_value.fields
    fields["int"].int64_value = -(2**40)
    fields["none"].none_value.SetInParent()
    fields["float"].float64_value = 0.0
    fields["tuple"].tuple_value.values.add().bool_value = False
    return v


def with_any():
    m = meta_graph_pb2.MetaGraphDef()
    m.meta_info_def.any_info.Pack(tensor_shape_pb2.TensorShapeProto(dim=[{"size": 3}]))
    m.collection_def["things"].any_list.value.add(type_url="type.example.com/no.such.Type", value=b"\x08\x01")
    m.signature_def["serving"].inputs["x"].name = "x:0"
    return m


def op_list():
    ops = op_def_pb2.OpList()
    op = ops.op.add(name="Pad", summary="Pads.\n\n'quoted'")
    op.attr.add(name="T", type="type").default_value.type = 3
    op.attr.add(name="N", type="int", has_minimum=True, minimum=-5)
    op.deprecation.version = 9
    return ops


MESSAGES = {
    "every_kind": every_kind(),
    "many_keys": many_keys(),
    "function": function(),
    "config": config(),
    "debug_info": debug_info(),
    "structured": structured(),
    "any": with_any(),
    "op_list": op_list(),
    "bundle_entry": tensor_bundle_pb2.BundleEntryProto(dtype=1, offset=4, size=8, crc32c=0xDEADBEEF),
}


def tensors():
    """Const nodes; attr `bytes` or `strings` holds what TensorFlow's own kernel makes of `value`."""
    graph = graph_pb2.GraphDef()

    def add(name, dtype, shape, **values):
        proto = tensor_pb2.TensorProto(dtype=tf.as_dtype(dtype).as_datatype_enum, **values)
        proto.tensor_shape.CopyFrom(tf.TensorShape(shape).as_proto())
        node = graph.node.add(name=name, op="Const")
        node.attr["value"].tensor.CopyFrom(proto)
        node.attr["dtype"].type = proto.dtype
        one = graph_pb2.GraphDef(node=[node])
        wrapped = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(one, name=""), [])
        value = wrapped.prune([], name + ":0")()
        if value.dtype == tf.string:
            node.attr["strings"].list.s.extend(np.ravel(value.numpy()).astype(object).tolist())
        else:
            node.attr["bytes"].s = np.ascontiguousarray(value.numpy()).tobytes()

    add("float_list", "float32", [2, 3], float_val=[1, 2.5, -3, 4, 5, 6])
    add("float_repeat", "float32", [5], float_val=[1, 2])
    add("float_none", "float32", [3])
    add("float_scalar", "float32", [], float_val=[7])
    add("float_too_many", "float32", [2], float_val=[1, 2, 3])
    add("float_empty", "float32", [0, 4], float_val=[1])
    add("double_list", "float64", [2], double_val=[1e300, -0.0])
    add("int_list", "int32", [3], int_val=[2**31 - 1, -(2**31), 5])
    add("int64_list", "int64", [2], int64_val=[2**62, -1])
    add("int16_list", "int16", [3], int_val=[-32768, 32767, 40000])
    add("int8_list", "int8", [3], int_val=[-128, 127, 200])
    add("uint8_list", "uint8", [3], int_val=[1, -1, 300])
    add("uint16_list", "uint16", [2], int_val=[65535, 7])
    add("uint32_list", "uint32", [2], uint32_val=[2**32 - 1])
    add("uint64_list", "uint64", [2], uint64_val=[2**64 - 1, 0])
    add("bool_list", "bool", [4], bool_val=[True, False, True])
    add("half_list", "float16", [3], half_val=[0x3C00, 0x7E00, 0xFBFF])
    add("bfloat16_list", "bfloat16", [3], half_val=[0x3F80, 0x7FC0])
    add("complex64_list", "complex64", [3], scomplex_val=[1, 2, 3, 4])
    add("complex128_list", "complex128", [2], dcomplex_val=[1, 2, 3, 4])
    add("complex_odd", "complex64", [2], scomplex_val=[1, 2, 3])
    add("quint8_list", "quint8", [3], int_val=[1, 200])
    add("qint32_list", "qint32", [2], int_val=[-5, 6])
    add("string_list", "string", [3], string_val=[b"a\0b", b""])
    add("string_scalar", "string", [], string_val=["\u00e9".encode()])
    add("string_content", "string", [2, 1], tensor_content=b"\x02\x00ab")
    add("float_content", "float32", [300], tensor_content=np.arange(300, dtype=np.float32).tobytes())
    add("double_content", "float64", [3], tensor_content=np.array([1, 2, 3.5]).tobytes())
    add("int64_content", "int64", [1, 1], tensor_content=np.array([-3]).tobytes())
    add("bool_content", "bool", [3], tensor_content=b"\1\0\1")
    add("half_content", "float16", [600], tensor_content=np.arange(600, dtype=np.float16).tobytes())
    add("complex_content", "complex128", [70], tensor_content=(np.arange(70) * 1j).tobytes())
    return graph


def main():
    OUT.mkdir(exist_ok=True)
    for name, message in MESSAGES.items():
        (OUT / f"{name}.pb").write_bytes(message.SerializeToString(deterministic=True))
        (OUT / f"{name}.pbtxt").write_text(text_format.MessageToString(message), encoding="utf-8")
        (OUT / f"{name}.str").write_text(str(message), encoding="utf-8")
    (OUT / "tensors.pb").write_bytes(tensors().SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
