#!/usr/bin/env python3
"""Runs README.md's C++ program, CMake lines and shell lines against an installed Floe.

usage: readme.py PREFIX WORK
"""

import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))
import readme

STAND_INS = {"model.pb": "assets/digits.pb", "x.npy": "assets/digits_images.npy"}


def run(command, env=None):
    p = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    if p.returncode:
        sys.exit(f"README.md: {shlex.join(command)} ends with {p.returncode}\n{p.stdout}{p.stderr}")
    return p.stdout


def expect(condition, what):
    if not condition:
        sys.exit(f"README.md: {what}")


def build(prefix, folder):
    """The C++ block in a project of its own, linked by the CMake block."""
    (program,), (lines,) = readme.blocks("cpp"), readme.blocks("cmake")
    folder.mkdir()
    (folder / "main.cpp").write_text(program)
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(app LANGUAGES CXX)\n"
        f"add_executable(app main.cpp)\n{lines}"
    )
    run(["cmake", "-S", str(folder), "-B", str(folder / "build"), f"-DCMAKE_PREFIX_PATH={prefix}"])
    run(["cmake", "--build", str(folder / "build")])
    return folder / "build" / "app"


def main():
    prefix, work = map(pathlib.Path, sys.argv[1:])
    printed = run([str(build(prefix, work / "readme"))])
    expect("shape=(360, 10)" in printed, f"the C++ program prints {printed[-200:]}")

    env = dict(os.environ, PATH=f"{prefix / 'bin'}:{os.environ['PATH']}")
    lines = readme.shell_lines()
    expect(len(lines) >= 2, "no shell lines")
    outputs = [run(shlex.split(line), env) for line in lines]
    expect(outputs[0].split("\n")[1].split()[0] == "7", f"{lines[0]} prints\n{outputs[0]}")

    commands = readme.table_commands()
    expect(len(commands) >= 5, "no table of verbs")
    # Verbs that read scripts need the Python package, which is not installed here: tests/python runs them.
    for command in [c for c in commands if "script.py" not in c]:
        words = [STAND_INS.get(w, w) for w in shlex.split(command.partition(" [")[0])]
        expect(run(words, env), f"{command} prints nothing")
    print(f"README.md: program, {len(lines)} lines and {len(commands)} verbs run")


if __name__ == "__main__":
    main()
