"""Optimizers, learning rates and averages of compat.v1.train, in sessions."""

import numpy as np

TOLERANCE = (2e-5, 1e-5)

OPTIMIZERS = {
    "descent": lambda t: t.GradientDescentOptimizer(0.1),
    "momentum": lambda t: t.MomentumOptimizer(0.1, 0.9),
    "nesterov": lambda t: t.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adam": lambda t: t.AdamOptimizer(0.1, beta1=0.8),
    "rmsprop": lambda t: t.RMSPropOptimizer(0.1, momentum=0.5),
    "centered": lambda t: t.RMSPropOptimizer(0.1, centered=True, momentum=0.3),
    "adagrad": lambda t: t.AdagradOptimizer(0.1),
    "adadelta": lambda t: t.AdadeltaOptimizer(0.1),
    "ftrl": lambda t: t.FtrlOptimizer(
        0.1, l1_regularization_strength=0.1, l2_shrinkage_regularization_strength=0.2
    ),
    "ftrl_l2": lambda t: t.FtrlOptimizer(0.1, learning_rate_power=-0.3, l2_regularization_strength=0.2),
    "proximal": lambda t: t.ProximalGradientDescentOptimizer(
        0.1, l1_regularization_strength=0.1, l2_regularization_strength=0.01
    ),
    "proximal_adagrad": lambda t: t.ProximalAdagradOptimizer(
        0.1, l1_regularization_strength=0.1, l2_regularization_strength=0.01
    ),
    "dual_averaging": lambda t: t.AdagradDAOptimizer(0.1, t.get_or_create_global_step()),
}


def trained(make, sparse, dtype):
    """What three steps make of two variables and the optimizer's own."""

    def run(tf):
        v1 = tf.compat.v1
        with tf.Graph().as_default(), v1.Session() as sess:
            v = tf.Variable(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype), name="v")
            w = tf.Variable(np.array([0.05, -0.1], dtype), name="w")
            x = tf.gather(v, [0, 2, 0]) if sparse else v * 2.0
            optimizer = make(v1.train)
            step = v1.train.get_or_create_global_step()
            train = optimizer.minimize(tf.reduce_sum(tf.square(x) * w), global_step=step)
            sess.run(v1.global_variables_initializer())
            for _ in range(3):
                sess.run(train)
            slots = optimizer.get_slot_names()
            names = [x.name for x in optimizer.variables()] + slots + [train.name]
            return names, sess.run([v, w, step, *[optimizer.get_slot(v, s) for s in slots]])

    return run


def rates(tf):
    v1 = tf.compat.v1
    t = v1.train
    with tf.Graph().as_default(), v1.Session() as sess:
        step = t.create_global_step()
        found = [
            t.exponential_decay(0.1, step, 10, 0.5),
            t.exponential_decay(0.1, step, 10, 0.5, staircase=True),
            t.natural_exp_decay(0.1, step, 10, 0.5),
            t.inverse_time_decay(0.1, step, 10, 0.5),
            t.polynomial_decay(0.1, step, 10, 0.01, power=2.0),
            t.polynomial_decay(0.1, step, 10, 0.01, cycle=True),
            t.piecewise_constant(step, [5, 10], [1.0, 0.5, 0.1]),
            t.cosine_decay(0.1, step, 10, alpha=0.1),
            t.cosine_decay_restarts(0.1, step, 5),
            t.cosine_decay_restarts(0.1, step, 5, t_mul=1.0, m_mul=0.5),
            t.linear_cosine_decay(0.1, step, 10),
        ]
        sess.run(v1.global_variables_initializer())
        values = []
        for n in (0, 3, 5, 7, 12, 25):
            step.load(n, sess)
            values.append(np.array(sess.run(found)))
        return values


def averages(tf):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as sess:
        v = tf.Variable([1.0, 2.0], name="v")
        n = tf.Variable(2, trainable=False, name="n")
        plain, early = (tf.train.ExponentialMovingAverage(0.9, num_updates=k) for k in (None, n))
        update = tf.group(plain.apply([v]), early.apply())
        sess.run(v1.global_variables_initializer())
        sess.run(v.assign([3.0, -4.0]))
        sess.run(update)
        names = [plain.average(v).name, early.average_name(v), sorted(plain.variables_to_restore())]
        return names, sess.run([plain.average(v), early.average(v)])


def constrained(tf):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as sess:
        v = tf.Variable([5.0, -3.0], constraint=lambda x: tf.clip_by_value(x, 0.0, 1.0))
        train = v1.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_sum(v * v))
        sess.run(v1.global_variables_initializer())
        sess.run(train)
        return sess.run(v)


def error(call):
    def run(tf):
        with tf.Graph().as_default():
            v = tf.Variable([1.0])
            return call(tf.compat.v1.train, v, tf)

    return run


CASES = {
    **{
        f"{name}_{'sparse' if sparse else 'dense'}": trained(make, sparse, np.float32)
        for name, make in OPTIMIZERS.items()
        for sparse in (False, True)
    },
    "adam_double": trained(OPTIMIZERS["adam"], False, np.float64),
    "rates": rates,
    "averages": averages,
    "constrained": constrained,
    "error_no_variables": error(lambda t, v, tf: t.AdamOptimizer().minimize(tf.constant(1.0), var_list=[])),
    "error_no_gradients": error(lambda t, v, tf: t.AdamOptimizer().minimize(tf.constant(1.0), var_list=[v])),
    "error_nothing": error(lambda t, v, tf: t.AdamOptimizer().apply_gradients([])),
    "error_none": error(lambda t, v, tf: t.AdamOptimizer().apply_gradients([(None, v)])),
    "error_dtype": error(lambda t, v, tf: t.AdamOptimizer().compute_gradients(tf.constant(1))),
    "error_name": error(lambda t, v, tf: t.Optimizer(False, "")),
    "error_step_twice": error(lambda t, v, tf: [t.create_global_step() for _ in range(2)]),
    "error_boundaries": error(lambda t, v, tf: t.piecewise_constant(v, [1.0, 2.0], [1.0, 2.0])),
}
