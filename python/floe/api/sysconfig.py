"""tf.sysconfig: where Floe is, and how to build against it."""

import collections
import pathlib

from ..export import export

CXX11_ABI_FLAG = export("sysconfig.CXX11_ABI_FLAG")(1)
CXX_VERSION = export("sysconfig.CXX_VERSION")(202002)
MONOLITHIC_BUILD = export("sysconfig.MONOLITHIC_BUILD")(0)


def _package():
    from .. import __file__ as here

    return pathlib.Path(here).parent


@export("sysconfig.get_build_info")
def get_build_info():
    """How this Floe was built."""
    return collections.OrderedDict(is_cuda_build=False, is_rocm_build=False, is_tensorrt_build=False)


@export("sysconfig.get_include")
def get_include():
    """The directory of the C++ headers."""
    return str(_package() / "include")


@export("sysconfig.get_lib")
def get_lib():
    """The directory of the library."""
    return str(_package())


@export("sysconfig.get_compile_flags")
def get_compile_flags():
    """Flags for a compiler."""
    return [f"-I{get_include()}", f"-D_GLIBCXX_USE_CXX11_ABI={CXX11_ABI_FLAG}", "--std=c++20"]


@export("sysconfig.get_link_flags")
def get_link_flags():
    """Flags for a linker."""
    return [f"-L{get_lib()}", "-l:libfloe.so.0"]
