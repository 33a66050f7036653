# One command table: `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find src examples/steam -type f -not -name '*.pyc') CMakeLists.txt pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help install demo test test-extras lint format bench clean

help:  ## show this table
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/installed: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "scikit-build-core>=0.10" "nanobind>=2.4" cmake ninja
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -C cmake.define.SLOPENET_WERROR=ON .
	@touch $@

install: $(VENV)/installed  ## build the core and install slopenet into .venv

$(VENV)/demo: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pyarrow>=14" "matplotlib>=3.8"
	@touch $@

$(VENV)/test: $(VENV)/demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pytest>=8" "mpmath>=1.3" "python-flint>=0.6"
	@touch $@

demo: $(VENV)/demo  ## fit real steam data with and without slopes, and draw the difference
	$(BIN)/slopenet demo

test: $(VENV)/test  ## run the tests (those that need torch or JAX are skipped)
	$(BIN)/python -m pytest -q

clean:  ## remove everything that was built
	rm -rf $(VENV) build demo-output .pytest_cache .mypy_cache .ruff_cache
