"""Keras' recurrent layers, frozen with their loops in TF1 form (the default of freezing) and in TF2 form."""

import keras
import numpy as np
from keras import layers

from .common import keras_model, normal


def functional(shape, *stack, dtype="float32"):
    x = inputs = keras.Input(shape, dtype=dtype)
    for layer in stack:
        x = layer(x)
    return keras.Model(inputs, x)


@keras_model("v1", "fn")
def lstm():
    return functional((7, 4), layers.LSTM(6), layers.Dense(3, "softmax")), normal("x", 2, 7, 4), "Keras LSTM"


@keras_model("v1", "fn")
def gru():
    return functional((7, 4), layers.GRU(6), layers.Dense(3, "softmax")), normal("x", 2, 7, 4), "Keras GRU"


@keras_model("v1")
def gru_reset_before():
    return (
        functional((5, 4), layers.GRU(6, reset_after=False, return_sequences=True, go_backwards=True)),
        normal("x", 2, 5, 4),
        "GRU with reset before the product, backwards, whole sequence",
    )


@keras_model("fn")
def simple_rnn():
    return (
        functional(
            (5, 4), layers.SimpleRNN(6, return_sequences=True), layers.TimeDistributed(layers.Dense(2))
        ),
        normal("x", 2, 5, 4),
        "SimpleRNN and TimeDistributed",
    )


@keras_model("v1", "fn")
def bilstm():
    return (
        functional((6, 4), layers.Bidirectional(layers.LSTM(5, return_sequences=True), merge_mode="sum")),
        normal("x", 2, 6, 4),
        "bidirectional LSTM",
    )


@keras_model("v1", "fn")
def masked_rnn():
    model = functional(
        (None,),
        layers.Embedding(20, 4, mask_zero=True),
        layers.LSTM(5, return_sequences=True),
        layers.GRU(4, zero_output_for_mask=True),
        dtype="int32",
    )
    ids = np.int32([[3, 4, 5, 0, 0], [7, 1, 2, 9, 19]])
    return model, ids, "embedding with mask, stacked LSTM and GRU that skip masked steps"


@keras_model("v1")
def lstm_states():
    inputs = keras.Input((None, 4))
    y, h, c = layers.LSTM(5, return_sequences=True, return_state=True)(inputs)
    z = layers.LSTM(5)(y, initial_state=[h, c])
    return (
        keras.Model(inputs, [z, h, c]),
        normal("x", 3, 4, 4),
        "states handed from one LSTM to the next, three outputs",
    )


@keras_model("fn")
def conv_lstm():
    return (
        functional((3, 6, 6, 2), layers.ConvLSTM2D(3, 3, padding="same")),
        normal("x", 1, 3, 6, 6, 2),
        "ConvLSTM2D",
    )


@keras_model()
def lstm_unrolled():
    return (
        functional((4, 3), layers.LSTM(4, unroll=True), layers.Dense(2)),
        normal("x", 2, 4, 3),
        "unrolled LSTM: no loop",
    )


@keras_model("fn")
def stacked_cells():
    cells = layers.StackedRNNCells([layers.LSTMCell(4), layers.GRUCell(3)])
    return (functional((5, 4), layers.RNN(cells)), normal("x", 2, 5, 4), "RNN over stacked cells")


@keras_model("v1")
def seq2seq():
    source, target = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    embed = layers.Embedding(15, 4)
    _, h, c = layers.LSTM(6, return_state=True)(embed(source))
    y = layers.LSTM(6, return_sequences=True)(embed(target), initial_state=[h, c])
    model = keras.Model([source, target], layers.Dense(15, "softmax")(y))
    return (
        lambda a, b: model([a, b]),
        [np.int32([[1, 2, 3, 4]]), np.int32([[5, 6, 7]])],
        "encoder and decoder",
    )
