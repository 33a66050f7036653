"""Exported files give the standard deviations of the network, for every kind of posterior."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import STRICT, compilers, library
from networks_with_error_bars import KINDS, wave

import slopenet as sn
from slopenet.exporters import _posteriors

COMPILERS = compilers()
COMMAND = next(iter(COMPILERS.values()), [])
METHODS = KINDS | {"laplace": KINDS["laplace"] | {"hidden": (40, 12)}}
METHODS["full"] = METHODS["full"] | {"hidden": (5, 4)}
RNG = np.random.default_rng(5)
X = RNG.uniform(-1, 1, (12, 2))
Y = np.stack([wave(X), X[:, 0] * X[:, 1]], axis=1)
SLOPES = np.stack([np.stack([2 * np.cos(2 * X[:, 0]), 2 * X[:, 1]], 1), X[:, ::-1]], 1)
GAPS = np.where(np.arange(24).reshape(2, 12).T % 12 < 3, np.nan, Y)
UNKNOWN = np.stack([np.full(12, np.nan), Y[:, 1]], axis=1)
# Inputs and outputs as they are given, by case.
DATA: dict[str, tuple[Any, ...]] = {
    "values": (X, Y),
    "slopes": (X, Y, SLOPES),
    "units": (5000 + 1e3 * X, 1e5 * Y),
    "logarithms": (np.exp(4 * X), np.exp(4 * Y)),
    "gaps": (X, GAPS),
    "level": (X, UNKNOWN, SLOPES),
    "only slopes": (X, np.full((12, 1), np.nan), SLOPES[:, :1]),
    "one": (X, np.exp(4 * Y[:, :1])),
}
LOGARITHMS = {"logarithms", "one"}
CASES = [(kind, data) for kind in KINDS for data in ("values", "slopes", "units", "logarithms")]
CASES += [("process", data) for data in ("gaps", "level", "only slopes", "one")]
CASES += [("full", "one"), ("laplace", "one")]


@cache
def fitted(kind: str, data: str) -> sn.Network:
    transform = "log" if data in LOGARITHMS else "none"
    net = sn.fit(*DATA[data], rng=0, transform=transform, **METHODS[kind]).network
    assert net.posterior is not None
    assert net.posterior.kind == kind
    return net


def probes(data: str) -> np.ndarray:
    """Points among the data, and far away from them."""
    given = DATA[data][0]
    rng = np.random.default_rng(1)
    Z = np.concatenate([rng.uniform(-1, 1, (60, 2)), rng.uniform(-9, 9, (40, 2))])
    if data in LOGARITHMS:
        return np.concatenate([given, np.exp(4 * Z[:60]), np.exp(Z[60:])])
    low, high = given.min(axis=0), given.max(axis=0)
    return np.concatenate([given, (low + high) / 2 + Z * (high - low) / 2])


def in_python(path: Path, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    module: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), module)
    return module["std"](x), module["jacobian_std"](x)


def in_c(path: Path, x: np.ndarray, *flags: str) -> tuple[np.ndarray, np.ndarray]:
    functions = library(path, COMMAND, "-std=c99", *flags)
    sizes = {name: number_in(path, name) for name in ("N_IN", "N_OUT", "WORKSPACE")}
    guard = 7.25
    w = np.full(sizes["WORKSPACE"] + 1, guard)
    s, both = np.empty((2, len(x), sizes["N_OUT"]))
    S = np.empty((len(x), sizes["N_OUT"], sizes["N_IN"]))
    for i, point in enumerate(np.ascontiguousarray(x)):
        functions[f"{path.stem}_std"](*pointers(point, s[i], w))
        functions[f"{path.stem}_jacobian_std"](*pointers(point, both[i], S[i], w))
    assert w[-1] == guard
    np.testing.assert_array_equal(s, both)
    return s, S


def pointers(*arrays: np.ndarray) -> list[ctypes.c_void_p]:
    return [ctypes.c_void_p(array.ctypes.data) for array in arrays]


def number_in(path: Path, name: str) -> int:
    text = path.with_suffix(".h").read_text()
    return int(re.search(rf"{path.stem.upper()}_{name} (\d+)", text)[1])


def require_same(net: sn.Network, x: np.ndarray, got: tuple[np.ndarray, np.ndarray]) -> None:
    """1e-12 of the largest entry, or what a process loses in the difference from its prior."""
    terms = net.posterior.terms(net, x)
    for found, wanted, size in zip(
        got, net.value_and_jacobian_std(x), (terms[:, :, 0], terms[:, :, 1:]), strict=True
    ):
        assert found.shape == wanted.shape
        assert (wanted > 0).all()
        error = np.abs(found**2 - wanted**2)
        assert (error <= 1e-12 * wanted.max() * wanted + 1e-14 * size).all()


@pytest.mark.parametrize(("kind", "data"), CASES)
def test_a_python_file_gives_the_deviations_of_the_network(
    tmp_path: Path, kind: str, data: str
) -> None:
    net, path = fitted(kind, data), tmp_path / "net.py"
    done = net.export(path, std=True)
    assert done.passed, done
    assert list(done.differences) == ["value", "jacobian", "std", "jacobian_std"]
    require_same(net, probes(data), in_python(path, probes(data)))


@pytest.mark.skipif(not COMPILERS, reason="there is no C compiler")
@pytest.mark.parametrize(("kind", "data"), CASES)
def test_a_c_file_gives_the_deviations_of_the_network(tmp_path: Path, kind: str, data: str) -> None:
    """Compiled without a warning, within the workspace that it asks for."""
    net, path = fitted(kind, data), tmp_path / "net.c"
    assert net.export(path, std=True).passed
    level = f"-O{(CASES.index((kind, data)) * 2) % 3}"
    require_same(net, probes(data), in_c(path, probes(data), level))
