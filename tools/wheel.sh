#!/usr/bin/env bash
# Build a manylinux wheel from the unpacked sdist, install it where no compiler can be found, run the core's tests.
#
#     tools/wheel.sh .venv/bin/python build/sdist dist [arguments for pytest]
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1 source=$2 output=$3
work=build/wheel

rm -rf "$work" "$output"/*.whl
"$python" -m build --wheel --no-isolation -C cmake.define.SLOPENET_WERROR=ON --outdir "$work/linux" "$source"
PATH="$(dirname "$python"):$PATH" "$python" -m auditwheel repair --wheel-dir "$output" "$work"/linux/*.whl

# A PATH with nothing but this environment: neither pip nor a test can find a compiler, and the sources are not imported.
"$python" -m venv "$work/clean"
clean=$PWD/$work/clean/bin
export PATH=$clean
unset PYTHONPATH
python -m pip install --quiet --disable-pip-version-check --only-binary :all: "$output"/*.whl \
	pytest pytest-xdist mpmath python-flint
python -m pytest -q -n auto --dist worksteal -p no:cacheprovider tests/core "${@:4}"
python tools/import_time.py
