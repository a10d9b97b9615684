"""tf.print."""

import sys

from .. import nest, raw_ops
from ..export import export
from ..tensor import Tensor, convert_to_tensor
from .support import is_typed

_LEVELS = {"info": "log(info)", "warning": "log(warning)", "warn": "log(warning)", "error": "log(error)"}


def _stream(output_stream):
    if output_stream is None or output_stream is sys.stderr or output_stream is sys.__stderr__:
        return "stderr"
    if output_stream is sys.stdout or output_stream is sys.__stdout__:
        return "stdout"
    if isinstance(output_stream, str) and output_stream.startswith("file://"):
        return output_stream
    level = _LEVELS.get(getattr(output_stream, "__name__", None))
    if level is None:
        raise ValueError(
            f"Unsupported output stream, logging level, or file.{output_stream}. Supported streams are sys.stdout, "
            "sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error. File needs to be in the form of "
            "'file://<filepath>'."
        )
    return level


class _Shown:
    """Something of a structure whose repr is what is to be printed."""

    def __init__(self, text):
        self._text = text

    def __repr__(self):
        return self._text


def _parts(leaf):
    """A leaf's text, with a None in the place of each of its tensors, which follow."""
    if hasattr(leaf, "dense_shape") and hasattr(leaf, "indices") and hasattr(leaf, "values"):
        shown = ["SparseTensor(indices=", None, ", values=", None, ", shape=", None, ")"]
        return shown, [leaf.indices, leaf.values, leaf.dense_shape]
    if isinstance(leaf, Tensor) or is_typed(leaf):
        return [None], [convert_to_tensor(leaf)]
    return [str(leaf) if isinstance(leaf, str) else repr(leaf)], []


def _template(inputs, placeholder, sep):
    texts, tensors = [], []

    def show(leaf, nested):
        shown, found = _parts(leaf)
        tensors.extend(found)
        text = "".join(placeholder if part is None else part for part in shown)
        return _Shown(repr(leaf) if nested and isinstance(leaf, str) else text)

    for x in inputs:
        if nest.is_nested(x):
            leaves = [show(leaf, True) for leaf in nest.flatten(x)]
            texts.append(str(nest.pack_sequence_as(x, leaves)))
        else:
            texts.append(repr(show(x, False)))
    return sep.join(texts), tensors


def _unused(inputs):
    """A mark that none of the texts has in it."""
    text = str([x for x in nest.flatten(list(inputs)) if not is_typed(x)])
    mark = "{}"
    while mark in text:
        mark = "{" + mark + "}"
    return mark


@export("print")
def print(*inputs, **kwargs):
    """Writes values, tensors when they are known, to the standard error stream or `output_stream`.

    `summarize` is how many elements are shown at each end of a dimension (3; -1 for all); `sep` and `end` as in Python.
    """
    output_stream = kwargs.pop("output_stream", sys.stderr)
    name = kwargs.pop("name", None)
    summarize = kwargs.pop("summarize", 3)
    sep = kwargs.pop("sep", " ")
    end = kwargs.pop("end", "\n")
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {kwargs}")
    stream = _stream(output_stream)
    if (
        len(inputs) == 1
        and isinstance(inputs[0], Tensor)
        and inputs[0].dtype.name == "string"
        and not inputs[0].ndim
    ):
        text = inputs[0]
    else:
        mark = _unused(inputs)
        template, tensors = _template(inputs, mark, sep)
        if not tensors:
            text = convert_to_tensor(template)
        else:
            text = raw_ops.StringFormat(
                inputs=tensors, template=template, placeholder=mark, summarize=summarize
            )
    return raw_ops.PrintV2(input=text, output_stream=stream, end=end, name=name)
