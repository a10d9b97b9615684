#!/usr/bin/env python3
"""Train the digits classifier of the demo, freeze it and write it with its held-out pictures to assets/.

usage: make_digits.py [OUTDIR]

Needs tensorflow-cpu and scikit-learn. One thread and fixed seeds: the same machine writes the same bytes.
"""

import os
import pathlib
import sys

os.environ.update(
    TF_CPP_MIN_LOG_LEVEL="3",
    CUDA_VISIBLE_DEVICES="",
    TF_NUM_INTRAOP_THREADS="1",
    TF_NUM_INTEROP_THREADS="1",
    KERAS_BACKEND="tensorflow",
)

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEED = 2021
HELD_OUT = 360
LEAST_ACCURACY = 0.97


def load_pictures():
    data = load_digits()
    pictures = np.round(data.images * (255 / 16)).astype(np.float32)[..., None]
    return train_test_split(
        pictures, data.target.astype(np.int64), test_size=HELD_OUT, random_state=SEED, stratify=data.target
    )


def build_model():
    x = picture = keras.Input((8, 8, 1), name="picture")
    x = layers.Rescaling(1 / 255, name="scale")(x)
    for block, filters in enumerate((32, 32, 64), start=1):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{block}")(x)
        x = layers.BatchNormalization(name=f"bn{block}")(x)
        x = layers.ReLU(name=f"relu{block}")(x)
        if block > 1:
            x = layers.MaxPooling2D(name=f"pool{block}")(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(128, activation="relu", name="hidden")(x)
    x = layers.Dropout(0.4, seed=SEED, name="dropout")(x)
    return keras.Model(picture, layers.Dense(10, activation="softmax", name="digit")(x), name="digits")


def train(model, pictures, labels):
    """Shifted copies of the pictures keep 1,437 of them from being learnt by heart."""
    rng = np.random.default_rng(SEED)
    epochs, batch = 60, 64
    steps = epochs * (len(pictures) // batch)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    for _ in range(epochs):
        order = rng.permutation(len(pictures))[: steps // epochs * batch]
        shifts = rng.integers(-1, 2, (len(order), 2))
        moved = np.stack(
            [
                np.roll(np.pad(pictures[i], ((1, 1), (1, 1), (0, 0))), s, (0, 1))[1:-1, 1:-1]
                for i, s in zip(order, shifts)
            ]
        )
        model.fit(moved, labels[order], batch_size=batch, epochs=1, shuffle=False, verbose=0)


def freeze(model):
    spec = tf.TensorSpec([None, 8, 8, 1], tf.float32, name="x")
    call = tf.function(lambda x: model(x, training=False), input_signature=[spec], autograph=False)
    return convert_variables_to_constants_v2(call.get_concrete_function()).graph.as_graph_def()


def run_frozen(graph_def, pictures):
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(graph_def, name="")
        with tf.compat.v1.Session(graph=graph) as session:
            return session.run("Identity:0", {"x:0": pictures})


def write_png(path, picture):
    path.write_bytes(tf.io.encode_png(picture.astype(np.uint8)).numpy())


def main():
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "assets"
    (out / "digits").mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()

    train_x, test_x, train_y, test_y = load_pictures()
    model = build_model()
    train(model, train_x, train_y)
    graph_def = freeze(model)
    probabilities = run_frozen(graph_def, test_x)
    accuracy = (probabilities.argmax(1) == test_y).mean()
    print(f"{model.count_params()} parameters, held-out accuracy {accuracy:.4f}")
    if accuracy < LEAST_ACCURACY:
        sys.exit(f"accuracy below {LEAST_ACCURACY}: nothing written")

    (out / "digits.pb").write_bytes(graph_def.SerializeToString(deterministic=True))
    np.save(out / "digits_images.npy", test_x)
    np.save(out / "digits_labels.npy", test_y)
    np.save(out / "digits_expected.npy", probabilities)
    for digit in range(10):
        index = int(np.flatnonzero(test_y == digit)[0])
        write_png(out / "digits" / f"{digit}_{index:03d}.png", test_x[index])


if __name__ == "__main__":
    main()
