"""Files of every version of the layout are read, and give what was saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import slopenet as sn
from slopenet.io.model_file import VERSION

FILES = Path(__file__).parent / "versions"
# Of the posteriors in the files, at (1, 2).
STD = {3: 0.03011696, 5: 0.6324139}


def expected() -> sn.Network:
    W = [[[0.5, -1.25], [2.0, 0.1], [1e-300, 3.0]], [[1.0, -0.5, 0.25]]]
    b = [[0.0, -2.0, 0.3], [7.0]]
    activations = [("leaky_relu", 0.2), "identity"]
    return sn.Network(W, b, activations, input_names=["T", "p"], output_names=["ρ"])


def test_there_is_a_file_of_every_version() -> None:
    files = {path.stem for path in FILES.iterdir()}
    assert files == {str(v) for v in range(1, int(VERSION) + 1)} | {"2-ensemble"}


@pytest.mark.parametrize("version", [1, 2, 3, 5])
def test_a_network_of_every_version(version: int) -> None:
    net = sn.load(FILES / f"{version}.safetensors")
    assert net == expected()
    assert np.isfinite(net([1.0, 2.0])).all()
    if version < 3:
        assert net.posterior is None
    else:
        assert len(net.posterior.rivals) == (2 if version == 5 else 0)
        assert net.std([1.0, 2.0])[0] == pytest.approx(STD[version], rel=1e-6)
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


def with_runs() -> sn.Network:
    own = expected()
    runs = [(("leaky_relu", 0.2), 1), ("tanh", 2)]
    names = {"input_names": own.input_names, "output_names": own.output_names}
    return sn.Network(own.weights, own.biases, [runs, "identity"], **names)


def test_a_network_with_runs_of_version_4() -> None:
    net = sn.load(FILES / "4.safetensors")
    assert net == with_runs()
    assert net.activations == (((("leaky_relu", 0.2), 1), ("tanh", 2)), "identity")


def test_only_networks_with_runs_are_of_version_4(tmp_path: Path) -> None:
    with_runs().save(tmp_path / "runs")
    assert (tmp_path / "runs").read_bytes() == (FILES / "4.safetensors").read_bytes()
    expected().save(tmp_path / "plain")
    assert b'"version":"2"' in (tmp_path / "plain").read_bytes()
    runs = sn.Ensemble([expected(), with_runs()])
    runs.save(tmp_path / "both")
    assert b'"version":"4"' in (tmp_path / "both").read_bytes()
    assert list(sn.load(tmp_path / "both")) == list(runs)
