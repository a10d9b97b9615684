#!/usr/bin/env bash
# run.sh BUILD SOURCE: installs the build into a folder of its own, builds examples/quickstart against it, runs it
# on a digit, runs the installed command, and README.md's program and shell lines.
set -euo pipefail
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null
cmake -S "$source/examples/quickstart" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/build" >/dev/null
first=$(ls "$source"/assets/digits/*.png | head -n 1)
label=$(basename "$first" | cut -d_ -f1)
out=$("$work/prefix/bin/floe" run "$source/assets/digits.pb" --input "$first" --top 1)
echo "$out"
echo "$out" | grep -Eq "^ +$label " || { echo "expected digit $label"; exit 1; }
"$work/build/quickstart" "$source/assets/digits.pb" "$source/assets/digits_expected.npy" 2>"$work/err" && exit 1
grep -q "Cannot feed value of shape" "$work/err"
cmake -S "$source/examples/ops" -B "$work/ops" -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/ops" >/dev/null
"$work/ops/ops" | grep -q "best classes"
python3 "$source/tests/install/readme.py" "$work/prefix" "$work"
echo "installed package works"
