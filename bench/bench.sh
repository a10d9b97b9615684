#!/bin/sh
# Floe against its peers, side by side in one run.
#
#   bench/bench.sh [model ...]      default: all nine
#
# BENCH_PYTHON        interpreter with the peers; default: a venv of its own under build/bench-venv
# BENCH_PYTHON_FLOE   interpreter that has floe; default: the project's .venv where that can import it
# BENCH_EXE_FLOE_CPP  the worker without Python; default: build/bench/floe_bench_worker where it exists
# BENCH_DATA          models; default: build/bench-data (5 GB for all, made when missing)
# BENCH_OUT           results; default: build/bench-results
# BENCH_THREADS       default: "1 2" where there are two cores, else 1
# BENCH_CONTENDERS    default: floe-cpp,floe,tf-frozen-arg,tf-session,ort,openvino
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${FLOE_BUILD:-$root/build}
data=${BENCH_DATA:-$build/bench-data}
out=${BENCH_OUT:-$build/bench-results}
models=${*:-mlp lstm encoder mobilenetv2 efficientnetb0 densenet121 resnet50 inceptionv3 vgg16}
contenders=${BENCH_CONTENDERS:-floe-cpp,floe,tf-frozen-arg,tf-session,ort,openvino}
cores=$(nproc)
threads=${BENCH_THREADS:-$([ "$cores" -ge 2 ] && echo "1 2" || echo 1)}
mkdir -p "$data" "$out"

if [ -z "${BENCH_PYTHON:-}" ]; then
  venv=$build/bench-venv
  if [ ! -e "$venv/.complete" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q -r "$root/bench/requirements.txt"
    touch "$venv/.complete"
  fi
  BENCH_PYTHON=$venv/bin/python
fi
export BENCH_PYTHON

if [ -z "${BENCH_PYTHON_FLOE:-}" ] && "$root/.venv/bin/python" -c 'import floe' 2>/dev/null; then
  BENCH_PYTHON_FLOE=$root/.venv/bin/python
fi
if [ -n "${BENCH_PYTHON_FLOE:-}" ]; then
  export BENCH_PYTHON_FLOE
else
  echo "bench: no interpreter can import floe; the row 'floe' is left out" >&2
  contenders=$(echo ",$contenders," | sed 's/,floe,/,/; s/^,//; s/,$//')
fi

if [ -z "${BENCH_EXE_FLOE_CPP:-}" ] && [ -x "$build/bench/floe_bench_worker" ]; then
  BENCH_EXE_FLOE_CPP=$build/bench/floe_bench_worker
fi
if [ -n "${BENCH_EXE_FLOE_CPP:-}" ]; then
  export BENCH_EXE_FLOE_CPP
else
  echo "bench: no $build/bench/floe_bench_worker; the row 'floe-cpp' is left out" >&2
  contenders=$(echo ",$contenders," | sed 's/,floe-cpp,/,/; s/^,//; s/,$//')
fi

for model in $models; do
  [ -e "$data/$model/meta.json" ] || "$BENCH_PYTHON" "$root/bench/make_models.py" "$data" "$model"
done

list=$(echo $models | tr ' ' ',')
for t in $threads; do
  "$BENCH_PYTHON" "$root/bench/infer.py" "$data" --out "$out/infer_t$t.json" --threads "$t" --models "$list" \
    --contenders "$contenders"
done
for t in $threads; do
  for contender in floe-cpp floe; do
    case ",$contenders," in
      *",$contender,"*) "$BENCH_PYTHON" "$root/bench/summary.py" "$out/infer_t$t.json" --contender "$contender" ;;
    esac
  done
done
if [ -e "$data/mobilenetv2/meta.json" ]; then
  floe=${FLOE_COMMAND:-$build/src/floe/floe}
  [ -x "$floe" ] && set -- --floe "$floe" || set --
  "$BENCH_PYTHON" "$root/bench/cold.py" "$data" --out "$out/cold.json" "$@"
fi
