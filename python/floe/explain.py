"""floe explain script.py:fn: the graphs that a tf.function of a program was traced into, with source lines."""

import json
import os
import runpy
import sys


def _line(op):
    where = op.graph._core.location(op._id)
    return where.rpartition("/")[2] if where else ""


def _rows(graph):
    rows = []
    for op in graph.get_operations():
        outputs = ", ".join(f"{t.dtype.name} {t.shape}" for t in op.outputs)
        inputs = ", ".join(t.name for t in op.inputs)
        rows.append({"name": op.name, "op": op.type, "inputs": inputs, "outputs": outputs, "line": _line(op)})
    return rows


def _signature_traces(fn, name):
    if fn._list_all_concrete_functions():
        return fn._list_all_concrete_functions()
    if fn.input_signature is not None:
        return [fn.get_concrete_function()]
    raise LookupError(
        f"'{name}' was not called by the program and has no input_signature, so there is nothing it was traced for. "
        "Call it in the script, or give it an input_signature."
    )


def main(argv):
    as_json = "--json" in argv
    names = [a for a in argv if not a.startswith("-")]
    path, _, name = names[0].rpartition(":") if names else ("", "", "")
    if len(names) != 1 or not path or not name:
        print("floe explain: give script.py:function", file=sys.stderr)
        return 64
    if not os.path.exists(path):
        print(f"floe explain: {path}: no such file", file=sys.stderr)
        return 66
    from .standin import install_as_tensorflow

    install_as_tensorflow()
    sys.argv = [path]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    # What the program prints is not the result.
    stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        found = runpy.run_path(path, run_name="__main__")
        for part in name.split("."):
            if isinstance(found, dict):
                if part not in found:
                    import difflib

                    near = difflib.get_close_matches(part, found, 1)
                    hint = f" Did you mean '{near[0]}'?" if near else ""
                    print(f"floe explain: {path} has no '{part}'.{hint}", file=sys.stderr)
                    return 65
                found = found[part]
            else:
                found = getattr(found, part)
        if not hasattr(found, "_list_all_concrete_functions"):
            print(f"floe explain: '{name}' in {path} is not a tf.function", file=sys.stderr)
            return 65
        traces = _signature_traces(found, name)
    except LookupError as e:
        print(f"floe explain: {e.args[0]}", file=sys.stderr)
        return 65
    finally:
        sys.stdout = stdout
    if as_json:
        print(
            json.dumps(
                [{"signature": f.pretty_printed_signature(False), "nodes": _rows(f.graph)} for f in traces],
                indent=2,
            )
        )
        return 0
    for f in traces:
        print(f.pretty_printed_signature())
        for r in _rows(f.graph):
            print(f"  {r['line']:<24} {r['op']:<20} {r['name']}({r['inputs']}) -> {r['outputs']}")
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
