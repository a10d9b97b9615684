"""tf.config.threading: how many threads run."""

from .. import _floe as _floe

_intra = 0
_inter = 0


def _checked(num_threads):
    n = int(num_threads)
    if n < 0:
        raise ValueError(f"The number of threads must be >= 0 (0 lets Floe choose), not {num_threads}.")
    return n


def get_intra_op_parallelism_threads():
    """Threads that one op may use; 0 means that Floe chooses."""
    return _intra


def set_intra_op_parallelism_threads(num_threads):
    """Sets the threads that one op may use; takes effect at the next call."""
    global _intra
    _intra = _checked(num_threads)
    _floe.set_num_threads(_intra)


def get_inter_op_parallelism_threads():
    """Ops that may run side by side; Floe runs one after the other and keeps the number only."""
    return _inter


def set_inter_op_parallelism_threads(num_threads):
    """Kept for programs that set it: Floe runs the steps of a plan one after the other."""
    global _inter
    _inter = _checked(num_threads)
