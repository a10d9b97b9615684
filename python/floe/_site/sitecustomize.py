"""Found first by Python processes that a program under `python -m floe` starts: Floe stands in there too."""

import importlib.machinery
import importlib.util
import os
import sys


def _start():
    here = os.path.dirname(os.path.abspath(__file__))
    import floe

    floe.install_as_tensorflow()
    # The sitecustomize that this one hides.
    rest = [p for p in sys.path if os.path.abspath(p or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


_start()
