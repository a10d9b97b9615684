"""tensorflow.python.platform.test and googletest: what they add to tf.test."""

import os
from unittest import mock, skip, skipIf  # noqa: F401

from ..api.test_support import get_temp_dir, test_src_dir_path  # noqa: F401


def GetTempDir():  # noqa: N802
    """tf.compat.v1.test.get_temp_dir()."""
    return get_temp_dir()


def is_built_with_rocm():
    """False: Floe computes on CPUs."""
    return False


def test_source_dir():
    """The directory of the tests."""
    return os.getcwd()
