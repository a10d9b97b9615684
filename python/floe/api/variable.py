"""tf.Variable."""

import enum

from .. import _floe, dtypes, graph, raw_ops
from ..errors import InvalidArgumentError, OutOfRangeError
from ..export import export
from ..graph import FuncGraph
from ..tensor import EagerTensor, Reference, SymbolicTensor, Tensor, convert_to_tensor
from ..tensor_shape import TensorShape, as_shape
from . import context, variable_registry
from .context import GraphKeys
from .operators import slice_arguments


@export("VariableSynchronization")
class VariableSynchronization(enum.Enum):
    """When copies of a variable are brought together."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


@export("VariableAggregation")
class VariableAggregation(enum.Enum):
    """How updates of copies of a variable are brought together."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


_creators = []  # tf.variable_creator_scope
_first_call = []  # the tf.function whose first trace may make variables; see function.py


# What a creator is given for arguments that the caller left out.
_ARGUMENTS = {
    "initial_value": None,
    "trainable": None,
    "validate_shape": True,
    "caching_device": None,
    "name": None,
    "variable_def": None,
    "dtype": None,
    "import_scope": None,
    "constraint": None,
    "synchronization": VariableSynchronization.AUTO,
    "aggregation": VariableAggregation.NONE,
    "shape": None,
}


class _Meta(type):
    def __call__(cls, *args, **kwargs):
        if cls is not Variable and cls is not VariableV1:
            return super().__call__(*args, **kwargs)

        def make(**kw):
            return type.__call__(cls, **kw)

        names = ("initial_value", "trainable", "validate_shape", "caching_device", "name")
        if cls is VariableV1:
            names = ("initial_value", "trainable", "collections", "validate_shape", "caching_device", "name")
        for n, v in zip(names, args):
            if n in kwargs:
                raise TypeError(f"Variable() got multiple values for argument '{n}'")
            kwargs[n] = v
        if not _creators:
            return make(**kwargs)
        kwargs = {**_ARGUMENTS, **kwargs}
        for creator in _creators:
            make = _chain(make, creator)
        return make(**kwargs)


def _chain(next_creator, creator):
    return lambda **kw: creator(next_creator, **kw)


@export("variable_creator_scope")
class variable_creator_scope:  # noqa: N801
    """Variables made in the block are made by variable_creator(next_creator, **kwargs)."""

    def __init__(self, variable_creator):
        self._creator = variable_creator

    def __enter__(self):
        _creators.append(self._creator)

    def __exit__(self, *exception):
        _creators.remove(self._creator)


def _scoped_name(name):
    g = _floe.current_graph()
    scope = context.eager_scope() if g is None else g._core.scope
    return scope + name


