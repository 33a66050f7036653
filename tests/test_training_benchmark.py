"""The training benchmark's test functions have the slopes that complex steps give."""

import warnings
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


def test_errors_of_a_contender_are_relative_those_of_slopes_apart() -> None:
    from benchmarks.training.task import errors
    from slopenet import Network

    net = Network([np.array([[2.0, 0.0]])], [np.zeros(1)], "identity")
    data = functions.ROSENBROCK.grid(3)
    y = net(data.X)
    slopes = np.broadcast_to([2.0, 0.0], (9, 1, 2))
    shifted = SimpleNamespace(X=data.X, y=y + 0.5 * y.std(), dydx=1.25 * slopes)
    value, slope = errors(net, shifted)
    assert value == pytest.approx(0.5)
    assert slope > 0
    value, slope = errors(net, SimpleNamespace(X=data.X, y=y, dydx=np.ones((9, 1, 2))))
    assert value == pytest.approx(0)
    assert slope == pytest.approx(1)  # one slope too large by 1, one too small by 1


experiments = pytest.importorskip("benchmarks.training.surrogate_functions")
slope_process = pytest.importorskip("benchmarks.training.contenders.slope_process")
collapse = pytest.importorskip("benchmarks.training.cases.collapse")


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_slopes_of_experiments_match_central_differences(name: str) -> None:
    experiment = experiments.EXPERIMENTS[name]
    data, steps = experiment.test(0), 1e-6 * np.diag(experiment.width)
    value = experiment.function.value
    found = np.stack([value(data.X + step) - value(data.X - step) for step in steps], axis=1) / 2e-6
    expected = data.dydx[:, 0] * experiment.width
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("name", "point", "minimum"),
    [
        ("branin", (np.pi, 2.275), 0.397887),
        ("hartmann6", (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573), -3.32237),
    ],
)
def test_experiments_have_their_published_minima(name: str, point: tuple, minimum: float) -> None:
    function = experiments.EXPERIMENTS[name].function
    assert function.value(np.array([point]))[0] == pytest.approx(minimum, abs=1e-5)


@pytest.mark.parametrize("kernel", slope_process.KERNELS)
def test_likelihood_of_the_slope_process_has_the_gradient_of_central_differences(
    kernel: str,
) -> None:
    data = experiments.EXPERIMENTS["branin"].train(0)
    Z, t = data.X / 5, np.concatenate([data.y, data.dydx[:, 0] * 5], axis=1) / 50
    log, function = np.log([0.7, 1.9, 1e-3, 1e-2]), slope_process.KERNELS[kernel]

    def cost(moved: np.ndarray) -> float:
        return slope_process.state(function, Z, t, moved).cost

    expected = [(cost(log + step) - cost(log - step)) / 2e-5 for step in 1e-5 * np.eye(4)]
    found = slope_process.state(function, Z, t, log).gradient
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kernel", slope_process.KERNELS)
def test_slope_process_passes_through_its_rows_and_predicts_the_slopes_of_its_values(
    kernel: str,
) -> None:
    experiment = experiments.EXPERIMENTS["branin"]
    data, points = experiment.train(0), experiment.test(0).X[:50]
    box = experiment.function.lower, experiment.function.upper
    kriging = pytest.importorskip("benchmarks.training.contenders.kriging")
    rows = kriging.Rows(data.X, data.y[:, 0], data.dydx[:, 0], *box)
    surrogate = slope_process.slope_process(kernel)(rows)
    np.testing.assert_allclose(surrogate.value(data.X), rows.y, atol=0.1)
    np.testing.assert_allclose(surrogate.slopes(data.X), rows.dydx, atol=0.5)
    steps = 1e-3 * np.eye(2)
    ahead, behind = ([surrogate.value(points + sign * s) for s in steps] for sign in (1, -1))
    found = (np.transpose(ahead) - np.transpose(behind)) / 2e-3
    np.testing.assert_allclose(found, surrogate.slopes(points), rtol=1e-3, atol=1e-1)


