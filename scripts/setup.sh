#!/usr/bin/env bash
# Installs what building and testing need: Debian packages (as root, else with sudo, else the line to run is
# printed) and, into .venv, the Python side with oneDNN. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(g++ cmake ninja-build ccache mold libhwy-dev libprotozero-dev libminizip-dev nlohmann-json3-dev
  libcli11-dev libjpeg62-turbo-dev libpng-dev libgif-dev libkissfft-dev libre2-dev libfarmhash-dev
  libutf8proc-dev libeigen3-dev libgtest-dev python3-venv python3-dev clang-format-19)

missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  line="apt-get install -y --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then
    as_root=()
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo)
  elif command -v sudo >/dev/null && [ -t 0 ]; then
    as_root=(sudo)
  else
    printf 'These packages are missing and need the administrator:\n  apt-get update && %s\n' "$line" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" $line
fi

[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python -m pip install -q --disable-pip-version-check -r requirements.txt
mkdir -p build
