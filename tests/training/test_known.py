"""The network of a fit knows its training data: ranges, rows, method and errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waves import wave

import slopenet as sn
from slopenet.io.card import QUANTILES


def surface(n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).uniform([-1, 10], [1, 30], (n, 2))
    y = np.stack([np.sin(X[:, 0]) * X[:, 1], X[:, 1] ** 2], axis=1)
    T = np.zeros((n, 2, 2))
    T[:, 0, 0], T[:, 0, 1], T[:, 1, 1] = np.cos(X[:, 0]) * X[:, 1], np.sin(X[:, 0]), 2 * X[:, 1]
    return X, y, T


@pytest.mark.parametrize("method", ["lm", "adam", "kriging"])
def test_the_card_of_a_fit(method: str) -> None:
    X, y, T = surface()
    hidden: Any = "auto" if method == "kriging" else 5
    fit = sn.fit(X, y, T, hidden=hidden, method=method, epochs=10, restarts=1, rng=7)
    card = fit.network.card
    for columns, ranges in ((X, card.inputs), (y, card.outputs)):
        found = [(each.minimum, each.maximum, *each.quantiles) for each in ranges]
        expected = [columns.min(axis=0), columns.max(axis=0), *np.quantile(columns, QUANTILES, 0)]
        np.testing.assert_allclose(found, np.transpose(expected), rtol=1e-13)
    assert (card.rows, card.seed, card.version, card.method) == (40, 7, sn.__version__, method)
    assert card.reason == fit.reason
    np.testing.assert_array_equal(card.errors.values, fit.errors.values)
    np.testing.assert_array_equal(card.errors.slopes, fit.errors.slopes)
    assert card.errors.rows == fit.errors.rows
    assert fit.network.inside(X).all()
    assert not fit.network.inside([0.0, 31.0])


def test_the_checksum_is_that_of_the_data() -> None:
    X, y, T = surface()
    settings: dict[str, Any] = {"hidden": 3, "method": "lm", "epochs": 3}
    sums = [
        sn.fit(*data, **settings).network.card.data
        for data in ((X, y, T), (X.tolist(), y, T), (X, y), (X, y, T + 1e-9))
    ]
    assert sums[0] == sums[1]
    assert len(set(sums)) == 3
    assert all(len(each) == 64 for each in sums)


def test_held_out_rows_and_repeated_rows_are_training_data() -> None:
    X, y, _ = surface()
    X, y = np.concatenate([X, X[:5]]), np.concatenate([y, y[:5]])
    fit = sn.fit(X, y, hidden=3, method="lm", epochs=3, validation=0.4, rng=np.random.default_rng())
    assert fit.network.card.rows == 45
    assert fit.network.card.seed is None
    assert fit.network.card.errors.rows == "held out"
    assert np.isnan(fit.network.card.errors.slopes).all()
    assert fit.network.inside(X).all()


def test_unknown_values_have_no_part_in_the_range() -> None:
    X, y, T = surface()
    std = np.ones_like(y)
    std[y[:, 0] > 0, 0] = np.inf
    fit = sn.fit(X, y, T, y_std=std, hidden=3, method="lm", epochs=3)
    assert fit.network.card.outputs[0].maximum <= 0 < fit.network.card.outputs[1].minimum


def test_an_interrupted_fit_has_a_card_and_so_has_its_file(tmp_path: Path) -> None:
    X, y, T = wave(30)

    def stop(state: Any) -> None:
        if state.epoch == 4:
            raise KeyboardInterrupt

    with pytest.raises(sn.Interrupted) as caught:
        sn.fit(X, y, T, hidden=4, method="lm", epochs=20, restarts=1, callback=stop, rng=0)
    network = caught.value.fit.network
    network.save(tmp_path / "net")
    assert sn.load(tmp_path / "net").card == network.card
    assert "interrupted at epoch 3" in network.card.reason


def test_the_networks_of_an_ensemble_share_what_is_known_but_the_errors() -> None:
    X, y, T = wave(30)
    fit = sn.fit(X, y, T, hidden=4, method="lm", epochs=20, ensemble=3, rng=0)
    assert fit.ensemble.networks[0] is fit.network
    first, *others = (net.card for net in fit.ensemble)
    assert first.errors is not None
    assert {(card.errors, card.data) for card in others} == {(None, first.data)}
