"""The network as a value: it is immutable, compares, copies, pickles, saves and prints."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from networks import points, random_network

import slopenet as sn
from slopenet import derivation


def test_values_and_jacobian_of_a_network_worked_by_hand() -> None:
    net = sn.Network([[[2.0, -1.0]], [[3.0]]], [[0.5], [1.0]], ["tanh", "identity"])
    t = np.tanh(2 * 0.3 - 0.4 + 0.5)
    H, J = net.value_and_jacobian([0.3, 0.4])
    assert H == pytest.approx([3 * t + 1])
    assert J == pytest.approx(np.array([[3 * (1 - t * t) * 2, -3 * (1 - t * t)]]))


def test_shapes_of_every_method_for_a_batch_and_a_single_point() -> None:
    net = random_network((3, 5, 2))
    X = points(4, net)
    assert net(X).shape == (4, 2)
    assert net.jacobian(X).shape == (4, 2, 3)
    assert net.jvp(X, X).shape == net.jvp(X, X[0]).shape == (4, 2)
    assert net.vjp(X, net(X)).shape == net.vjp(X, [1, 0]).shape == (4, 3)
    assert net(X[0]).shape == (2,)
    assert net.jacobian(X[0]).shape == (2, 3)
    assert net.jvp(X[0], X[1]).shape == (2,)
    assert net.vjp(X[0], [1, 2]).shape == (3,)


def test_the_core_agrees_with_the_reference_in_jvp_and_vjp() -> None:
    net = random_network((7, 20, 11, 4), "mish")
    X = points(50, net)
    rng = np.random.default_rng(0)
    v, u = rng.normal(size=(50, 7)), rng.normal(size=(50, 4))
    D = derivation.D(net.chain(), derivation.forward(net.chain(), X))
    np.testing.assert_allclose(
        net.jvp(X, v), derivation.jvp(net.chain(), D, v), rtol=1e-11, atol=1e-13
    )
    np.testing.assert_allclose(
        net.vjp(X, u), derivation.vjp(net.chain(), D, u), rtol=1e-11, atol=1e-13
    )


def test_a_wide_jacobian_is_made_in_blocks_of_directions() -> None:
    """More directions than fit the cache, in either direction of the product."""
    for sizes in ((3, 200, 900), (900, 200, 3), (300, 150, 310)):
        net = random_network(sizes)
        X = points(15, net)
        D = derivation.D(net.chain(), derivation.forward(net.chain(), X))
        want = derivation.dH_dx(net.chain(), D)
        assert np.abs(net.jacobian(X) - want).max() <= 1e-13 * np.abs(want).max()


def test_random_is_reproducible_and_scaled() -> None:
    one, two = (sn.Network.random((50, 400, 1), rng=3) for _ in range(2))
    assert one == two
    assert one != sn.Network.random((50, 400, 1), rng=4)
    assert one.weights[0].std() == pytest.approx(50**-0.5, rel=0.05)
    assert one.activations == ("tanh", "identity")


def test_a_network_cannot_be_changed() -> None:
    weights = [np.ones((2, 2)), np.ones((1, 2))]
    net = sn.Network(weights, [np.zeros(2), np.zeros(1)], "tanh")
    before = net([1.0, 2.0])
    weights[0][:] = 7
    np.testing.assert_array_equal(net([1.0, 2.0]), before)
    with pytest.raises(ValueError, match="read-only"):
        net.weights[0][0, 0] = 1
    with pytest.raises(AttributeError, match="immutable"):
        net.weights = ()  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        del net.sizes


def test_equality_and_hash_follow_everything_that_a_network_is() -> None:
    net = random_network((2, 3, 1))
    same = sn.Network(net.weights, net.biases, net.activations)
    assert net == same
    assert hash(net) == hash(same)
    others = [
        sn.Network(net.weights, net.biases, "sin"),
        sn.Network(net.weights, [b + 1 for b in net.biases], "tanh"),
        sn.Network(net.weights, net.biases, "tanh", dtype=np.float32),
        sn.Network(net.weights, net.biases, "tanh", input_names=["a", "b"]),
        sn.Network(net.weights, net.biases, ["tanh", ("leaky_relu", 0.3)]),
    ]
    assert all(net != other for other in others)
    assert len({net, same, *others}) == 6
    assert net != "network"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_copy_pickle_and_file_give_the_same_network(dtype: type, tmp_path: Path) -> None:
    net = sn.Network.random(
        (2, 4, 3, 1), hidden=("elu", 0.7), output=("softplus", 2.0), rng=0, dtype=dtype,
        input_names=["T", "p"], output_names=["ρ"],
    )  # fmt: skip
    path = tmp_path / "model.safetensors"
    net.save(path)
    X = points(9, net)
    for other in (
        copy.copy(net),
        copy.deepcopy(net),
        pickle.loads(pickle.dumps(net)),
        sn.load(path),
    ):
        assert other == net
        assert repr(other) == repr(net)
        np.testing.assert_array_equal(other.jacobian(X), net.jacobian(X))


def test_an_activation_that_no_table_has_is_refused_on_load(tmp_path: Path) -> None:
    from slopenet.io import model_file

    net = random_network((2, 3, 1))
    path = tmp_path / "strange.safetensors"
    model_file.write(path, net.weights, net.biases, [("tanh", ()), ("frobnicate", ())], None, None)
    with pytest.raises(sn.ModelFileError, match="unknown activation 'frobnicate'"):
        sn.load(path)


def test_repr_shows_sizes_activations_and_parameter_count() -> None:
    net = sn.Network.random(
        (2, 3, 1), hidden=("leaky_relu", 0.2), input_names=["T", "p"], output_names=["h"], rng=0
    )
    assert (
        repr(net) == "Network(2-3-1, leaky_relu(0.2), identity; 13 parameters, float64; T, p -> h)"
    )


def test_many_threads_may_call_one_network() -> None:
    from concurrent.futures import ThreadPoolExecutor

    net = random_network((4, 32, 2))
    X = points(3000, net)
    want = net.jacobian(X)
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(lambda _: net.jacobian(X), range(32)):
            np.testing.assert_array_equal(got, want)
