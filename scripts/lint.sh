#!/usr/bin/env bash
# Formatting and layering: clang-format, ruff, include direction. --fix rewrites files.
set -euo pipefail
cd "$(dirname "$0")/.."
format=$(command -v clang-format-19 || command -v clang-format)
mapfile -t cpp < <(git ls-files '*.cpp' '*.h' | grep -v '^proto/')
mapfile -t py < <(git ls-files '*.py')
if [ "${1:-}" = --fix ]; then
  "$format" -i "${cpp[@]}"
  .venv/bin/ruff format -q "${py[@]}"
  .venv/bin/ruff check -q --fix "${py[@]}"
else
  "$format" --dry-run -Werror "${cpp[@]}"
  .venv/bin/ruff format --check -q "${py[@]}"
  .venv/bin/ruff check -q "${py[@]}"
  .venv/bin/python scripts/check_includes.py
  .venv/bin/python scripts/make_api_index.py --check
fi
