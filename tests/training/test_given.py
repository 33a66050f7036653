"""Training that starts from a network."""

import numpy as np
import pytest

import slopenet as sn

X = np.random.default_rng(0).uniform(-1, 1, (60, 2)) * [1, 100] + [5, 1000]
Y = np.sin(2 * (X[:, 0] - 5)) * (X[:, 1] - 1000) / 100 + 7


def rough() -> sn.Network:
    return sn.fit(X, Y, hidden=(8,), method="lm", epochs=15, restarts=1, rng=0).network


def error(network: sn.Network) -> float:
    return float(np.sqrt(np.mean((network(X)[:, 0] - Y) ** 2)) / Y.std())


@pytest.mark.parametrize("method", ["lm", "lbfgs", "adam", "sgd"])
def test_training_goes_on_from_the_values_of_a_network(method: str) -> None:
    start = rough()
    seen = []
    sn.fit(
        *(X, Y),
        start=start,
        method=method,
        epochs=2,
        l2=0.0,
        learning_rate=1e-9 if method in ("adam", "sgd") else None,
        rng=0,
        callback=lambda state: seen.append(state.network),
    )
    # the first state is one step away: with a rate of 1e-9, the network itself
    if method in ("adam", "sgd"):
        np.testing.assert_allclose(seen[0](X), start(X), atol=1e-6)
    assert error(seen[0]) < error(start) * 1.001


@pytest.mark.parametrize("method", ["auto", "lm", "lbfgs"])
def test_a_network_gets_better_and_keeps_its_layers(method: str) -> None:
    start = rough()
    fit = sn.fit(X, Y, start=start, method=method, rng=0)
    assert error(fit.network) < 0.2 * error(start)
    assert fit.network.sizes == start.sizes
    assert fit.network.activations == start.activations
    assert len(fit.ensemble.networks) == 1


def test_different_activations_in_each_layer_are_kept() -> None:
    W = [np.eye(4, 2), np.eye(3, 4), np.ones((1, 3))]
    start = sn.Network(W, [np.zeros(4), np.zeros(3), np.zeros(1)], ["tanh", "sin", "softplus"])
    fit = sn.fit(X, Y + 9, start=start, method="lm", epochs=3, rng=0)
    assert fit.network.activations == ("tanh", "sin", "softplus")


def test_a_network_without_hidden_layers_is_a_start_too() -> None:
    start = sn.Network([np.ones((1, 2))], [np.zeros(1)], ["identity"])
    network = sn.fit(X, X @ [2.0, 3.0] + 1, start=start, method="lm", rng=0).network
    np.testing.assert_allclose(network.weights[0], [[2, 3]], atol=1e-3)


def test_a_start_continues_a_checkpoint_of_the_same_start_alone(tmp_path) -> None:
    start, path = rough(), tmp_path / "run.safetensors"
    common = {"method": "lbfgs", "epochs": 5, "rng": 0, "checkpoint": path}
    one = sn.fit(X, Y, start=start, **common).network
    assert sn.fit(X, Y, start=start, **common).network == one
    other = sn.Network([2 * w for w in start.weights], list(start.biases), list(start.activations))
    with pytest.raises(sn.CheckpointError, match="start"):
        sn.fit(X, Y, start=other, **common)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"method": "kriging"}, "^start must be left out with method 'kriging'"),
        ({"ensemble": 3}, "^ensemble must be left out or 1 with start, got 3$"),
        ({"restarts": 2}, "^restarts must be left out or 1 with start, got 2$"),
        ({"hidden": (9,)}, r"^hidden must be left out or \(8,\) as in start, got \(9,\)$"),
        ({"activation": "sin"}, "^activation must be left out or that of start, got 'sin'$"),
        ({"output": "softplus"}, "^output must be left out or that of start, got 'softplus'$"),
        ({"transform": "log"}, "^transform must be 'auto' or 'none' with start, got 'log'$"),
    ],
)
def test_settings_that_contradict_a_network_are_refused(given: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sn.fit(X, Y, start=rough(), **given)


def test_a_network_that_does_not_fit_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^start has 2 inputs and 1 outputs, X and y have 1 and 1"
    ):
        sn.fit(X[:, :1], Y, start=rough())
    with pytest.raises(TypeError, match=r"^start must be a Network, got str$"):
        sn.fit(X, Y, start="net")
    logarithms = sn.Network(
        [np.eye(2), np.ones((1, 2))], [np.zeros(2), np.zeros(1)], ["log", "identity"]
    )
    with pytest.raises(ValueError, match=r"^start must not have layers of 'log'"):
        sn.fit(X, Y, start=logarithms)


def test_runs_of_activations_are_kept_and_logarithms_among_them_refused() -> None:
    W, b = [np.eye(4, 2), np.ones((1, 4))], [np.ones(4), np.zeros(1)]
    start = sn.Network(W, b, [[("tanh", 3), ("identity", 1)], "identity"])
    fit = sn.fit(X, Y, start=start, method="lm", epochs=3, rng=0)
    assert fit.network.activations == start.activations
    with pytest.raises(ValueError, match="activation must be left out or that of start"):
        sn.fit(X, Y, start=start, activation="tanh", rng=0)
    with pytest.raises(ValueError, match="start must not have layers of 'log'"):
        sn.fit(X, Y, start=sn.Network(W, b, [["tanh", "log", "sin", "sin"], "identity"]))
