"""tf.compat.v1.Session."""

import re
import threading
from collections.abc import Mapping

import numpy as np

from .. import _floe, dtypes, errors, graph, messages, nest
from ..export import export
from ..graph import Graph, Operation
from ..tensor import Tensor
from . import context
from .session_fetch import Fetches
from .variable import Variable

_local = threading.local()


def _stack():
    try:
        return _local.sessions
    except AttributeError:
        _local.sessions = []
        return _local.sessions


@export("compat.v1.get_default_session")
def get_default_session():
    """The innermost session of this thread that is open as the default one, or None."""
    sessions = _stack()
    return sessions[-1] if sessions else None


class _Default:
    """A session on this thread's stack. Left in any order, as interactive sessions are."""

    def __init__(self, session):
        self._session = session

    def __enter__(self):
        _stack().append(self._session)
        return self._session

    def __exit__(self, *exception):
        sessions = _stack()
        for i in range(len(sessions) - 1, -1, -1):
            if sessions[i] is self._session:
                del sessions[i]
                break


class _Feed:
    """A tensor to be fed and its value, checked."""

    __slots__ = ("tensor", "value")

    def __init__(self, tensor, key, value):
        if isinstance(value, Tensor):
            raise TypeError(
                "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, strings, "
                f"lists, numpy ndarrays, or TensorHandles. For reference, the tensor object was {value} which was passed "
                f"to the argument `feed_dict` with key {key}."
            )
        self.tensor = tensor
        self.value = self._array(tensor, value)
        shape = tensor.shape
        if not shape.is_compatible_with(self.value.shape):
            raise ValueError(
                f"Cannot feed value of shape {self.value.shape} for Tensor {tensor.name}, which has shape {shape}"
            )

    @staticmethod
    def _array(tensor, value):
        dtype = tensor.dtype
        if dtype == dtypes.string:
            return np.asarray(value, dtype=object)
        if dtype in (dtypes.resource, dtypes.variant):
            raise TypeError(f"Tensor {tensor} may not be fed: it holds a handle ({dtype.name}), not values.")
        wanted = dtype.as_numpy_dtype
        if isinstance(value, int) and not _fits(value, wanted):
            raise TypeError(
                f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type {wanted}. Try "
                "explicitly setting the type of the feed tensor to a larger type (e.g. int64)."
            )
        return np.asarray(value, dtype=wanted)


def _fits(value, wanted):
    try:
        return wanted(value) == value
    except OverflowError:
        return False


def _flat_feeds(feeds):
    """Pairs of a tensor (or name) and its value; keys may be tuples of tensors."""
    if not isinstance(feeds, Mapping):
        raise TypeError(
            "FlattenDictItems: 'dict' must be a dictionary or collection.Mapping type object, instead of "
            f"'{type(feeds).__name__}'."
        )
    pairs = []
    for key, value in feeds.items():
        if not nest.is_nested(key):
            pairs.append((key, value))
            continue
        keys, values = nest.flatten(key), nest.flatten(value)
        if len(keys) != len(values):
            values = list(value) if nest.is_nested(value) else [value]
        if len(keys) != len(values):
            raise ValueError(
                f"Could not flatten dictionary. Key had {len(keys)} elements, but value had {len(values)} elements. "
                f"Key: {keys}, value: {values}."
            )
        pairs.extend(zip(keys, values))
    return pairs


