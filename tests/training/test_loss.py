"""Outliers: with Student's t as the loss, a fit is hardly worse than without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import slopenet as sn
from slopenet.cli import cli

GRID = np.linspace(-3, 3, 200)[:, None]
COMMON: dict[str, Any] = {"hidden": (8, 8), "rng": 0}


def waves(n: int = 80, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, Any]:
    """X (n, 1), sin (n,) and cos (n, 1) with noise of 0.02, and a generator."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-3, 3, (n, 1))
    noise = 0.02 * rng.normal(size=(n, 2))
    return X, np.sin(X[:, 0]) + noise[:, 0], np.cos(X) + noise[:, 1:], rng


def spoiled(exact: np.ndarray, rng: Any) -> tuple[np.ndarray, int]:
    """A tenth of the numbers far off, and how many these are."""
    far = rng.permutation(len(exact))[: len(exact) // 10]
    x = exact.copy()
    x[far] += 10 * rng.choice([-1, 1], len(far)).reshape(-1, *[1] * (x.ndim - 1))
    return x, len(far)


def error(fit: sn.Fit, k: int = 0) -> float:
    return float(np.sqrt(np.mean((fit.network(GRID)[:, k] - np.sin(GRID[:, 0])) ** 2)))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", ["values", "values next to slopes", "slopes", "both"])
@pytest.mark.filterwarnings("ignore::slopenet.SlopeWarning")
def test_a_tenth_of_outliers_does_no_harm(kind: str, seed: int) -> None:
    X, y, dydx, rng = waves(seed=seed)
    slopes = kind != "values"
    far_y, values = (y, 0) if kind == "slopes" else spoiled(y, rng)
    far_dydx, of_slopes = spoiled(dydx, rng) if kind in ("slopes", "both") else (dydx, 0)
    exact, far = (X, y, dydx), (X, far_y, far_dydx)
    if not slopes:
        exact, far = exact[:2], far[:2]  # type: ignore[assignment]
    # with "auto" the squared loss gives the kind without outliers nearly all of the weight
    settings = COMMON | {"rng": seed, "slope_weight": "auto" if kind == "both" else 1.0}
    clean, squared = sn.fit(*exact, **settings), sn.fit(*far, **settings)
    robust = sn.fit(*far, loss="student", **settings)
    assert error(robust) < 1.5 * error(clean) + 0.002
    assert error(squared) > 5 * error(robust)
    assert f"Outliers: {values} values and {of_slopes} slopes." in robust.reason
    assert "Outliers" not in squared.reason


def test_without_outliers_it_is_hardly_worse() -> None:
    X, y, dydx, _ = waves()
    both = [sn.fit(X, y, dydx, loss=loss, **COMMON) for loss in ("squared", "student")]
    assert error(both[1]) < 2 * error(both[0])


def test_outliers_of_one_output_do_not_make_another_one_doubtful() -> None:
    X, y, _, rng = waves()
    far, values = spoiled(y, rng)
    fit = sn.fit(X, np.stack([100 * far, y], axis=1), loss="student", **COMMON)
    assert f"Outliers: {values} values and 0 slopes." in fit.reason
    assert error(fit, 1) < 0.02
    fit = sn.fit(X, np.stack([y, 100 * far], axis=1), loss="student", **COMMON)
    assert error(fit, 0) < 0.02


@pytest.mark.parametrize("more", [{"l2": 1e-4}, {"validation": 0.25}], ids=str)
def test_it_goes_with_a_given_l2_and_with_rows_held_out(more: dict[str, Any]) -> None:
    X, y, _, rng = waves(200)
    far, _ = spoiled(y, rng)
    robust = sn.fit(X, far, loss="student", **more, **COMMON)
    assert error(robust) < 0.02
    assert error(sn.fit(X, far, **more, **COMMON)) > 5 * error(robust)


def test_weighted_rows_are_repeated_rows() -> None:
    X, y, dydx, rng = waves(30)
    counts = rng.integers(0, 4, 30)
    copies = rng.permutation(np.repeat(np.arange(30), counts))
    settings = COMMON | {"loss": "student", "epochs": 20}
    weighted = sn.fit(X, y, dydx, sample_weight=counts, **settings)
    assert weighted.network == sn.fit(X[copies], y[copies], dydx[copies], **settings).network


def test_auto_takes_the_method_that_has_it() -> None:
    X, y, _, _ = waves(20)
    reason = sn.fit(X, y, loss="student", epochs=2, **COMMON).reason
    assert reason.startswith("Levenberg-Marquardt (for loss='student')")


@pytest.mark.parametrize("given", [{"method": "lbfgs"}, {"method": "adam"}, {"momentum": 0.5}])
def test_other_methods_refuse_it(given: dict[str, Any]) -> None:
    name = given.get("method", "sgd")
    message = f"^loss must be 'squared' with method '{name}', got 'student': it belongs to lm$"
    with pytest.raises(ValueError, match=message):
        sn.fit(GRID, GRID, loss="student", **given)


def test_an_unknown_loss_is_named() -> None:
    with pytest.raises(ValueError, match=r"^loss must be .*squared.*student.*, got 'huber'"):
        sn.fit(GRID, GRID, loss="huber")


def test_a_stopped_run_resumes_with_the_same_bits(tmp_path: Any) -> None:
    X, y, _, rng = waves(40)
    far, _ = spoiled(y, rng)
    settings = COMMON | {"loss": "student", "epochs": 60, "restarts": 1}
    path = tmp_path / "run"

    def stop(state: Any) -> None:
        if state.epoch == 25:
            raise KeyboardInterrupt

    with pytest.raises(sn.Interrupted):
        sn.fit(X, far, checkpoint=path, callback=stop, **settings)
    resumed = sn.fit(X, far, checkpoint=path, **settings)
    assert resumed.network == sn.fit(X, far, **settings).network
    with pytest.raises(sn.CheckpointError, match="got one with other loss"):
        sn.fit(X, far, checkpoint=path, **(settings | {"loss": "squared"}))


def test_the_command_line_has_it() -> None:
    text = CliRunner().invoke(cli, ["fit", "--help"]).output
    assert "--loss [squared|student]" in text
