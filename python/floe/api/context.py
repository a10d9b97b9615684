"""Eager mode, graph mode, and what surrounds operations: name scopes, devices, control dependencies."""

import contextlib
import threading

from .. import _floe, graph, tensor_shape
from ..export import export
from ..graph import FuncGraph, Graph, Operation, get_default_graph, reset_default_graph
from ..tensor import Tensor

_local = threading.local()


@export("executing_eagerly")
def executing_eagerly():
    """Whether operations run at once. Inside of a tf.function it is False; under init_scope it is True again."""
    return not _floe.recording()


@export("compat.v1.executing_eagerly_outside_functions")
def executing_eagerly_outside_functions():
    """As executing_eagerly(), for the context around all functions."""
    g = _floe.current_graph()
    while g is not None and g.building_function:
        g = g.outer_graph
    return g is None and not graph._graph_mode


_resource_variables = [True]
_control_flow_v2 = [True]


@export("compat.v1.disable_eager_execution")
def disable_eager_execution():
    """From now on operations of the whole program are recorded into the default graph."""
    graph._set_graph_mode(True)


@export("compat.v1.enable_eager_execution")
def enable_eager_execution(config=None, device_policy=None, execution_mode=None):
    """From now on operations of the whole program run at once."""
    graph._set_graph_mode(False)


@export("compat.v1.disable_v2_behavior")
def disable_v2_behavior():
    """Switches the whole program to TensorFlow 1's ways: graph mode and comparison of tensors by identity."""
    from .operators import disable_tensor_equality

    disable_tensor_equality()
    disable_eager_execution()
    disable_resource_variables()
    disable_v2_tensorshape()
    disable_control_flow_v2()


@export("compat.v1.enable_v2_behavior")
def enable_v2_behavior():
    """Switches the whole program (back) to TensorFlow 2's ways: eager mode and comparison by value."""
    from .operators import enable_tensor_equality

    enable_tensor_equality()
    enable_eager_execution()
    enable_resource_variables()
    enable_v2_tensorshape()
    enable_control_flow_v2()


@export("compat.v1.enable_resource_variables")
def enable_resource_variables():
    """Variables are resource variables; Floe's always are."""
    _resource_variables[0] = True


@export("compat.v1.disable_resource_variables")
def disable_resource_variables():
    """Accepted: Floe's variables are resource variables in both modes and behave as TensorFlow 1's when fetched."""
    _resource_variables[0] = False


@export("compat.v1.resource_variables_enabled")
def resource_variables_enabled():
    return _resource_variables[0]


@export("compat.v1.enable_control_flow_v2")
def enable_control_flow_v2():
    _control_flow_v2[0] = True


@export("compat.v1.disable_control_flow_v2")
def disable_control_flow_v2():
    _control_flow_v2[0] = False


@export("compat.v1.control_flow_v2_enabled")
def control_flow_v2_enabled():
    return _control_flow_v2[0]


@export("compat.v1.enable_v2_tensorshape")
def enable_v2_tensorshape():
    """The dimensions of shapes are numbers or None."""
    tensor_shape._v1[0] = False


@export("compat.v1.disable_v2_tensorshape")
def disable_v2_tensorshape():
    """From now on shapes hand out Dimension objects, with the number in `.value`."""
    tensor_shape._v1[0] = True


@export("graph_mode")
@contextlib.contextmanager
def graph_mode():
    """Inside of the block operations are recorded into a graph of its own, which `as` gives."""
    with Graph().as_default() as g:
        yield g


@contextlib.contextmanager
def eager_mode():
    """Inside of the block operations run at once."""
    _floe.push_eager()
    try:
        yield
    finally:
        _floe.pop_graph()


@export("init_scope")
@contextlib.contextmanager
def init_scope():
    """Lifts operations out of the functions that are being recorded: into eager mode or the graph around them."""
    g = _floe.current_graph()
    if g is None or not g.building_function:
        yield
        return
    while g is not None and g.building_function:
        g = g.outer_graph
    if g is None and graph._graph_mode:
        g = get_default_graph()
    if g is None:
        with eager_mode():
            yield
    else:
        with g.as_default():
            yield


def eager_scope():
    """The name scope of eager mode: it only names variables."""
    return getattr(_local, "scope", "")


@export("name_scope")
class name_scope:  # noqa: N801
    """Names of operations made in the block start with `name/` (in eager mode: names of variables)."""

    def __init__(self, name):
        if not isinstance(name, str):
            raise ValueError("name for name_scope must be a string.")
        self._name = name
        self._exits = []

    @property
    def name(self):
        return self._name

    def __enter__(self):
        g = _floe.current_graph()
        if g is not None:
            scope = g.name_scope(self._name)
            self._exits.append(scope.__exit__)
            return scope.__enter__()
        old = eager_scope()
        if not self._name:
            new = ""
        elif self._name.endswith("/"):
            new = self._name
        else:
            new = f"{old}{self._name}/"
        _local.scope = new

        def leave(*_):
            _local.scope = old

        self._exits.append(leave)
        return new

    def __exit__(self, *exception):
        self._exits.pop()(*exception)
        return False

    def __call__(self, function):
        import functools

        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with name_scope(self._name):
                return function(*args, **kwargs)

        return wrapped


