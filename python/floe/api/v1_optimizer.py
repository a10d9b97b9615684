"""tf.compat.v1.train.Optimizer: gradients, slots, updates."""

from .. import _floe, dtypes, graph, raw_ops
from ..export import export
from ..tensor import Tensor, convert_to_tensor
from . import context, gradients
from .context import GraphKeys
from .indexed_slices import IndexedSlices
from .v1_variable_scope import _store
from .variable import Variable, VariableV1


def _free_scope(name):
    """A name scope, unique, and its name, which is left for an operation to have."""
    g = _floe.current_graph()
    if g is None:
        return context.name_scope(name), name
    full = g.unique_name(name, False)
    return g.name_scope(full + "/"), full


def make_slot(primary, initial_value, op_name):
    """A variable beside another one, named after it."""
    store = _store()
    name = store.unique(f"{primary.op.name if primary._graph is not None else primary._name}/{op_name}")
    if store.scope.name:
        name = f"{store.scope.name}/{name}"
    store.open(name)
    with context.init_scope():
        g = _floe.current_graph()
        with g.name_scope(None) if g is not None else context.name_scope(""):
            return VariableV1(initial_value, trainable=False, name=name)


def unique_rows(values, indices):
    """Rows with equal indices added up."""
    unique, positions = raw_ops.Unique(x=indices, out_idx=indices.dtype)
    count = raw_ops.Shape(input=unique)[0]
    return raw_ops.UnsortedSegmentSum(data=values, segment_ids=positions, num_segments=count), unique


