"""Exported files give the standard deviations of the network, for every kind of posterior."""

from __future__ import annotations

import ctypes
import re
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import STRICT, compilers, library
from networks_with_error_bars import KINDS, wave

import slopenet as sn
from slopenet.activations import normalise_layer
from slopenet.exporters import _posteriors
from slopenet.posterior.laplace import LaplacePosterior
from slopenet.posterior.rivals import Rival

COMPILERS = compilers()
COMMAND = next(iter(COMPILERS.values()), [])
METHODS = KINDS | {"laplace": KINDS["laplace"] | {"hidden": (40, 12)}}
METHODS["full"] = METHODS["full"] | {"hidden": (5, 4)}
METHODS["rivals"] = METHODS["laplace"] | {"hidden": (15, 12)}
RNG = np.random.default_rng(5)
X = RNG.uniform(-1, 1, (12, 2))
Y = np.stack([wave(X), X[:, 0] * X[:, 1]], axis=1)
SLOPES = np.stack([np.stack([2 * np.cos(2 * X[:, 0]), 2 * X[:, 1]], 1), X[:, ::-1]], 1)
GAPS = Y.copy()
GAPS[:4, 0] = GAPS[8:, 1] = np.nan
UNKNOWN = np.stack([np.full(12, np.nan), Y[:, 1]], axis=1)
# Inputs and outputs as they are given, by case.
DATA: dict[str, tuple[Any, ...]] = {
    "slopes": (X, Y, SLOPES),
    "units": (5000 + 1e3 * X, 1e5 * Y),
    "logarithms": (np.exp(4 * X), np.exp(4 * Y)),
    "gaps": (X, GAPS),
    "level": (X, UNKNOWN, SLOPES),
    "only slopes": (X, np.full((12, 1), np.nan), SLOPES[:, :1]),
    "one": (X, np.exp(4 * Y[:, :1])),
}
DATA["bounded"] = (X, 1 / (1 + np.exp(-Y)))
LOGARITHMS = {"logarithms", "one"}
# More settings of `fit`; relu has no second derivative, and a sigmoid output has one.
MORE: dict[str, Any] = {data: {"transform": "log"} for data in LOGARITHMS}
MORE["bounded"] = {"activation": "relu", "output": "sigmoid", "transform": "none"}
CASES = [(kind, data) for kind in KINDS for data in ("slopes", "units", "logarithms")]
CASES += [("process", data) for data in ("gaps", "level", "only slopes", "one")]
CASES += [("full", "one"), ("full", "bounded")]
CASES += [("rivals", data) for data in ("slopes", "units", "logarithms")]


@cache
def fitted(kind: str, data: str) -> sn.Network:
    more = MORE.get(data, {"transform": "none"})
    net = sn.fit(*DATA[data], rng=0, **more, **METHODS[kind]).network
    assert net.posterior is not None
    assert net.posterior.kind == ("laplace" if kind == "rivals" else kind)
    return with_waves(net) if kind == "rivals" else net


def with_waves(net: sn.Network) -> sn.Network:
    """With rivals of other layers than the network has."""
    posterior, rng = net.posterior, np.random.default_rng(3)
    assert isinstance(posterior, LaplacePosterior)
    outputs, runs = net.sizes[-1], (("tanh", 4), ("sin", 3))
    shapes = [(2, 7, outputs), (2, 7, 5, outputs)]
    sigmas = [normalise_layer(each, 7) for each in (runs, "softplus")]
    rivals = [
        Rival(
            [rng.normal(size=(n, m)) for m, n in pairwise(sizes)],
            [rng.normal(size=n) for n in sizes[1:]],
            [sigma, *[normalise_layer("identity", n) for n in sizes[2:]]],
        )
        for sizes, sigma in zip(shapes, sigmas, strict=True)
    ]
    return net.with_posterior(posterior.compared(rivals, [0.3, 0.2]))


def probes(net: sn.Network, data: str) -> np.ndarray:
    """Points of the data, between them, and far away, where the network is not too large."""
    logarithms = data == "logarithms"
    given = np.log(DATA[data][0]) if logarithms else DATA[data][0]
    low, high = given.min(axis=0), given.max(axis=0)
    Z = np.random.default_rng(1).uniform(-1, 1, (100, 2))
    Z[60:] *= 2 if data in LOGARITHMS else 9
    x = np.concatenate([given, (low + high) / 2 + Z * (high - low) / 2])
    x = np.exp(x) if logarithms else x
    with np.errstate(over="ignore"):
        return x[np.abs(net(x)).max(axis=1) < 1e12]


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


