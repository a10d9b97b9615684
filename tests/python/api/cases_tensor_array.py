"""Cases of tf.TensorArray."""

import numpy as np

X = np.arange(12, dtype=np.float32).reshape(3, 2, 2)


def _new(tf, size=3, **kwargs):
    return tf.TensorArray(tf.float32, size, **kwargs)


def _written(tf, **kwargs):
    return _new(tf, **kwargs).write(0, [1.0, 2.0]).write(1, [3.0, 4.0]).write(2, [5.0, 6.0])


def _loop(tf):
    def body(i, a):
        return i + 1, a.write(i, tf.cast(i, tf.float32) * 2.0)

    return tf.while_loop(lambda i, a: i < 5, body, (0, _new(tf, 0, dynamic_size=True)))[1].stack()


def _function(tf):
    @tf.function
    def f(n):
        a = tf.TensorArray(tf.float32, size=n)
        for i in tf.range(n):
            if i > 1:
                a = a.write(i, 3.0)
            else:
                a = a.write(i, 1.0)
        return a.stack(), a.size()

    return f(tf.constant(4))


def _argument(tf):
    x = tf.constant([7.0, 8.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.function(lambda a: a.stack())(_written(tf).write(1, x))
    return y, tape.gradient(y, x)


def _gradient(tf, use):
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = use(x)
    return y, tape.gradient(y, x)


def _captured(tf):
    a = _written(tf)
    return tf.function(lambda p: tf.cond(p, lambda: a.write(0, [9.0, 9.0]), lambda: a).stack())(
        tf.constant(True)
    )


def _cond(tf):
    @tf.function
    def f(p):
        a = _written(tf)
        return tf.cond(p, lambda: a.write(0, [9.0, 9.0]), lambda: a).stack()

    return f(tf.constant(True)), f(tf.constant(False))


CASES = {
    "stack": lambda tf: [_written(tf).stack(), _written(tf).concat(), _written(tf).size()],
    "read": lambda tf: [_written(tf).read(1), _written(tf, clear_after_read=False).read(0)],
    "gather": lambda tf: _written(tf).gather([2, 0]),
    "unstack": lambda tf: [_new(tf).unstack(X).read(1), _new(tf).unstack(X).concat()],
    "scatter": lambda tf: [
        _new(tf).scatter([2, 0, 1], X).stack(),
        _new(tf, 0, dynamic_size=True).scatter([3, 1, 0], X).stack(),
    ],
    "split": lambda tf: [
        _new(tf, 2, infer_shape=False).split([1.0, 2.0, 3.0], [1, 2]).read(1),
        _new(tf, 2, infer_shape=False).split([1.0, 2.0, 3.0], [1, 2]).concat(),
    ],
    "dynamic": lambda tf: [
        _new(tf, 0, dynamic_size=True).write(3, 1.0).stack(),
        _new(tf, 0, dynamic_size=True).write(3, 1.0).size(),
    ],
    "unwritten": lambda tf: [_new(tf, element_shape=[2]).read(2), _new(tf).write(0, [1.0]).stack()],
    "strings": lambda tf: tf.TensorArray(tf.string, 2, element_shape=[]).write(1, "a").stack(),
    "shapes": lambda tf: [
        str(_new(tf).element_shape),
        str(_written(tf).element_shape),
        str(_new(tf, element_shape=[None, 2]).element_shape),
        repr(tf.TensorArraySpec([2], tf.float32)),
    ],
    "loop": _loop,
    "function": _function,
    "argument": _argument,
    "cond": _cond,
    "error_captured": lambda tf: _captured(tf),
    "gradient_stack": lambda tf: _gradient(
        tf, lambda x: _new(tf).unstack(x).stack() * [[[1.0]], [[2.0]], [[3.0]]]
    ),
    "gradient_read": lambda tf: _gradient(tf, lambda x: _new(tf).unstack(x).read(1) ** 2),
    "gradient_scatter": lambda tf: _gradient(tf, lambda x: _new(tf).scatter([1, 2, 0], x).gather([0, 2])),
    "error_write": lambda tf: _new(tf).write(5, 1.0),
    "error_negative": lambda tf: _new(tf).write(-1, 1.0),
    "error_type": lambda tf: _new(tf).write(0, tf.constant(1)),
    "error_shape": lambda tf: _new(tf, element_shape=[2]).write(0, [1.0]),
    "error_other_shape": lambda tf: _new(tf).write(0, 1.0).write(1, [1.0]),
    "error_read": lambda tf: _new(tf).read(5),
    "error_read_negative": lambda tf: _new(tf).read(-1),
    "error_unknown": lambda tf: _new(tf).read(0),
    "error_twice": lambda tf: (lambda a: [a.read(0), a.read(0)])(_written(tf)),
    "error_unstack": lambda tf: _new(tf, 2).unstack(X),
    "error_split": lambda tf: _new(tf, 2).split([1.0, 2.0], [1, 2]),
    "error_size": lambda tf: tf.TensorArray(tf.float32),
    "error_graph_shape": lambda tf: tf.function(lambda: _new(tf).write(0, 1.0).write(1, [1.0]).stack())(),
}
