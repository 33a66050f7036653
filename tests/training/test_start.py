"""One start runs to its end, stops in between, and resumes from a snapshot with the same bits."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.monitor import Watch
from slopenet.training.optimizers.lbfgs import LBFGS
from slopenet.training.start import Training


class Bowl:
    """½ ‖θ - 1‖⁴, whose minimum L-BFGS takes some steps to find."""

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        d = theta - 1
        return 0.5 * float(d @ d) ** 2, 2 * float(d @ d) * d

    def penalty(self, theta: np.ndarray) -> float:
        return 0.0


def training(epochs: int = 12, callback: Any = None) -> Training:
    watch = Watch(epochs, None, callback, lambda _: sn.Network([[[1.0]]], [[0.0]], "identity"))
    return Training(Bowl(), LBFGS(), watch, np.array([3.0, -2.0, 5.0]), seed=0)


def nothing() -> None:
    pass


def test_a_start_runs_until_its_epochs_are_used() -> None:
    made = training()
    assert made.reason == "interrupted at epoch 0"
    made.run(nothing, threading.Event())
    assert made.over
    assert made.at.epoch == 12
    assert made.reason == "all 12 epochs were used"
    assert made.watch.history["epoch"] == list(range(1, 13))


def test_a_start_ends_when_its_optimiser_is_done() -> None:
    made = training(10_000)
    made.run(nothing, threading.Event())
    assert made.at.epoch < 10_000
    assert made.reason == f"{made.at.state.done}, after {made.at.epoch} epochs"
    np.testing.assert_allclose(made.theta, 1.0, atol=1e-2)


def test_a_start_stops_after_the_epoch_in_which_it_is_told_to() -> None:
    stop = threading.Event()
    made = training()
    made.run(lambda: stop.set() if made.at.epoch == 5 else None, stop)
    assert (made.at.epoch, made.over) == (5, False)
    assert made.reason == "interrupted at epoch 5"


@pytest.mark.parametrize("epoch", [0, 1, 7])
def test_a_start_resumes_from_a_snapshot_with_the_same_bits(epoch: int) -> None:
    whole, stop = training(), threading.Event()
    whole.run(nothing, threading.Event())
    cut = training()
    if epoch:
        cut.run(lambda: stop.set() if cut.at.epoch == epoch else None, stop)
    resumed = training()
    resumed.restore(*cut.snapshot())
    assert resumed.at.epoch == epoch
    resumed.run(nothing, threading.Event())
    assert resumed.theta.tobytes() == whole.theta.tobytes()
    assert resumed.watch.history == whole.watch.history
    assert resumed.reason == whole.reason


def test_the_reason_is_that_of_the_callback_that_stopped_it() -> None:
    made = training(callback=lambda state: state.epoch == 3)
    made.run(nothing, threading.Event())
    assert made.reason == "the callback stopped it at epoch 3"
