"""Note 1: a whole program switches between eager and graph mode."""

import tensorflow as tf

print("eager first:", tf.executing_eagerly(), (tf.constant(2) * 3).numpy())

tf.compat.v1.disable_v2_behavior()
print("graph:", tf.executing_eagerly())
x = tf.compat.v1.placeholder(tf.float32, [None], name="x")
w = tf.compat.v1.get_variable("w", initializer=[2.0, 3.0])
y = tf.reduce_sum(w * x)
step = w.assign_add([1.0, 1.0])
with tf.compat.v1.Session() as session:
    session.run(tf.compat.v1.global_variables_initializer())
    print("run:", session.run(y, feed_dict={x: [1.0, 10.0]}))
    session.run(step)
    print("run again:", session.run([y, "w:0"], feed_dict={"x:0": [1.0, 10.0]}))

tf.compat.v1.enable_v2_behavior()
print("eager again:", tf.executing_eagerly(), (tf.constant(2) + 3).numpy())
