"""Collects the names given by `export(...)` in python/floe into python/floe/_index.py.

    python scripts/make_api_index.py [--check]

With --check nothing is written; the exit code is 1 when the file is not up to date.
"""

import ast
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "python" / "floe"


def exported(call):
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "export":
        return [a.value for a in call.args]
    return []


def names(tree):
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            for d in node.decorator_list:
                for n in exported(d):
                    yield n, node.name
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            for n in exported(node.value.func):
                yield n, node.targets[0].id


def collect():
    index = {}
    for path in sorted(ROOT.rglob("*.py")):
        if path.name in ("_index.py", "export.py"):
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        module = module.removesuffix(".__init__")
        for public, name in names(ast.parse(path.read_text())):
            target = f".{module}:{name}"
            if index.setdefault(public, target) != target:
                sys.exit(f"'{public}' is exported twice: {index[public]} and {target}")
    return index


def main():
    index = collect()
    lines = ['"""Where public names are defined; made by scripts/make_api_index.py."""', "", "INDEX = {"]
    lines += [f'    "{k}": "{v}",' for k, v in sorted(index.items())]
    text = "\n".join(lines) + "\n}\n"
    path = ROOT / "_index.py"
    if "--check" not in sys.argv:
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        print("python/floe/_index.py is out of date: run scripts/make_api_index.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
