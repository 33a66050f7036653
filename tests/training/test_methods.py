"""One row per method: a new optimiser needs nothing but its row."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import slopenet as sn
from slopenet.training.methods import (
    METHODS,
    BySize,
    MethodInfo,
    Setup,
    Work,
    partitioned,
    phrases,
)
from slopenet.training.problem import Problem


@dataclass(frozen=True, eq=False)
class State:
    theta: np.ndarray
    cost: float
    done: str = ""


class SignDescent:
    """Steps of a fixed length against the sign of the gradient, halved while they do not help."""

    def start(self, theta: np.ndarray, problem: Problem) -> State:
        return State(theta, problem.value_and_gradient(theta)[0])

    def step(self, state: State, problem: Problem, rng: object = None) -> State:
        _, gradient = problem.value_and_gradient(state.theta)
        for step in 0.1 * 0.5 ** np.arange(30):
            theta = state.theta - step * np.sign(gradient)
            cost, _ = problem.value_and_gradient(theta)
            if cost < state.cost:
                return State(theta, cost)
        return replace(state, done="no step lowers the cost any more")


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    row = MethodInfo(
        title="Sign descent", optimizer=lambda _: SignDescent(), epochs=40, partitions=True
    )
    monkeypatch.setitem(METHODS, "sign", row)


def wave() -> tuple[np.ndarray, np.ndarray]:
    X = np.linspace(-2, 2, 30)[:, None]
    return X, np.sin(X)


def test_a_row_is_all_that_fit_needs_of_a_new_optimiser(toy: None) -> None:
    X, y = wave()
    result = sn.fit(X, y, hidden=(6,), method="sign", rng=0)
    assert result.reason.startswith("Sign descent (as asked) on values of 30 rows: ")
    cost = result.history["cost"]
    assert len(cost) <= 40
    assert cost[-1] < 0.3 * cost[0]
    with pytest.raises(
        ValueError,
        match=r"^method must be one of auto, lm, .*, sign, got 'sing'$",
    ):
        sn.fit(X, y, method="sing")
    with pytest.raises(
        ValueError, match=r"^momentum must be left out with method 'sign', got 0\.5: it belongs"
    ):
        sn.fit(X, y, method="sign", momentum=0.5)


def test_a_row_is_all_that_dask_fit_needs_of_an_optimiser_of_partitions(toy: None) -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    X, y = wave()
    frame = pd.DataFrame({"a": X[:, 0], "u": y[:, 0]})
    parts = [frame.iloc[:11], frame.iloc[11:]]
    found = sn.dask.fit(parts, ["a"], ["u"], hidden=(6,), method="sign", rng=0)
    whole = sn.fit(X, y, hidden=(6,), method="sign", rng=0)
    np.testing.assert_allclose(found.history["cost"], whole.history["cost"], rtol=1e-6)
    assert "Sign descent (as asked) on 30 rows in partitions" in found.reason


def test_a_row_is_all_that_the_command_line_needs_of_a_new_optimiser(toy: None, tmp_path) -> None:
    spec = importlib.util.find_spec("slopenet.cli._fit")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)  # as a process that has the row from the beginning
    help_text = CliRunner().invoke(module.fit, ["--help"]).stdout
    assert "[auto|lm|lbfgs|adam|kriging|sgd|sign]" in help_text
    assert "40 (sign)" in " ".join(help_text.split())
    X, y = wave()
    table, model = tmp_path / "data.csv", tmp_path / "model.safetensors"
    np.savetxt(table, np.hstack([X, y]), delimiter=",", header="a,u", comments="")
    args = [str(table), "--inputs", "a", "--outputs", "u", "--method", "sign", "-o", str(model)]
    result = CliRunner().invoke(module.fit, args)
    assert result.exit_code == 0, result.output
    assert "Sign descent (as asked)" in result.stdout


def test_auto_takes_the_first_row_that_suits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small fits by LM, fits of many parameters by L-BFGS, many rows by Adam."""
    sizes = {"lm": (2, 8, 1), "lbfgs": (2, 500, 500, 1), "adam": (2, 500, 500, 1)}
    for (name, shape), rows in zip(sizes.items(), (100, 50_000, 50_001), strict=True):
        work = Work(shape, rows, 1)
        suiting = [other for other, info in METHODS.items() if info.suits(work)]
        assert suiting[0] == name
        assert METHODS[name].when
    assert not METHODS["sgd"].suits(Work((1, 1), 10**9, 1))


def test_several_starts_only_where_a_step_is_cheap() -> None:
    assert METHODS["lm"].starts(Work((2, 8, 1), 100, 1)) == 4
    assert METHODS["lm"].starts(Work((2, 64, 64, 1), 5000, 1)) == 1
    assert {METHODS[name].starts(Work((2, 8, 1), 100, 1)) for name in ("lbfgs", "adam")} == {1}


def test_partitions_are_learned_by_methods_that_sum_over_samples() -> None:
    assert partitioned() == ("lm", "lbfgs")


def test_a_search_for_l2_begins_high_in_one_start_of_four() -> None:
    method: Any = None
    tops = [METHODS["lm"].optimizer(Setup(method, 30, start, 4)).top for start in range(8)]  # type: ignore[attr-defined]
    assert tops == [1e-3, 10.0, 1e-3, 1e-3] * 2
    assert METHODS["lm"].optimizer(Setup(method, 30)).top == 10.0  # type: ignore[attr-defined]


def test_phrases_name_every_method_and_default() -> None:
    found = phrases()
    for name, info in METHODS.items():
        assert f'"{name}"' in found["methods"]
        assert info.title in found["titles"]
        assert f"{info.epochs} ({name})" in found["epochs"]
        for setting, default in info.defaults.items():
            words = default.words if isinstance(default, BySize) else f"{default:g}"
            assert f"{words} ({name})" in found[setting]


def test_lm_operations_are_those_of_the_smaller_system() -> None:
    assert Work((2, 5, 1), 1000, 1).lm_operations == 1000 * 21**2 / 2 + 21**3 / 3
    assert Work((2, 5, 1), 4, 1).lm_operations == 4**2 * (2 + 5 + 5 + 1) + 4**3 / 3
    assert str(Work((2, 5, 1), 1000, 3)) == "21 parameters and 3,000 residuals"