def require_same(net: sn.Network, x: np.ndarray, got: tuple[np.ndarray, ...]) -> None:
    """1e-12 of the largest entry, or the digits that a variance loses as a difference."""
    posterior: Any = net.posterior
    lost = 20 * np.finfo(np.float64).eps * posterior.terms(net, x)
    of_kinds = lost[:, :, 0], lost[:, :, 1:]
    for found, wanted, of_kind in zip(got, net.value_and_jacobian_std(x), of_kinds, strict=False):
        assert found.shape == wanted.shape
        allowed = 1e-12 * wanted.max() * (found + wanted) + of_kind
        assert (np.abs(found**2 - wanted**2) <= allowed).all()


@pytest.mark.parametrize(("kind", "data"), CASES)
def test_a_python_file_gives_the_deviations_of_the_network(
    tmp_path: Path, kind: str, data: str
) -> None:
    net, path = fitted(kind, data), tmp_path / "net.py"
    done = net.export(path, std=True)
    assert done.passed, done
    assert list(done.differences) == ["value", "jacobian", "std", "jacobian_std"]
    x = probes(net, data)
    require_same(net, x, in_python(path, x))


@pytest.mark.skipif(not COMPILERS, reason="there is no C compiler")
@pytest.mark.parametrize(("kind", "data"), CASES)
def test_a_c_file_gives_the_deviations_of_the_network(tmp_path: Path, kind: str, data: str) -> None:
    """Compiled without a warning, within the workspace that it asks for."""
    net, path = fitted(kind, data), tmp_path / "net.c"
    assert net.export(path, std=True).passed
    x = probes(net, data)
    require_same(net, x, in_c(path, x, f"-O{2 * CASES.index((kind, data)) % 3}"))


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_jacobian_there_are_deviations_of_values_alone(
    tmp_path: Path, kind: str
) -> None:
    net = fitted(kind, "slopes")
    assert list(net.export(tmp_path / "net.py", derivatives=["value"], std=True).differences) == [
        "value",
        "std",
    ]
    text = (tmp_path / "net.py").read_text()
    assert "def std(" in text
    assert "jacobian_std" not in text
    module: dict[str, Any] = {}
    exec(compile(text, "net.py", "exec"), module)
    x = probes(net, "slopes")[:20]
    require_same(net, x, (module["std"](x),))


@pytest.mark.skipif("gcc" not in COMPILERS, reason="gcc is not installed")
@pytest.mark.parametrize(
    ("kind", "data"), [("process", "level"), ("full", "one"), ("rivals", "logarithms")]
)
def test_a_file_with_deviations_is_cpp_too(tmp_path: Path, kind: str, data: str) -> None:
    path = tmp_path / "net.c"
    fitted(kind, data).export(path, std=True, casadi=True)
    command = ["gcc", "-x", "c++", "-std=c++11", *STRICT, "-O1", "-c", str(path)]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "net.o")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_refusals_name_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = fitted("laplace", "slopes")
    with pytest.raises(ValueError, match=r"this network has no posterior.*method='kriging'"):
        net.with_posterior(None).export(tmp_path / "net.py", std=True)
    for suffix in (".onnx", ".f90"):
        with pytest.raises(
            ValueError, match=rf"std is an option of \.c and \.py files, not of \{suffix}"
        ):
            net.export(tmp_path / f"net{suffix}", std=True)
    with pytest.raises(ValueError, match="standard deviations need float64; export with dtype="):
        net.export(tmp_path / "net.c", std=True, dtype="float32")
    single = sn.Network(
        net.weights, net.biases, net.activations, dtype="float32", posterior=net.posterior
    )
    with pytest.raises(ValueError, match="standard deviations need float64; export with dtype="):
        single.export(tmp_path / "net.c", std=True)
    assert single.export(tmp_path / "single.py", std=True, dtype="float64").passed
    head = sn.Network(
        [*net.weights], [*net.biases], ["tanh", "tanh", "softmax"], posterior=net.posterior
    )
    with pytest.raises(ValueError, match="softmax acts on all outputs together"):
        head.export(tmp_path / "net.c", std=True)
    monkeypatch.setattr(_posteriors, "MOST", 50)
    for kind in KINDS:
        with pytest.raises(
            ValueError, match=r"would be \d+ numbers in the file, and 50 is the most"
        ):
            fitted(kind, "slopes").export(tmp_path / "net.py", std=True)
    assert {path.name for path in tmp_path.iterdir()} == {"single.py"}


def test_deviations_where_an_exponential_underflows_are_zero() -> None:
    net = fitted("process", "one")
    units = net.posterior.units  # type: ignore[union-attr]
    found = units.covariance(
        np.ones((1, 1, 3, 3)),
        np.ones((1, 2)),
        -units.log_y[1:] / units.log_y[:1],
        np.zeros((1, 1, 2)),
    )
    np.testing.assert_array_equal(found, 0)
