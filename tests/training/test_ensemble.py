"""An ensemble averages its networks, and its spread says how far they agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from waves import wave

import slopenet as sn


def test_an_ensemble_agrees_where_it_was_trained() -> None:
    X, y, T = wave(60)
    result = sn.fit(X, y, T, hidden=(12,), ensemble=3, rng=0)
    assert len(result.ensemble) == 3
    assert result.ensemble.networks[0] == result.network
    far = X + 30
    assert result.ensemble.spread(far).mean() > 10 * result.ensemble.spread(X).mean()
    np.testing.assert_allclose(
        result.ensemble.jacobian(X), np.mean([net.jacobian(X) for net in result.ensemble], axis=0)
    )
    assert result.ensemble.jacobian_spread(X).shape == (60, 1, 3)
    with pytest.raises(ValueError, match="restarts and ensemble"):
        sn.fit(X, y, ensemble=2, restarts=2)


def test_the_mean_and_the_spread_are_those_of_the_networks() -> None:
    networks = [sn.Network.random((2, 5, 3), rng=seed) for seed in range(4)]
    together, X = sn.Ensemble(networks), np.random.default_rng(0).normal(size=(7, 2))
    assert list(together) == networks
    for ask in ("__call__", "jacobian", "hessian"):
        each = np.stack([getattr(net, ask)(X) for net in networks])
        np.testing.assert_array_equal(getattr(together, ask)(X), each.mean(axis=0))
    values = np.stack([net(X) for net in networks])
    np.testing.assert_array_equal(together.spread(X), values.std(axis=0, ddof=1))
    assert not sn.Ensemble(networks[:1]).spread(X).any()
    assert not sn.Ensemble(networks[:1]).jacobian_spread(X).any()
    assert repr(together).startswith("<Ensemble of 4 networks, each Network(2-5-3")


def test_networks_of_an_ensemble_have_the_same_inputs_and_outputs() -> None:
    for sizes in ([], [(2, 1), (3, 1)], [(2, 1), (2, 4, 2)]):
        with pytest.raises(ValueError, match=r"^networks must be at least one, all with"):
            sn.Ensemble([sn.Network.random(size) for size in sizes])


def test_an_ensemble_is_saved_and_loaded(tmp_path: Path) -> None:
    X, y, T = wave(30)
    together = sn.fit(X, y, T, hidden=(4,), ensemble=3, epochs=20, rng=0).ensemble
    together.save(tmp_path / "all")
    again = sn.load(tmp_path / "all")
    assert isinstance(again, sn.Ensemble)
    assert list(again) == list(together)
    assert again.card == together.card
    assert again.inside(X).all()
    assert again.networks[2].card.rows == 30
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "all").read_bytes()
    renamed = sn.load(tmp_path / "all", output_names=["t"], dtype=np.float32)
    assert {(net.output_names, net.dtype.name) for net in renamed} == {(("t",), "float32")}


def test_members_of_different_shapes_are_saved_together(tmp_path: Path) -> None:
    networks = [sn.Network.random(sizes, rng=0) for sizes in ((2, 3, 1), (2, 5, 4, 1))]
    sn.Ensemble(networks).save(tmp_path / "all")
    assert list(sn.load(tmp_path / "all")) == networks
    H, J = sn.Ensemble(networks).value_and_jacobian([[1.0, 2.0]])
    assert H.shape == (1, 1)
    assert J.shape == (1, 1, 2)
