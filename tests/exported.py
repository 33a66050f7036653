"""Exported C files, compiled and called by the tests."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from networks import EVERYWHERE

import slopenet as sn

# A library that was loaded stays loaded, so no two may have the same name.
_NUMBERS = count()
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")
# In units of the promise of `errors`: float32 inputs far out magnify the rounding of z.
LIMIT = {"float64": 1, "float32": 10}
EVERYTHING = ("value", "jacobian", "jvp", "vjp", "hessian")


def compilers() -> dict[str, list[str]]:
    """Commands of the C compilers that are here."""
    found = {name: [name] for name in ("gcc", "clang") if shutil.which(name)}
    if "clang" not in found and importlib.util.find_spec("ziglang"):
        found["clang"] = [sys.executable, "-m", "ziglang", "cc"]
    return found


def library(source: Path, command: Sequence[str], *flags: str) -> ctypes.CDLL:
    """The file compiled without a warning, and loaded."""
    target = source.with_name(f"{source.stem}_{next(_NUMBERS)}.so")
    arguments = [*STRICT, *flags, "-shared", "-fPIC", "-o", str(target), str(source), "-lm"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(target))


def results(
    functions: ctypes.CDLL, prefix: str, net: sn.Network, X: np.ndarray, dtype: Any = None
) -> dict[str, np.ndarray]:
    """H(x), ∂H/∂x and ∇²H of every row, by the C functions `value`, `jacobian` and `hessian`."""
    kind = np.dtype(dtype or net.dtype)
    n_1, n_L = net.sizes[0], net.sizes[-1]
    X = np.ascontiguousarray(X, kind)
    shapes = {"y": (n_L,), "J": (n_L, n_1), "H": (n_L, n_1, n_1)}
    value, *slopes = (
        np.full((len(X), *shape), np.nan, kind) for shape in ((n_L,), *shapes.values())
    )
    out = dict(zip(shapes, slopes, strict=True))
    J = np.empty(shapes["J"], kind)
    w = np.empty(200_000, kind)
    steps = {name: a.strides[0] for name, a in {"x": X, "value": value, **out}.items()}
    at = {name: a.ctypes.data for name, a in {"x": X, "value": value, **out}.items()}
    pointer = ctypes.c_void_p
    for i in range(len(X)):
        x, y, v, j, h = (
            pointer(at[name] + i * steps[name]) for name in ("x", "y", "value", "J", "H")
        )
        functions[f"{prefix}_value"](x, v, pointer(w.ctypes.data))
        functions[f"{prefix}_jacobian"](x, y, j, pointer(w.ctypes.data))
        functions[f"{prefix}_hessian"](x, y, pointer(J.ctypes.data), h, pointer(w.ctypes.data))
        assert np.array_equal(value[i], out["y"][i], equal_nan=True)
    return out


def mixed_network(seed: int, dtype: Any = np.float64) -> sn.Network:
    """A network of two to five layers of activations of any z; the first runs through all."""
    rng = np.random.default_rng(seed)
    sizes = [int(n) for n in rng.choice([1, 2, 3, 5, 8, 17, 24], rng.integers(3, 7))]
    weights = [rng.normal(size=(n, m)) / np.sqrt(m) for m, n in pairwise(sizes)]
    biases = [rng.normal(size=n) for n in sizes[1:]]
    specs = [EVERYWHERE[seed % len(EVERYWHERE)]]
    specs += [EVERYWHERE[int(i)] for i in rng.integers(0, len(EVERYWHERE), len(sizes) - 2)]
    return sn.Network(weights, biases, specs, dtype=dtype)


def inputs(n: int, net: sn.Network) -> np.ndarray:
    """Half of the points N(0, 1), half thirty times as far out, where units are saturated."""
    X = np.random.default_rng(1).normal(size=(n, net.sizes[0]))
    X[n // 2 :] *= 30
    return X.astype(net.dtype)


def errors(
    net: sn.Network, X: np.ndarray, got: dict[str, np.ndarray], wanted: Any = None
) -> dict[str, float]:
    """The largest difference from the network, over the largest entry, in units of the promise.

    That is 1e-13 for values and Jacobians, 1e-12 for Hessians; for float32 1e-5 and 1e-4.
    """
    H, J, hessian = net.value_jacobian_hessian(X) if wanted is None else wanted
    single = got["y"].dtype == np.float32
    unit = {"y": 1e-13, "J": 1e-13, "H": 1e-12} if not single else {"y": 1e-5, "J": 1e-5, "H": 1e-4}
    found = {}
    for name, exact in {"y": H, "J": J, "H": hessian}.items():
        scale = float(np.abs(exact).max())
        error = float(np.abs(got[name].astype(np.float64) - exact).max())
        found[name] = error / (unit[name] * scale) if scale else error
    return found
