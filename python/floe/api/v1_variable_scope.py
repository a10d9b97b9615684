"""tf.compat.v1.variable_scope and get_variable: variables shared by name."""

import enum
import functools
import inspect

from .. import _floe, dtypes, graph
from ..export import export
from ..tensor_shape import as_shape
from . import v1_initializers as initializers
from .context import GraphKeys
from .variable import VariableAggregation, VariableSynchronization, VariableV1


class _ReuseMode(enum.Enum):
    AUTO_REUSE = 1


AUTO_REUSE = export("compat.v1.AUTO_REUSE")(_ReuseMode.AUTO_REUSE)

_STATE = ("variable scope",)  # no string: users do not see it among the collections


class _Store:
    """The variables that get_variable made in a graph, by name, and how often scopes were opened."""

    def __init__(self):
        self.variables = {}
        self.opened = {}
        self.scope = VariableScope(False)

    def unique(self, prefix):
        """`prefix`, or prefix_1, ... where a scope of that name was opened inside of the present one."""
        base = f"{self.scope.name}/{prefix}" if self.scope.name else prefix
        if not self.opened.get(base):
            return prefix
        i = 1
        while self.opened.get(f"{base}_{i}"):
            i += 1
        return f"{prefix}_{i}"

    def open(self, name):
        self.opened[name] = self.opened.get(name, 0) + 1

    def close_inside(self, name):
        for k in self.opened:
            if not name or k.startswith(name + "/"):
                self.opened[k] = 0

    def get(self, name, shape, dtype, initializer, reuse, **rest):
        """The variable of that name: found, or made."""
        found = self.variables.get(name)
        if found is not None:
            if reuse is False:
                raise ValueError(
                    f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in "
                    f"VarScope?{_made_at(found)}"
                )
            _check_shared(found, name, as_shape(shape), dtype)
            return found
        if reuse is True:
            raise ValueError(
                f"Variable {name} does not exist, or was not created with tf.get_variable(). Did you mean to set "
                f"reuse=tf.AUTO_REUSE in VarScope?{self._nearest(name)}"
            )
        return self._make(name, as_shape(shape), dtype, initializer, **rest)

    def _nearest(self, name):
        import difflib

        near = difflib.get_close_matches(name, list(self.variables), 3)
        return f" The nearest names are {', '.join(map(repr, near))}." if near else ""

    def _make(
        self, name, shape, dtype, initializer, regularizer, trainable, collections, partitioner, **rest
    ):
        if initializer is None:
            initializer = _default_initializer(name, dtype)
        if inspect.isclass(initializer):
            initializer = initializer()
        value, dtype = _initial_value(name, initializer, shape, dtype)
        if partitioner is not None and shape.is_fully_defined():
            parts = partitioner(shape=shape, dtype=dtype)
            if any(int(n) != 1 for n in parts):
                raise NotImplementedError(
                    f"Variable {name}: Floe makes no partitioned variables (the partitioner wants {list(parts)} parts). "
                    "Leave the partitioner out: one variable holds the same values."
                )
        rest.pop("caching_device", None)
        v = VariableV1(
            initial_value=value,
            name=name,
            trainable=trainable,
            collections=collections,
            dtype=dtype,
            validate_shape=rest.get("validate_shape", True),
            constraint=rest.get("constraint"),
            synchronization=rest.get("synchronization"),
            aggregation=rest.get("aggregation"),
        )
        if _floe.recording():
            self.variables[name] = v
        if regularizer is not None:
            with graph.get_default_graph().name_scope(name + "/Regularizer/"):
                loss = regularizer(v)
            if loss is not None:
                graph.get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
        return v


def _made_at(v):
    g = v._graph
    place = g._core.location(v.op._id) if g is not None else ""
    return f" Originally defined at:\n\n{place}\n" if place else ""


def _check_shared(found, name, shape, dtype):
    if not shape.is_compatible_with(found.shape):
        raise ValueError(
            f"Trying to share variable {name}, but specified shape {shape} and found shape {found.shape}."
        )
    if dtype is not None and not dtypes.as_dtype(dtype).base_dtype.is_compatible_with(found.dtype):
        raise ValueError(
            f"Trying to share variable {name}, but specified dtype {dtypes.as_dtype(dtype).name} and found dtype "
            f"{found.dtype.name}."
        )


