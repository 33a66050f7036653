"""Fitting learns values and slopes, in the user's units, and reports its decisions."""

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.monitor import State


def branin_like(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A smooth function of two inputs in unlike units, with its slopes."""
    X = np.random.default_rng(seed).uniform([300, 1e-3], [400, 3e-3], (n, 2))
    u, v = (X[:, 0] - 350) / 30, X[:, 1] * 1000
    y = 1e5 * (np.sin(u) * v + 0.1 * u**2)
    dydx = 1e5 * np.stack([(np.cos(u) * v + 0.2 * u) / 30, 1000 * np.sin(u)], axis=1)
    return X, y, dydx


def errors(net: sn.Network) -> tuple[float, float]:
    """Relative RMS errors of values and slopes on unseen points."""
    X, y, dydx = branin_like(500, 99)
    H, J = net.value_and_jacobian(X)
    slopes = np.sqrt(((J[:, 0] - dydx) ** 2).mean(axis=0) / (dydx**2).mean(axis=0))
    return float(np.std(H[:, 0] - y) / y.std()), float(slopes.max())


def test_values_are_learned_in_the_users_units() -> None:
    X, y, _ = branin_like(200)
    result = sn.fit(X, y, hidden=(16, 16), rng=0)
    value, slope = errors(result.network)
    assert value < 0.01
    assert slope < 0.1
    assert result.reason.startswith("Levenberg-Marquardt (as 337 parameters and 200 residuals")
    assert result.reason.endswith(", by the evidence. Best of 4 starts.")


def test_slopes_make_both_better() -> None:
    X, y, dydx = branin_like(25)
    without = errors(sn.fit(X, y, hidden=(16, 16), rng=0).network)
    result = sn.fit(X, y, dydx, hidden=(16, 16), rng=0)
    with_slopes = errors(result.network)
    assert with_slopes[0] < without[0] / 3
    assert with_slopes[1] < without[1] / 3
    assert "values and slopes of 25 rows" in result.reason


def test_missing_slopes_are_left_out_not_read_as_zero() -> None:
    X, y, dydx = branin_like(60)
    dydx[::2, 0] = np.nan
    dydx[5] = np.nan
    value, slope = errors(sn.fit(X, y, dydx, hidden=(16, 16), rng=0).network)
    assert value < 0.02
    assert slope < 0.06


def test_all_slopes_missing_is_a_fit_on_values() -> None:
    X, y, dydx = branin_like(30)
    one = sn.fit(X, y, np.full_like(dydx, np.nan), hidden=(5,), rng=0, epochs=50)
    two = sn.fit(X, y, hidden=(5,), rng=0, epochs=50)
    np.testing.assert_allclose(one.network(X), two.network(X), rtol=1e-9)


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_the_same_rng_gives_the_same_bits_whatever_the_threads(method: str) -> None:
    X, y, dydx = branin_like(40)
    before = sn.get_num_threads()
    nets = []
    for threads in (1, 2):
        sn.set_num_threads(threads)
        nets.append(sn.fit(X, y, dydx, hidden=(8,), method=method, epochs=30, rng=7).network)
    sn.set_num_threads(before)
    assert nets[0] == nets[1]


def test_adam_learns_with_mini_batches_and_slopes() -> None:
    X, y, dydx = branin_like(200)
    result = sn.fit(
        X,
        y,
        dydx,
        hidden=(16, 16),
        method="adam",
        epochs=600,
        batch_size=32,
        learning_rate=5e-3,
        l2=1e-5,
        rng=0,
    )
    value, slope = errors(result.network)
    assert value < 0.03
    assert slope < 0.06
    assert result.reason == (
        "Adam (as asked) on values and slopes of 200 rows: all 600 epochs were used."
    )


def test_validation_keeps_the_best_weights_and_stops() -> None:
    """Noise is learned by heart without a validation set; with one, training stops before."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (60, 1))
    y = np.sin(3 * X[:, 0]) + 0.3 * rng.normal(size=60)
    result = sn.fit(X, y, hidden=(64, 64), l2=0.0, validation=0.3, rng=1)
    held = result.history["validation"]
    assert len(held) == len(result.history["epoch"]) < 2000
    assert min(held) < held[-1]
    assert result.network.posterior is None  # without l2
    assert "the validation cost last improved at epoch" in result.reason
    test = np.linspace(-1, 1, 200)[:, None]
    by_heart = sn.fit(X, y, hidden=(64, 64), l2=0.0, rng=1).network
    error = [np.std(net(test) - np.sin(3 * test)) for net in (result.network, by_heart)]
    assert error[0] < 0.7 * error[1]


def test_validation_may_be_given_as_arrays() -> None:
    X, y, dydx = branin_like(40)
    result = sn.fit(X, y, dydx, hidden=(8,), validation=branin_like(30, 5), epochs=40, rng=0)
    assert len(result.history["validation"]) == len(result.history["epoch"]) == 40


def test_an_output_activation_keeps_the_range_of_y() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 2))
    y = (X[:, 0] + X[:, 1] > 0).astype(float)
    net = sn.fit(X, y, hidden=(8,), output="sigmoid", epochs=200, rng=0).network
    assert net.activations == ("tanh", "sigmoid")
    assert ((net(X) >= 0) & (net(X) <= 1)).all()
    assert ((net(X)[:, 0] > 0.5) == (y > 0.5)).mean() > 0.97


