"""The same in TensorFlow 2's way: a GraphDef, wrap_function and prune. Only the import is Floe's."""

import sys

import numpy as np

import floe as tf

folder = sys.argv[1] if len(sys.argv) > 1 else "assets"
with tf.io.gfile.GFile(f"{folder}/digits.pb", "rb") as file:
    graph_def = tf.compat.v1.GraphDef()
    graph_def.ParseFromString(file.read())

wrapped = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph_def, name=""), [])
for op in wrapped.graph.get_operations():
    if op.type in ("Placeholder", "Conv2D", "MatMul", "Softmax"):
        print(f"{op.type:12} {op.name:45} {op.outputs[0].shape}")

classify = wrapped.prune(["x:0"], ["Identity:0", "digits_1/hidden_1/Relu:0"])
probabilities, hidden = classify(np.load(f"{folder}/digits_images.npy")[:1])
print(
    f"digit {probabilities.numpy().argmax()}, {np.count_nonzero(hidden.numpy())} of {hidden.shape[1]} hidden units fire"
)
