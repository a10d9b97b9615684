"""TensorFlow, and Floe under the name of tensorflow: usage ops_tf.py [tensorflow|floe]"""

import importlib
import sys
import time

import numpy as np
from timer import best, chain, report

tf = importlib.import_module(sys.argv[1] if len(sys.argv) > 1 else "tensorflow")
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
a, b, m, v = tf.constant(1.5), tf.constant(2.5), tf.random.uniform((4, 4)), tf.random.normal((10,))
scalar = np.array(1.5, "f4")


def thousand_adds():
    x = a
    for _ in range(1000):
        x = x + b
    return x.numpy()


r = {
    "add scalar": best(lambda: a + b),
    "add in a chain of 1,000, then one read": round(best(thousand_adds, 20) / 1000, 4),
    "add scalar and its numpy()": best(lambda: (a + b).numpy()),
    "matmul 4x4": best(lambda: tf.matmul(m, m)),
    "relu 10": best(lambda: tf.nn.relu(v)),
    "raw_ops add scalar": best(lambda: tf.raw_ops.AddV2(x=a, y=b)),
    "constant from numpy scalar": best(lambda: tf.constant(scalar)),
    "to numpy scalar": best(lambda: a.numpy()),
}

empty, same, plus = tf.function(lambda: None), tf.function(lambda x: x), tf.function(lambda x: x + 1.0)
concrete = plus.get_concrete_function(tf.TensorSpec([], tf.float32))


@tf.function
def hundred(x):
    for _ in range(100):
        x = x + 1.0
    return x


r["tf.function no argument, empty"] = best(empty)
r["tf.function identity"] = best(lambda: same(a))
r["tf.function x+1"] = best(lambda: plus(a))
r["concrete function x+1"] = best(lambda: concrete(a))
r["tf.function 100 adds"] = best(lambda: hundred(a), 300)
r["10-op chain eager"] = best(lambda: chain(a), 300)

variable = tf.Variable(1.5)


def taped():
    with tf.GradientTape() as t:
        y = chain(variable)
    return t.gradient(y, variable)


r["GradientTape over 10-op chain"] = best(taped, 200)
r["GradientTape inside tf.function"] = best(tf.function(taped), 500)
py = tf.function(lambda x: tf.py_function(lambda z: z, [x], tf.float32))
r["tf.function with py_function"] = best(lambda: py(a), 300)
npf = tf.function(lambda x: tf.numpy_function(lambda z: z, [x], tf.float32))
r["tf.function with numpy_function"] = best(lambda: npf(a), 300)
r["variable assign"] = best(lambda: variable.assign(1.0), 500)
r["variable read"] = best(lambda: variable.read_value(), 500)
loop = tf.function(lambda x: tf.while_loop(lambda i, x: i < 100, lambda i, x: (i + 1, x * 1.01), (0, x))[1])
r["while_loop 100 iterations"] = best(lambda: loop(a), 100)
cond = tf.function(lambda x: tf.cond(x > 0, lambda: x + 1.0, lambda: x - 1.0))
r["cond"] = best(lambda: cond(a), 500)

with tf.Graph().as_default():
    p = tf.compat.v1.placeholder(tf.float32, [])
    q = p + 1.0
    session = tf.compat.v1.Session()
    r["Session.run x+1"] = best(lambda: session.run(q, {p: 1.0}), 500)
    call = session.make_callable(q, [p])
    r["Session callable x+1"] = best(lambda: call(scalar), 500)

start = time.perf_counter()
tf.function(lambda x: chain(x))(a)
r["trace+first call of 10-op function"] = round((time.perf_counter() - start) * 1e6, 1)
report(r)
