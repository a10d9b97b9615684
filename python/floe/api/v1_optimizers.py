"""tf.compat.v1.train's optimizers."""

from .. import dtypes, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from . import context
from .v1_optimizer import Optimizer


def _rows(v, indices):
    return raw_ops.ResourceGather(resource=v.handle, indices=indices, dtype=v.dtype)


def _set_rows(v, indices, values):
    return raw_ops.ResourceScatterUpdate(resource=v.handle, indices=indices, updates=values)


class _Stepwise(Optimizer):
    """Optimizers given by one function from gradient, value and slots to new value and slots.

    It is used for whole variables and, where a gradient has some rows only, for these rows.
    """

    _slot_order = ()

    def _step(self, grad, value, slots, cast):
        raise NotImplementedError

    def _setting(self, value, name):
        return convert_to_tensor(self._call_if_callable(value), name=name)

    def _cast(self, var):
        return lambda t: raw_ops.Cast(x=t, DstT=var.dtype) if t.dtype != var.dtype else t

    def _slots_of(self, var):
        return [self.get_slot(var, name) for name in self._slot_order]

    def _resource_apply_dense(self, grad, var):
        slots = self._slots_of(var)
        value, *changed = self._step(grad, var.value(), [s.value() for s in slots], self._cast(var))
        ops = [
            raw_ops.AssignVariableOp(resource=v.handle, value=x)
            for v, x in zip([var, *slots], [value, *changed])
        ]
        return context.group(*ops)

    def _resource_apply_sparse(self, grad, var, indices):
        slots = self._slots_of(var)
        value, *changed = self._step(
            grad, _rows(var, indices), [_rows(s, indices) for s in slots], self._cast(var)
        )
        return context.group(*[_set_rows(v, indices, x) for v, x in zip([var, *slots], [value, *changed])])


@export("compat.v1.train.GradientDescentOptimizer")
class GradientDescentOptimizer(Optimizer):
    """var -= learning_rate * gradient."""

    def __init__(self, learning_rate, use_locking=False, name="GradientDescent"):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._learning_rate_tensor = None

    def _prepare(self):
        self._learning_rate_tensor = convert_to_tensor(
            self._call_if_callable(self._learning_rate), name="learning_rate"
        )

    def _rate(self, var):
        return raw_ops.Cast(x=self._learning_rate_tensor, DstT=var.dtype)

    def _resource_apply_dense(self, grad, var):
        return raw_ops.ResourceApplyGradientDescent(
            var=var.handle, alpha=self._rate(var), delta=grad, use_locking=self._use_locking
        )

    def _resource_apply_sparse_duplicate_indices(self, grad, var, indices):
        return raw_ops.ResourceScatterAdd(
            resource=var.handle, indices=indices, updates=-grad * self._rate(var)
        )


@export("compat.v1.train.MomentumOptimizer")
class MomentumOptimizer(_Stepwise):
    """accumulator = momentum * accumulator + gradient; var -= learning_rate * accumulator."""

    _slot_order = ("momentum",)

    def __init__(self, learning_rate, momentum, use_locking=False, name="Momentum", use_nesterov=False):
        super().__init__(use_locking, name)
        self._learning_rate, self._momentum, self._use_nesterov = learning_rate, momentum, use_nesterov

    def _create_slots(self, var_list):
        for v in var_list:
            self._zeros_slot(v, "momentum", self._name)

    def _prepare(self):
        self._learning_rate_tensor = self._setting(self._learning_rate, "learning_rate")
        self._momentum_tensor = self._setting(self._momentum, "momentum")

    def _resource_apply_dense(self, grad, var):
        cast = self._cast(var)
        return raw_ops.ResourceApplyMomentum(
            var=var.handle,
            accum=self.get_slot(var, "momentum").handle,
            lr=cast(self._learning_rate_tensor),
            grad=grad,
            momentum=cast(self._momentum_tensor),
            use_locking=self._use_locking,
            use_nesterov=self._use_nesterov,
        )

    def _step(self, grad, value, slots, cast):
        rate, momentum = cast(self._learning_rate_tensor), cast(self._momentum_tensor)
        gathered = slots[0] * momentum + grad
        if self._use_nesterov:
            return value - (grad * rate + gathered * momentum * rate), gathered
        return value - gathered * rate, gathered


