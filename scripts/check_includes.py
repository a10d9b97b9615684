"""Fails on an include that points upwards between rooms of src/floe, and prints every one.

The order is base <- tensor <- op <- {ops, kernels, graph} <- runtime <- autodiff <- format <- {generate, tools, python};
ops, kernels and graph do not include each other.
"""

import pathlib
import re
import sys

LEVEL = {
    "base": 0,
    "tensor": 1,
    "op": 2,
    "ops": 3,
    "kernels": 3,
    "graph": 3,
    "runtime": 4,
    "autodiff": 5,
    "format": 6,
    "generate": 7,
    "tools": 7,
    "python": 7,
}


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent / "src" / "floe"
    bad = []
    for path in sorted([*root.rglob("*.h"), *root.rglob("*.cpp"), *root.rglob("*.inc")]):
        room = path.relative_to(root).parts[0]
        if room not in LEVEL:
            if path.parent != root:
                bad.append(f"{path.relative_to(root.parent.parent)}: room {room} has no place in LEVEL")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            m = re.match(r'\s*#\s*include\s+"floe/(\w+)/', line)
            if not m or m.group(1) not in LEVEL or m.group(1) == room:
                continue
            if LEVEL[m.group(1)] >= LEVEL[room]:
                bad.append(
                    f"{path.relative_to(root.parent.parent)}:{number}: {room} includes {m.group(1)}: {line.strip()}"
                )
    print("\n".join(bad), file=sys.stderr, end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
