"""Values that are not known: slopes without values, outputs known at different rows."""

import numpy as np
import pytest

import slopenet as sn

POINTS = np.random.default_rng(9).uniform(-1, 1, (500, 2))


def potential(X: np.ndarray) -> np.ndarray:
    return np.sin(2 * X[:, 0]) * np.cos(1.5 * X[:, 1]) + 0.3 * X[:, 0] ** 2


def slopes(X: np.ndarray) -> np.ndarray:
    a, b = 2 * X[:, 0], 1.5 * X[:, 1]
    return np.stack(
        [2 * np.cos(a) * np.cos(b) + 0.6 * X[:, 0], -1.5 * np.sin(a) * np.sin(b)], axis=1
    )


def inputs(n: int = 40) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (n, 2))


def missed(network: sn.Network, k: int = 0) -> float:
    """RMS difference but for a constant, over the deviation."""
    truth = potential(POINTS)
    return float((network(POINTS)[:, k] - truth).std() / truth.std())


def test_slopes_alone_give_the_function_up_to_a_constant() -> None:
    X = inputs()
    fit = sn.fit(X, np.full(40, np.nan), slopes(X), rng=0, output_names=["energy"])
    assert missed(fit.network) < 1e-4
    assert abs(fit.network(X).mean()) < 1e-12
    assert "No value of energy is known" in fit.reason
    assert "mean over the data is set to 0" in fit.reason
    assert np.isnan(fit.errors.values).all()
    assert (fit.errors.slopes < 1e-3).all()
    assert "values" not in fit.errors.verdict


@pytest.mark.parametrize(("method", "most"), [("lm", 0.01), ("lbfgs", 0.02), ("adam", 0.2)])
def test_every_method_learns_from_slopes_alone(method: str, most: float) -> None:
    X = inputs()
    common = {"hidden": (12,), "method": method, "rng": 0, "restarts": 1}
    fit = sn.fit(X, np.full(40, np.nan), slopes(X), **common)
    assert missed(fit.network) < most
    assert abs(fit.network(X).mean()) < 1e-12


def test_one_value_fixes_the_constant() -> None:
    X = inputs()
    y = np.full(40, np.nan)
    y[3] = potential(X)[3] + 50
    network = sn.fit(X, y, slopes(X), rng=0).network
    np.testing.assert_allclose(network(POINTS)[:, 0], potential(POINTS) + 50, atol=1e-3)


def test_slopes_along_directions_alone_are_enough() -> None:
    X = inputs(80)
    v = np.random.default_rng(1).normal(size=(80, 2))
    along = np.einsum("ni,ni->n", v, slopes(X))
    common = {"hidden": (12,), "method": "lm", "rng": 0, "restarts": 1}
    fit = sn.fit(X, np.full(80, np.nan), directions=v, along=along, **common)
    assert missed(fit.network) < 0.02


def test_outputs_known_at_different_rows_are_as_good_as_separate_fits() -> None:
    X = inputs(80)
    y = np.stack([potential(X), 3 - potential(X[:, ::-1])], axis=1)
    y[:40, 0], y[40:, 1] = np.nan, np.nan
    both = sn.fit(X, y, method="kriging", rng=0)
    alone = sn.fit(X[40:], y[40:, 0], method="kriging", rng=0)
    assert missed(both.network) < 3 * missed(alone.network) + 1e-5
    assert "values of 80 rows" in both.reason


def test_forces_of_one_output_and_values_of_another_are_learned_together() -> None:
    X = inputs()
    y = np.stack([potential(X), np.full(40, np.nan)], axis=1)
    dydx = np.stack([np.full((40, 2), np.nan), slopes(X)], axis=1)
    fit = sn.fit(X, y, dydx, rng=0)
    assert missed(fit.network, 0) < 0.02
    assert missed(fit.network, 1) < 1e-3
    assert "No value of output 1 is known" in fit.reason


def test_unknown_values_are_those_of_infinite_deviation() -> None:
    X = inputs()
    y = np.where(np.arange(40) % 3, potential(X), np.nan)
    common = {"hidden": (6,), "method": "lbfgs", "rng": 0, "epochs": 20}
    one = sn.fit(X, y, y_std=0.1, **common).network
    other = sn.fit(X, y, y_std=np.where(np.isnan(y), np.inf, 0.1), **common).network
    assert one == other


def test_rows_that_are_held_out_do_not_take_the_only_values() -> None:
    X = inputs(60)
    y = np.full(60, np.nan)
    y[7] = potential(X)[7] - 20
    for seed in range(3):
        common = {"validation": 0.9, "hidden": (4,), "epochs": 5, "method": "lbfgs", "rng": seed}
        network = sn.fit(X, y, slopes(X), **common).network
        assert abs(network(X).mean() + 20) < 5


def test_what_cannot_be_learned_is_refused_by_name() -> None:
    X = inputs()
    nothing, dydx = np.full(40, np.nan), slopes(X)
    with pytest.raises(ValueError, match=r"^y\[:, 0\] has neither a known value nor a known slope"):
        sn.fit(X, nothing)
    with pytest.raises(
        ValueError, match=r"^output 'u' has neither a known value nor a known slope"
    ):
        sn.fit(X, nothing, output_names=["u"])
    dydx[5] = np.nan
    with pytest.raises(
        ValueError, match=r"^row 5 of y has neither a known value nor a known slope"
    ):
        sn.fit(X, nothing, dydx)
    with pytest.raises(ValueError, match=r"^output must be 'identity' where no value"):
        sn.fit(X, nothing, slopes(X), output="softplus")


def test_zeros_in_place_of_unknown_values_are_reported() -> None:
    X = inputs()
    with pytest.warns(sn.SlopeWarning, match="give NaN"):
        sn.fit(X, np.zeros(40), slopes(X), rng=0)


def test_errors_are_those_of_known_values() -> None:
    X = inputs()
    network = sn.fit(X, potential(X), hidden=(4,), method="lbfgs", epochs=5, rng=0).network
    y = np.where(np.arange(40) < 30, potential(X), np.nan)
    some, all_known = sn.errors(network, X, y, slopes(X)), sn.errors(network, X[:30], y[:30])
    np.testing.assert_allclose(some.rmse[:, 0], all_known.rmse[:, 0])
    np.testing.assert_allclose(some.scale[:, 0], all_known.scale[:, 0])
    none = sn.errors(network, X, np.full(40, np.nan), slopes(X))
    assert np.isnan(none.values).all()
    assert len(none.rows()) == 2
