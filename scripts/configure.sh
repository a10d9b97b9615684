#!/usr/bin/env bash
# scripts/configure.sh BUILD_DIR PRESET: configures a build folder with the project's venv.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$1 preset=$2
[ -f "$dir/build.ninja" ] && exit 0
cmake --preset "$preset" -B "$dir" -DFLOE_DNNL_PREFIX="$PWD/.venv" -DPython_EXECUTABLE="$PWD/.venv/bin/python"
