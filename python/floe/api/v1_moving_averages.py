"""tf.train.ExponentialMovingAverage."""

from .. import _floe, dtypes, graph, raw_ops
from ..export import export
from ..tensor import convert_to_tensor
from . import context
from .context import GraphKeys
from .v1_optimizer import make_slot
from .variable import Variable


@export("train.ExponentialMovingAverage")
class ExponentialMovingAverage:
    """Keeps averages of variables: average -= (1 - decay) * (average - variable) at each apply()."""

    def __init__(self, decay, num_updates=None, zero_debias=False, name="ExponentialMovingAverage"):
        if zero_debias:
            raise NotImplementedError(
                "zero_debias corrects averages of tensors that start at zero; Floe averages variables, which start at "
                "their initial values."
            )
        self._decay, self._num_updates, self._name = decay, num_updates, name
        self._averages = {}

    @property
    def name(self):
        return self._name

    def apply(self, var_list=None):
        """Updates the averages of the variables (all trainable ones of the graph if none are given)."""
        if var_list is None:
            var_list = graph.get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES)
        for v in var_list:
            if not isinstance(v, Variable):
                raise NotImplementedError(f"Averages are kept of variables, not of the tensor {v}.")
            if not v.dtype.is_floating:
                raise TypeError(f"The variables must be half, float, or double: {v.name}")
            if v.ref() not in self._averages:
                self._averages[v.ref()] = make_slot(v, self._initial(v), self._name)
                graph.get_default_graph().add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, v)
        with context.name_scope(self._name):
            keep = convert_to_tensor(self._decay, dtypes.float32, name="decay")
            if self._num_updates is not None:
                n = raw_ops.Cast(x=convert_to_tensor(self._num_updates), DstT=dtypes.float32)
                keep = raw_ops.Minimum(x=keep, y=(1.0 + n) / (10.0 + n))
            updates = [self._update(v, 1.0 - keep) for v in var_list]
        return context.group(*updates, name=self._name)

    @staticmethod
    def _initial(v):
        return v.read_value() if not _floe.recording() else v.initialized_value()

    def _update(self, v, change):
        average = self._averages[v.ref()]
        step = (average.value() - v.value()) * raw_ops.Cast(x=change, DstT=v.dtype)
        return raw_ops.AssignSubVariableOp(resource=average.handle, value=step)

    def average(self, var):
        """The variable with the average of `var`, or None."""
        return self._averages.get(var.ref())

    def average_name(self, var):
        """The name that a checkpoint has the average under."""
        average = self.average(var)
        return average._name if average is not None else f"{var._name}/{self._name}"

    def variables_to_restore(self, moving_avg_variables=None):
        """Names and variables: the averaged ones get their averages, the others their values."""
        g = graph.get_default_graph()
        if moving_avg_variables is None:
            moving_avg_variables = g.get_collection(GraphKeys.TRAINABLE_VARIABLES)
            moving_avg_variables += g.get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES)
        averaged = {v.ref(): v for v in moving_avg_variables}
        names = {self.average_name(v): v for v in averaged.values()}
        own = {v.ref() for v in self._averages.values()}
        for v in g.get_collection(GraphKeys.GLOBAL_VARIABLES):
            if v.ref() not in averaged and v.ref() not in own:
                names[v._name] = v
        return names
