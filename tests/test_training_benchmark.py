"""The training benchmark's test functions have the slopes that complex steps give."""

from types import SimpleNamespace

import numpy as np
import pytest

functions = pytest.importorskip(
    "benchmarks.training.functions", reason="an sdist has no benchmarks"
)


@pytest.mark.parametrize("name", functions.FUNCTIONS)
def test_slopes_match_complex_steps(name: str) -> None:
    function = functions.FUNCTIONS[name]
    data = function.sample(50, np.random.default_rng(0))
    steps = 1e-30j * np.eye(data.X.shape[1])
    columns = [function.value(data.X + step).imag / 1e-30 for step in steps]
    np.testing.assert_allclose(data.dydx[:, 0], np.stack(columns, axis=1), rtol=1e-12, atol=1e-12)


def test_a_grid_holds_the_corners_and_a_sample_stays_inside() -> None:
    grid = functions.ROSENBROCK.grid(3)
    assert len(grid) == 9
    assert {tuple(x) for x in grid.X} >= {(-np.pi, np.pi), (0.0, 0.0), (np.pi, np.pi)}
    X = functions.BOREHOLE.sample(100, np.random.default_rng(1)).X
    assert (X >= functions.BOREHOLE.lower).all()
    assert (functions.BOREHOLE.upper >= X).all()


def test_borehole_at_the_middle_of_its_ranges() -> None:
    """Surjanovic & Bingham's definition, written out once more."""
    X = (np.array(functions.BOREHOLE.lower) + functions.BOREHOLE.upper) / 2
    r_w, r, T_u, H_u, T_l, H_l, L, K_w = X
    log = np.log(r / r_w)
    below = log * (1 + 2 * L * T_u / (log * r_w**2 * K_w) + T_u / T_l)
    expected = 2 * np.pi * T_u * (H_u - H_l) / below
    assert functions.BOREHOLE.value(X[None])[0] == pytest.approx(expected, rel=1e-14)


def test_a_curve_gives_the_time_of_an_error_and_the_error_at_a_time() -> None:
    from benchmarks.training.curve import Curve, Point

    points = (Point(1, 0.5, 0.9), Point(2, 0.2, 0.9), Point(3, 0.3, 0.1))
    curve = Curve(points, SimpleNamespace(), collapsed=False, cut=False)
    assert curve.reach(0.4) == 2
    assert curve.reach(0.4, 0.2) == 3
    assert curve.reach(0.1) == np.inf
    assert curve.at(2.5) == points[1]
    assert curve.at(0.5).value == np.inf
