"""CONTRIBUTING.md shows the op that it names as the op stands, and files and scripts that exist."""

import re

import readme

TEXT = (readme.ROOT / "CONTRIBUTING.md").read_text()


def test_the_diff_is_the_file():
    (diff,) = re.findall(r"^```diff\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    head, *lines = diff.splitlines()
    path = readme.ROOT / head.removeprefix("+++ b/")
    assert [line.removeprefix("+") for line in lines] == path.read_text().splitlines()


def test_the_op_has_goldens():
    (name,) = set(re.findall(r"--ops (\w+)", TEXT))
    assert (readme.ROOT / "tests" / "goldens" / "ops" / f"{name}.pb").exists()
    assert f"\n{name} " in (readme.ROOT / "scripts" / "op_names.txt").read_text()


def test_scripts_and_folders_exist():
    paths = re.findall(r"(?:scripts|docs|src/floe|include/floe|tests/goldens)/[\w./]*\w", TEXT)
    assert len(paths) >= 6
    for path in paths:
        assert (readme.ROOT / path).exists(), path
