"""Files of every version of the layout are read, and give what was saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import slopenet as sn
from slopenet.io.model_file import VERSION

FILES = Path(__file__).parent / "versions"
STD = 0.03011696  # of the posterior in the file of version 3, at (1, 2)


def expected() -> sn.Network:
    W = [[[0.5, -1.25], [2.0, 0.1], [1e-300, 3.0]], [[1.0, -0.5, 0.25]]]
    b = [[0.0, -2.0, 0.3], [7.0]]
    activations = [("leaky_relu", 0.2), "identity"]
    return sn.Network(W, b, activations, input_names=["T", "p"], output_names=["ρ"])


def test_there_is_a_file_of_every_version() -> None:
    files = {path.stem for path in FILES.iterdir()}
    assert files == {str(v) for v in range(1, int(VERSION) + 1)} | {"2-ensemble"}


@pytest.mark.parametrize("version", range(1, int(VERSION) + 1))
def test_a_network_of_every_version(version: int) -> None:
    net = sn.load(FILES / f"{version}.safetensors")
    assert net == expected()
    assert np.isfinite(net([1.0, 2.0])).all()
    if version < 3:
        assert net.posterior is None
    else:
        assert net.std([1.0, 2.0])[0] == pytest.approx(STD, rel=1e-6)
    if version == 1:
        assert net.card is None
    else:
        assert net.card.rows == 30
        assert net.card.inputs[1].maximum == 5.0
        assert net.card.errors.slopes[0][0] == 0.02
        assert net.inside([0.0, 5.0])


def test_an_ensemble_of_version_2() -> None:
    together = sn.load(FILES / "2-ensemble.safetensors")
    assert isinstance(together, sn.Ensemble)
    assert list(together) == [expected(), expected()]
    assert together.card.rows == 30
    assert together.networks[1].card is None