@export("compat.v1.train.Optimizer")
class Optimizer:
    """Base of the optimizers: subclasses say how one variable is updated."""

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking, name, use_own_namescope_for_non_slot_vars=False):
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking, self._name = use_locking, name
        self._slots = {}
        self._non_slots = {}

    def get_name(self):
        return self._name

    def minimize(
        self,
        loss,
        global_step=None,
        var_list=None,
        gate_gradients=GATE_OP,
        aggregation_method=None,
        colocate_gradients_with_ops=False,
        name=None,
        grad_loss=None,
    ):
        """An operation that takes one step down the gradients of the loss (in eager mode: takes it)."""
        pairs = self.compute_gradients(
            loss, var_list, gate_gradients, aggregation_method, colocate_gradients_with_ops, grad_loss
        )
        if all(g is None for g, _ in pairs):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not support gradients, between "
                f"variables {[str(v) for _, v in pairs]} and loss {loss}."
            )
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(
        self,
        loss,
        var_list=None,
        gate_gradients=GATE_OP,
        aggregation_method=None,
        colocate_gradients_with_ops=False,
        grad_loss=None,
    ):
        """Pairs of gradient (or None) and variable. In eager mode the loss is a function."""
        if callable(loss):
            with gradients.GradientTape() as tape:
                if var_list is not None:
                    tape.watch(var_list)
                value = loss()
            if var_list is None:
                var_list = tape.watched_variables()
            return list(zip(tape.gradient(value, var_list, grad_loss), var_list))
        if not _floe.recording():
            raise RuntimeError(
                "`loss` passed to Optimizer.compute_gradients should be a function when eager execution is enabled."
            )
        if gate_gradients not in (Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH. Not "
                f"{gate_gradients}"
            )
        self._check_dtypes([loss])
        if grad_loss is not None:
            self._check_dtypes([grad_loss])
        if var_list is None:
            g = graph.get_default_graph()
            var_list = g.get_collection(GraphKeys.TRAINABLE_VARIABLES)
        else:
            from .. import nest

            var_list = nest.flatten(var_list)
        if not var_list:
            raise ValueError("No variables to optimize.")
        found = gradients.gradients_v1(loss, var_list, grad_loss)
        if gate_gradients == Optimizer.GATE_GRAPH:
            found = _gated(found)
        return list(zip(found, var_list))

    def apply_gradients(self, grads_and_vars, global_step=None, name=None, skip_gradients_aggregation=False):
        """An operation that changes the variables by the gradients, then adds 1 to global_step."""
        pairs = tuple(grads_and_vars)
        if not pairs:
            raise ValueError("No variables provided.")
        pairs = [(self._gradient(g), v) for g, v in pairs]
        with_gradient = [v for g, v in pairs if g is not None]
        if not with_gradient:
            raise ValueError(f"No gradients provided for any variable: {[str(v) for _, v in pairs]}.")
        for v in with_gradient:
            if not isinstance(v, Variable):
                raise NotImplementedError(
                    f"Trying to update a Tensor {v}: gradients are applied to variables."
                )
        with context.init_scope():
            self._create_slots(with_gradient)
        scope, full = _free_scope(name or self._name)
        with scope:
            self._prepare()
            updates = []
            for gradient, v in pairs:
                if gradient is not None:
                    with context.name_scope("update_" + v._name):
                        updates.append(self._update(gradient, v))
            if global_step is not None:
                finished = [self._finish(updates, "update")]
            elif not _floe.recording():
                return self._finish(updates, full)
        done = (
            self._last(finished, global_step, full)
            if global_step is not None
            else self._finish_at(updates, full)
        )
        if _floe.recording() and isinstance(done, (Tensor, graph.Operation)):
            trained = graph.get_default_graph().get_collection_ref(GraphKeys.TRAIN_OP)
            if done not in trained:
                trained.append(done)
        return done

    def _finish_at(self, updates, full):
        with _floe.current_graph().name_scope(None):
            return self._finish(updates, full)

    def _last(self, finished, global_step, full):
        g = _floe.current_graph()
        if g is None:
            global_step.assign_add(1)
            return None
        with g.control_dependencies(finished), g.name_scope(None):
            return raw_ops.AssignAddVariableOp(
                resource=global_step.handle, value=convert_to_tensor(1, global_step.dtype), name=full
            )

    @staticmethod
    def _gradient(g):
        if g is None or isinstance(g, (Tensor, IndexedSlices)):
            return g
        try:
            return convert_to_tensor(g)
        except TypeError:
            raise TypeError(
                f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {g}"
            ) from None

    def _update(self, gradient, v):
        if isinstance(gradient, IndexedSlices):
            if v.constraint is not None:
                raise RuntimeError("Cannot use a constraint function on a sparse variable.")
            return self._resource_apply_sparse_duplicate_indices(gradient.values, v, gradient.indices)
        done = self._resource_apply_dense(gradient, v)
        if v.constraint is None:
            return done
        with context.control_dependencies([] if done is None else [done]):
            changed = v.assign(v.constraint(v.read_value()), read_value=False)
        return changed if isinstance(changed, graph.Operation) else None

    def get_slot(self, var, name):
        """The variable that the optimizer keeps beside `var` under that name, or None."""
        return self._slots.get(name, {}).get(var.ref())

    def get_slot_names(self):
        """The names of slots, sorted."""
        return sorted(self._slots)

    def variables(self):
        """All variables of the optimizer that belong to the current graph, sorted by name."""
        g = _floe.current_graph()
        found = [v for (_, made_in), v in self._non_slots.items() if made_in is g]
        found += [v for slots in self._slots.values() for v in slots.values() if v._graph is g]
        return sorted(found, key=lambda v: v.name)

    # For subclasses.
    def _valid_dtypes(self):
        return [dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16]

    def _check_dtypes(self, tensors):
        valid = self._valid_dtypes()
        for t in tensors:
            dtype = t.dtype.base_dtype
            if dtype not in valid:
                raise ValueError(f"Invalid type {dtype!r} for {t.name}, expected: {valid}.")

    def _create_slots(self, var_list):
        """Makes the slots for these variables."""

    def _prepare(self):
        """Makes tensors of the settings."""

    def _finish(self, update_ops, name_scope):
        """An operation that ends after all updates."""
        return context.group(*update_ops, name=name_scope)

    def _apply_dense(self, grad, var):
        raise NotImplementedError()

    def _apply_sparse(self, grad, var):
        raise NotImplementedError()

    def _resource_apply_dense(self, grad, handle):
        return self._apply_dense(grad, handle)

    def _resource_apply_sparse_duplicate_indices(self, grad, handle, indices):
        return self._resource_apply_sparse(*_with_variable(handle, *unique_rows(grad, indices)))

    def _resource_apply_sparse(self, grad, handle, indices):
        return self._apply_sparse(IndexedSlices(grad, indices), handle)

    def _slot_dict(self, slot_name):
        return self._slots.setdefault(slot_name, {})

    def _get_or_make_slot(self, var, val, slot_name, op_name):
        slots = self._slot_dict(slot_name)
        if var.ref() not in slots:
            slots[var.ref()] = make_slot(var, val, op_name)
        return slots[var.ref()]

    def _get_or_make_slot_with_initializer(self, var, initializer, shape, dtype, slot_name, op_name):
        return self._get_or_make_slot(
            var, lambda: initializer(shape.as_list(), dtype=dtype), slot_name, op_name
        )

    def _zeros_slot(self, var, slot_name, op_name):
        return self._filled_slot(var, 0.0, slot_name, op_name)

    def _filled_slot(self, var, value, slot_name, op_name):
        def initial():
            if var.shape.is_fully_defined():
                dims = convert_to_tensor(var.shape.as_list() or [], dtypes.int32)
            else:
                dims = raw_ops.Shape(input=var.initial_value if var._graph is not None else var.read_value())
            return raw_ops.Fill(dims=dims, value=convert_to_tensor(value, var.dtype))

        return self._get_or_make_slot(var, initial, slot_name, op_name)

    def _create_non_slot_variable(self, initial_value, name, colocate_with):
        key = (name, colocate_with._graph)
        v = self._non_slots.get(key)
        if v is None:
            g = _floe.current_graph()
            with g.name_scope(None) if g is not None else context.name_scope(""):
                v = self._non_slots[key] = VariableV1(initial_value, name=name, trainable=False)
        return v

    def _get_non_slot_variable(self, name, graph=None):
        return self._non_slots.get((name, graph))

    def _call_if_callable(self, param):
        return param() if callable(param) else param


def _with_variable(handle, values, indices):
    return values, handle, indices


def _gated(found):
    tensors = [t for t in found if isinstance(t, Tensor)]
    together = iter(context.tuple_v1(tensors)) if tensors else iter(())
    return [next(together) if isinstance(t, Tensor) else t for t in found]
