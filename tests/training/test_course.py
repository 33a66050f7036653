"""Errors after an epoch are in the user's terms and on one scale, whatever the cost does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from waves import wave

import slopenet as sn
from slopenet.dataset.dataset import Data
from slopenet.evaluate.errors import relative_errors
from slopenet.training.course import Course
from slopenet.training.monitor import Watch
from slopenet.training.objective.gradient import Costs


def surface(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two outputs of very different sizes, with slopes."""
    X = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    y = np.stack([np.sin(2 * X).sum(axis=1), 1e3 * X[:, 0] * X[:, 1] + 7e3], axis=1)
    return X, y, np.stack([2 * np.cos(2 * X), 1e3 * X[:, ::-1]], axis=1)


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "lm"},
        {"method": "lbfgs"},
        {"method": "adam"},
        {"method": "lm", "loss": "student"},
    ],
)
def test_the_last_errors_are_those_of_the_network(settings: dict[str, Any]) -> None:
    X, y, T = surface(60)
    held = surface(40, seed=1)
    last = []

    def keep(state: Any) -> None:
        last[:] = [state.network, state.errors]

    fit = sn.fit(
        X, y, T, hidden=6, epochs=23, restarts=1, rng=0, validation=held, callback=keep, **settings
    )
    network, errors = last
    assert errors == {name: fit.history[name][-1] for name in errors}
    for prefix, rows in (("", (X, y, T)), ("validation_", held)):
        found = relative_errors(network, *rows)
        share = (rows[1].std(axis=0) / y.std(axis=0)) ** 2  # 1 for the rows learned from
        values = np.sqrt(np.average(found.values**2, weights=share))
        assert errors[f"{prefix}values"] == pytest.approx(values, rel=1e-9)
        assert found.slopes.min() < errors[f"{prefix}slopes"] < found.slopes.max()


def test_errors_do_not_jump_where_the_cost_is_weighed_anew() -> None:
    X, y, T = wave(40)
    rng = np.random.default_rng(0)
    fit = sn.fit(X, y + 0.3 * rng.normal(size=y.shape), T, hidden=6, method="lm", rng=0)
    steps = {name: np.diff(np.log(fit.history[name])) for name in ("cost", "values")}
    assert steps["cost"].max() > np.log(5)
    assert steps["values"].max() < np.log(5)


def test_an_error_of_1_is_that_of_the_mean_and_of_slopes_of_0() -> None:
    rows = Data(
        np.zeros((3, 1)),
        np.array([[1.0], [2.0], [6.0]]),
        sample_weight=np.array([1.5, 0.0, 1.5]),
    )
    mean_cost = 0.5 * 2.5**2  # 1 and 6 are missed by 2.5; the row between does not count

    def costs(theta: np.ndarray, _: Data) -> Costs:
        return Costs(mean_cost, 4.0 if theta.any() else 2.0, 0.0, None)

    course = Course(costs, {"": rows}, cheap_steps=False)
    assert course(np.ones(2)) == pytest.approx({"values": 1.0, "slopes": np.sqrt(2)})


def watch(cheap_steps: bool, measured: list[float], epochs: int = 100) -> Watch:
    def costs(theta: np.ndarray, _: Data) -> Costs:
        measured.append(theta[0])
        return Costs(0.5 * theta[0] ** 2, 0.0, 0.0, None)

    rows = Data(np.zeros((2, 1)), np.array([[-1.0], [1.0]]))
    course = Course(costs, {"": rows}, cheap_steps=cheap_steps)
    network = lambda _: sn.Network([[[1.0]]], [[0.0]], "identity")  # noqa: E731
    return Watch(epochs, None, None, network, course=course)


def test_cheap_steps_are_measured_once_in_ten_epochs_and_at_the_end() -> None:
    for cheap in (False, True):
        measured: list[float] = []
        seen = watch(cheap, measured)
        for epoch in range(1, 38):
            seen.after(epoch, np.array([float(epoch)]), 1.0, 0.0, last=epoch == 37)
        epochs = [1, 2, 3, 10, 20, 30, 37] if cheap else list(range(1, 38))
        assert [x for x in measured if x] == epochs
        carried = [max(e for e in epochs if e <= epoch) for epoch in range(1, 38)]
        assert seen.history["values"] == carried


def test_a_checkpoint_without_errors_is_resumed_with_unknown_ones() -> None:
    seen = watch(cheap_steps=True, measured=[])
    for epoch in range(1, 13):
        seen.after(epoch, np.array([2.0]), 1.0, 0.0)
    arrays, values = seen.snapshot(12)
    del arrays["values"]  # as versions before wrote it
    again = watch(cheap_steps=True, measured=[])
    again.restore(arrays, values)
    again.after(13, np.array([3.0]), 1.0, 0.0)
    assert again.history["values"] == pytest.approx([np.nan] * 12 + [3.0], nan_ok=True)
    assert len(again.history["epoch"]) == 13
