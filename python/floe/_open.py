"""Opens the extension module.

Its libraries (oneDNN, RE2, libjpeg, ...) are found beside it or in the system. A process may hold others of the same
names that show themselves to everybody, as TensorFlow's do; they must not stand in for ours.
"""

import os
import sys

# OpenMP's threads wait busily for some milliseconds between parallel regions, which stops everything where another
# process needs the core. The library reads the environment when it is loaded; nobody else needs the setting.
_waits = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys()
if not _waits:
    os.environ["GOMP_SPINCOUNT"] = "1000"

_flags = sys.getdlopenflags() if hasattr(sys, "getdlopenflags") else 0
# The address sanitizer refuses modules that are opened so.
_deep = 0 if "asan" in os.environ.get("LD_PRELOAD", "") else getattr(os, "RTLD_DEEPBIND", 0)
if _deep:
    sys.setdlopenflags(_flags | _deep)
try:
    from . import _floe
finally:
    if not _waits:
        os.environ.pop("GOMP_SPINCOUNT", None)
    if _deep:
        sys.setdlopenflags(_flags)

__all__ = ["_floe"]
