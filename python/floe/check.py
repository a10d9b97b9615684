"""floe check script.py: the tf symbols that a program uses, and whether Floe has them, without running it."""

import ast
import json
import sys


class _Names(ast.NodeVisitor):
    """Dotted names that start at an import of tensorflow."""

    def __init__(self):
        self.roots = {}  # local name -> dotted name in tensorflow
        self.used = {}  # dotted name -> lines

    def visit_Import(self, node):  # noqa: N802
        for a in node.names:
            if a.name == "tensorflow" or a.name.startswith("tensorflow."):
                if a.asname:
                    self.roots[a.asname] = a.name
                else:
                    self.roots["tensorflow"] = "tensorflow"
                if a.name != "tensorflow":
                    self._note(a.name, node.lineno)

    def visit_ImportFrom(self, node):  # noqa: N802
        if (
            node.module
            and (node.module == "tensorflow" or node.module.startswith("tensorflow."))
            and not node.level
        ):
            for a in node.names:
                full = node.module if a.name == "*" else f"{node.module}.{a.name}"
                self.roots[a.asname or a.name] = full
                self._note(full, node.lineno)

    def visit_Attribute(self, node):  # noqa: N802
        parts, at = [], node
        while isinstance(at, ast.Attribute):
            parts.append(at.attr)
            at = at.value
        if isinstance(at, ast.Name) and at.id in self.roots:
            self._note(".".join([self.roots[at.id], *reversed(parts)]), node.lineno)
        else:
            self.generic_visit(node)

    def _note(self, name, line):
        self.used.setdefault(name, []).append(line)


def _look_up(name):
    """(whether it is there, the nearest name)."""
    from . import standin

    rest = name.removeprefix("tensorflow").lstrip(".")
    if not rest:
        return True, None
    target = standin._target("tensorflow")
    done = []
    for part in rest.split("."):
        full = ".".join(["tensorflow", *done, part])
        found = standin._target(full)
        if found is None:
            try:
                found = getattr(target, part)
            except AttributeError:
                near = __import__("difflib").get_close_matches(part, dir(target), 1)
                return False, ".".join(["tf", *done, near[0]]) if near else None
            except ImportError:
                return False, None
        done.append(part)
        if not hasattr(found, "__path__") and not isinstance(found, type):
            return True, None  # an attribute of a value: what comes after is not a symbol of tf
        target = found
    return True, None


def main(argv):
    as_json = "--json" in argv
    paths = [a for a in argv if not a.startswith("-")]
    if len(paths) != 1:
        print("floe check: give one script", file=sys.stderr)
        return 64
    try:
        with open(paths[0], encoding="utf-8") as f:
            tree = ast.parse(f.read(), paths[0])
    except FileNotFoundError:
        print(f"floe check: {paths[0]}: no such file", file=sys.stderr)
        return 66
    except (SyntaxError, UnicodeDecodeError) as e:
        print(f"floe check: {paths[0]}: not a Python script: {e}", file=sys.stderr)
        return 65
    names = _Names()
    names.visit(tree)
    rows = []
    for name in sorted(names.used):
        has, near = _look_up(name)
        rows.append(
            {
                "name": name.replace("tensorflow", "tf", 1),
                "lines": names.used[name],
                "has": has,
                "nearest": near,
            }
        )
    missing = [r for r in rows if not r["has"]]
    if as_json:
        print(json.dumps({"script": paths[0], "symbols": rows, "missing": len(missing)}, indent=2))
        return 1 if missing else 0
    for r in rows:
        lines = ", ".join(map(str, sorted(set(r["lines"]))[:8]))
        near = f"   nearest: {r['nearest']}" if r["nearest"] else ""
        print(f"{'yes' if r['has'] else 'NO '}  {r['name']}  (line {lines}){near}")
    print(f"{len(rows)} symbols, {len(missing)} missing")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
