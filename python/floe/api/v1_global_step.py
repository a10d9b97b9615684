"""tf.compat.v1.train: the counter of steps."""

from .. import _floe, dtypes, graph
from ..export import export
from ..tensor import Tensor
from .context import GraphKeys
from .v1_initializers import Zeros
from .v1_variable_scope import get_variable
from .variable import Variable


@export("compat.v1.train.get_global_step")
def get_global_step(graph=None):
    """The variable that counts steps, or None."""
    found = _graph(graph).get_collection(GraphKeys.GLOBAL_STEP)
    if len(found) > 1:
        raise ValueError("Multiple tensors in global_step collection.")
    if found:
        assert_global_step(found[0])
        return found[0]
    for v in _graph(graph).get_collection(GraphKeys.GLOBAL_VARIABLES):
        if v.name == "global_step:0":
            assert_global_step(v)
            return v
    return None


def _graph(g):
    return graph.get_default_graph() if g is None else g


@export("compat.v1.train.create_global_step")
def create_global_step(graph=None):
    """Makes the variable that counts steps."""
    g = _graph(graph)
    if get_global_step(g) is not None:
        raise ValueError('"global_step" already exists.')
    if _floe.recording():
        with g.as_default(), g.name_scope(None):
            return _make()
    step = _make()
    g.add_to_collection(GraphKeys.GLOBAL_STEP, step)
    return step


def _make():
    return get_variable(
        GraphKeys.GLOBAL_STEP,
        shape=[],
        dtype=dtypes.int64,
        initializer=Zeros(),
        trainable=False,
        collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
    )


@export("compat.v1.train.get_or_create_global_step")
def get_or_create_global_step(graph=None):
    """The variable that counts steps, made when there is none."""
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


@export("compat.v1.train.assert_global_step")
def assert_global_step(global_step_tensor):
    """Raises TypeError unless it is an integer scalar."""
    t = global_step_tensor
    if not isinstance(t, (Variable, Tensor)):
        raise TypeError(f'Existing "global_step" must be a Variable or Tensor: {t}.')
    if not t.dtype.base_dtype.is_integer:
        raise TypeError(f'Existing "global_step" does not have integer type: {t.dtype}')
    if t.shape.rank not in (None, 0) and t.shape.is_fully_defined():
        raise TypeError(f'Existing "global_step" is not scalar: {t.shape}')


@export("compat.v1.train.global_step")
def global_step(sess, global_step_tensor):
    """The number of steps so far, in a session."""
    return int(sess.run(global_step_tensor))
