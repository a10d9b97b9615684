# make demo    set up, build, and run the digits model
# make test    set up, build, and run all tests
# make bench   measure Floe beside its peers (installs them into a venv of their own); an hour on two cores
# make bench-quick   the same with four small models and one thread
# make fuzz    a short run of the fuzz targets
BUILD ?= build/release
JOBS ?= $(shell nproc)
export CCACHE_SLOPPINESS ?= pch_defines,time_macros

.PHONY: all setup build product demo test cpp-test python-test lint format bench bench-quick fuzz asan tsan install clean

all: build

setup: build/.setup
build/.setup: scripts/setup.sh requirements.txt
	scripts/setup.sh
	@touch $@

build: setup
	scripts/configure.sh $(BUILD) release
	cmake --build $(BUILD) -j $(JOBS)

# What users run, without the tests.
product: setup
	scripts/configure.sh $(BUILD) release
	cmake --build $(BUILD) -j $(JOBS) --target floe_demo floe_tool floe_bench_worker floe_python floe_package floe_stubs

demo: product
	$(BUILD)/bin/floe-demo assets

test: build lint cpp-test python-test

cpp-test: build
	ctest --test-dir $(BUILD) --output-on-failure

python-test: build
	PYTHONPATH=$(abspath $(BUILD))/python PATH=$(abspath $(BUILD))/bin:$$PATH .venv/bin/python -m pytest -q tests/python

lint: setup
	scripts/lint.sh

format: setup
	scripts/lint.sh --fix

asan tsan: setup
	scripts/configure.sh build/$@ $@
	cmake --build build/$@ -j $(JOBS)
	ctest --test-dir build/$@ --output-on-failure

bench: product
	PYTHONPATH=$(abspath $(BUILD))/python FLOE_BUILD=$(abspath $(BUILD)) bench/bench.sh

bench-quick: product
	PYTHONPATH=$(abspath $(BUILD))/python FLOE_BUILD=$(abspath $(BUILD)) BENCH_QUICK=1 bench/bench.sh

fuzz: setup
	scripts/fuzz.sh

install: build
	cmake --install $(BUILD)

clean:
	rm -rf build
