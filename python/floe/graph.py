"""Graphs: recording, importing GraphDefs, looking around in them."""

import contextlib as _contextlib
import re as _re
import threading as _threading

from . import _floe, dtypes
from .tensor import EagerTensor, SymbolicTensor, Tensor

_local = _threading.local()


def _stack():
    try:
        return _local.stack
    except AttributeError:
        _local.stack = []
        return _local.stack


def _recording():
    """The graph that ops are recorded into now, or None in eager mode."""
    stack = _stack()
    return stack[-1] if stack else None


def executing_eagerly():
    """False inside of graph contexts."""
    return _recording() is None


def get_default_graph():
    """The graph that is being recorded."""
    g = _recording()
    return g if g is not None else _default_graph()


def _default_graph():
    global _default
    if _default is None:
        _default = Graph()
    return _default


_default = None


class Operation:
    """A node of a graph."""

    __slots__ = ("_graph", "_id", "_name", "_type", "_outputs", "__weakref__")

    def __init__(self, graph, node_id):
        core = graph._core
        self._graph = graph
        self._id = node_id
        self._name = core.node_name(node_id)
        self._type = core.node_type(node_id)
        self._outputs = None

    @property
    def name(self):
        return self._name

    @property
    def type(self):
        return self._type

    @property
    def graph(self):
        return self._graph

    @property
    def device(self):
        return self._graph._core.node_device(self._id)

    def _info(self):
        return self._graph._core.node_info(self._id)

    @property
    def inputs(self):
        return tuple([self._graph._operation(i)._output(k) for i, k in self._info()[2]])

    @property
    def control_inputs(self):
        return [self._graph._operation(i) for i in self._info()[3]]

    @property
    def outputs(self):
        n = self._info()[4]
        return [self._output(k) for k in range(n)]

    def _output(self, k):
        if self._outputs is None:
            self._outputs = {}
        t = self._outputs.get(k)
        if t is None:
            t = self._outputs[k] = SymbolicTensor(self, k)
        return t

    def values(self):
        return tuple(self.outputs)

    def get_attr(self, name):
        return self._graph._core.get_attr(self._id, name)

    @property
    def node_def(self):
        return self._graph._core.node_def(self._id)

    def __repr__(self):
        return f"<tf.Operation {self._name!r} type={self._type}>"

    def __str__(self):
        return str(self.node_def)


class Graph:
    """Operations and the tensors between them."""

    def __init__(self):
        self._core = _floe.GraphCore()
        self._operations = {}
        self._scopes = {}
        self._finalized = False
        self._function_name = ""

    # Operations by number, made when somebody looks at them.
    def _operation(self, i):
        op = self._operations.get(i)
        if op is None:
            op = self._operations[i] = Operation(self, i)
        return op

    def _endpoint(self, t):
        if t.graph is not self:
            raise ValueError(f"Tensor {t!r} is not an element of this graph.")
        return t.op._id, t.value_index

    def _add(self, op_type, name, inputs, attrs, controls=()):
        self._check_not_final()
        i = self._core.add_node(
            op_type, name, [self._endpoint(t) for t in inputs], attrs, [c._id for c in controls]
        )
        return self._operation(i)

    def _check_not_final(self):
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")

    def _constant(self, value, name):
        proto = _floe.tensor_to_proto(value)
        return self._add("Const", name, [], {"dtype": value.dtype, "value": proto})._output(0)

    def _placeholder(self, dtype, shape, name):
        return self._add("Placeholder", name, [], {"dtype": dtype, "shape": shape})._output(0)

    def _unique_scope(self, name):
        n = self._scopes.get(name, 0)
        while True:
            candidate = f"{name}_{n}" if n else name
            n += 1
            if candidate not in self._scopes or candidate == name and self._scopes[name] == 0:
                if self._core.find(candidate) < 0:
                    break
        self._scopes[name] = n
        self._scopes.setdefault(candidate, 1)
        return candidate

    @property
    def building_function(self):
        return False

    @property
    def version(self):
        return len(self._core)

    @property
    def finalized(self):
        return self._finalized

    def finalize(self):
        self._finalized = True

    @_contextlib.contextmanager
    def as_default(self):
        stack = _stack()
        stack.append(self)
        try:
            yield self
        finally:
            stack.remove(self)

    def get_operations(self):
        return [self._operation(i) for i in range(len(self._core))]

    def as_graph_def(self, from_version=None, add_shapes=False, use_pybind11_proto=False):
        d = self._core.graph_def()
        if not d.HasField("versions"):
            d.versions.producer = GRAPH_DEF_VERSION
        return d

    def get_operation_by_name(self, name):
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_tensor=False, allow_operation=True)

    def get_tensor_by_name(self, name):
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_tensor=True, allow_operation=False)

    def as_graph_element(self, obj, allow_tensor=True, allow_operation=True):
        """The tensor or operation that `obj` names or is."""
        if not allow_tensor and not allow_operation:
            raise ValueError("allow_tensor and allow_operation can't both be False.")
        if isinstance(obj, (str, bytes)):
            return self._named(obj.decode() if isinstance(obj, bytes) else obj, allow_tensor, allow_operation)
        types = (
            "Tensor or Operation"
            if allow_tensor and allow_operation
            else "Tensor"
            if allow_tensor
            else "Operation"
        )
        if isinstance(obj, SymbolicTensor) and allow_tensor:
            if obj.graph is not self:
                raise ValueError(f"Tensor {obj} is not an element of this graph.")
            return obj
        if isinstance(obj, Operation) and allow_operation:
            if obj.graph is not self:
                raise ValueError(f"Operation {obj} is not an element of this graph.")
            return obj
        raise TypeError(f"Can not convert a {type(obj).__name__} into a {types}.")

    def _named(self, name, allow_tensor, allow_operation):
        if ":" in name:
            if not allow_tensor:
                raise ValueError(f"Name {name!r} appears to refer to a Tensor, not a Operation.")
            return self._named_tensor(name)
        if not allow_operation:
            raise ValueError(self._looks_like_operation(name))
        i = self._core.find(name)
        if i < 0:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.{self._nearest(name)}")
        return self._operation(i)

    def _named_tensor(self, name):
        op_name, _, index = name.partition(":")
        if not index.isdigit() or not op_name:
            raise ValueError(
                f"The name {name!r} looks a like a Tensor name, but is not a valid one. Tensor names must be of the form "
                '"<op_name>:<output_index>".'
            )
        i = self._core.find(op_name)
        missing = f"The name {name!r} refers to a Tensor which does not exist. The operation, {op_name!r}, "
        if i < 0:
            raise KeyError(f"{missing}does not exist in the graph.{self._nearest(op_name)}")
        op = self._operation(i)
        n = op._info()[4]
        if int(index) >= n:
            raise KeyError(f"{missing}exists but only has {n} outputs.")
        return op._output(int(index))

    def _looks_like_operation(self, name):
        form = 'Tensor names must be of the form "<op_name>:<output_index>".'
        if self._core.find(name) >= 0:
            return f"The name {name!r} refers to an Operation, not a Tensor. {form}"
        return f"The name {name!r} looks like an (invalid) Operation name, not a Tensor. {form}"

    def _nearest(self, name):
        import difflib

        near = difflib.get_close_matches(name, self._core.names(), 1)
        return f" Did you mean {near[0]!r}?" if near else ""