def test_callback_sees_every_epoch_and_can_stop() -> None:
    states: list[State] = []
    X, y, _ = branin_like(40)

    def callback(state: State) -> bool:
        states.append(state)
        return state.epoch == 12

    result = sn.fit(X, y, hidden=(8,), restarts=1, rng=0, callback=callback)
    assert [s.epoch for s in states] == list(range(1, 13))
    assert states[0].epochs == 500
    assert states[-1].cost < states[0].cost
    assert result.reason.endswith(": the callback stopped it at epoch 12.")


def test_no_hidden_layer_is_linear_regression() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    A, c = rng.normal(size=(2, 3)), rng.normal(size=2)
    net = sn.fit(X, X @ A.T + c, hidden=(), l2=0.0, rng=0).network
    np.testing.assert_allclose(net.weights[0], A, rtol=1e-5)
    np.testing.assert_allclose(net.biases[0], c, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.*too few to vouch")
def test_sample_weights_decide_between_contradicting_rows() -> None:
    X = np.repeat([[0.0], [1.0]], 2, axis=0)
    y = np.array([0.0, 1.0, 5.0, 7.0])
    net = sn.fit(X, y, hidden=(4,), l2=0.0, sample_weight=[1, 3, 1, 0], rng=0).network
    np.testing.assert_allclose(net([[0.0], [1.0]])[:, 0], [0.75, 5.0], atol=1e-4)


def test_weights_mean_the_same_in_every_method_and_batch() -> None:
    """400 contradicting rows at one point: the answer is their weighted mean, 0.998."""
    X = np.zeros((400, 1))
    y = np.repeat([1.0, -1.0], 200) + 1e-9 * np.arange(400)  # all rows distinct
    weight = np.repeat([1.0, 1e-3], 200)
    common = {"hidden": (2,), "l2": 0.0, "sample_weight": weight, "rng": 0}
    for settings in (
        {"method": "lbfgs"},
        {"method": "adam", "epochs": 30, "batch_size": 1, "learning_rate": 1e-2},
        {"method": "adam", "epochs": 300, "batch_size": 64, "learning_rate": 1e-2},
    ):
        net = sn.fit(X, y, **common, **settings).network  # type: ignore[arg-type]
        assert net([0.0])[0] == pytest.approx(0.998, abs=0.02), settings


def test_a_row_of_hardly_any_weight_is_hardly_there() -> None:
    X, y, dydx = branin_like(60)
    X = np.vstack([X, [[1e5, 10.0]]])
    y, dydx = np.append(y, 1e12), np.vstack([dydx, [[1e9, 1e9]]])
    weight = np.append(np.ones(60), 1e-30)
    net = sn.fit(X, y, dydx, hidden=(16, 16), sample_weight=weight, rng=0).network
    assert errors(net)[0] < 0.02


def test_history_has_costs_without_the_penalty() -> None:
    X, y, dydx = branin_like(40)
    given = (X, y, dydx)
    result = sn.fit(*given, hidden=(8,), l2=1.0, validation=given, epochs=30, rng=0)
    np.testing.assert_allclose(
        result.history["cost"], result.history["validation"], rtol=1e-9, atol=1e-12
    )


def test_three_points_of_sine_with_slopes() -> None:
    """JENN's quickstart: all three values are 0, the slopes say everything."""
    X = np.linspace(-np.pi, np.pi, 3)[:, None]
    net = sn.fit(X, np.sin(X), np.cos(X), hidden=(3, 3), rng=0).network
    test = np.linspace(-np.pi, np.pi, 30)[:, None]
    H, J = net.value_and_jacobian(test)
    assert 1 - ((H - np.sin(test)) ** 2).mean() / np.sin(test).var() > 0.95
    assert 1 - ((J[:, 0] - np.cos(test)) ** 2).mean() / np.cos(test).var() > 0.95


def test_names_are_kept() -> None:
    X, y, _ = branin_like(20)
    net = sn.fit(
        X, y, hidden=(4,), epochs=5, rng=0, input_names=["T", "p"], output_names=["h"]
    ).network
    assert (net.input_names, net.output_names) == (("T", "p"), ("h",))
