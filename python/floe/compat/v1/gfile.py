"""tf.compat.v1.gfile: the names of TensorFlow 1."""

from ...gfile import GFile
from ...gfile import copy as Copy
from ...gfile import exists as Exists
from ...gfile import glob as Glob
from ...gfile import isdir as IsDirectory
from ...gfile import listdir as ListDirectory
from ...gfile import makedirs as MakeDirs
from ...gfile import mkdir as MkDir
from ...gfile import remove as Remove
from ...gfile import rename as Rename
from ...gfile import rmtree as DeleteRecursively
from ...gfile import stat as Stat
from ...gfile import walk as Walk

Open = GFile
FastGFile = GFile

__all__ = [
    "Copy", "DeleteRecursively", "Exists", "FastGFile", "GFile", "Glob", "IsDirectory", "ListDirectory", "MakeDirs",
    "MkDir", "Open", "Remove", "Rename", "Stat", "Walk",
]  # fmt: skip