@export("Variable")
class Variable(metaclass=_Meta):
    """A tensor that keeps its value between calls and can be assigned.

    `initial_value` is anything that becomes a tensor, or a function without arguments that gives one. `shape` may
    say less than the initial value's (TensorShape(None): any), so that values of other shapes can be assigned.
    """

    _above_tensors = False
    _is_tensor = True

    def __init__(
        self,
        initial_value=None,
        trainable=None,
        validate_shape=True,
        caching_device=None,
        name=None,
        variable_def=None,
        dtype=None,
        import_scope=None,
        constraint=None,
        synchronization=VariableSynchronization.AUTO,
        aggregation=VariableAggregation.NONE,
        shape=None,
        experimental_enable_variable_lifting=None,
        collections=None,
        use_resource=None,
        expected_shape=None,
        distribute_strategy=None,
    ):
        if variable_def is not None:
            raise ValueError("variable_def is made by graphs' savers; it is not read here.")
        if initial_value is None:
            raise ValueError(
                "The `initial_value` arg to `tf.Variable` must be specified except when you are not providing a "
                "`variable_def`. You provided neither."
            )
        if constraint is not None and not callable(constraint):
            raise ValueError(
                f"Argument `constraint` must be None or a callable. a callable. Got a {type(constraint)}:  {constraint}"
            )
        if synchronization == VariableSynchronization.ON_READ and trainable:
            raise ValueError(
                "Synchronization value can be set to VariableSynchronization.ON_READ only for non-trainable variables. "
                "You have specified trainable=True and synchronization=VariableSynchronization.ON_READ."
            )
        if trainable is None:
            trainable = synchronization != VariableSynchronization.ON_READ
        self._trainable = trainable
        self._constraint = constraint
        self._synchronization = synchronization or VariableSynchronization.AUTO
        self._aggregation = aggregation or VariableAggregation.NONE
        self._save_slice_info = None
        g = _floe.current_graph()
        if isinstance(g, FuncGraph):
            self._in_function(g, initial_value, dtype, name, shape)
        else:
            self._make(initial_value, dtype, name, shape, collections)

    def _in_function(self, g, initial_value, dtype, name, shape):
        if not _first_call:
            raise ValueError(
                "tf.function only supports singleton tf.Variables created on the first call. Make sure the tf.Variable "
                "is only created once or created outside tf.function. See "
                "https://www.tensorflow.org/guide/function#creating_tfvariables for more information."
            )
        full = _scoped_name(name or "Variable")
        if callable(initial_value):
            given = initial_value
            with context.init_scope():
                initial_value = given()
        elif isinstance(initial_value, SymbolicTensor):
            value = initial_value
            # It may depend on what this first call was given.
            inputs, values = getattr(value.graph, "first_call", ([], []))
            core = _floe.ConcreteFunction.make(value.graph._core, inputs, [value], "initial_value")
            try:
                with context.init_scope():
                    initial_value = core(values)[0]
            except Exception as e:
                raise ValueError(
                    f"The initial value of variable '{full}' cannot be computed outside of the function that makes "
                    f"it: give a value or a function without arguments instead. ({e})"
                ) from None
        with context.init_scope():
            with context.name_scope(full.rpartition("/")[0] + "/" if "/" in full else ""):
                self._make(initial_value, dtype, full.rpartition("/")[2], shape, None)
        for f in _first_call:
            f._made_variables.append(self)

    def _make(self, initial_value, dtype, name, shape, collections):
        g = _floe.current_graph()
        name = name or "Variable"
        if g is None:
            if callable(initial_value):
                initial_value = initial_value()
            value = convert_to_tensor(initial_value, dtype, name="initial_value")
            if not isinstance(value, EagerTensor):
                raise ValueError(
                    f"The initial value of variable '{name}' is a symbolic tensor of a graph: {value!r}. Make the "
                    "variable inside of that graph, or give a value."
                )
        else:
            full = g.unique_name(name, False)
            with g.name_scope(full + "/Initializer/"), g.control_dependencies(None):
                if callable(initial_value):
                    initial_value = initial_value()
                value = convert_to_tensor(initial_value, dtype, name="initial_value")
        self._dtype = value.dtype
        self._shape = value.shape if shape is None else as_shape(shape)
        if not self._shape.is_compatible_with(value.shape):
            raise ValueError(
                f"In this `tf.Variable` creation, the initial value's shape ({value.shape}) is not compatible with the "
                f"explicitly supplied `shape` argument ({self._shape})."
            )
        if g is None:
            self._name = context.eager_scope() + name
            self._graph = None
            self._initial_value = None
            self._handle = raw_ops.VarHandleOp(dtype=self._dtype, shape=self._shape)
            raw_ops.AssignVariableOp(resource=self._handle, value=value)
            self._initializer = None
            variable_registry.register(self)
            return
        self._name = full
        self._graph = g
        self._initial_value = value
        with g.control_dependencies(None), g.name_scope(""):
            self._handle = raw_ops.VarHandleOp(
                dtype=self._dtype, shape=self._shape, shared_name=full, name=full
            )
            with g.name_scope(full + "/IsInitialized/"):
                self._is_initialized = raw_ops.VarIsInitializedOp(resource=self._handle)
            with g.name_scope(full + "/"):
                self._initializer = raw_ops.AssignVariableOp(
                    resource=self._handle, value=value, name="Assign"
                )
            with g.name_scope(full + "/Read/"):
                self._cached = raw_ops.ReadVariableOp(resource=self._handle, dtype=self._dtype)
                self._cached.set_shape(self._shape)
        variable_registry.register(self)
        collections = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(collections)
        if self._trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
            collections.append(GraphKeys.TRAINABLE_VARIABLES)
        g.add_to_collections(collections, self)

    # What it is.
    @property
    def name(self):
        return f"{self._name}:0"

    @property
    def _shared_name(self):
        return self._name

    @property
    def dtype(self):
        return self._dtype

    @property
    def shape(self):
        return self._shape

    def get_shape(self):
        return self._shape

    @property
    def ndim(self):
        return self._shape.ndims

    @property
    def handle(self):
        return self._handle

    @property
    def trainable(self):
        return self._trainable

    @property
    def constraint(self):
        return self._constraint

    @property
    def synchronization(self):
        return self._synchronization

    @property
    def aggregation(self):
        return self._aggregation

    @property
    def device(self):
        return self._handle.device

    @property
    def graph(self):
        return self._handle.graph

    @property
    def op(self):
        return self._handle.op

    @property
    def create(self):
        return self._handle.op

    @property
    def initializer(self):
        return self._initializer

    @property
    def initial_value(self):
        if self._graph is None:
            raise RuntimeError("This property is not supported when eager execution is enabled.")
        return self._initial_value

    def initialized_value(self):
        """The value, or the initial value while the variable has none."""
        if self._graph is None:
            return self.read_value()
        from .control_flow import cond

        return cond(self.is_initialized(), self.read_value, lambda: self._initial_value)

    def is_initialized(self, name=None):
        return raw_ops.VarIsInitializedOp(resource=self._handle, name=name)

    # Reading.
    def _read(self):
        if self._trainable:
            _floe.variable_accessed(self._handle)
        g = _floe.current_graph()
        if g is not None and g.building_function:
            g.watch_variable(self)
        t = raw_ops.ReadVariableOp(resource=self._handle, dtype=self._dtype)
        if isinstance(t, SymbolicTensor):
            t.set_shape(self._shape)
        return t

    def value(self):
        """The value now, as a tensor."""
        return self._read()

    def read_value(self):
        """The value now, as a tensor."""
        g = _floe.current_graph()
        if g is None:
            return raw_ops.Identity(input=self._read())
        with g.name_scope("Read"):
            value = self._read()
        return raw_ops.Identity(input=value)

    def __tf_tensor__(self, dtype=None, name=None):
        if dtype is not None and dtypes.as_dtype(dtype).base_dtype != self._dtype:
            raise ValueError(
                f"Incompatible type conversion requested to type {dtypes.as_dtype(dtype).name!r} for `tf.Variable of type "
                f"{self._dtype.name!r}. (Variable: {self})"
            )
        return self._read()

    def _as_graph_element(self):
        return self._cached if self._graph is not None else None

    def numpy(self):
        """A private NumPy array with the value. Not in graph mode."""
        if _floe.recording():
            raise NotImplementedError(
                f"numpy() is only available when eager execution is enabled: variable '{self.name}' has no value in "
                "graph mode before the graph runs. Use tf.py_function, run_functions_eagerly, or return its value."
            )
        return self._read().numpy()

    def eval(self, session=None):
        """The value in a session, the default one if none is given."""
        if self._graph is None:
            raise RuntimeError("This operation is not supported when eager execution is enabled.")
        return self._cached.eval(session=session)

    def sparse_read(self, indices, name=None):
        """The rows at the indices."""
        if self._trainable:
            _floe.variable_accessed(self._handle)
        g = _floe.current_graph()
        if g is not None and g.building_function:
            g.watch_variable(self)
        return raw_ops.ResourceGather(resource=self._handle, indices=indices, dtype=self._dtype, name=name)

    def gather_nd(self, indices, name=None):
        """The slices at the indices."""
        return raw_ops.GatherNd(params=self._read(), indices=indices, name=name)

    # Assigning.
    def _changed(self, op, read_value=True):
        if op is None:
            return self if read_value else None
        if not op.graph.building_function:
            if not read_value:
                return op
            with op.graph.control_dependencies([op]):
                return raw_ops.ReadVariableOp(resource=self._handle, dtype=self._dtype)
        return self if read_value else op

    def _value_for(self, value, what):
        t = convert_to_tensor(value, self._dtype)
        if not self._shape.is_compatible_with(t.shape):
            raise ValueError(
                f"Cannot assign value to variable '{self.name}': Shape mismatch.The variable shape {self._shape}, and "
                f"the assigned value shape {t.shape} are incompatible."
            )
        return t

    def assign(self, value, use_locking=None, name=None, read_value=True):
        """Gives the variable a value; in eager mode and in functions it returns the variable."""
        t = self._value_for(value, "assign")
        op = raw_ops.AssignVariableOp(resource=self._handle, value=t, name=name)
        return self._changed(op, read_value)

    def assign_add(self, delta, use_locking=None, name=None, read_value=True):
        """Adds to the value."""
        t = convert_to_tensor(delta, self._dtype)
        return self._changed(
            raw_ops.AssignAddVariableOp(resource=self._handle, value=t, name=name), read_value
        )

    def assign_sub(self, delta, use_locking=None, name=None, read_value=True):
        """Subtracts from the value."""
        t = convert_to_tensor(delta, self._dtype)
        return self._changed(
            raw_ops.AssignSubVariableOp(resource=self._handle, value=t, name=name), read_value
        )

    def _scatter(self, op, slices, name):
        from .indexed_slices import IndexedSlices

        if not isinstance(slices, IndexedSlices):
            raise TypeError(f"Argument `sparse_delta` must be a `tf.IndexedSlices`. Received arg: {slices}")
        done = getattr(raw_ops, op)(
            resource=self._handle,
            indices=slices.indices,
            updates=convert_to_tensor(slices.values, self._dtype),
            name=name,
        )
        return self._changed(done)

    def scatter_add(self, sparse_delta, use_locking=False, name=None):
        return self._scatter("ResourceScatterAdd", sparse_delta, name)

    def scatter_sub(self, sparse_delta, use_locking=False, name=None):
        return self._scatter("ResourceScatterSub", sparse_delta, name)

    def scatter_mul(self, sparse_delta, use_locking=False, name=None):
        return self._scatter("ResourceScatterMul", sparse_delta, name)

    def scatter_div(self, sparse_delta, use_locking=False, name=None):
        return self._scatter("ResourceScatterDiv", sparse_delta, name)

    def scatter_max(self, sparse_delta, use_locking=False, name=None):
        return self._scatter("ResourceScatterMax", sparse_delta, name)

    def scatter_min(self, sparse_delta, use_locking=False, name=None):
        return self._scatter("ResourceScatterMin", sparse_delta, name)

    def scatter_update(self, sparse_delta, use_locking=False, name=None):
        return self._scatter("ResourceScatterUpdate", sparse_delta, name)

    def _scatter_nd(self, op, indices, updates, name):
        done = getattr(raw_ops, op)(
            ref=self._handle, indices=indices, updates=convert_to_tensor(updates, self._dtype), name=name
        )
        return self._changed(done)

    def scatter_nd_add(self, indices, updates, name=None):
        return self._scatter_nd("ResourceScatterNdAdd", indices, updates, name)

    def scatter_nd_sub(self, indices, updates, name=None):
        return self._scatter_nd("ResourceScatterNdSub", indices, updates, name)

    def scatter_nd_max(self, indices, updates, name=None):
        return self._scatter_nd("ResourceScatterNdMax", indices, updates, name)

    def scatter_nd_min(self, indices, updates, name=None):
        return self._scatter_nd("ResourceScatterNdMin", indices, updates, name)

    def batch_scatter_update(self, sparse_delta, use_locking=False, name=None):
        """Row i of every sample gets its values: indices[b, j] counts within sample b."""
        indices = convert_to_tensor(sparse_delta.indices)
        shape = raw_ops.Shape(input=indices)
        grid = [
            raw_ops.BroadcastTo(
                input=raw_ops.Reshape(
                    tensor=raw_ops.Range(start=0, limit=shape[d], delta=1),
                    shape=[-1 if k == d else 1 for k in range(indices.shape.ndims)],
                ),
                shape=shape,
            )
            for d in range(indices.shape.ndims - 1)
        ]
        grid = [raw_ops.Cast(x=g, DstT=indices.dtype) for g in grid]
        places = raw_ops.Pack(values=[*grid, indices], axis=-1)
        return self._scatter_nd("ResourceScatterNdUpdate", places, sparse_delta.values, name)

    def count_up_to(self, limit):
        """The value, which then grows by one; OutOfRangeError once it has reached the limit."""
        value = self._read()
        if not _floe.recording():
            if int(value) >= limit:
                raise OutOfRangeError(None, None, f"Reached limit of {limit}")
            self.assign_add(raw_ops.OnesLike(x=value))
            return value
        below = raw_ops.Less(x=value, y=limit)
        with graph.get_default_graph().control_dependencies(
            [raw_ops.Assert(condition=below, data=[f"Reached limit of {limit}"])]
        ):
            grown = self.assign_add(raw_ops.OnesLike(x=value), read_value=False)
        with graph.get_default_graph().control_dependencies([value if grown is None else grown]):
            return raw_ops.Identity(input=value)

    def to_proto(self, export_scope=None):
        """The VariableDef of a graph's variable."""
        if self._graph is None:
            raise RuntimeError("This operation is not supported when eager execution is enabled.")
        from .. import messages

        return messages.get("VariableDef")(
            variable_name=self.name,
            initial_value_name=self._initial_value.name,
            initializer_name=self._initializer.name,
            snapshot_name=self._cached.name,
            trainable=self._trainable,
            is_resource=True,
        )

    def scatter_nd_update(self, indices, updates, name=None):
        return self._scatter_nd("ResourceScatterNdUpdate", indices, updates, name)

    def load(self, value, session=None):
        """Gives the variable a value in a session."""
        if self._graph is None:
            self.assign(value)
            return
        from .session import _session

        _session(session).run(self._initializer, {self._initializer.inputs[1]: value})

    def set_shape(self, shape):
        self._shape = self._shape.merge_with(shape)

    def ref(self):
        """The variable as a key of a dictionary."""
        return Reference(self)

    def experimental_ref(self):
        return Reference(self)

    def _slice_assign(self, key, value, name):
        """v[key].assign(value): the numbers of the elements that key selects say what is replaced."""
        (begin, end, strides), masks = slice_arguments(key)
        whole = self._read()
        shape, count = raw_ops.Shape(input=whole), raw_ops.Size(input=whole)
        numbers = raw_ops.Reshape(tensor=raw_ops.Range(start=0, limit=count, delta=1), shape=shape)
        numbers = raw_ops.StridedSlice(input=numbers, begin=begin, end=end, strides=strides, **masks)
        value = convert_to_tensor(value, self._dtype)
        if not _broadcasts(value.shape, numbers.shape):
            raise InvalidArgumentError(
                None,
                None,
                f"Cannot broadcast input shape {value.shape} into final shape {numbers.shape} "
                f"(assigning to a slice of variable '{self.name}')",
            )
        value = raw_ops.BroadcastTo(input=value, shape=raw_ops.Shape(input=numbers))
        flat = raw_ops.TensorScatterUpdate(
            tensor=raw_ops.Reshape(tensor=whole, shape=[-1]),
            indices=raw_ops.Reshape(tensor=numbers, shape=[-1, 1]),
            updates=raw_ops.Reshape(tensor=value, shape=[-1]),
        )
        return self.assign(raw_ops.Reshape(tensor=flat, shape=shape), name=name)

    def __getitem__(self, key):
        return _Slice(self._read()[key], self, key)

    def __iter__(self):
        return iter(self._read())

    def __len__(self):
        return len(self._read())

    def __bool__(self):
        return bool(self._read())

    __nonzero__ = __bool__

    def __int__(self):
        return int(self._read())

    def __float__(self):
        return float(self._read())

    def __complex__(self):
        return complex(self._read())

    def __index__(self):
        return self._read().__index__()

    def __array__(self, dtype=None, copy=None):
        return self._read().__array__(dtype, copy)

    __array_priority__ = 100

    def __hash__(self):
        from .operators import _tensor_equality

        if _tensor_equality[0] and self._graph is None:
            raise TypeError(
                f"Variable is unhashable. Instead, use variable.ref() as the key. (Variable: {self})"
            )
        return id(self)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        if self._graph is not None:
            raise NotImplementedError("__deepcopy__() is only available when eager execution is enabled.")
        copy = Variable(
            self.read_value(),
            trainable=self._trainable,
            constraint=self._constraint,
            dtype=self._dtype,
            name=self._name,
            shape=self._shape,
            synchronization=self._synchronization,
            aggregation=self._aggregation,
        )
        memo[id(self)] = copy
        return copy

    def __reduce__(self):
        return _restore, (self.numpy(), self._trainable, self._name, self._dtype.name, self._shape)

    def __repr__(self):
        if self._graph is None and not _floe.recording():
            try:
                from ..tensor import _numpy_repr

                return f"<tf.Variable '{self.name}' shape={self._shape} dtype={self._dtype.name}, numpy={_numpy_repr(raw_ops.ReadVariableOp(resource=self._handle, dtype=self._dtype))}>"
            except Exception:
                return f"<tf.Variable '{self.name}' shape={self._shape} dtype={self._dtype.name}, numpy=<unavailable>>"
        return f"<tf.Variable '{self.name}' shape={self._shape} dtype={self._dtype.name}>"

    class SaveSliceInfo:
        """Which part of a larger variable this one is."""

        def __init__(self, full_name=None, full_shape=None, var_offset=None, var_shape=None):
            self.full_name, self.full_shape = full_name, full_shape
            self.var_offset, self.var_shape = var_offset, var_shape