def _default_initializer(name, dtype):
    dtype = dtypes.as_dtype(dtype)
    if dtype.is_floating:
        return initializers.GlorotUniform()
    if dtype.is_integer or dtype.is_bool or dtype == dtypes.string:
        return initializers.Zeros()
    raise ValueError(f"An initializer for variable {name} of {dtype.base_dtype} is required")


def _parameters(function):
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None


def _initial_value(name, initializer, shape, dtype):
    """What the variable is made with, and its dtype."""
    if not callable(initializer):
        if shape.rank is not None and shape.is_fully_defined():
            raise ValueError("If initializer is a constant, do not specify shape.")
        own = getattr(initializer, "dtype", None)
        if own is not None:
            dtype = dtypes.as_dtype(own).base_dtype
        elif isinstance(initializer, (bool, int, str, bytes)):
            dtype = None
        return initializer, dtype
    parameters = _parameters(initializer)
    if shape.rank is not None and shape.is_fully_defined():
        extra = {"partition_info": None} if parameters and "partition_info" in parameters else {}
        return functools.partial(initializer, shape.as_list(), dtype=dtype, **extra), dtype
    if parameters is not None and all(
        p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters.values()
    ):
        return initializer, None
    if shape.rank is None:
        raise ValueError(
            f"Variable {name} did not get an initializer, so its `shape` argument must be specified."
        )
    raise ValueError(
        "The initializer passed is not valid. It should be a callable with no arguments and the shape should not be "
        "provided or an instance of `tf.keras.initializers.*' and `shape` should be fully defined."
    )


def _store():
    g = graph.get_default_graph()
    found = g._collections.get(_STATE)
    if found is None:
        found = g._collections[_STATE] = _Store()
    return found


@export("compat.v1.get_variable_scope")
def get_variable_scope():
    """The scope that get_variable works in now."""
    return _store().scope


@export("compat.v1.no_regularizer")
def no_regularizer(_):
    """For get_variable: no regularizer, although the scope has one."""


@export("compat.v1.VariableScope")
class VariableScope:
    """A prefix of variables' names, and defaults for get_variable."""

    def __init__(
        self,
        reuse,
        name="",
        initializer=None,
        regularizer=None,
        caching_device=None,
        partitioner=None,
        custom_getter=None,
        name_scope="",
        dtype=dtypes.float32,
        use_resource=None,
        constraint=None,
    ):
        self._reuse, self._name, self._name_scope = reuse, name, name_scope
        self._initializer, self._regularizer, self._partitioner = initializer, regularizer, partitioner
        self._caching_device, self._custom_getter, self._constraint = (
            caching_device,
            custom_getter,
            constraint,
        )
        self._dtype, self._use_resource = dtype, use_resource

    name = property(lambda self: self._name)
    original_name_scope = property(lambda self: self._name_scope)
    reuse = property(lambda self: self._reuse)
    initializer = property(lambda self: self._initializer)
    regularizer = property(lambda self: self._regularizer)
    caching_device = property(lambda self: self._caching_device)
    partitioner = property(lambda self: self._partitioner)
    custom_getter = property(lambda self: self._custom_getter)
    constraint = property(lambda self: self._constraint)
    dtype = property(lambda self: self._dtype)
    use_resource = property(lambda self: self._use_resource)

    def reuse_variables(self):
        """From now on get_variable in this scope finds variables and makes none."""
        self._reuse = True

    def set_initializer(self, initializer):
        self._initializer = initializer

    def set_regularizer(self, regularizer):
        self._regularizer = regularizer

    def set_caching_device(self, caching_device):
        self._caching_device = caching_device

    def set_partitioner(self, partitioner):
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter):
        self._custom_getter = custom_getter

    def set_dtype(self, dtype):
        self._dtype = dtype

    def set_use_resource(self, use_resource):
        self._use_resource = use_resource

    def get_collection(self, name):
        """Variables (or other things) of a collection whose names start with the scope's."""
        return graph.get_default_graph().get_collection(name, self._name + "/" if self._name else "")

    def trainable_variables(self):
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self):
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self):
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(
        self,
        var_store,
        name,
        shape=None,
        dtype=None,
        initializer=None,
        regularizer=None,
        reuse=None,
        trainable=None,
        collections=None,
        caching_device=None,
        partitioner=None,
        validate_shape=True,
        use_resource=None,
        custom_getter=None,
        constraint=None,
        synchronization=VariableSynchronization.AUTO,
        aggregation=VariableAggregation.NONE,
    ):
        if regularizer is None:
            regularizer = self._regularizer
        if regularizer is no_regularizer:
            regularizer = None
        initializer = self._initializer if initializer is None else initializer
        own = getattr(initializer, "dtype", None) if not callable(initializer) else None
        if (
            dtype is not None
            and own is not None
            and dtypes.as_dtype(dtype).base_dtype != dtypes.as_dtype(own).base_dtype
        ):
            raise ValueError(
                f"Initializer type '{dtypes.as_dtype(own).base_dtype.name}' and explicit dtype "
                f"'{dtypes.as_dtype(dtype).name}' don't match."
            )
        if dtype is None:
            dtype = self._dtype if own is None else own
        if not _floe.recording():
            reuse = AUTO_REUSE
        elif reuse is None:
            reuse = self._reuse
        full = f"{self._name}/{name}" if self._name else name
        kwargs = dict(
            name=full,
            shape=shape,
            dtype=dtypes.as_dtype(dtype).base_dtype,
            initializer=initializer,
            regularizer=regularizer,
            reuse=reuse,
            trainable=trainable,
            collections=collections,
            caching_device=self._caching_device if caching_device is None else caching_device,
            partitioner=self._partitioner if partitioner is None else partitioner,
            validate_shape=validate_shape,
            use_resource=self._use_resource if use_resource is None else use_resource,
            constraint=self._constraint if constraint is None else constraint,
            synchronization=synchronization,
            aggregation=aggregation,
        )
        getter = self._custom_getter if custom_getter is None else custom_getter
        with graph.get_default_graph().name_scope(None) if _floe.recording() else _eager_root():
            if getter is None:
                return var_store.get(**kwargs)
            return getter(functools.partial(_true_getter, var_store), **kwargs)