@export("compat.v1.train.AdagradOptimizer")
class AdagradOptimizer(_Stepwise):
    """accumulator += gradient ** 2; var -= learning_rate * gradient / sqrt(accumulator)."""

    _slot_order = ("accumulator",)

    def __init__(self, learning_rate, initial_accumulator_value=0.1, use_locking=False, name="Adagrad"):
        if initial_accumulator_value <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate, self._initial = learning_rate, initial_accumulator_value

    def _create_slots(self, var_list):
        for v in var_list:
            self._filled_slot(v, self._initial, "accumulator", self._name)

    def _prepare(self):
        self._learning_rate_tensor = self._setting(self._learning_rate, "learning_rate")

    def _resource_apply_dense(self, grad, var):
        return raw_ops.ResourceApplyAdagrad(
            var=var.handle,
            accum=self.get_slot(var, "accumulator").handle,
            lr=self._cast(var)(self._learning_rate_tensor),
            grad=grad,
            use_locking=self._use_locking,
        )

    def _step(self, grad, value, slots, cast):
        gathered = slots[0] + grad * grad
        return value - cast(self._learning_rate_tensor) * grad * raw_ops.Rsqrt(x=gathered), gathered


@export("compat.v1.train.ProximalAdagradOptimizer")
class ProximalAdagradOptimizer(AdagradOptimizer):
    """Adagrad with L1 and L2 regularization in the step."""

    def __init__(
        self,
        learning_rate,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        use_locking=False,
        name="ProximalAdagrad",
    ):
        super().__init__(learning_rate, initial_accumulator_value, use_locking, name)
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength

    _resource_apply_dense = _Stepwise._resource_apply_dense

    def _step(self, grad, value, slots, cast):
        gathered = slots[0] + grad * grad
        rate = cast(self._learning_rate_tensor) * raw_ops.Rsqrt(x=gathered)
        return _proximal(value - grad * rate, rate, self._l1, self._l2), gathered


def _proximal(value, rate, l1, l2):
    if l1:
        value = raw_ops.Sign(x=value) * raw_ops.Maximum(x=raw_ops.Abs(x=value) - rate * l1, y=0.0)
    return value / (rate * l2 + 1.0)


@export("compat.v1.train.ProximalGradientDescentOptimizer")
class ProximalGradientDescentOptimizer(_Stepwise):
    """Gradient descent with L1 and L2 regularization in the step."""

    def __init__(
        self,
        learning_rate,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        use_locking=False,
        name="ProximalGradientDescent",
    ):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength

    def _prepare(self):
        self._learning_rate_tensor = self._setting(self._learning_rate, "learning_rate")

    def _step(self, grad, value, slots, cast):
        rate = cast(self._learning_rate_tensor)
        return (_proximal(value - grad * rate, rate, self._l1, self._l2),)


@export("compat.v1.train.AdadeltaOptimizer")
class AdadeltaOptimizer(_Stepwise):
    """Steps scaled by running means of squared gradients and squared steps."""

    _slot_order = ("accum", "accum_update")

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-8, use_locking=False, name="Adadelta"):
        super().__init__(use_locking, name)
        self._lr, self._rho, self._epsilon = learning_rate, rho, epsilon

    def _create_slots(self, var_list):
        for v in var_list:
            self._zeros_slot(v, "accum", self._name)
            self._zeros_slot(v, "accum_update", self._name)

    def _prepare(self):
        self._lr_t = self._setting(self._lr, "lr")
        self._rho_t = self._setting(self._rho, "rho")
        self._epsilon_t = self._setting(self._epsilon, "epsilon")

    def _resource_apply_dense(self, grad, var):
        cast = self._cast(var)
        return raw_ops.ResourceApplyAdadelta(
            var=var.handle,
            accum=self.get_slot(var, "accum").handle,
            accum_update=self.get_slot(var, "accum_update").handle,
            lr=cast(self._lr_t),
            rho=cast(self._rho_t),
            epsilon=cast(self._epsilon_t),
            grad=grad,
            use_locking=self._use_locking,
        )

    def _step(self, grad, value, slots, cast):
        rho, epsilon = cast(self._rho_t), cast(self._epsilon_t)
        gathered = slots[0] * rho + grad * grad * (1 - rho)
        update = raw_ops.Sqrt(x=slots[1] + epsilon) * raw_ops.Rsqrt(x=gathered + epsilon) * grad
        return value - update * cast(self._lr_t), gathered, slots[1] * rho + update * update * (1 - rho)


