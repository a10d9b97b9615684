"""tf.test: what this Floe was built with, and what the machine has."""

import os
import re
import sys
import tempfile

from ..export import export

_temporary = []


@export("test.is_built_with_cuda")
def is_built_with_cuda():
    """False: Floe computes on CPUs."""
    return False


@export("test.is_built_with_rocm")
def is_built_with_rocm():
    """False: Floe computes on CPUs."""
    return False


@export("test.is_built_with_gpu_support")
def is_built_with_gpu_support():
    """False: Floe computes on CPUs."""
    return False


@export("test.is_built_with_xla")
def is_built_with_xla():
    """False: Floe plans graphs itself."""
    return False


@export("test.is_gpu_available")
def is_gpu_available(cuda_only=False, min_cuda_compute_capability=None):
    """False: Floe uses no GPU."""
    return False


@export("test.gpu_device_name")
def gpu_device_name():
    """The name of a GPU: there is none, so it is empty."""
    return ""


@export("test.is_cpu_target_available")
def is_cpu_target_available(target):
    """Whether the machine is of this kind ("x86_64", "aarch64")."""
    import platform

    return platform.machine().lower() in {"x86": ("x86_64", "amd64"), "arm": ("aarch64", "arm64")}.get(
        target, (target,)
    )


@export("compat.v1.test.get_temp_dir")
def get_temp_dir():
    """A directory for the files of tests, the same during a run, removed at its end."""
    if not _temporary:
        _temporary.append(tempfile.TemporaryDirectory(prefix="floe-test-"))
    return _temporary[0].name


def directory_for(name):
    """A directory below get_temp_dir() named after a test."""
    path = os.path.join(get_temp_dir(), re.sub(r"[^\w.-]", "_", name))
    os.makedirs(path, exist_ok=True)
    return path


@export("compat.v1.test.test_src_dir_path")
def test_src_dir_path(relative_path):
    """A path beside the program that runs."""
    return os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), relative_path)


def _mock():
    from unittest import mock

    return mock


mock = export("compat.v1.test.mock")(_mock())


@export("test.disable_with_predicate")
def disable_with_predicate(pred, skip_message):
    """Decorates a test that is skipped when pred() is true."""
    import functools

    def decorate(function):
        @functools.wraps(function)
        def run(self, *args, **kwargs):
            if pred():
                self.skipTest(skip_message)
            return function(self, *args, **kwargs)

        return run

    return decorate