def _eager_root():
    from .context import name_scope

    return name_scope("")


def _true_getter(
    store,
    name,
    shape=None,
    dtype=dtypes.float32,
    initializer=None,
    regularizer=None,
    reuse=None,
    trainable=None,
    collections=None,
    caching_device=None,
    partitioner=None,
    validate_shape=True,
    use_resource=None,
    constraint=None,
    synchronization=VariableSynchronization.AUTO,
    aggregation=VariableAggregation.NONE,
):
    return store.get(
        name,
        shape,
        dtype,
        initializer,
        reuse,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


@export("compat.v1.get_variable")
def get_variable(
    name,
    shape=None,
    dtype=None,
    initializer=None,
    regularizer=None,
    trainable=None,
    collections=None,
    caching_device=None,
    partitioner=None,
    validate_shape=True,
    use_resource=None,
    custom_getter=None,
    constraint=None,
    synchronization=VariableSynchronization.AUTO,
    aggregation=VariableAggregation.NONE,
):
    """The variable of that name in the current variable scope: made, or found where the scope says to reuse.

    In eager mode a new variable each time.
    """
    store = _store()
    return store.scope.get_variable(
        store,
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


@export("compat.v1.get_local_variable")
def get_local_variable(
    name,
    shape=None,
    dtype=None,
    initializer=None,
    regularizer=None,
    trainable=False,
    collections=None,
    **kwargs,
):
    """As get_variable, for a variable that is not trained and belongs to the collection of local variables."""
    collections = [*(collections or []), GraphKeys.LOCAL_VARIABLES]
    return get_variable(name, shape, dtype, initializer, regularizer, False, collections, **kwargs)


@export("compat.v1.variable_scope")
class variable_scope:  # noqa: N801
    """In the block, names of variables of get_variable start with this scope's, and operations' names too.

    reuse=True finds variables instead of making them, AUTO_REUSE does either. `default_name` is made unique and
    used when name_or_scope is None.
    """

    def __init__(
        self,
        name_or_scope,
        default_name=None,
        values=None,
        initializer=None,
        regularizer=None,
        caching_device=None,
        partitioner=None,
        custom_getter=None,
        reuse=None,
        dtype=None,
        use_resource=None,
        constraint=None,
        auxiliary_name_scope=True,
    ):
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if reuse not in (True, False, None, AUTO_REUSE):
            raise ValueError("The reuse parameter must be True or False or None.")
        if name_or_scope is not None and not isinstance(name_or_scope, (str, VariableScope)):
            raise TypeError("VariableScope: name_or_scope must be a string or VariableScope.")
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(
                f"The auxiliary_name_scope must be `True` or `False`, while get {auxiliary_name_scope}"
            )
        self._name_or_scope, self._default_name = name_or_scope, default_name
        self._settings = dict(
            initializer=initializer,
            regularizer=regularizer,
            caching_device=caching_device,
            partitioner=partitioner,
            dtype=dtype,
            use_resource=use_resource,
            constraint=constraint,
        )
        self._custom_getter, self._reuse, self._names_too = custom_getter, reuse, auxiliary_name_scope
        self._opened = []

    def __enter__(self):
        names, entered = self._enter_names()
        store = _store()
        old, counts = store.scope, None
        given = self._name_or_scope
        if given is None:
            given = store.unique(self._default_name)
        if isinstance(given, VariableScope):
            counts = dict(store.opened)
            new = self._derived(given, given.name, given.original_name_scope)
            new._reuse = given.reuse if self._reuse is None else self._reuse
        else:
            name = f"{old.name}/{given}" if old.name else given
            new = self._derived(old, name, entered)
            new._reuse = self._reuse or old.reuse
        if not _floe.recording():
            new._reuse = AUTO_REUSE if new._reuse is not True else new._reuse
        store.open(new.name)
        store.scope = new
        self._opened.append((names, store, old, new, counts))
        return new

    def _enter_names(self):
        """Opens the name scope; returns it and its name."""
        given = self._name_or_scope
        if isinstance(given, VariableScope):
            name = given.name.rpartition("/")[2]
        else:
            name = self._default_name if given is None else given
        g = _floe.current_graph()
        if not self._names_too or not name:
            scope = "" if g is None else g._core.scope
            return None, scope
        from .context import name_scope

        names = name_scope(name)
        return names, names.__enter__()

    def _derived(self, base, name, name_scope):
        settings = {k: getattr(base, k) if v is None else v for k, v in self._settings.items()}
        getter = base.custom_getter
        if self._custom_getter is not None:
            getter = self._custom_getter if getter is None else _composed(self._custom_getter, getter)
        return VariableScope(base.reuse, name, custom_getter=getter, name_scope=name_scope, **settings)

    def __exit__(self, *exception):
        names, store, old, new, counts = self._opened.pop()
        store.close_inside(new.name)
        if counts is not None:
            store.opened = counts
        store.scope = old
        if names is not None:
            names.__exit__(*exception)
        return False


def _composed(inner, outer):
    """A getter that asks `inner`, whose getter is `outer`."""

    def getter(true_getter, *args, **kwargs):
        return inner(functools.partial(outer, true_getter), *args, **kwargs)

    return getter


@export("compat.v1.variable_op_scope")
def variable_op_scope(values, name_or_scope, default_name=None, **settings):
    """As variable_scope."""
    return variable_scope(name_or_scope, default_name, values, **settings)


@export("compat.v1.fixed_size_partitioner")
def fixed_size_partitioner(num_shards, axis=0):
    """A partitioner that wants num_shards parts along an axis."""

    def partitioner(shape, **unused):
        parts = [1] * len(shape)
        parts[axis] = min(num_shards, shape.dims[axis].value)
        return parts

    return partitioner


@export("compat.v1.make_template")
def make_template(name_, func_, create_scope_now_=False, unique_name_=None, custom_getter_=None, **kwargs):
    """func_ with variables of its own: the first call makes them, later calls use them again."""
    return Template(name_, func_, create_scope_now_, unique_name_, custom_getter_, kwargs)


class Template:
    """A function in a variable scope of its own."""

    def __init__(self, name, function, now, unique_name, custom_getter, kwargs):
        if not callable(function):
            raise ValueError(f"func_ must be callable, got {function!r}")
        self._function = functools.partial(function, **kwargs) if kwargs else function
        self._name, self._unique_name, self._custom_getter = name, unique_name, custom_getter
        self._scope, self._called = None, False
        if now:
            self._open()

    def _open(self):
        scope = variable_scope(self._unique_name, self._name, custom_getter=self._custom_getter)
        with scope as self._scope:
            pass

    @property
    def variable_scope(self):
        return self._scope

    @property
    def name(self):
        return self._name

    @property
    def variables(self):
        return self._scope.global_variables() if self._scope is not None else []

    global_variables = variables

    @property
    def trainable_variables(self):
        return self._scope.trainable_variables() if self._scope is not None else []

    def __call__(self, *args, **kwargs):
        if self._scope is None:
            self._open()
        with variable_scope(self._scope, reuse=True if self._called else None):
            result = self._function(*args, **kwargs)
        self._called = True
        return result