@export("compat.v1.train.RMSPropOptimizer")
class RMSPropOptimizer(_Stepwise):
    """Steps divided by the root of a running mean of squared gradients; `centered`: of their variance."""

    def __init__(
        self,
        learning_rate,
        decay=0.9,
        momentum=0.0,
        epsilon=1e-10,
        use_locking=False,
        centered=False,
        name="RMSProp",
    ):
        super().__init__(use_locking, name)
        self._learning_rate, self._decay, self._momentum = learning_rate, decay, momentum
        self._epsilon, self._centered = epsilon, centered
        self._slot_order = ("rms", "momentum", "mg") if centered else ("rms", "momentum")

    def _create_slots(self, var_list):
        for v in var_list:
            self._filled_slot(v, 1.0, "rms", self._name)
            if self._centered:
                self._zeros_slot(v, "mg", self._name)
            self._zeros_slot(v, "momentum", self._name)

    def _prepare(self):
        self._learning_rate_tensor = self._setting(self._learning_rate, "learning_rate")
        self._decay_tensor = self._setting(self._decay, "decay")
        self._momentum_tensor = self._setting(self._momentum, "momentum")
        self._epsilon_tensor = self._setting(self._epsilon, "epsilon")

    def _resource_apply_dense(self, grad, var):
        if self._centered:
            return super()._resource_apply_dense(grad, var)
        cast = self._cast(var)
        return raw_ops.ResourceApplyRMSProp(
            var=var.handle,
            ms=self.get_slot(var, "rms").handle,
            mom=self.get_slot(var, "momentum").handle,
            lr=cast(self._learning_rate_tensor),
            rho=cast(self._decay_tensor),
            momentum=cast(self._momentum_tensor),
            epsilon=cast(self._epsilon_tensor),
            grad=grad,
            use_locking=self._use_locking,
        )

    def _step(self, grad, value, slots, cast):
        rho = cast(self._decay_tensor)
        squares = slots[0] * rho + grad * grad * (1 - rho)
        scale = squares + cast(self._epsilon_tensor)
        means = []
        if self._centered:
            means = [slots[2] * rho + grad * (1 - rho)]
            scale = scale - means[0] * means[0]
        step = slots[1] * cast(self._momentum_tensor)
        step = step + cast(self._learning_rate_tensor) * grad * raw_ops.Rsqrt(x=scale)
        return (value - step, squares, step, *means)


@export("compat.v1.train.FtrlOptimizer")
class FtrlOptimizer(_Stepwise):
    """Follow the regularized leader."""

    _slot_order = ("accum", "linear")

    def __init__(
        self,
        learning_rate,
        learning_rate_power=-0.5,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        use_locking=False,
        name="Ftrl",
        accum_name=None,
        linear_name=None,
        l2_shrinkage_regularization_strength=0.0,
        beta=None,
    ):
        super().__init__(use_locking, name)
        for value, what in (
            (initial_accumulator_value, "initial_accumulator_value"),
            (l1_regularization_strength, "l1_regularization_strength"),
            (l2_regularization_strength, "l2_regularization_strength"),
            (l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength"),
        ):
            if value < 0.0:
                raise ValueError(f"{what} {value} needs to be positive or zero")
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power} needs to be negative or zero")
        self._learning_rate, self._power, self._initial = (
            learning_rate,
            learning_rate_power,
            initial_accumulator_value,
        )
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength
        self._shrinkage, self._beta = l2_shrinkage_regularization_strength, beta or 0.0
        self._accum_name, self._linear_name = accum_name, linear_name

    def _create_slots(self, var_list):
        for v in var_list:
            self._filled_slot(v, self._initial, "accum", self._accum_name or self._name)
            self._zeros_slot(v, "linear", self._linear_name or self._name)

    def _prepare(self):
        self._learning_rate_tensor = self._setting(self._learning_rate, "learning_rate")

    def _step(self, grad, value, slots, cast):
        rate, (accum, linear) = cast(self._learning_rate_tensor), slots
        gathered = accum + grad * grad
        root, old_root = gathered ** (-self._power), accum ** (-self._power)
        shrunk = grad + 2.0 * self._shrinkage * value if self._shrinkage else grad
        linear = linear + shrunk - (root - old_root) / rate * value
        quadratic = root / rate + 2.0 * self._l2 + self._beta / rate
        beyond = raw_ops.ClipByValue(t=linear, clip_value_min=-self._l1, clip_value_max=self._l1) - linear
        return beyond / quadratic, gathered, linear