@export("compat.v1.name_scope", "compat.v1.keras.backend.name_scope")
class name_scope_v1(name_scope):  # noqa: N801
    """name_scope(name) or, for ops of one's own, name_scope(name, default_name, values)."""

    def __init__(self, name, default_name=None, values=None):
        if default_name is not None and not isinstance(default_name, str):
            raise TypeError(
                f"`default_name` type ({type(default_name)}) is not a string type. You likely meant to pass this into "
                "the `values` kwarg."
            )
        chosen = default_name if name is None else name
        if chosen is None:
            chosen = "" if values is None else None
        if chosen is None:
            raise ValueError("At least one of name (None) and default_name (None) must be provided.")
        super().__init__(chosen)


@export("control_dependencies")
def control_dependencies(control_inputs):
    """Operations recorded in the block run after `control_inputs`. Eager ops ran already."""
    g = _floe.current_graph()
    if g is None:
        if callable(control_inputs):
            control_inputs()
        return contextlib.nullcontext()
    return g.control_dependencies(control_inputs)


@export("device")
def device(device_name):
    """Operations made in the block belong to this device; names are checked, and there is one CPU."""
    from .config_devices import check_device

    if callable(device_name) and not isinstance(device_name, str):
        raise RuntimeError("tf.device does not support functions.")
    canonical = check_device(device_name)
    g = _floe.current_graph()
    return contextlib.nullcontext() if g is None else g.device(None if device_name is None else canonical)


@export("compat.v1.device")
def device_v1(device_name_or_function):
    """As tf.device; in a graph, functions from operation to device name are accepted too."""
    g = _floe.current_graph()
    return contextlib.nullcontext() if g is None else g.device(device_name_or_function)


@export("compat.v1.colocate_with")
@contextlib.contextmanager
def colocate_with(op, ignore_existing=False):
    """Accepted; there is one device."""
    yield


@export("group")
def group(*inputs, **kwargs):
    """One operation that finishes when all inputs have. In eager mode: nothing, for they have."""
    from .. import nest, raw_ops

    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError(f"Unknown keyword arguments: {', '.join(kwargs)}")
    if not _floe.recording():
        return None
    flat = [x for x in nest.flatten(inputs, expand_composites=True) if x is not None]
    for x in flat:
        if not isinstance(x, (Operation, Tensor)) and not hasattr(x, "op") and not hasattr(x, "device"):
            raise TypeError(
                f"'inputs' should be zero or more (nested) Tensors. Received '{x}' with type '{type(x)}'"
            )
    with _floe.current_graph().control_dependencies(flat):
        return raw_ops.NoOp(name=name or "group_deps")


@export("compat.v1.tuple")
def tuple_v1(tensors, name=None, control_inputs=None):
    """The tensors, each available only when all are (and the control inputs have run)."""
    from .. import raw_ops

    if not _floe.recording():
        return tensors
    gate = [t for t in tensors if t is not None]
    if not gate:
        raise ValueError(f"Must have at least one Tensor. Received: {tensors}")
    with _floe.current_graph().control_dependencies([*gate, *(control_inputs or [])]):
        return [None if t is None else raw_ops.Identity(input=t) for t in tensors]


@export("tuple")
def tuple_v2(tensors, control_inputs=None, name=None):
    """The tensors, each available only when all are (and the control inputs have run)."""
    return tuple_v1(tensors, name, control_inputs)


@export("no_op")
def no_op(name=None):
    """An operation that does nothing."""
    from .. import raw_ops

    return raw_ops.NoOp(name=name)


reset = export("compat.v1.reset_default_graph")(reset_default_graph)
graph_class = export("__internal__.FuncGraph")(FuncGraph)


@export("compat.v1.get_default_graph")
def default_graph():
    """The graph that operations are recorded into; in eager mode, a graph that waits to be."""
    return get_default_graph()


@export("compat.v1.add_to_collection")
def add_to_collection(name, value):
    get_default_graph().add_to_collection(name, value)


@export("compat.v1.add_to_collections")
def add_to_collections(names, value):
    get_default_graph().add_to_collections(names, value)


@export("compat.v1.get_collection")
def get_collection(key, scope=None):
    """What was added to a collection of the default graph, by name."""
    return get_default_graph().get_collection(key, scope)


@export("compat.v1.get_collection_ref")
def get_collection_ref(key):
    return get_default_graph().get_collection_ref(key)


@export("compat.v1.GraphKeys", "__internal__.GraphKeys")
class GraphKeys:
    """Names of a graph's collections."""

    GLOBAL_VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    METRIC_VARIABLES = "metric_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    SUMMARIES = "summaries"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    ASSET_FILEPATHS = "asset_filepaths"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    CONCATENATED_VARIABLES = "concatenated_variables"
    SAVERS = "savers"
    WEIGHTS = "weights"
    BIASES = "biases"
    ACTIVATIONS = "activations"
    UPDATE_OPS = "update_ops"
    LOSSES = "losses"
    SAVEABLE_OBJECTS = "saveable_objects"
    RESOURCES = "resources"
    LOCAL_RESOURCES = "local_resources"
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    READY_FOR_LOCAL_INIT_OP = "ready_for_local_init_op"
    SUMMARY_OP = "summary_op"
    GLOBAL_STEP = "global_step"
    EVAL_STEP = "eval_step"
    TRAIN_OP = "train_op"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"
    VARIABLES = "variables"
