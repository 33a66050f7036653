"""Data in parts: every sum is that of all samples together, and so is the network."""

import re
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from parts import CUTS, sample

import slopenet as sn
from slopenet.dask._choice import chosen_for
from slopenet.dataset.dataset import Data, Names
from slopenet.dataset.partitions import Listed
from slopenet.tables import TableError
from slopenet.training.settings import FitSettings

NAMES = {"inputs": ["a", "b"], "outputs": ["u", "v"]}


def frames(data):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    names = ["a", "b", "u", "v", "du/da", "du/db", "dv/da", "dv/db"]
    table = np.hstack([data.X, data.y, data.dydx.reshape(-1, 4)])
    whole = pd.DataFrame(table, columns=names)
    return [whole.iloc[lo:hi] for lo, hi in pairwise(CUTS)]


@pytest.mark.parametrize(("method", "epochs"), [("lbfgs", 30), ("lm", 10)])
@pytest.mark.parametrize("slopes", [True, False])
def test_partitions_are_learned_as_all_rows_together_are(method, epochs, slopes):
    data = sample()
    settings = {"hidden": (6, 5), "method": method, "epochs": epochs, "l2": 1e-3, "rng": 7}
    found = sn.dask.fit(frames(data), **NAMES, slopes=slopes, **settings)
    dydx = data.dydx if slopes else None
    whole = sn.fit(
        *(data.X, data.y, dydx), restarts=1, input_names=["a", "b"], output_names=["u", "v"],
        **settings,
    )  # fmt: skip
    H, J = whole.network.value_and_jacobian(data.X)
    H2, J2 = found.network.value_and_jacobian(data.X)
    assert np.abs(H2 - H).max() <= 1e-8 * np.abs(H).max()
    assert np.abs(J2 - J).max() <= 1e-8 * np.abs(J).max()
    np.testing.assert_allclose(found.history["cost"], whole.history["cost"], rtol=1e-8)
    assert found.history["cost"][-1] < 0.1 * found.history["cost"][0]
    assert found.network.input_names == ("a", "b")
    assert len(found.history["epoch"]) == epochs
    assert f"on 97 rows in partitions: all {epochs} epochs were used." in found.reason


def test_width_and_weights_are_chosen_by_a_fit_of_some_rows():
    data = sample()
    found = sn.dask.fit(frames(data), **NAMES, epochs=30, rng=3)
    whole = sn.fit(data.X, data.y, data.dydx, transform="none", method="lm", rng=0).network
    assert "Its shape and first weights are from 97 rows: " in found.reason
    assert found.network.activations[0] == whole.activations[0]

    def missed(network):
        return np.sqrt(np.mean((network(data.X) - data.y) ** 2))

    assert missed(found.network) < 2 * missed(whole)
    again = sn.dask.fit(frames(data), **NAMES, epochs=30, rng=3)
    assert again.network == found.network


def test_rows_of_many_small_partitions_choose_too():
    rng = np.random.default_rng(0)
    parts = [Data(x, x**2, None) for x in rng.random((2000, 2, 1))]
    names, settings = Names(("x",), ("y",)), FitSettings(method="lbfgs", rng=0)
    given = settings, Listed(parts), names, np.full(2000, 2), 0
    chosen, network, sentence = chosen_for(*given)
    assert chosen.hidden == network.sizes[1:-1]
    rows = int(re.search(r"are from (\d+) rows", sentence)[1])
    assert 400 < rows < 600
    assert chosen_for(*given)[1] == network


def test_the_card_has_the_ranges_of_all_partitions():
    data = sample()
    card = sn.dask.fit(frames(data), **NAMES, hidden=4, epochs=2, rng=1).network.card
    np.testing.assert_array_equal(card.bounds, np.stack([data.X.min(0), data.X.max(0)], axis=1))
    assert [each.maximum for each in card.outputs] == data.y.max(axis=0).tolist()
    assert (card.rows, card.seed, card.method, card.errors) == (97, 1, "lbfgs", None)
    assert np.isnan(card.inputs[0].quantiles).all()


def test_a_run_to_the_end_learns_the_same_function():
    data = sample()
    settings = {"hidden": 4, "method": "lm", "l2": 1e-2, "rng": 1}
    found = sn.dask.fit(frames(data), **NAMES, **settings)
    whole = sn.fit(data.X, data.y, data.dydx, restarts=1, **settings)
    assert "does not change any more" in found.reason
    H, H2 = whole.network(data.X), found.network(data.X)
    assert np.abs(H2 - H).max() <= 1e-5 * np.abs(H).max()