@export("compat.v1.train.AdagradDAOptimizer")
class AdagradDAOptimizer(_Stepwise):
    """Adagrad by dual averaging; needs the global step."""

    _slot_order = ("gradient_accumulator", "gradient_squared_accumulator")

    def __init__(
        self,
        learning_rate,
        global_step,
        initial_gradient_squared_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        use_locking=False,
        name="AdagradDA",
    ):
        if initial_gradient_squared_accumulator_value <= 0.0:
            raise ValueError(
                "initial_gradient_squared_accumulator_value must be positive: "
                f"{initial_gradient_squared_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate, self._global_step = learning_rate, global_step
        self._initial = initial_gradient_squared_accumulator_value
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength

    def _create_slots(self, var_list):
        for v in var_list:
            self._zeros_slot(v, "gradient_accumulator", self._name)
            self._filled_slot(v, self._initial, "gradient_squared_accumulator", self._name)

    def _prepare(self):
        self._learning_rate_tensor = self._setting(self._learning_rate, "learning_rate")
        self._next_step = convert_to_tensor(self._global_step) + 1

    def _step(self, grad, value, slots, cast):
        rate, step = cast(self._learning_rate_tensor), cast(self._next_step)
        total, squares = slots[0] + grad, slots[1] + grad * grad
        far = total
        if self._l1:
            far = raw_ops.Sign(x=total) * raw_ops.Maximum(x=raw_ops.Abs(x=total) - step * self._l1, y=0.0)
        scale = step * self._l2 * rate + raw_ops.Sqrt(x=squares)
        return -rate * far / scale, total, squares


@export("compat.v1.train.AdamOptimizer")
class AdamOptimizer(Optimizer):
    """Steps along running means of gradients, divided by roots of running means of their squares."""

    def __init__(
        self,
        learning_rate=0.001,
        beta1=0.9,
        beta2=0.999,
        epsilon=1e-8,
        use_locking=False,
        name="Adam",
        use_own_namescope_for_non_slot_vars=False,
    ):
        super().__init__(use_locking, name)
        self._lr, self._beta1, self._beta2, self._epsilon = learning_rate, beta1, beta2, epsilon
        self._own_scope = use_own_namescope_for_non_slot_vars

    def _get_beta_accumulators(self):
        """The powers of beta1 and beta2, as variables."""
        return self._power("beta1_power"), self._power("beta2_power")

    def _power(self, name):
        g = context._floe.current_graph()
        while g is not None and g.building_function:
            g = g.outer_graph
        return self._get_non_slot_variable(self._full(name), g)

    def _full(self, name):
        return f"{self._name}/{name}" if self._own_scope else name

    def _create_slots(self, var_list):
        first = min(var_list, key=lambda v: v.name)
        self._create_non_slot_variable(self._call_if_callable(self._beta1), self._full("beta1_power"), first)
        self._create_non_slot_variable(self._call_if_callable(self._beta2), self._full("beta2_power"), first)
        for v in var_list:
            self._zeros_slot(v, "m", self._name)
            self._zeros_slot(v, "v", self._name)

    def _prepare(self):
        def tensor(value, name):
            return convert_to_tensor(self._call_if_callable(value), name=name)

        self._lr_t = tensor(self._lr, "learning_rate")
        self._beta1_t, self._beta2_t = tensor(self._beta1, "beta1"), tensor(self._beta2, "beta2")
        self._epsilon_t = tensor(self._epsilon, "epsilon")

    def _settings(self, var):
        powers = [p.value() for p in self._get_beta_accumulators()]
        tensors = [*powers, self._lr_t, self._beta1_t, self._beta2_t, self._epsilon_t]
        return [raw_ops.Cast(x=t, DstT=var.dtype) if t.dtype != var.dtype else t for t in tensors]

    def _resource_apply_dense(self, grad, var):
        power1, power2, rate, beta1, beta2, epsilon = self._settings(var)
        return raw_ops.ResourceApplyAdam(
            var=var.handle,
            m=self.get_slot(var, "m").handle,
            v=self.get_slot(var, "v").handle,
            beta1_power=power1,
            beta2_power=power2,
            lr=rate,
            beta1=beta1,
            beta2=beta2,
            epsilon=epsilon,
            grad=grad,
            use_locking=self._use_locking,
        )

    def _resource_apply_sparse(self, grad, var, indices):
        power1, power2, rate, beta1, beta2, epsilon = self._settings(var)
        rate = rate * raw_ops.Sqrt(x=1 - power2) / (1 - power1)
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        # All rows decay; those with a gradient get their share of it.
        new_m = _added(m.value() * beta1, indices, grad * (1 - beta1))
        new_v = _added(v.value() * beta2, indices, grad * grad * (1 - beta2))
        value = var.value() - rate * new_m / (raw_ops.Sqrt(x=new_v) + epsilon)
        pairs = ((m, new_m), (v, new_v), (var, value))
        return context.group(*[raw_ops.AssignVariableOp(resource=x.handle, value=y) for x, y in pairs])

    def _finish(self, update_ops, name_scope):
        with context.control_dependencies([u for u in update_ops if u is not None]):
            power1, power2 = self._get_beta_accumulators()
            powers = [
                raw_ops.AssignVariableOp(resource=p.handle, value=p.value() * raw_ops.Cast(x=b, DstT=p.dtype))
                for p, b in ((power1, self._beta1_t), (power2, self._beta2_t))
            ]
        return context.group(*update_ops, *powers, name=name_scope)


def _added(value, indices, rows):
    return raw_ops.TensorScatterAdd(
        tensor=value,
        indices=raw_ops.ExpandDims(input=indices, axis=convert_to_tensor(-1, dtypes.int32)),
        updates=rows,
    )