def _broadcasts(small, large):
    """Whether a value of shape `small` can fill `large`, as far as the shapes are known."""
    if small.ndims is None or large.ndims is None:
        return True
    if small.ndims > large.ndims:
        return False
    pairs = zip(reversed(small.as_list()), reversed(large.as_list()))
    return all(a in (None, 1) or b is None or a == b for a, b in pairs)


def _restore(value, trainable, name, dtype, shape):
    return Variable(value, trainable=trainable, name=name, dtype=dtype, shape=shape)


class _Slice:
    """`v[key]`: a tensor in every respect, and v[key].assign(...) changes that part of the variable."""

    def __new__(cls, tensor, variable, key):
        tensor.assign = lambda value, name=None: variable._slice_assign(key, value, name)
        return tensor


def _operator(name):
    method = getattr(Tensor, name)

    def call(self, *args):
        return method(self._read(), *args)

    return call


for _name in (
    "add", "sub", "mul", "truediv", "div", "floordiv", "mod", "pow", "matmul", "and", "or", "xor",
):  # fmt: skip
    setattr(Variable, f"__{_name}__", _operator(f"__{_name}__"))
    setattr(Variable, f"__r{_name}__", _operator(f"__r{_name}__"))
for _name in ("lt", "le", "gt", "ge", "neg", "abs", "invert", "pos"):
    setattr(Variable, f"__{_name}__", _operator(f"__{_name}__"))


