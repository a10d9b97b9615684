"""tf.io: whole files."""

import os

from .. import gfile, raw_ops
from ..export import export
from . import compose as c


@export("io.read_file", "compat.v1.read_file")
def read_file(filename, name=None):
    """The contents of a file as a string tensor."""
    filename = os.fspath(filename) if isinstance(filename, os.PathLike) else filename
    return raw_ops.ReadFile(filename=filename, name=name)


@export("io.write_file", "compat.v1.write_file")
def write_file(filename, contents, name=None):
    """Writes a string to a file, whose folder is made when it is not there."""
    filename = os.fspath(filename) if isinstance(filename, os.PathLike) else filename
    return raw_ops.WriteFile(filename=filename, contents=contents, name=name)


@export("io.matching_files", "compat.v1.matching_files")
def matching_files(pattern, name=None):
    """The names, sorted, of the files that match the patterns; each is one that tf.io.gfile.glob takes."""
    patterns = c.static_value(pattern)
    if patterns is None:
        raise ValueError("The pattern of matching_files must be known when it is called.")
    found = {f for p in patterns.reshape(-1).tolist() for f in gfile.glob(p)}
    return c.tensor(sorted(f.encode() if isinstance(f, str) else f for f in found), "string", name)


@export("io.match_filenames_once", "compat.v1.train.match_filenames_once")
def match_filenames_once(pattern, name=None):
    """A variable with the names that match when it is initialized."""
    return c.public("Variable")(matching_files(pattern), trainable=False, name=name or "matching_filenames")
