"""The compiled loop over mini-batches takes the steps of the same loop in NumPy."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from descents import Plain

import slopenet as sn
from slopenet.activations import normalise
from slopenet.dataset.dataset import Data
from slopenet.parameters import count
from slopenet.training.objective.gradient import Objective
from slopenet.training.optimizers.adam import Adam
from slopenet.training.optimizers.momentum import Momentum
from slopenet.training.problem import Rule

KINDS = ["values", "slopes", "directions", "all, each with its weights"]
OPTIMISERS: dict[str, Any] = {
    "Adam": (Adam, {}),
    "Adam with other constants": (Adam, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    "heavy ball": (Momentum, {}),
    "Nesterov": (Momentum, {"nesterov": True, "momentum": 0.8}),
}


def problem(sizes: tuple[int, ...], kind: str, n: int = 103) -> tuple[Objective, np.ndarray, Data]:
    rng = np.random.default_rng(0)
    inputs, outputs = sizes[0], sizes[-1]
    data = Data(rng.normal(size=(n, inputs)), rng.normal(size=(n, outputs)))
    dydx = rng.normal(size=(n, outputs, inputs))
    dydx[rng.random(dydx.shape) < 0.3] = np.nan
    v, dydv = rng.normal(size=(n, 2, inputs)), rng.normal(size=(n, 2, outputs))
    dydv[rng.random(dydv.shape) < 0.3] = np.nan
    if kind != "values":
        data = replace(data, sample_weight=rng.uniform(0, 2, n))
    if kind not in ("values", "directions"):
        data = replace(data, dydx=dydx)
    if kind not in ("values", "slopes"):
        data = replace(data, directions=v, dydv=dydv)
    if kind.startswith("all"):
        weights = rng.uniform(0, 2, dydx.shape), rng.uniform(0, 2, dydv.shape)
        data = replace(data, slope_weight=weights[0], dydv_weight=weights[1])
        data = replace(data, value_weight=rng.uniform(0, 2, data.y.shape))
    specs = [normalise("tanh")] * (len(sizes) - 2) + [normalise("identity")]
    objective = Objective(sizes, specs, rng.uniform(0, 1, (outputs, inputs)), l2=1e-3)
    return objective, rng.normal(size=count(sizes)) / 2, data


def plain(objective: Objective, data: Data) -> Plain:
    def gradient(theta: np.ndarray, rows: np.ndarray) -> np.ndarray:
        g = objective(theta, data.rows(rows)).gradient
        assert g is not None
        return g

    return Plain(gradient)


@pytest.mark.parametrize("replacement", [False, True], ids=["every sample once", "replacement"])
@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(4, 6, 5, 2), (2, 7, 3)], ids=str)
def test_fifty_batches_agree_with_numpy(
    sizes: tuple[int, ...], kind: str, name: str, replacement: bool
) -> None:
    objective, theta, data = problem(sizes, kind)
    make, settings = OPTIMISERS[name]
    optimiser = make(
        samples=len(data), batch_size=10, learning_rate=0.01, epochs=5, replacement=replacement,
        **settings,
    )  # fmt: skip
    ours, theirs = objective.on(data), plain(objective, data)
    a = b = optimiser.start(theta)
    one, two = np.random.default_rng(1), np.random.default_rng(1)
    for _ in range(5):
        a, b = optimiser.step(a, ours, one), optimiser.step(b, theirs, two)
    assert [len(rows) for rows in theirs.batches] == [*[10] * 10, 3] * 5
    assert a.t == 55
    for array, got in vars(a).items():
        if array not in ("t", "cost", "done") and np.size(got):
            want = getattr(b, array)
            assert np.abs(got - want).max() <= 1e-13 * np.abs(want).max(), array
    assert np.abs(a.theta - theta).max() > 0.01


@pytest.mark.parametrize("make", [Adam, Momentum])
def test_a_run_resumed_from_its_kept_state_gives_the_same_bits(make: Any) -> None:
    objective, theta, data = problem((3, 6, 2), "slopes")
    optimiser = make(samples=len(data), batch_size=16, learning_rate=0.01, epochs=4)
    rng = np.random.default_rng(1)
    state = optimiser.step(optimiser.start(theta), objective.on(data), rng)
    kept = {key: np.copy(x) if isinstance(x, np.ndarray) else x for key, x in vars(state).items()}
    bits = rng.bit_generator.state
    through = optimiser.step(state, objective.on(data), rng)
    for key, x in kept.items():
        np.testing.assert_array_equal(getattr(state, key), x)  # a step leaves its state alone
    again = np.random.default_rng()
    again.bit_generator.state = bits
    resumed = optimiser.step(type(state)(**kept), problem((3, 6, 2), "slopes")[0].on(data), again)
    for key, x in vars(through).items():
        assert np.asarray(x).tobytes() == np.asarray(getattr(resumed, key)).tobytes(), key


@pytest.mark.parametrize("kind", KINDS)
def test_threads_give_the_same_bits(kind: str) -> None:
    objective, theta, data = problem((6, 40, 40, 2), kind, 5000)
    adam = Adam(samples=5000, batch_size=2048, learning_rate=0.01, epochs=1)
    before, states = sn.get_num_threads(), []
    for threads in (1, 2, 3):
        sn.set_num_threads(threads)
        state = adam.start(theta)
        states.append(adam.step(state, objective.on(data), np.random.default_rng(0)))
    sn.set_num_threads(before)
    for other in states[1:]:
        assert other.theta.tobytes() == states[0].theta.tobytes()
        assert other.cost == states[0].cost


def test_the_cost_on_the_way_is_that_of_the_batches_before_their_steps() -> None:
    objective, theta, data = problem((3, 6, 2), "slopes")
    still = Momentum(samples=len(data), batch_size=16, learning_rate=0.0, epochs=1)
    state = still.step(still.start(theta), objective.on(data), np.random.default_rng(0))
    assert state.cost == pytest.approx(objective(theta, data).total, rel=1e-13)
    np.testing.assert_array_equal(state.theta, theta)


def test_arrays_that_the_core_cannot_write_are_refused() -> None:
    objective, theta, data = problem((3, 6, 2), "slopes")
    order, rates = np.arange(len(data)), np.full(11, 0.1)
    zeros = np.zeros_like(theta)

    def descend(
        rule: Rule, theta: Any = theta, order: Any = order, rates: Any = rates, size: int = 10
    ) -> float:
        return objective.descend(rule, theta, data, order, rates, batch_size=size)

    momentum = Rule("momentum", (0.9,), (zeros,))
    with pytest.raises(ValueError, match="unknown rule adamant"):
        descend(Rule("adamant", (), ()))
    with pytest.raises(ValueError, match="adam takes 3 constants and 2 buffers"):
        descend(Rule("adam", (0.9, 0.999, 1e-8), (zeros,)))
    with pytest.raises(ValueError, match="order names a sample that does not exist"):
        descend(momentum, order=order + 1)
    with pytest.raises(ValueError, match="rates must hold 11 entries"):
        descend(momentum, rates=rates[1:])
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        descend(momentum, size=0)
    with pytest.raises(ValueError, match="theta must hold 38 entries"):
        descend(momentum, theta=theta[1:])
    with pytest.raises(ValueError, match="each buffer must hold 38 entries"):
        descend(Rule("momentum", (0.9,), (zeros[1:],)))
    frozen = theta.copy()
    frozen.flags.writeable = False
    for wrong in (frozen, theta.astype(np.float32), np.zeros(76)[::2]):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            descend(momentum, theta=wrong)
        with pytest.raises(TypeError, match="incompatible function arguments"):
            descend(Rule("momentum", (0.9,), (wrong,)))
