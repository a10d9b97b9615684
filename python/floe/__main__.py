"""python -m floe script.py [args]: runs a TensorFlow program on Floe.

python -m floe script.py [args...]
python -m floe -m module [args...]
python -m floe -c "code" [args...]
"""

import os
import runpy
import sys


def main(argv):
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if argv else 64
    from .standin import install_as_tensorflow

    install_as_tensorflow()
    if argv[0] == "-m":
        if len(argv) < 2:
            print("floe: -m needs the name of a module", file=sys.stderr)
            return 64
        sys.argv = [argv[1], *argv[2:]]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
        return 0
    if argv[0] == "-c":
        if len(argv) < 2:
            print("floe: -c needs code", file=sys.stderr)
            return 64
        sys.argv = ["-c", *argv[2:]]
        sys.path.insert(0, "")
        module = type(sys)("__main__")
        sys.modules["__main__"] = module
        exec(compile(argv[1], "<string>", "exec"), module.__dict__)
        return 0
    path = argv[0]
    if not os.path.exists(path):
        print(f"floe: {path}: no such file", file=sys.stderr)
        return 66
    sys.argv = argv
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    runpy.run_path(path, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