@pytest.mark.parametrize("index", range(8))
def test_problems_about_collapse_have_the_slopes_of_their_values(index: int) -> None:
    problem = collapse.problem(index)
    Z = np.random.default_rng(1).uniform(-1, 1, (20, len(problem.centre)))
    value, slopes = problem._by_z(Z)
    steps = 1e-6 * np.eye(Z.shape[1])
    pairs = [(problem._by_z(Z + step)[0], problem._by_z(Z - step)[0]) for step in steps]
    found = np.stack([(a - b) / 2e-6 for a, b in pairs], axis=1)
    np.testing.assert_allclose(found, slopes, rtol=1e-5, atol=1e-6 * np.abs(slopes).max())
    assert np.isfinite(value).all()


def test_problems_about_collapse_have_all_kinds_inputs_and_numbers_of_rows() -> None:
    problems = [collapse.problem(index) for index in range(collapse.PROBLEMS)]
    rows = [each.rows for each in problems]
    assert {each.kind for each in problems} == set(collapse.KINDS)
    assert {len(each.centre) for each in problems} == set(range(1, 7))
    assert 3 == min(rows) < max(rows) <= 10_000
    assert 3 <= sum(count > 1000 for count in rows) <= 8
    assert {(each.slopes, each.noise > 0) for each in problems} == {
        (a, b) for a in (True, False) for b in (True, False)
    }


@pytest.mark.parametrize(
    ("error", "warned", "silent", "false_alarm"),
    [
        (0.95, False, True, False),
        (0.95, True, False, False),
        (np.nan, False, True, False),
        (0.7, True, False, False),
        (0.1, True, False, True),
        (0.1, False, False, False),
    ],
)
def test_a_fit_about_collapse_is_silent_or_a_false_alarm_or_right(
    error: float, warned: bool, silent: bool, false_alarm: bool
) -> None:
    fitted = collapse.Fitted("", error, warned)
    assert (fitted.silent, fitted.false_alarm) == (silent, false_alarm)


def test_a_fit_about_collapse_finds_the_warning_by_the_name_of_its_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warning = type(collapse.WARNING, (UserWarning,), {})

    def fit(X: np.ndarray, *_: object, **__: object) -> SimpleNamespace:
        warnings.warn("the network has not learned", warning, stacklevel=2)
        return SimpleNamespace(network=lambda T: np.zeros((len(T), 1)))

    monkeypatch.setattr(collapse.sn, "fit", fit)
    fitted = collapse._fit(collapse.problem(3), 3, 0)
    assert fitted.warned
    assert fitted.error > 0.9


def test_constraints_of_the_case_are_true_of_its_functions() -> None:
    from benchmarks.training.cases.shape import PROBLEMS

    for problem in PROBLEMS:
        low, high = np.array(problem.lower), np.array(problem.upper)
        X = low + (high - low) * np.random.default_rng(0).uniform(0.01, 0.99, (200, len(low)))
        steps = 1e-4 * (high - low) * np.eye(len(low))
        f = problem.function
        for i, sign in problem.asked.get("monotone", {}).items():
            assert (sign * (f(X + steps[i]) - f(X - steps[i])) >= -1e-15).all(), problem.name
        inputs = problem.asked.get("convex", [])
        if inputs:
            for v in np.random.default_rng(1).normal(size=(20, len(inputs))) @ steps[inputs]:
                assert (f(X + v) + f(X - v) - 2 * f(X) >= -1e-15).all(), problem.name


def test_the_regret_of_the_case_about_optimisation_is_0_at_the_minimum_and_1_at_most() -> None:
    from benchmarks.training.cases import ego

    for problem in ego.PROBLEMS:
        low, high = problem.box.T
        X = np.random.default_rng(0).uniform(low, high, (20_000, len(low)))
        X = np.concatenate([X, low[None]])  # Branin is largest in this corner
        regrets = [problem.regret(value) for value in problem.function.value(X)]
        assert 0 <= min(regrets) < 0.3
        assert 0.99 < max(regrets) <= 1 + 1e-6
        values = np.array([problem.maximum, problem.minimum, problem.maximum])
        assert ego._count(problem, values) == 2
        assert ego._count(problem, values[:1]) == problem.most + 1
