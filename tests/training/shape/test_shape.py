"""Fits with constraints: obeyed everywhere, reported where not, and kept through every way."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

import slopenet as sn
from slopenet.training.monitor import State
from slopenet.training.shape import rounds

rng = np.random.default_rng(0)
X = rng.uniform(0, 1, (40, 1))
Y = np.round(3 * X[:, 0]) / 3 + 0.1 * rng.normal(size=40)  # steps and noise: free fits wiggle
SMALL: dict[str, Any] = {"hidden": (8,), "restarts": 1, "l2": 1e-3, "epochs": 60, "rng": 0}
LINE = np.linspace(X.min(), X.max(), 4001)[:, None]


def slopes(network: sn.Network) -> np.ndarray:
    return np.asarray(network.jacobian(LINE)[:, 0, 0])


def curves(network: sn.Network) -> np.ndarray:
    return np.asarray(network.hessian(LINE)[:, 0, 0, 0])


def test_a_free_fit_violates_what_the_constrained_one_obeys() -> None:
    free = sn.fit(X, Y, method="lm", **SMALL)
    fit = sn.fit(X, Y, monotone={"x1": 1}, **SMALL)
    assert slopes(free.network).min() < -0.5
    assert slopes(fit.network).min() >= 0
    assert fit.violations == free.violations == ()
    assert "Shape (dy1/dx1 >= 0): no violation is left, after" in fit.reason
    assert "points were added in" in fit.reason
    assert fit.reason.startswith("Levenberg-Marquardt (for monotone) on")
    assert "Shape" not in free.reason
    missed = np.sqrt(np.mean((fit.network(X)[:, 0] - Y) ** 2))
    assert missed < 0.5 * Y.std()  # it still learns the data


@pytest.mark.parametrize("asked", [{"convex": "x1"}, {"concave": ["x1"]}])
def test_curvatures_are_obeyed(asked: dict[str, Any]) -> None:
    sign = 1 if "convex" in asked else -1
    fit = sn.fit(X, sign * (X[:, 0] - 0.4) ** 2 + 0.02 * rng.normal(size=40), **asked, **SMALL)
    assert (sign * curves(fit.network)).min() >= 0
    assert fit.violations == ()
    assert fit.errors is not None
    assert fit.errors.r2[0] > 0.7


def test_bounds_of_slopes_are_obeyed_in_the_users_units() -> None:
    fit = sn.fit(1000 * X, 50 * Y, slope_bounds={"x1": (0.02, 0.09)}, **SMALL)
    found = fit.network.jacobian(1000 * LINE)[:, 0, 0]
    assert (found.min(), found.max()) >= (0.02, 0.05)
    assert found.max() <= 0.09
    assert fit.violations == ()


def test_weights_that_obey_are_not_touched() -> None:
    """The free fit of a line grows; the constraint adds nothing, not a bit."""
    free = sn.fit(X, 2 * X[:, 0], method="lm", **SMALL)
    fit = sn.fit(X, 2 * X[:, 0], monotone={"x1": 1}, **SMALL)
    assert fit.network == free.network
    assert "no point was added" in fit.reason


def test_each_output_has_its_own_constraints() -> None:
    both = np.stack([Y, -Y], axis=1)
    names: Any = {"input_names": ["x"], "output_names": ["up", "down"]}
    fit = sn.fit(X, both, monotone={("up", "x"): 1, ("down", 0): -1}, **names, **SMALL)
    J = fit.network.jacobian(LINE)[:, :, 0]
    assert J[:, 0].min() >= 0 >= J[:, 1].max()


def test_a_function_of_two_inputs_is_convex_jointly() -> None:
    Z = rng.uniform(-1, 1, (60, 2))
    y = (Z[:, 0] + Z[:, 1]) ** 2 + 0.1 * rng.normal(size=60)  # flat along (1, -1)
    fit = sn.fit(Z, y, convex=["x1", "x2"], activation="softplus", **SMALL)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 101)] * 2), -1).reshape(-1, 2)
    assert np.linalg.eigvalsh(fit.network.hessian(grid)[:, 0]).min() >= 0
    free = sn.fit(Z, y, method="lm", activation="softplus", **SMALL)
    assert np.linalg.eigvalsh(free.network.hessian(grid)[:, 0]).min() < -0.1


def test_violations_that_are_left_are_reported_with_a_point(monkeypatch: Any) -> None:
    monkeypatch.setattr(rounds, "ROUNDS", 0)
    with pytest.warns(sn.FitWarning, match=r"dy1/dx1 >= 0 fails by [\d.]+ at \("):
        fit = sn.fit(X, Y, monotone={"x1": 1}, **SMALL)
    assert "violations are left after 0 rounds" in fit.reason
    (left,) = fit.violations
    assert left.constraint == "dy1/dx1 >= 0"
    assert left.size == pytest.approx(-fit.network.jacobian(left.point)[0, 0])
    assert left.size >= -slopes(fit.network).min() - 1e-6


@pytest.mark.parametrize("several", ["restarts", "ensemble"])
def test_every_start_obeys(several: str) -> None:
    settings = SMALL | {"restarts": None, several: 3}
    fit = sn.fit(X, Y, monotone={"x1": 1}, **settings)
    assert len(fit.ensemble.networks) == 3
    assert all(slopes(network).min() >= 0 for network in fit.ensemble.networks)


def test_a_fit_from_a_network_obeys() -> None:
    start = sn.fit(X, Y, method="lm", **SMALL).network
    settings = {name: SMALL[name] for name in ("l2", "epochs", "rng")}
    fit = sn.fit(X, Y, start=start, monotone={"x1": 1}, **settings)
    assert slopes(start).min() < 0 <= slopes(fit.network).min()


def test_rows_held_out_and_outliers_do_not_drop_constraints() -> None:
    for more in ({"validation": 0.2}, {"loss": "student"}, {"sample_weight": 2.0}):
        fit = sn.fit(X, Y, monotone={"x1": 1}, **SMALL, **more)  # type: ignore[arg-type]
        assert slopes(fit.network).min() >= 0
        lengths = {len(column) for column in fit.history.values()}
        assert lengths == {fit.history["epoch"][-1]}  # one history, from the first epoch on


def test_a_race_obeys_and_its_network_is_smooth() -> None:
    fit = sn.fit(X, Y, convex=["x1"], rng=0)
    assert curves(fit.network).min() >= 0
    assert fit.network.activations[0] == "softplus"
    tried = fit.reason.partition("Tried: ")[2].split(", ")
    assert all(each.startswith("softplus 16-16") for each in tried[:2])
    given = sn.fit(X, Y, convex=["x1"], activation="tanh", restarts=1, epochs=20, rng=0)
    assert given.network.activations[0] == "tanh"


def test_a_kriging_start_obeys_where_it_misses_rows_left_out_by_less() -> None:
    def bowl(Z: np.ndarray) -> np.ndarray:
        curved = Z[:, 0] ** 2 + (Z[:, 1] - Z[:, 2]) ** 2 + 0.3 * Z[:, 0] * Z[:, 1]
        return np.asarray(curved + Z[:, 2])

    source = np.random.default_rng(0)
    points = source.uniform(-1, 1, (80, 3))
    Z = np.random.default_rng(2).uniform(-1, 1, (3000, 3))
    values = bowl(points) + 0.1 * bowl(points).std() * source.normal(size=80)
    fit = sn.fit(points, values, convex=[0, 1, 2], rng=0)
    free = sn.fit(points, values, method="kriging", rng=0)
    assert fit.network.activations[0] == "sin"
    assert fit.reason.startswith("A kriging start (the best of those tried)")
    assert "Compared by rows left out: Levenberg-Marquardt softplus" in fit.reason
    least = [np.linalg.eigvalsh(each.network.hessian(Z)[:, 0])[:, 0].min() for each in (fit, free)]
    assert least[0] >= 0 > least[1]
    assert fit.violations == ()
    missed = [np.sqrt(np.mean((each.network(Z)[:, 0] - bowl(Z)) ** 2)) for each in (fit, free)]
    assert missed[0] < missed[1]
    assert fit.errors is not None
    assert free.errors is not None
    assert fit.errors.typical > free.errors.typical  # it is farther from the process
    ratio = fit.network.std(Z) / free.network.std(Z)
    assert 0.8 < ratio.min() <= ratio.max() < 1.5


def test_sines_that_obey_by_missing_rows_are_not_taken() -> None:
    def price(Z: np.ndarray) -> np.ndarray:  # of a call: strike, maturity
        deviation = 0.2 * np.sqrt(Z[:, 1])
        d = -np.log(Z[:, 0]) / deviation + deviation / 2
        return np.asarray(ndtr(d) - Z[:, 0] * ndtr(d - deviation))

    source = np.random.default_rng(0)
    points = source.uniform((0.7, 0.1), (1.3, 2.0), (60, 2))
    values = price(points) + 0.01 * price(points).std() * source.normal(size=60)
    Z = np.random.default_rng(1).uniform((0.7, 0.1), (1.3, 2.0), (3000, 2))
    fit = sn.fit(points, values, monotone={0: -1, 1: 1}, convex=[0], rng=0)
    softplus, sines = re.findall(r"[\d.]+(?=,| \(errors)", fit.reason.partition("out: ")[2])[:2]
    assert float(sines) < float(softplus)  # before they obeyed
    assert fit.network.activations[0] == "softplus"
    assert np.sqrt(np.mean((fit.network(Z)[:, 0] - price(Z)) ** 2)) < 0.01 * price(Z).std()


def test_a_callback_ends_the_rounds_and_what_is_left_is_reported() -> None:
    epochs = []

    def stop(state: State) -> bool:
        epochs.append(state.epoch)
        return state.epoch > 60

    with pytest.warns(sn.FitWarning, match="fails by"):
        fit = sn.fit(X, Y, monotone={"x1": 1}, callback=stop, **SMALL)
    assert epochs[-1] == 61
    assert "the callback stopped it at epoch 61" in fit.reason


@pytest.mark.parametrize("epoch", [30, 63])
def test_a_run_that_is_stopped_resumes_with_the_same_bits(tmp_path: Path, epoch: int) -> None:
    """In the free fit, and in the rounds of the constraints."""

    def interrupt(state: State) -> None:
        if state.epoch == epoch:
            raise KeyboardInterrupt

    asked: Any = {"monotone": {"x1": 1}, "checkpoint": tmp_path / "run"}
    whole = sn.fit(X, Y, monotone={"x1": 1}, **SMALL)
    with pytest.raises(sn.Interrupted) as stopped:
        sn.fit(X, Y, callback=interrupt, **asked, **SMALL)
    assert stopped.value.fit.violations  # not dropped silently
    resumed = sn.fit(X, Y, **asked, **SMALL)
    assert resumed.network == whole.network
    assert resumed.history == whole.history
    assert resumed.reason == whole.reason
    with pytest.raises(sn.CheckpointError, match="other shape"):
        sn.fit(X, Y, monotone={"x1": -1}, checkpoint=tmp_path / "run", **SMALL)


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads() -> None:
    asked: Any = {"monotone": {"x1": 1}, **SMALL, "restarts": 2}
    one = sn.fit(X, Y, **asked)
    before = sn.get_num_threads()
    sn.set_num_threads(1)
    try:
        again = sn.fit(X, Y, **asked)
    finally:
        sn.set_num_threads(before)
    assert one.network == again.network


def test_monotone_holds_through_logarithms() -> None:
    """Inputs over decades, one of them negative: its logarithm falls."""
    Z = 10 ** rng.uniform(-3, 3, (60, 2)) * [1, -1]
    y = np.sqrt(Z[:, 0]) / (1 - Z[:, 1]) * np.exp(0.3 * rng.normal(size=60))
    fit = sn.fit(Z, y, monotone={"x1": 1, "x2": 1}, transform="log", **SMALL)
    free = sn.fit(Z, y, method="lm", transform="log", **SMALL)
    points = 10 ** rng.uniform(-3, 3, (5000, 2)) * [1, -1]
    assert fit.network.jacobian(points).min() >= 0
    assert free.network.jacobian(points).min() < 0
    assert "Transform: log of" in fit.reason
    assert fit.violations == ()


def test_errors_grow_where_a_constraint_contradicts_the_data() -> None:
    free = sn.fit(X, Y, method="lm", hidden=(8,), restarts=1, rng=0)
    with pytest.warns(sn.FitWarning, match="hardly better than a constant"):
        fit = sn.fit(X, Y, monotone={"x1": -1}, hidden=(8,), restarts=1, rng=0)
    assert fit.errors is not None
    assert free.errors is not None
    assert fit.errors.values[0] > 0.65 > free.errors.values[0]
