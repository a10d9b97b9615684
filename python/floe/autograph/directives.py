"""Functions that say something about the loop they stand in."""

from ..export import export

UNSPECIFIED = object()


@export("autograph.experimental.set_loop_options")
def set_loop_options(
    parallel_iterations=UNSPECIFIED,
    swap_memory=UNSPECIFIED,
    maximum_iterations=UNSPECIFIED,
    shape_invariants=UNSPECIFIED,
):
    """Options of the loop whose first statement this is, where that becomes a tf.while_loop.

    `shape_invariants`: a list of (variable, shape), shapes that hold in every turn.
    """