class BaseSession:
    """What the kinds of sessions share: a graph, and values of variables and tables that belong to the session."""

    def __init__(self, target="", graph=None, config=None):
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f'Argument `graph` must be a tf.Graph, but got "{type(graph).__name__}"')
        if target is None:
            target = ""
        if not isinstance(target, (str, bytes)):
            raise TypeError(f'Argument `target` must be a string, but got "{type(target).__name__}"')
        if target:
            raise errors.UnimplementedError(
                None, None, f"Floe runs sessions in this process: target {target!r} is another one."
            )
        if config is not None and not isinstance(config, messages.get("ConfigProto")):
            raise TypeError(f'Argument `config` must be a tf.ConfigProto, but got "{type(config).__name__}"')
        self._graph = graph if graph is not None else _default_graph()
        self._config = config
        self._core = _floe.SessionCore(self._graph._core)
        self._runners = {}
        self._lock = threading.Lock()
        self._closed = False
        if config is not None and config.intra_op_parallelism_threads > 0:
            from .. import config as settings

            settings.threading.set_intra_op_parallelism_threads(config.intra_op_parallelism_threads)

    @property
    def graph(self):
        """The graph that the session runs."""
        return self._graph

    @property
    def graph_def(self):
        return self._graph.as_graph_def()

    @property
    def sess_str(self):
        return b""

    def list_devices(self):
        """The devices that operations run on."""
        return [_Device()]

    def close(self):
        """Lets go of the session's variables; it cannot run any more."""
        with self._lock:
            self._closed = True
            self._runners = {}
            self._core = None

    def as_default(self):
        """In the block, eval() and run() without a session use this one. It is not closed at the end."""
        return _Default(self)

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        """The values of fetches (tensors, operations, names, variables, in any nest) as NumPy arrays.

        feed_dict maps tensors, or their names, to values that they have in this run.
        """
        _check_options(options, run_metadata)
        self._check_open()
        wanted = Fetches(self._graph, fetches)
        feeds = self._feeds(feed_dict) if feed_dict else []
        return wanted.build(self._run(wanted.elements, feeds))

    def partial_run(self, handle, fetches, feed_dict=None):
        """Not supported."""
        raise NotImplementedError(
            "Floe has no partial runs: call run() with all feeds that the fetches need."
        )

    def partial_run_setup(self, fetches, feeds=None):
        """Not supported."""
        raise NotImplementedError(
            "Floe has no partial runs: call run() with all feeds that the fetches need."
        )

    def make_callable(self, fetches, feed_list=None, accept_options=False):
        """A function that runs `fetches`; its arguments feed the tensors of feed_list."""
        if feed_list is not None and not isinstance(feed_list, (list, tuple)):
            raise TypeError(f"Argument `feed_list` must be a list. Received: feed_list={feed_list}")
        self._check_open()
        wanted = Fetches(self._graph, fetches)
        tensors = [self._graph.as_graph_element(t, allow_operation=False) for t in feed_list or ()]

        def call(*args, **kwargs):
            if kwargs:
                if not accept_options or not set(kwargs) <= {"options", "run_metadata"}:
                    raise TypeError(f"The callable takes no arguments named {', '.join(kwargs)}.")
                _check_options(kwargs.get("options"), kwargs.get("run_metadata"))
            if len(args) > len(tensors):
                raise TypeError(f"The callable feeds {len(tensors)} tensors, {len(args)} values were given.")
            self._check_open()
            feeds = [_Feed(t, t, v) for t, v in zip(tensors, args)]
            return wanted.build(self._run(wanted.elements, feeds))

        return call

    def _check_open(self):
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        if not len(self._graph._core):
            raise RuntimeError(
                "The Session graph is empty. Add operations to the graph before calling run()."
            )

    def _feeds(self, feed_dict):
        feeds = {}
        for key, value in _flat_feeds(feed_dict):
            if nest.is_composite(key):
                parts = value._to_components() if nest.is_composite(value) else _parts(value)
                for tensor, part in zip(key._to_components(), parts):
                    self._add_feed(feeds, tensor, part)
            elif isinstance(key, Variable) and not context.resource_variables_enabled():
                for read in _reads(key):
                    self._add_feed(feeds, read, value)
            else:
                self._add_feed(feeds, key, value)
        return list(feeds.values())

    def _add_feed(self, feeds, key, value):
        try:
            tensor = self._graph.as_graph_element(key, allow_operation=False)
        except (TypeError, ValueError, KeyError) as e:
            text = e.args[0] if e.args else e
            raise TypeError(f"Cannot interpret feed_dict key as Tensor: {text}") from None
        if not self._graph.is_feedable(tensor):
            raise ValueError(f"Tensor {tensor.name} may not be fed.")
        feeds[id(tensor)] = _Feed(tensor, key, value)

    def _run(self, elements, feeds):
        """The results of tensors and operations (None), in order."""
        given = {id(f.tensor): f.value for f in feeds}
        fetched = [e for e in elements if not isinstance(e, Operation) and id(e) not in given]
        targets = [e for e in elements if isinstance(e, Operation)]
        values = iter(self._execute(feeds, fetched, targets))
        results = []
        for e in elements:
            if isinstance(e, Operation):
                results.append(None)
            elif id(e) in given:
                results.append(np.array(given[id(e)]))
            else:
                results.append(next(values).numpy())
        return results

    def _execute(self, feeds, fetched, targets):
        if not fetched and not targets:
            return []
        endpoint = self._graph._endpoint
        key = (
            tuple([endpoint(f.tensor) for f in feeds]),
            tuple([endpoint(t) for t in fetched]),
            tuple([t._id for t in targets]),
            self._graph._changes,
        )
        try:
            runner = self._runners.get(key) or self._compile(key)
            return runner(*[f.value for f in feeds])
        except errors.OpError as e:
            _located(e, self._graph)
            raise

    def _compile(self, key):
        with self._lock:
            if self._closed:
                raise RuntimeError("Attempted to use a closed Session.")
            runner = self._core.function(self._graph._core, key[0], key[1], key[2])
            self._runners[key] = runner
            return runner


