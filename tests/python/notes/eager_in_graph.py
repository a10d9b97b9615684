"""Note 4: eager code in the middle of a graph."""

import numpy as np
import tensorflow as tf

tf.compat.v1.disable_v2_behavior()


def my_py_func(X, Y):
    print("inside:", type(X).__name__, isinstance(X.numpy(), np.ndarray))
    return X.numpy() * 2.0 + Y


X = tf.compat.v1.placeholder(tf.float32, [2])
Y = tf.constant([10.0, 20.0])
z = tf.py_function(my_py_func, [X, Y], tf.float32)
out = z + 1.0
with tf.compat.v1.Session() as session:
    print("run:", session.run(out, {X: [1.0, 2.0]}))
