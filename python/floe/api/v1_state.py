"""tf.compat.v1: changes of rows of variables, checks of a whole graph."""

from .. import graph, raw_ops
from ..export import export
from . import context
from .indexed_slices import IndexedSlices
from .variable import Variable


def _checked(ref, what):
    if not isinstance(ref, Variable):
        raise TypeError(f"{what} changes a variable, not {ref!r}.")
    return ref


def _scatter(kind):
    def call(ref, indices, updates, use_locking=False, name=None):
        method = getattr(_checked(ref, f"scatter_{kind}"), f"scatter_{kind}")
        return method(IndexedSlices(updates, indices), use_locking=use_locking, name=name)

    call.__name__ = f"scatter_{kind}"
    call.__doc__ = f"scatter_{kind} of rows of a variable; the variable's value afterwards, in a graph."
    return call


def _scatter_nd(kind):
    def call(ref, indices, updates, use_locking=False, name=None):
        return getattr(_checked(ref, f"scatter_nd_{kind}"), f"scatter_nd_{kind}")(indices, updates, name)

    call.__name__ = f"scatter_nd_{kind}"
    call.__doc__ = f"scatter_nd_{kind} of slices of a variable; the variable's value afterwards, in a graph."
    return call


scatter_add = export("compat.v1.scatter_add")(_scatter("add"))
scatter_sub = export("compat.v1.scatter_sub")(_scatter("sub"))
scatter_mul = export("compat.v1.scatter_mul")(_scatter("mul"))
scatter_div = export("compat.v1.scatter_div")(_scatter("div"))
scatter_min = export("compat.v1.scatter_min")(_scatter("min"))
scatter_max = export("compat.v1.scatter_max")(_scatter("max"))
scatter_update = export("compat.v1.scatter_update")(_scatter("update"))
scatter_nd_add = export("compat.v1.scatter_nd_add")(_scatter_nd("add"))
scatter_nd_sub = export("compat.v1.scatter_nd_sub")(_scatter_nd("sub"))
scatter_nd_update = export("compat.v1.scatter_nd_update")(_scatter_nd("update"))


@export("compat.v1.add_check_numerics_ops")
def add_check_numerics_ops():
    """An operation that fails when a floating point tensor of the graph has a NaN or an infinity."""
    if context.executing_eagerly():
        raise RuntimeError(
            "add_check_numerics_ops() is not compatible with eager execution. To check for Inf's and NaN's under eager "
            "execution, call tf.debugging.enable_check_numerics() once before executing the checked operations."
        )
    checks = []
    for op in graph.get_default_graph().get_operations():
        for t in op.outputs:
            if t.dtype.is_floating:
                with context.control_dependencies(checks[-1:]):
                    checks.append(raw_ops.CheckNumerics(tensor=t, message=f"{op.name}:{t.value_index}").op)
    return context.group(*checks)