def _reads(variable):
    """All tensors that read a variable: a variable of TensorFlow 1 is one tensor, which is fed to all."""
    return [op.outputs[0] for op in variable.handle.consumers() if op.type == "ReadVariableOp"]


def _default_graph():
    g = graph.get_default_graph()
    while g.building_function and g.outer_graph is not None:
        g = g.outer_graph
    return g


def _parts(value):
    if hasattr(value, "nested_row_splits"):
        return [value.flat_values, *value.nested_row_splits]
    return [x for x in value if x is not None]


def _check_options(options, run_metadata):
    for value, name, kind in (
        (options, "options", "RunOptions"),
        (run_metadata, "run_metadata", "RunMetadata"),
    ):
        if value is not None and type(value).__name__ != kind:
            raise TypeError(f'Argument `{name}` must be a tf.{kind}, but got "{type(value).__name__}"')


_PREFIX = re.compile(r"^\w+ '([^']+)': ")


def _located(error, g):
    """Says which operation failed and where it was made."""
    m = _PREFIX.match(error.message)
    i = g._core.find(m.group(1)) if m else -1
    if i < 0 or error.op is not None:
        return
    error._op = g._operation(i)
    error._node_def = error._op.node_def
    place = g._core.location(i)
    where = f" defined at {place}" if place else ""
    error._message += f"\n\t [[{{{{node {m.group(1)}}}}}]]{where}"


@export("compat.v1.RunMetadata")
class RunMetadata:
    """What a run may fill with its timings; Floe leaves it empty (`floe explain` and profilers show them)."""

    def __init__(self):
        self.step_stats = self.cost_graph = None
        self.partition_graphs = []
        self.function_graphs = []


class _Device:
    name = "/job:localhost/replica:0/task:0/device:CPU:0"
    device_type = "CPU"
    memory_limit_bytes = 0
    incarnation = 1

    def __repr__(self):
        return f"_DeviceAttributes({self.name}, {self.device_type}, {self.memory_limit_bytes}, {self.incarnation})"


@export("compat.v1.Session")
class Session(BaseSession):
    """Runs operations of a graph and evaluates its tensors.

    Variables, tables and the state of random operations belong to the session. `with Session() as sess:` makes the
    session and its graph the default ones and closes the session at the end.
    """

    def __init__(self, target="", graph=None, config=None):
        super().__init__(target, graph, config)
        self._contexts = None

    def __enter__(self):
        if self._contexts is not None:
            raise RuntimeError(
                "Session context managers are not re-entrant. Use `Session.as_default()` if you want to enter a session "
                "multiple times."
            )
        self._contexts = [self._graph.as_default(), self.as_default()]
        for c in self._contexts:
            c.__enter__()
        return self

    def __exit__(self, *exception):
        contexts, self._contexts = self._contexts, None
        for c in reversed(contexts):
            c.__exit__(*exception)
        self.close()

    @staticmethod
    def reset(target, containers=None, config=None):
        """Accepted: sessions of this process share nothing that could be reset."""


@export("compat.v1.InteractiveSession")
class InteractiveSession(BaseSession):
    """A session that is the default one from its making until it is closed."""

    def __init__(self, target="", graph=None, config=None):
        super().__init__(target, graph, config)
        self._default = _Default(self)
        self._default.__enter__()
        self._explicit = graph.as_default() if graph is not None else None
        if self._explicit is not None:
            self._explicit.__enter__()

    def close(self):
        if self._closed:
            return
        super().close()
        if self._explicit is not None:
            self._explicit.__exit__(None, None, None)
        self._default.__exit__()


def _session(
    session, g=None, what="evaluate tensor using `eval()`", way="`with sess.as_default()` or", call="eval"
):
    """The session to use: the given one or the default one, which must run graph `g`."""
    if session is not None:
        if g is not None and session.graph is not g:
            raise ValueError(
                f"Cannot use the given session to {what.partition(' using')[0]}: the {what.split()[1]}'s graph is different "
                "from the session's graph."
            )
        return session
    session = get_default_session()
    if session is None:
        raise ValueError(
            f"Cannot {what}: No default session is registered. Use {way} pass an explicit session to "
            f"`{call}(session=sess)`"
        )
    if g is not None and session.graph is not g:
        raise ValueError(
            f"Cannot use the default session to {what.partition(' using')[0]}: the {what.split()[1]}'s graph is different "
            f"from the session's graph. Pass an explicit session to `{call}(session=sess)`."
        )
    return session


def _eval(tensor, feed_dict, session):
    return _session(session, tensor.graph).run(tensor, feed_dict)


def _run_operation(op, feed_dict, session):
    found = _session(
        session, op.graph, "execute operation using `run()`", "`with sess.as_default():` or", "run"
    )
    found.run(op, feed_dict)
