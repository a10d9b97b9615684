#!/usr/bin/env bash
# Builds the wheel as pip does (in an environment of its own), looks into it, installs it into a fresh venv and runs
# a model from another folder, in Python and in the shell.
#
#   scripts/check_wheel.sh [WHEEL]     default: build one
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=python3

fail() {
  echo "check_wheel: $*" >&2
  exit 1
}

started=$SECONDS
if [ $# -gt 0 ]; then
  cp "$1" "$work"
else
  "$python" -m pip wheel -q --disable-pip-version-check . --no-deps -w "$work"
fi
wheel=$(echo "$work"/floe-*.whl)
built=$((SECONDS - started))

"$python" - "$wheel" <<'PY'
import sys
import zipfile

with zipfile.ZipFile(sys.argv[1]) as wheel:
    names = wheel.namelist()
    metadata = wheel.read(next(n for n in names if n.endswith(".dist-info/METADATA"))).decode()
needed = [line.split()[1] for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
if needed != ["numpy"]:
    sys.exit(f"check_wheel: run-time dependencies {needed}, expected numpy alone")
for part in ("floe/_floe.pyi", "floe/py.typed", "floe/libfloe.so", "floe/libdnnl.so", "/scripts/floe"):
    if not any(part in n for n in names):
        sys.exit(f"check_wheel: {part} is not in the wheel")
PY

"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -q --disable-pip-version-check "$wheel"
cd "$work"
export PATH="$work/venv/bin:$PATH"
unset PYTHONPATH LD_LIBRARY_PATH
[ "$(command -v floe)" = "$work/venv/bin/floe" ] || fail "'floe' on the PATH is $(command -v floe)"
[ -z "$(python -c 'import floe' 2>&1)" ] || fail "'import floe' prints something"
python -c "import floe, os; assert os.path.dirname(floe.__file__).startswith('$work'), floe.__file__"
# Of the libraries that travel inside, none may come from the system.
while read -r name _ path _; do
  [ ! -e "$work/venv/lib"/python*/site-packages/floe/"$name" ] || [[ $path == "$work"/* ]] ||
    fail "$name is loaded from $path"
done < <(ldd "$work"/venv/lib/python*/site-packages/floe/libfloe.so.0)
python "$root/examples/python/run_model.py" "$root/assets"
floe inspect "$root/assets/digits.pb"
echo "$(basename "$wheel"): $(($(stat -c %s "$wheel") / 1000000)) MB, built in $built s"
