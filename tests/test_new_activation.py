"""A new activation is one row of `TABLE` on the Python side; the places of the rest are listed."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import oracle
import pytest

import slopenet as sn
from slopenet import activations, derivation, exporters
from slopenet.activations import TABLE, ActivationInfo, normalise, sigma
from slopenet.derivation import Chain
from slopenet.evaluate.plan import Bracket
from slopenet.gradcheck import complex_step
from slopenet.importers._recognise import activation_of

ROOT = Path(__file__).parents[1]

# σ(z) = h/(1 + z²), with the height h as parameter.
LORENTZ = ActivationInfo(
    lambda _, z, h: h / (1 + z * z),
    lambda _, z, h: -2 * h * z / (1 + z * z) ** 2,
    lambda _, z, h: h * (6 * z * z - 2) / (1 + z * z) ** 3,
    "height",
    1.0,
    parameter_from=lambda f: f(0.0),
)
SPECS = [("lorentz", 2.5), "lorentz", "identity"]
SIZES = (2, 5, 4, 3)


@pytest.fixture(autouse=True)
def lorentz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE, "lorentz", LORENTZ)


class Reference:
    """The part of a network that exporters use, computed by `slopenet.derivation`."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.sizes = SIZES
        W = [rng.normal(size=(n, m)) / np.sqrt(m) for m, n in pairwise(SIZES)]
        b = [rng.normal(size=n) for n in SIZES[1:]]
        self._chain = Chain(W, b, [normalise(spec) for spec in SPECS])
        layers = [Bracket(l, l, None) for l in (2, 3, 4)]
        order = Bracket(2, 4, (Bracket(3, 4, (layers[2], layers[1])), layers[0]))
        self.plan = SimpleNamespace(chain=order)

    def chain(self) -> Chain:
        return self._chain

    def _slopes(self, X: Any) -> tuple[Any, list[Any], list[Any]]:
        sweep = derivation.forward(self._chain, X)
        return sweep.a[-1], derivation.D(self._chain, sweep), derivation.S(self._chain, sweep)

    def value_and_jacobian(self, X: Any) -> tuple[Any, Any]:
        H, D, _ = self._slopes(X)
        return H, derivation.dH_dx(self._chain, D)

    def jvp(self, X: Any, v: Any) -> Any:
        return derivation.jvp(self._chain, self._slopes(X)[1], v)

    def vjp(self, X: Any, u: Any) -> Any:
        return np.einsum("nki,nk->ni", self.value_and_jacobian(X)[1], u)

    def hessian(self, X: Any) -> Any:
        _, D, S = self._slopes(X)
        return derivation.hessian(self._chain, D, S)


def test_a_new_activation_is_differentiated_by_the_derivation() -> None:
    net, X = Reference(), np.random.default_rng(1).normal(size=(9, 2))
    J, curvatures = complex_step.along_axes(net.chain(), X)
    np.testing.assert_allclose(net.value_and_jacobian(X)[1], J, rtol=1e-12, atol=1e-13)
    diagonal = np.einsum("nkii->nki", net.hessian(X))
    np.testing.assert_allclose(diagonal, curvatures, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("suffix", [".py", ".c", ".onnx"])
def test_a_new_activation_is_exported_and_run(tmp_path: Path, suffix: str, dtype: str) -> None:
    if suffix == ".onnx":
        pytest.importorskip("onnx", reason="onnx is not installed")
    wanted = exporters.TARGETS[suffix].derivatives
    net: Any = Reference()
    path = tmp_path / f"net{suffix}"
    done = exporters.export(net, path, (None, None), derivatives=wanted, dtype=dtype)
    assert done.passed, str(done)
    if "no C compiler" not in done.run_by:
        assert set(done.differences) == set(wanted)


def test_a_new_activation_is_parsed_saved_and_printed(tmp_path: Path) -> None:
    chain = Reference().chain()
    net = sn.Network(chain.W, chain.b, SPECS)
    assert "lorentz(2.5), lorentz, identity" in repr(net)
    net.save(tmp_path / "net.safetensors")
    assert sn.load(tmp_path / "net.safetensors") == net


@pytest.mark.parametrize("height", [1.0, 0.3])
def test_a_new_activation_is_recognised_by_its_values(height: float) -> None:
    spec = normalise(("lorentz", height))
    found = activation_of(lambda z: sigma(spec, z), np.dtype(np.float64))
    assert found is not None
    assert normalise(found) == spec


def listed() -> list[Path]:
    """The files that the documentation of `slopenet.activations` lists."""
    assert activations.__doc__ is not None
    (places,) = re.findall(r"\n\n(1\. .*?)\n\n", activations.__doc__, re.DOTALL)
    assert re.findall(r"^(\d)\.", places, re.MULTILINE) == list("12345")
    found = [ROOT / path for path in re.findall(r"(?:src|tests|tools)/[\w/.]+\w", places)]
    return [*found, ROOT / "src/slopenet/activations.py"]


def test_the_five_places_of_an_activation_name_every_activation() -> None:
    files = listed()
    assert len(set(files)) == 5
    texts = {path.name: path.read_text() for path in files}
    for name in set(TABLE) - {"lorentz"}:
        struct = name.title().replace("_", "")
        assert re.search(rf"\bstruct {struct}\b", texts["activation.hpp"]), name
        assert f'"{name}"' in texts["table.hpp"], name
        assert f'"{name}": ' in texts["activations.py"], name
        assert name in oracle.SIGMA, name
        assert re.search(rf"\b(plain|with)\({name}\b", texts["reference.hpp"]), name
