#!/usr/bin/env bash
# `make test-arm64`: compile for arm64 with a cross compiler, run the core's tests under qemu.
#
# build/arm64 becomes a virtual environment with an arm64 Python: bin/python is a script that runs it
# under qemu. Only Python is emulated; CMake and the cross compiler run natively.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=$PWD/build/arm64
python=$home/bin/python

shopt -s nullglob
missing=()
command -v aarch64-linux-gnu-g++ >/dev/null || missing+=(g++-aarch64-linux-gnu)
command -v qemu-aarch64 >/dev/null || missing+=(qemu-user)
mains=(/usr/lib/python3*/config-3*-aarch64-linux-gnu/python.o) # Python's main(), for arm64
((${#mains[@]})) || missing+=(libpython3-dev:arm64)
[[ -e /usr/lib/aarch64-linux-gnu/libstdc++.so.6 ]] || missing+=(libstdc++6:arm64)
if ((${#missing[@]})); then
    echo "make test-arm64 needs packages that are not installed. On Debian, as root:" >&2
    echo "  dpkg --add-architecture arm64 && apt update && apt install ${missing[*]}" >&2
    exit 1
fi

version=$(basename "$(dirname "$(dirname "${mains[-1]}")")") # python3.11
mkdir -p "$home/bin" "$home/lib/$version/site-packages"
aarch64-linux-gnu-g++ "${mains[-1]}" -L/usr/lib/aarch64-linux-gnu "-l$version" -o "$home/bin/emulated"
cat >"$python" <<'END'
#!/bin/sh
exec qemu-aarch64 -0 "$0" "$(dirname "$0")/emulated" "$@"
END
chmod +x "$python"
echo "home = /usr/bin" >"$home/pyvenv.cfg"

export PATH=$PWD/.venv/bin:$PATH CMAKE_TOOLCHAIN_FILE=$PWD/tools/arm64/toolchain.cmake
install=(.venv/bin/python -m pip --python "$python" install --quiet --disable-pip-version-check --no-compile)
if [[ pyproject.toml -nt $home/tools ]]; then
    "${install[@]}" "scikit-build-core>=0.10" "nanobind>=2.4" "numpy>=2"
    touch "$home/tools"
fi
"${install[@]}" --no-build-isolation -C build-dir=build/arm64/cmake -C cmake.define.SLOPENET_WERROR=ON \
    . pytest mpmath python-flint
cmake --build "$home/cmake" --target exhaust

# Here long double has 113 bits, so the reference differs from that of x86-64.
qemu-aarch64 "$home/cmake/exhaust" --points 1e4 --stride 999983
"$python" -c 'import platform; print("Python", platform.python_version(), platform.machine())'
"$python" -m pytest -q -k "not wide and not six_layers and not hundred_thousand" \
    tests/core/test_{activation,accuracy,same_bits}.py tests/evaluate/test_plan.py tests/test_derivation.py
