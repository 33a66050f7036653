"""A watch keeps the best weights and the history of a run, and says when to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.monitor import State, Watch

THETA = np.arange(3.0)


def watch(epochs: int = 100, costs: list[float] | None = None, **more: Any) -> Watch:
    """A watch whose validation costs are those of a list, if there is one."""
    held_out: Callable[..., float] | None = None
    if costs is not None:
        left = iter(costs)
        held_out = lambda _: next(left)  # noqa: E731
    return Watch(epochs, held_out, more.pop("callback", None), lambda _: network(), **more)


def network() -> sn.Network:
    return sn.Network([[[1.0, 2.0]]], [[0.0]], "identity")


def test_the_best_weights_are_those_of_the_lowest_cost() -> None:
    seen = watch()
    for epoch, cost in enumerate([3.0, 1.0, 2.0], 1):
        seen.after(epoch, THETA * epoch, cost, 0.25)
    assert seen.best is not None
    np.testing.assert_array_equal(seen.best, THETA * 2)
    assert (seen.best_cost, seen.best_epoch) == (1.0, 2)
    assert seen.history == {"epoch": [1, 2, 3], "cost": [2.75, 0.75, 1.75]}
    assert not seen.stopped


def test_the_best_weights_are_copied() -> None:
    seen, theta = watch(), THETA.copy()
    seen.after(1, theta, 1.0, 0.0)
    theta[:] = 9.0
    np.testing.assert_array_equal(seen.best, THETA)


def test_with_rows_held_out_their_cost_decides() -> None:
    seen = watch(costs=[1.0, 2.0])
    seen.after(1, THETA, 5.0, 0.0)
    seen.after(2, 2 * THETA, 4.0, 0.0)
    np.testing.assert_array_equal(seen.best, THETA)
    assert seen.history["validation"] == [1.0, 2.0]


@pytest.mark.parametrize(("epochs", "patience"), [(100, 20), (1000, 100)])
def test_a_run_stops_when_the_validation_cost_has_not_improved_for_a_tenth_of_all_epochs(
    epochs: int, patience: int
) -> None:
    seen = watch(epochs, [1.0] * (patience + 2))
    for epoch in range(1, patience + 2):
        seen.after(epoch, THETA, 1.0, 0.0)
        assert not seen.stopped
    seen.after(patience + 2, THETA, 1.0, 0.0)
    assert seen.stopped == "the validation cost last improved at epoch 1"


def test_a_cost_that_is_not_finite_stops_and_says_which_weights_are_kept() -> None:
    for before, kept in (([], "the first weights"), ([1.0], "those of epoch 1")):
        seen = watch()
        for epoch, cost in enumerate([*before, np.nan], 1):
            seen.after(epoch, THETA, cost, 0.0)
        assert seen.stopped == (
            f"the cost was no longer finite at epoch {len(before) + 1}; {kept} are kept"
        )


def test_a_callback_sees_the_state_and_may_stop() -> None:
    states: list[State] = []
    seen = watch(callback=lambda state: states.append(state) or state.epoch == 2, start=3)
    seen.after(1, THETA, 2.0, 0.5)
    assert not seen.stopped
    seen.after(2, THETA, 1.0, 0.5)
    assert seen.stopped == "the callback stopped it at epoch 2"
    assert [(s.epoch, s.epochs, s.cost, s.validation, s.start) for s in states] == [
        (1, 100, 1.5, None, 3),
        (2, 100, 0.5, None, 3),
    ]
    assert states[0].network == network()
    with pytest.raises(AttributeError, match="this state has no network"):
        State(1, 2, 0.0, None).network  # noqa: B018


def test_a_watch_resumes_from_a_snapshot_of_an_earlier_epoch() -> None:
    seen = watch(costs=[3.0, 1.0, 2.0])
    for epoch in (1, 2):
        seen.after(epoch, THETA * epoch, 1.0, 0.0)
    arrays, values = seen.snapshot(2)
    seen.after(3, THETA * 3, 1.0, 0.0)
    again = watch(costs=[2.0])
    again.restore(dict(sorted(arrays.items(), reverse=True)), values)
    assert list(again.history) == ["epoch", "cost", "validation"]  # whatever the order in a file
    again.after(3, THETA * 3, 1.0, 0.0)
    assert again.history == seen.history
    assert (again.best_cost, again.best_epoch) == (1.0, 2)
    np.testing.assert_array_equal(again.best, seen.best)
