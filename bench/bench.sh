#!/bin/sh
# Floe against its peers, side by side in one run.
#
#   bench/bench.sh [model ...]      default: all nine
#
# BENCH_QUICK=1       four small models, one thread, short turns: minutes instead of an hour, and rougher
# BENCH_PYTHON        interpreter with the peers; default: a venv of its own, build/bench-venv (2 GB)
# BENCH_PYTHON_FLOE   interpreter that has floe; default: the project's .venv where that can import it
# BENCH_EXE_FLOE_CPP  the worker without Python; default: FLOE_BUILD/bench/floe_bench_worker where it exists
# BENCH_DATA          models; default: build/bench-data (6 GB for all, made when missing)
# BENCH_OUT           results; default: build/bench-results, and build/bench-results-quick
# BENCH_THREADS       default: "1 2" where there are two cores, else 1
# BENCH_CONTENDERS    default: floe-cpp,floe,tf-frozen-arg,tf-session,ort,openvino
# BENCH_BUDGET        seconds of calls per contender, model and batch; default: 2.5
# FLOE_BUILD          Floe's build folder; default: build/release
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${FLOE_BUILD:-$root/build/release}
data=${BENCH_DATA:-$root/build/bench-data}
out=${BENCH_OUT:-$root/build/bench-results${BENCH_QUICK:+-quick}}
all="mlp lstm encoder mobilenetv2 efficientnetb0 densenet121 resnet50 inceptionv3 vgg16"
all_threads=$([ "$(nproc)" -ge 2 ] && echo "1 2" || echo 1)
budget=${BENCH_BUDGET:-2.5}
if [ -n "${BENCH_QUICK:-}" ]; then
  all="mlp lstm encoder mobilenetv2"
  all_threads=1
  budget=${BENCH_BUDGET:-1}
fi
models=${*:-$all}
contenders=${BENCH_CONTENDERS:-floe-cpp,floe,tf-frozen-arg,tf-session,ort,openvino}
threads=${BENCH_THREADS:-$all_threads}
started=$(date +%s)
mkdir -p "$data" "$out"

say() {
  echo "bench: $* [$(($(date +%s) - started)) s]" >&2
}

if [ -z "${BENCH_PYTHON:-}" ]; then
  venv=$root/build/bench-venv
  if [ ! -e "$venv/.complete" ]; then
    say "installing TensorFlow, ONNX Runtime and OpenVINO into $venv (2 GB)"
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check -r "$root/bench/requirements.txt"
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
  say "no interpreter can import floe; the row 'floe' is left out"
  contenders=$(echo ",$contenders," | sed 's/,floe,/,/; s/^,//; s/,$//')
fi

if [ -z "${BENCH_EXE_FLOE_CPP:-}" ] && [ -x "$build/bench/floe_bench_worker" ]; then
  BENCH_EXE_FLOE_CPP=$build/bench/floe_bench_worker
fi
if [ -n "${BENCH_EXE_FLOE_CPP:-}" ]; then
  export BENCH_EXE_FLOE_CPP
else
  say "no $build/bench/floe_bench_worker; the row 'floe-cpp' is left out"
  contenders=$(echo ",$contenders," | sed 's/,floe-cpp,/,/; s/^,//; s/,$//')
fi

ready=
for model in $models; do
  if [ ! -e "$data/$model/meta.json" ]; then
    say "making $model in $data"
    "$BENCH_PYTHON" "$root/bench/make_models.py" "$data" "$model" 2>"$out/make_$model.log" || {
      tail -n 3 "$out/make_$model.log" >&2
      say "$model could not be made ($out/make_$model.log) and is left out"
      continue
    }
  fi
  ready="$ready $model"
done
[ -n "$ready" ] || exit 1

list=$(echo $ready | tr ' ' ',')
for t in $threads; do
  say "inference, $t thread(s):$ready"
  "$BENCH_PYTHON" "$root/bench/infer.py" "$data" --out "$out/infer_t$t.json" --threads "$t" --models "$list" \
    --contenders "$contenders" --budget "$budget"
done
for t in $threads; do
  for contender in floe-cpp floe; do
    case ",$contenders," in
      *",$contender,"*) "$BENCH_PYTHON" "$root/bench/summary.py" "$out/infer_t$t.json" --contender "$contender" ;;
    esac
  done
done
if [ -e "$data/mobilenetv2/meta.json" ]; then
  say "cold start"
  floe=${FLOE_COMMAND:-$build/bin/floe}
  [ -x "$floe" ] && set -- --floe "$floe" || set --
  "$BENCH_PYTHON" "$root/bench/cold.py" "$data" --out "$out/cold.json" "$@"
fi
say "done; the figures are in $out"
