"""Arrays at the border of the core: a wrong one is refused before anything is read."""

from typing import Any

import numpy as np
import pytest

from slopenet import _core

SIZES = [3, 4, 2]
TANH = [("tanh", 0.0), ("identity", 0.0)]
THETA = np.arange(26.0)


def model() -> Any:
    return _core.Model64(SIZES, TANH, THETA)


@pytest.mark.parametrize(
    ("sizes", "activations", "theta", "message"),
    [
        ([3], [], THETA, "sizes must be n_1"),
        (SIZES, TANH[:1], THETA, "with an activation for each"),
        (SIZES, [("tanh", 0.0), ("tan", 0.0)], THETA, "unknown activation tan"),
        ([3, 0, 2], TANH, THETA, "every size must be at least 1"),
        (SIZES, TANH, THETA[:-1], "theta must hold 26 entries"),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(
    sizes: list[int], activations: list[tuple[str, float]], theta: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        _core.Model64(sizes, activations, theta)


NOT_READY = [
    [[0.0, 0.0, 0.0]],
    None,
    np.zeros((5, 4)),
    np.zeros((2, 5, 3)),
    np.zeros((5, 3), np.float32),
    np.zeros((3, 5)).T,
    np.zeros((5, 6))[:, ::2],
    np.zeros((5, 3), ">f8"),
    np.zeros((5, 3)).view(np.matrix),
]


@pytest.mark.parametrize("X", NOT_READY, ids=lambda X: getattr(X, "shape", X))
def test_an_array_to_be_converted_first_gives_none(X: Any) -> None:
    net, points = model(), np.zeros((5, 3))
    assert net.values(X, None, None) is None
    assert net.hvp(points, X, None, None) is None
    assert net.vjp(points, X, None, None) is None


def test_shapes_that_do_not_fit_are_refused() -> None:
    net, X, y, dydx = model(), np.zeros((5, 3)), np.zeros((5, 2)), np.zeros((5, 2, 3))
    with pytest.raises(ValueError, match="y must hold 10 entries"):
        net.task(X, np.zeros((5, 3)))
    with pytest.raises(ValueError, match="slope_weight is needed"):
        net.task(X, y, dydx)
    with pytest.raises(ValueError, match="slope_weight must hold 30 entries"):
        net.task(X, y, dydx, np.zeros((4, 2, 3)))


def test_a_task_of_other_sizes_is_refused() -> None:
    other = _core.Model64([3, 1], TANH[:1], np.zeros(4))
    task = other.task(np.zeros((5, 3)), np.zeros((5, 1)))
    with pytest.raises(ValueError, match="y must hold 10 entries"):
        model().backprop(task, want_theta=True, want_delta=False, threads=1)


def test_a_sample_that_does_not_exist_is_refused() -> None:
    order = np.array([0, 5], dtype=np.int32)
    with pytest.raises(ValueError, match="order names a sample that does not exist"):
        model().descend(THETA, np.zeros((5, 3)), np.zeros((5, 2)), order, np.full(2, 0.1))


def test_the_first_entry_that_is_not_finite_is_named() -> None:
    X = np.zeros((40, 3))
    X[31, 2] = -np.inf
    with pytest.raises(ValueError, match=r"X\[31, 2\] is -inf; every entry of X must be finite"):
        model().values(X, None, None)
    with pytest.raises(ValueError, match=r"X\[1\] is nan"):
        model().jacobian(np.array([0.0, np.nan, 0.0]), None, None)
    with pytest.raises(ValueError, match=r"u\[0, 1\] is inf"):
        model().vjp(np.zeros((1, 3)), np.array([[0.0, np.inf]]), None, None)


def test_no_rows_give_no_rows() -> None:
    X = np.zeros((0, 3))
    H, J = model().value_and_jacobian(X, None, 2)
    assert (H.shape, J.shape) == ((0, 2), (0, 2, 3))