def _no_update(symbol, instead):
    def refuse(self, other):
        raise RuntimeError(
            f"`variable {symbol}= value` with `tf.Variable`s is not supported. Use `variable.{instead}` to modify the "
            f"variable, or `out = variable {symbol} value` if you need to get a new output Tensor."
        )

    return refuse


for _name, _symbol, _instead in (
    ("add", "+", "assign_add(value)"),
    ("sub", "-", "assign_sub(value)"),
    ("mul", "*", "assign(variable * value)"),
    ("truediv", "/", "assign(variable / value)"),
    ("floordiv", "//", "assign(variable // value)"),
    ("pow", "**", "assign(variable ** value)"),
):
    setattr(Variable, f"__i{_name}__", _no_update(_symbol, _instead))


def _equal(self, other):
    from .operators import _tensor_equality

    if _tensor_equality[0] and self._graph is None:
        return Tensor.__eq__(self._read(), other)
    return self is other


def _unequal(self, other):
    from .operators import _tensor_equality

    if _tensor_equality[0] and self._graph is None:
        return Tensor.__ne__(self._read(), other)
    return self is not other


Variable.__eq__ = _equal
Variable.__ne__ = _unequal


@export("compat.v1.Variable")
class VariableV1(Variable):
    """tf.Variable with TensorFlow 1's arguments."""

    def __init__(
        self,
        initial_value=None,
        trainable=None,
        collections=None,
        validate_shape=True,
        caching_device=None,
        name=None,
        variable_def=None,
        dtype=None,
        expected_shape=None,
        import_scope=None,
        constraint=None,
        use_resource=None,
        synchronization=VariableSynchronization.AUTO,
        aggregation=VariableAggregation.NONE,
        shape=None,
    ):
        if not validate_shape and shape is None:
            shape = TensorShape(None)
        super().__init__(
            initial_value,
            trainable=trainable,
            name=name,
            variable_def=variable_def,
            dtype=dtype,
            constraint=constraint,
            synchronization=synchronization,
            aggregation=aggregation,
            shape=shape,
            collections=collections,
        )


