#!/usr/bin/env bash
# Builds the wheel, installs it into a fresh venv and runs a model from another folder, in Python and in the shell.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-.venv/bin/python}
"$python" -m pip wheel -q . --no-deps -w "$work"
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -q --disable-pip-version-check "$work"/floe-*.whl
cd "$work"
"$work/venv/bin/python" "$root/examples/python/run_model.py" "$root/assets"
"$work/venv/bin/floe" inspect "$root/assets/digits.pb"
ls -l "$work"/floe-*.whl