GRAPH_DEF_VERSION = 2474


class FuncGraph(Graph):
    """The graph of a function."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.inputs = []
        self.outputs = []
        self.structured_outputs = None

    @property
    def building_function(self):
        return True


def _split_tensor_name(name):
    node, colon, index = name.partition(":")
    return node, int(index) if index.isdigit() else 0


def _mapped_inputs(g, graph_def, input_map):
    known = {n.name for n in graph_def.node}
    mapped, unused = [], []
    for key, value in input_map.items():
        key = key.decode() if isinstance(key, bytes) else str(key)
        node, index = _split_tensor_name(key)
        if node not in known and not any(_refers(n, node) for n in graph_def.node):
            unused.append(key)
            continue
        t = value if isinstance(value, SymbolicTensor) else g._as_tensor(value)
        mapped.append((node, index, *g._endpoint(t)))
    if unused:
        raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{', '.join(unused)}]")
    return mapped


def _refers(node_def, name):
    return any(_split_tensor_name(i)[0] == name for i in node_def.input)


def _as_tensor(g, value):
    if isinstance(value, Operation):
        return value._output(0)
    return g._constant(value if isinstance(value, EagerTensor) else _floe.to_tensor(value), "Const")


Graph._as_tensor = _as_tensor


def import_graph_def(
    graph_def, input_map=None, return_elements=None, name=None, op_dict=None, producer_op_list=None
):
    """Adds a GraphDef's nodes to the graph that is being recorded, under the prefix `name` ("import")."""
    from . import messages

    if not isinstance(graph_def, messages.get("GraphDef")):
        raise TypeError("Argument `graph_def` must be a GraphDef proto.")
    input_map = {} if input_map is None else input_map
    if not isinstance(input_map, dict):
        raise TypeError(f"Argument `input_map` must be a dictionary. Obtained {type(input_map).__name__}")
    if return_elements is not None:
        return_elements = tuple(return_elements)
        if not all(isinstance(x, (str, bytes)) for x in return_elements):
            raise TypeError(
                f"Argument `return_elements` must be a list of strings. Obtained {list(return_elements)}."
            )
    g = _recording() or Graph()
    g._check_not_final()
    mapped = _mapped_inputs(g, graph_def, input_map) if input_map else []
    wanted = "import" if name is None else name.rstrip("/")
    if wanted and not _re.fullmatch(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*", wanted):
        raise ValueError(f"'{name}' is not a valid scope name.")
    prefix = g._unique_scope(wanted) + "/" if wanted else ""
    first = _import(g, graph_def, prefix, mapped)
    if return_elements is None:
        return None
    where = {n.name: first + i for i, n in enumerate(graph_def.node)}
    targets = {(n, k): (i, j) for n, k, i, j in mapped}
    return [_returned(g, x, where, targets) for x in return_elements]


def _import(g, graph_def, prefix, mapped):
    from .errors import InvalidArgumentError

    try:
        return g._core.import_graph_def(graph_def, prefix, mapped)
    except InvalidArgumentError as e:
        raise ValueError(e.message) from None


def _returned(g, element, where, mapped):
    element = element.decode() if isinstance(element, bytes) else element
    node, index = _split_tensor_name(element)
    if (node, index) in mapped and ":" in element:
        i, k = mapped[node, index]
        return g._operation(i)._output(k)
    if node not in where:
        kind = "tensor" if ":" in element else "node"
        raise ValueError(f"Requested return {kind} '{element}' not found in graph def")
    op = g._operation(where[node])
    if ":" not in element:
        return op
    if index >= op._info()[4]:
        raise ValueError(
            f"Invalid return output {index} of node '{node}', which has {op._info()[4]} output(s)"
        )
    return op._output(index)


def placeholder(dtype, shape=None, name=None):
    """A tensor of the graph being recorded that a call feeds."""
    g = _recording()
    if g is None:
        raise RuntimeError("tf.placeholder() is not compatible with eager execution.")
    return g._placeholder(dtypes.as_dtype(dtype), shape, name or "Placeholder")


Tensor.__doc__ = "A multi-dimensional array of elements of one type."
