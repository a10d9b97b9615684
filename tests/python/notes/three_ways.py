"""Note 5: the same training in graph mode, partly eager and fully eager gives the same numbers."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
images = rng.rand(64, 8, 8, 3).astype(np.float32)
labels = (images.mean((1, 2, 3)) * 1000).astype(np.int32) % 8
start = [0.3 * rng.randn(3, 3, 3, 8).astype(np.float32), 0.1 * rng.randn(128, 8).astype(np.float32)]


def loss_of(w, x, y):
    h = tf.nn.relu(tf.nn.conv2d(x, w[0], 1, "SAME"))
    h = tf.nn.max_pool2d(h, 2, 2, "VALID")
    logits = tf.matmul(tf.reshape(h, [-1, 128]), w[1])
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))


def train(partly):
    w = [tf.Variable(v) for v in start]

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_of(w, x, y)
        for v, g in zip(w, tape.gradient(loss, w)):
            v.assign_sub(0.5 * g)
        return loss

    step = tf.function(step) if partly else step
    losses = []
    for _ in range(3):
        for i in range(0, 64, 20):
            losses.append(float(step(images[i : i + 20], labels[i : i + 20])))
    return losses


def train_graph():
    with tf.Graph().as_default():
        x = tf.compat.v1.placeholder(tf.float32, [None, 8, 8, 3])
        y = tf.compat.v1.placeholder(tf.int32, [None])
        w = [tf.compat.v1.Variable(v) for v in start]
        loss = loss_of(w, x, y)
        step = tf.compat.v1.train.GradientDescentOptimizer(0.5).minimize(loss)
        losses = []
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            for _ in range(3):
                for i in range(0, 64, 20):
                    feed = {x: images[i : i + 20], y: labels[i : i + 20]}
                    losses.append(float(session.run([loss, step], feed)[0]))
    return losses


eager, partly, graph = train(False), train(True), train_graph()
print("learns:", eager[-1] < eager[0])
print("the same:", np.allclose(eager, partly, atol=1e-4), np.allclose(eager, graph, atol=1e-4))