def is_variable(x):
    return isinstance(x, Variable)


def _kind(key):
    def get(scope=None):
        return graph.get_default_graph().get_collection(key, scope)

    return get


global_variables = export("compat.v1.global_variables", "compat.v1.all_variables")(
    _kind(GraphKeys.GLOBAL_VARIABLES)
)
local_variables = export("compat.v1.local_variables")(_kind(GraphKeys.LOCAL_VARIABLES))
trainable_variables = export("compat.v1.trainable_variables")(_kind(GraphKeys.TRAINABLE_VARIABLES))
model_variables = export("compat.v1.model_variables")(_kind(GraphKeys.MODEL_VARIABLES))
moving_average_variables = export("compat.v1.moving_average_variables")(
    _kind(GraphKeys.MOVING_AVERAGE_VARIABLES)
)


@export("compat.v1.variables_initializer", "compat.v1.initialize_variables")
def variables_initializer(var_list, name="init"):
    """An operation that gives the variables their initial values."""
    if var_list and _floe.recording():
        return context.group(*[v.initializer for v in var_list], name=name)
    return context.no_op(name=name)


@export("compat.v1.global_variables_initializer", "compat.v1.initialize_all_variables")
def global_variables_initializer():
    """An operation that gives all global variables their initial values."""
    return (
        variables_initializer(global_variables())
        if _floe.recording()
        else context.no_op(name="global_variables_initializer")
    )


