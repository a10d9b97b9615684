"""Note 3: a function as a static graph; branches that return must agree in type."""

import tensorflow as tf


@tf.function
def half_or_same(x):
    if tf.reduce_sum(x) > 0:
        return x / 2.0
    else:
        return x


print(
    "same type:",
    half_or_same(tf.constant([2.0, 4.0])).numpy(),
    half_or_same(tf.constant([-2.0, -4.0])).numpy(),
)


@tf.function
def float_or_int(x):
    if tf.reduce_sum(x) > 0:
        return x
    else:
        return tf.cast(x, tf.int32)


try:
    float_or_int(tf.constant([1.0]))
except TypeError as e:
    text = str(e)
    print("types differ: TypeError", "float32" in text and "int32" in text, "static_function.py" in text)
print("goes on:", (tf.constant(1) + 1).numpy())
