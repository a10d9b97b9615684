#!/usr/bin/env bash
# scripts/fuzz.sh [SECONDS]: builds the fuzz targets under build/fuzz and runs each for a while (20 s), starting from
# a copy of its checked-in corpus. What breaks a target is left in build/fuzz/found.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20}
dir=build/fuzz

compiler=$(command -v clang++-19 || command -v clang++ || true)
if [ -z "$compiler" ]; then
  echo "make fuzz needs clang with libFuzzer: apt-get install clang-19 libclang-rt-19-dev" >&2
  exit 1
fi
if ! "$compiler" -fsanitize=fuzzer,address -x c++ - -o /dev/null 2>/dev/null \
    <<<'#include <cstddef>
#include <cstdint>
extern "C" int LLVMFuzzerTestOneInput(const uint8_t*, size_t) { return 0; }'; then
  echo "make fuzz: $compiler lacks libFuzzer: apt-get install libclang-rt-19-dev" >&2
  exit 1
fi

[ -f $dir/build.ninja ] || cmake -S fuzz -B $dir -G Ninja -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
cmake --build $dir -j "$(nproc)"

mkdir -p $dir/found
for target in graph_binary graph_text import; do
  rm -rf "$dir/corpus/$target"
  mkdir -p "$dir/corpus/$target"
  options=()
  [ -f "fuzz/$target.dict" ] && options+=("-dict=fuzz/$target.dict")
  echo "$target: $seconds s"
  "$dir/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
    "${options[@]}" -artifact_prefix="$dir/found/$target-" "$dir/corpus/$target" "fuzz/corpus/$target"
done
