"""README.md's code, for the tests that run it."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text()


def blocks(language):
    """The fenced blocks of one language; "" for those without."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


def shell_lines():
    """The commands behind a prompt."""
    return re.findall(r"^\$ (.+)$", TEXT, flags=re.MULTILINE)


def table_commands():
    """The commands that the table of verbs shows."""
    return re.findall(r"^\| `(floe [^`]+)`", TEXT, flags=re.MULTILINE)


def make_targets():
    return re.findall(r"(?:^|`)make ([a-z-]+)", TEXT, flags=re.MULTILINE)
