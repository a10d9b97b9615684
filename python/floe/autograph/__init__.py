"""tf.autograph: Python control flow over tensors."""


def traceable(function):
    """The function as it is called while a graph is recorded."""
    return function
