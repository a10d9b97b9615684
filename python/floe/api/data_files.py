"""tf.data: datasets of files."""

import gzip
import io
import zlib

from .. import dtypes, gfile
from ..errors import InvalidArgumentError
from ..export import export
from ..tensor import TensorSpec
from . import compose as c
from .data_dataset import UNKNOWN, Dataset


def _names(filenames):
    """The names one after the other."""
    if isinstance(filenames, Dataset):
        return (x.numpy() for x in filenames)
    return iter(c.static_value(c.tensor(filenames, dtypes.string)).reshape(-1).tolist())


def _open(name, compression):
    compression = c.static_value(compression)
    kind = "" if compression is None else compression.item()
    kind = kind.decode() if isinstance(kind, bytes) else kind or ""
    with gfile.GFile(name, "rb") as f:
        data = f.read()
    if kind == "GZIP":
        data = gzip.decompress(data)
    elif kind == "ZLIB":
        data = zlib.decompress(data)
    elif kind:
        raise InvalidArgumentError(None, None, f"Unsupported compression_type: {kind}")
    return io.BytesIO(data)


def _dataset(kind, filenames, read):
    def make():
        return (c.tensor(x, dtypes.string) for name in _names(filenames) for x in read(name))

    return Dataset(kind, make, TensorSpec([], dtypes.string), UNKNOWN)


@export("data.TextLineDataset")
def text_line_dataset(filenames, compression_type=None, buffer_size=None, num_parallel_reads=None, name=None):
    """The lines of text files, without their ends."""

    def read(file):
        for line in _open(file, compression_type):
            line = line.removesuffix(b"\n")
            yield line.removesuffix(b"\r")

    return _dataset("TextLineDataset", filenames, read)


@export("data.FixedLengthRecordDataset")
def fixed_length_record_dataset(
    filenames,
    record_bytes,
    header_bytes=None,
    footer_bytes=None,
    buffer_size=None,
    compression_type=None,
    num_parallel_reads=None,
    name=None,
):
    """Records of record_bytes from binary files, between a header and a footer."""
    size, header, footer = int(record_bytes), int(header_bytes or 0), int(footer_bytes or 0)

    def read(file):
        data = _open(file, compression_type).read()
        body = len(data) - header - footer
        if body % size:
            raise InvalidArgumentError(
                None,
                None,
                f"Excess bytes in input file {file}: {body} bytes between the header and the footer are no "
                f"multiple of {size}",
            )
        return (data[i : i + size] for i in range(header, header + body, size))

    return _dataset("FixedLengthRecordDatasetV2", filenames, read)