@export("compat.v1.local_variables_initializer", "compat.v1.initialize_local_variables")
def local_variables_initializer():
    return (
        variables_initializer(local_variables())
        if _floe.recording()
        else context.no_op(name="local_variables_initializer")
    )


@export("compat.v1.is_variable_initialized")
def is_variable_initialized(variable):
    return variable.is_initialized()


@export("compat.v1.report_uninitialized_variables")
def report_uninitialized_variables(var_list=None, name="report_uninitialized_variables"):
    """The names of the variables that have no value yet, as a vector of strings."""
    from .array_index import boolean_mask

    if var_list is None:
        var_list = global_variables() + local_variables()
    if not var_list:
        return convert_to_tensor([], dtypes.string)
    ready = raw_ops.Pack(values=[v.is_initialized() for v in var_list], axis=0)
    names = convert_to_tensor([v.op.name for v in var_list])
    return boolean_mask(names, raw_ops.LogicalNot(x=ready))


@export("compat.v1.assert_variables_initialized")
def assert_variables_initialized(var_list=None):
    variables = global_variables() if var_list is None else var_list
    return context.group(*[v.read_value() for v in variables])


def _assigner(method):
    def call(ref, value, validate_shape=None, use_locking=None, name=None):
        return getattr(ref, method)(value, name=name)

    return call


assign = export("compat.v1.assign")(_assigner("assign"))
assign_add = export("compat.v1.assign_add")(
    lambda ref, value, use_locking=None, name=None: ref.assign_add(value, name=name)
)
assign_sub = export("compat.v1.assign_sub")(
    lambda ref, value, use_locking=None, name=None: ref.assign_sub(value, name=name)
)
