"""tf.compat.v1.graph_util: pieces of GraphDefs, and variables frozen into them."""

from .. import dtypes, graph, messages
from ..export import export
from ..tensor import make_tensor_proto

import_graph_def = export("compat.v1.graph_util.import_graph_def")(graph.import_graph_def)


def _node_name(input_name):
    return input_name.lstrip("^").partition(":")[0]


@export("compat.v1.graph_util.extract_sub_graph")
def extract_sub_graph(graph_def, dest_nodes):
    """The nodes of a GraphDef that the named ones need, in their order."""
    if not isinstance(graph_def, messages.get("GraphDef")):
        raise TypeError(
            f"graph_def must be a graph_pb2.GraphDef proto, but got type {type(graph_def).__name__}."
        )
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be an iterable of strings.")
    nodes = {n.name: n for n in graph_def.node}
    waiting = [_node_name(n) for n in dest_nodes]
    for name in waiting:
        if name not in nodes:
            raise AssertionError(f"{name} is not in graph")
    needed = set()
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(_node_name(i) for i in nodes[name].input)
    out = messages.get("GraphDef")()
    for n in graph_def.node:
        if n.name in needed:
            out.node.add().CopyFrom(n)
    out.library.CopyFrom(graph_def.library)
    out.versions.CopyFrom(graph_def.versions)
    return out


_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")


@export("compat.v1.graph_util.convert_variables_to_constants")
def convert_variables_to_constants(
    sess, input_graph_def, output_node_names, variable_names_whitelist=None, variable_names_blacklist=None
):
    """The piece of the graph that gives the outputs, with the session's values instead of the variables."""
    piece = extract_sub_graph(input_graph_def, output_node_names)
    nodes = {n.name: n for n in piece.node}
    chosen = [
        n.name
        for n in piece.node
        if n.op in _VARIABLES
        and (variable_names_whitelist is None or n.name in variable_names_whitelist)
        and n.name not in (variable_names_blacklist or ())
    ]
    values = dict(zip(chosen, sess.run([f"{name}:0" for name in chosen]) if chosen else []))
    out = messages.get("GraphDef")()
    for n in piece.node:
        _add_frozen(out, n, nodes, values)
    out.library.CopyFrom(piece.library)
    out.versions.CopyFrom(piece.versions)
    return out


def _variable_of(n, nodes):
    """The name of the variable whose handle a node reads first, or None."""
    while n.input:
        n = nodes[_node_name(n.input[0])]
        if n.op == "VarHandleOp":
            return n.name
        if n.op not in ("Identity", "Enter", "Switch"):
            return None
    return None


def _add_frozen(out, n, nodes, values):
    made = out.node.add()
    if n.name in values:
        made.name, made.op = n.name, "Const"
        tensor = make_tensor_proto(values[n.name])
        made.attr["dtype"].type = tensor.dtype
        made.attr["value"].tensor.CopyFrom(tensor)
        return
    made.CopyFrom(n)
    if _variable_of(n, nodes) not in values:
        return
    if n.op in ("ReadVariableOp", "Identity", "Enter", "Switch"):
        dtype = nodes[_variable_of(n, nodes)].attr["dtype"].type
        if n.op == "ReadVariableOp":
            made.op = "Identity"
        _set_only(made, n, {"T": dtype})
    elif n.op == "ResourceGather":
        axis = out.node.add()
        axis.name, axis.op = f"{n.name}/axis", "Const"
        tensor = make_tensor_proto(0, dtypes.int32)
        axis.attr["dtype"].type = tensor.dtype
        axis.attr["value"].tensor.CopyFrom(tensor)
        made.op = "GatherV2"
        made.input.append(axis.name)
        types = {"Tparams": n.attr["dtype"].type, "Tindices": n.attr["Tindices"].type, "Taxis": tensor.dtype}
        batch_dims = n.attr["batch_dims"].i if "batch_dims" in n.attr else 0
        _set_only(made, n, types)
        made.attr["batch_dims"].i = batch_dims
    else:
        raise ValueError(
            f"Node '{n.name}' ({n.op}) uses the variable '{_variable_of(n, nodes)}' in a way that a constant cannot stand "
            "in for: name outputs that only read variables."
        )


def _set_only(made, n, types):
    """Replaces the attributes of a node by these types and what says where it belongs."""
    keep = {
        k: n.attr[k] for k in n.attr if k in ("_class", "frame_name", "is_constant", "parallel_iterations")
    }
    made.ClearField("attr")
    for k, v in keep.items():
        made.attr[k].CopyFrom(v)
    for k, t in types.items():
        made.attr[k].type = t


@export("compat.v1.graph_util.remove_training_nodes")
def remove_training_nodes(input_graph, protected_nodes=None):
    """The graph without checks of numbers and identities that only training needs."""
    protected = set(protected_nodes or ())
    waited_for = {_node_name(i) for n in input_graph.node for i in n.input if i.startswith("^")}
    read_from = {}
    for n in input_graph.node:
        droppable = n.op in ("Identity", "CheckNumerics") and n.name not in protected | waited_for
        if droppable and len(n.input) == 1 and not n.input[0].startswith("^"):
            read_from[n.name] = n.input[0]
    read_by_some = {_node_name(i) for n in input_graph.node for i in n.input}

    def source(name):
        while _node_name(name) in read_from and not name.startswith("^") and _node_name(name) in read_by_some:
            name = read_from[_node_name(name)]
        return name

    out = messages.get("GraphDef")()
    for n in input_graph.node:
        if n.name in read_from and n.name in read_by_some:
            continue
        made = out.node.add()
        made.CopyFrom(n)
        inputs = [source(i) for i in n.input]
        made.ClearField("input")
        made.input.extend(inputs)
    out.library.CopyFrom(input_graph.library)
    out.versions.CopyFrom(input_graph.versions)
    return out


@export("compat.v1.graph_util.tensor_shape_from_node_def_name")
def tensor_shape_from_node_def_name(graph, input_name):
    """The shape of the tensor of that name."""
    return graph.get_tensor_by_name(input_name if ":" in input_name else input_name + ":0").shape


@export("compat.v1.graph_util.must_run_on_cpu")
def must_run_on_cpu(node, pin_variables_on_cpu=False):
    """Whether TensorFlow keeps such a node on the CPU where there is a GPU."""
    n = node.node_def if isinstance(node, graph.Operation) else node
    if pin_variables_on_cpu and n.op in _VARIABLES:
        return True
    small = (dtypes.int32.as_datatype_enum, dtypes.string.as_datatype_enum)
    if n.op == "Const":
        return n.attr["dtype"].type in small
    if n.op in ("DynamicStitch", "ParallelDynamicStitch"):
        return n.attr["T"].type == small[0]
    return n.op == "Cast" and n.attr["SrcT"].type == small[0]