def test_the_evidence_finds_the_same_penalty_as_on_all_rows():
    data = sample()
    settings = {"hidden": 4, "method": "lm", "epochs": 150, "rng": 1}
    found = sn.dask.fit(frames(data), **NAMES, **settings)
    whole = sn.fit(data.X, data.y, data.dydx, restarts=1, **settings)
    assert len(found.history["cost"]) == len(whole.history["cost"])
    np.testing.assert_allclose(found.history["cost"], whole.history["cost"], rtol=1e-6)
    H, H2 = whole.network(data.X), found.network(data.X)
    assert np.abs(H2 - H).max() <= 1e-6 * np.abs(H).max()
    assert re.search(r"l2 is \d\.\de[+-]\d\d, by the evidence\.", found.reason)


def test_empty_partitions_and_a_constant_input_change_nothing():
    data = sample()
    data.X[:, 1] = 3.0
    parts = frames(replace(data, dydx=np.full_like(data.dydx, np.nan)))
    fit = sn.dask.fit(parts, **NAMES, slopes=False, hidden=3, epochs=5, rng=0)
    more = [parts[0].iloc[:0], *parts, parts[0].iloc[:0]]
    again = sn.dask.fit(more, **NAMES, slopes=False, hidden=3, epochs=5, rng=0)
    assert fit.network == again.network
    assert not fit.network.jacobian(data.X)[:, :, 1].any()


def test_the_callback_hears_of_each_step_and_may_end_it():
    seen = []
    fit = sn.dask.fit(
        frames(sample()),
        **NAMES,
        hidden=3,
        callback=lambda state: seen.append(state) or len(seen) > 2,
    )
    assert [state.epoch for state in seen] == [1, 2, 3]
    assert seen[2].network == fit.network
    assert "the callback stopped it at epoch 3" in fit.reason


def test_without_dask_its_data_frame_is_refused_with_the_pip_command(monkeypatch):
    class Frame:
        def to_delayed(self):
            pytest.fail("asked in vain")

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        ImportError, match=r"needs dask.distributed: pip install 'slopenet\[dask\]'"
    ):
        sn.dask.fit(Frame(), **NAMES)


def test_data_that_cannot_be_learned_are_named():
    parts = frames(sample())
    bad = [parts[0], parts[1].copy()]
    bad[1].iloc[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"partition 1: X\[3, 1\] is nan"):
        sn.dask.fit(bad, **NAMES)
    with pytest.raises(TableError, match="partition 0 has no column 'w'"):
        sn.dask.fit(parts, ["a"], ["w"])
    with pytest.raises(TableError, match="'dU/da' looks like a slope"):
        sn.dask.fit([part.rename(columns={"du/da": "dU/da"}) for part in parts], **NAMES)
    with pytest.raises(ValueError, match="at least one row"):
        sn.dask.fit([parts[0].iloc[:0]], **NAMES)
    with pytest.raises(TypeError, match="must be a Dask data frame or a list of pandas"):
        sn.dask.fit(parts[0], **NAMES)
    with pytest.raises(ValueError, match="method must be one of lm, lbfgs, got 'adam'"):
        sn.dask.fit(parts, **NAMES, method="adam")
    with pytest.raises(ValueError, match="l2 must be a finite number"):
        sn.dask.fit(parts, **NAMES, l2=-1)
    with pytest.raises(ValueError, match=r"^hidden gives a network of 302 layers"):
        sn.dask.fit(bad, **NAMES, hidden=(2,) * 300)  # before the data are read


@pytest.mark.parametrize("name", ["inputs", "outputs"])
@pytest.mark.parametrize("given", [None, "ab", [], [1], 5])
def test_names_that_are_not_texts_are_refused(name, given):
    with pytest.raises(TypeError, match=rf"^{name} must be a sequence of names, got "):
        sn.dask.fit(frames(sample()), **(NAMES | {name: given}))


@pytest.mark.parametrize("given", [-1, "all", [1.0, 1.0]])
def test_partitions_take_one_weight_for_all_slopes(given):
    with pytest.raises(ValueError, match=r"^slope_weight must be a finite number of at least 0"):
        sn.dask.fit(frames(sample()), **NAMES, slope_weight=given)


def test_constraints_are_refused():
    """Partitions have no search for points; nothing is dropped silently."""
    with pytest.raises(TypeError, match="'monotone'"):
        sn.dask.fit(frames(sample()), **NAMES, monotone={"a": 1})
