"""tensorflow.python.framework.config: what it adds to tf.config."""


def is_op_determinism_enabled():
    """False: Floe's operations compute the same numbers each time without being asked to."""
    return False
