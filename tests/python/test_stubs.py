"""The stub of the extension module says what the module has: every name, every member, and Python's syntax."""

import ast
import json
import pathlib
import subprocess
import sys

import pytest

import floe

PACKAGE = pathlib.Path(floe.__file__).parent
# The module alone, before the package adds what it writes in Python.
NAMES = """
import json, _floe
names = {n: list(vars(v)) if isinstance(v, type) else None for n, v in vars(_floe).items()}
print(json.dumps(names))
"""
TREE = ast.parse((PACKAGE / "_floe.pyi").read_text())


def declared(body):
    """name -> node of what a stub's body declares."""
    found = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign):
            found[node.target.id] = node
        elif isinstance(node, ast.Assign):
            found.update({target.id: node for target in node.targets})
    return found


def public(names):
    return {n for n in names if not n.startswith("_")}


STUB = declared(TREE.body)
MODULE = json.loads(
    subprocess.check_output([sys.executable, "-c", NAMES], cwd=PACKAGE, env={"PYTHONPATH": "."})
)
CLASSES = [n for n, node in STUB.items() if isinstance(node, ast.ClassDef)]


def test_the_package_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").exists()


def test_the_stub_has_the_names_of_the_module():
    assert public(STUB) == public(MODULE)


def test_functions_are_functions_and_classes_classes():
    for name in public(STUB):
        assert (MODULE[name] is not None) == (name in CLASSES), name


@pytest.mark.parametrize("name", CLASSES)
def test_the_stub_has_the_members_of_the_class(name):
    assert public(declared(STUB[name].body)) == public(MODULE[name])


def test_every_function_has_types():
    for node in ast.walk(TREE):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
            arguments = [a for a in (*node.args.args, *node.args.kwonlyargs) if a.arg != "self"]
            assert node.returns and all(a.annotation for a in arguments), ast.unparse(node)


def test_the_package_uses_names_that_the_stub_has():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "_floe"
            ):
                assert node.attr in STUB or node.attr.startswith("__"), f"{path.name}: _floe.{node.attr}"
