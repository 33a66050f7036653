"""The memory of a network is its own, and arrays of a caller are never written to."""

from __future__ import annotations

import gc
import operator
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from public_functions import NET, STORED, T, X, Y, fit, sgd, stored

import slopenet as sn


@pytest.mark.parametrize("how", [*STORED, "read-only"])
def test_later_changes_of_the_callers_arrays_change_no_network(how: str) -> None:
    W, b = np.ones((1, 2)), np.zeros(1)
    if how == "read-only":
        W.flags.writeable = False
        given = W
    else:
        given = stored(W, how)
    net = sn.Network([given], [b], "identity")
    given.flags.writeable = True
    given[...] = 7.0
    b[...] = 7.0
    np.testing.assert_array_equal(net([[1.0, 1.0]]), [[2.0]])
    np.testing.assert_array_equal(net.weights[0], [[1.0, 1.0]])


def test_the_memory_of_a_network_can_never_be_made_writeable() -> None:
    loose = [*NET.weights, *NET.biases, *sn.Network(NET.weights, NET.biases, "relu").weights]
    for array in loose:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0
        with pytest.raises(ValueError, match="cannot set WRITEABLE"):
            array.flags.writeable = True
    assert isinstance(NET.weights, tuple)


def test_a_network_made_of_anothers_weights_shares_them() -> None:
    other = sn.Network(NET.weights, NET.biases, "relu")
    assert all(a is b for a, b in zip(other.weights, NET.weights, strict=True))


def test_the_callers_arrays_are_never_written_to() -> None:
    weight, v, u = np.ones(5), T.copy(), Y[:, None].copy()
    given = [X.copy(), Y.copy(), T.copy(), weight, v, u]
    before = [array.copy() for array in given]
    for array in given:
        array.flags.writeable = False
    x, y, t = given[:3]
    for method in ("lbfgs", "adam"):
        fit(x, y, t, sample_weight=weight, validation=(x, y, t), method=method)
    sn.backprop(NET, x, y, t)
    sn.check_derivatives(NET, x)
    sgd(x, y)
    NET.value_and_jacobian(x)
    NET.jvp(x, v)
    NET.vjp(x, u)
    NET.value_jacobian_hessian(x)
    NET.hvp(x, v)
    NET.weighted_hessian(x, u)
    NET.laplacian(x)
    NET.derivation(x[0], y[:1])
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_record_keeps_its_point_when_the_caller_changes_his() -> None:
    x, y = X[0].copy(), Y[:1].copy()
    record = NET.derivation(x, y)
    x[...] = y[...] = 9.0
    np.testing.assert_array_equal(record.x, X[0])
    np.testing.assert_array_equal(record.y, Y[:1])


def test_a_loaded_network_takes_twice_its_file_and_packs_its_core_at_first_use(
    tmp_path: Path,
) -> None:
    path = tmp_path / "wide.safetensors"
    wide = np.random.default_rng(0).normal(size=(1500, 1500))
    sn.Network([wide, wide], [wide[0], wide[0]], "sin").save(path)
    size = path.stat().st_size
    gc.collect()
    tracemalloc.start()
    try:
        net = sn.load(path)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * size + 2**20
    assert kept < size + 2**20
    packed = sn.Network.__dict__["_core"]
    with pytest.raises(AttributeError):
        packed.__get__(net)
    net(wide[0])
    assert packed.__get__(net) is net._core


def test_threads_may_race_to_the_first_use_of_a_network() -> None:
    x = np.random.default_rng(0).normal(size=(3, 200))
    for seed in range(5):
        net = sn.Network.random((200, 300, 4), rng=seed)
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _, net=net: net(x), range(16)))
        for got in results:
            np.testing.assert_array_equal(got, net(x))


def test_a_network_has_no_attributes_but_its_own() -> None:
    with pytest.raises(AttributeError, match=r"^a Network has no attribute 'wieghts'$"):
        operator.attrgetter("wieghts")(NET)
    assert not hasattr(NET, "__array__")
