"""Settings of `fit` and `sgd`: one out of range is named before any training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from public_functions import T, X, Y, fit, sgd

SETTINGS: dict[str, tuple[list[Any], str]] = {
    "hidden": (
        [0, -1, "64", True, None, (0,), (2.5,), (np.nan,), [[2]], 1.5],
        "^hidden must be whole numbers of at least 1, got ",
    ),
    "epochs": (
        [0, -1, 1.5, 3.0, True, "3", np.nan],
        "^epochs must be a whole number of at least 1",
    ),
    "batch_size": ([0, -1, 1.5, True, "3"], "^batch_size must be a whole number of at least 1"),
    "learning_rate": ([0, -1, np.inf, np.nan, "a", True], "^learning_rate must be a finite number"),
    "l2": (
        [-1, np.nan, np.inf, "none", True, None, [1]],
        "^l2 must be a finite number of at least",
    ),
    "slope_weight": (
        [-1, np.nan, "a", X, [[1.0, -1.0]]],
        "^slope_weight must (be a finite number of at least 0|have shape)|^slope_weight.*-1",
    ),
    "momentum": ([-1, 1.0, np.nan, "a"], "^momentum must be "),
    "restarts": ([0, -1, 1.5, "3"], "^restarts must be a whole number of at least 1"),
    "ensemble": ([0, -1, 1.5, "3"], "^ensemble must be a whole number of at least 1"),
    "checkpoint_seconds": ([-1, np.nan, "a"], "^checkpoint_seconds must be a finite number"),
    "rng": ([-1, 1.5, "a"], "^rng must be a numpy Generator or a seed"),
    "method": (
        [None, "ADAM", 5],
        "^method must be one of auto, lm, lbfgs, adam, kriging, sgd, got ",
    ),
    "activation": (
        [None, 5, "tan", ["tanh"], ("tanh", 1), ("elu", np.inf), np.tanh],
        "activation|alpha",
    ),
    "output": ([None, "tan"], "activation"),
    "validation": (
        [0, 1.0, -0.1, 0.01, 0.99, 5, np.nan, "a", True, (), (X,), (X, Y, T, 1)],
        "^validation",
    ),
    "callback": ([5, "print"], "^callback must be a function, got "),
    "input_names": ([5, "ab", ["a"], ["a", "a"], ["a", ""]], "^input_names must be "),
    "output_names": ([5, ["u", "v"]], "^output_names must be "),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, (values, _) in SETTINGS.items() for value in values],
    ids=lambda x: str(x)[:20].replace("\n", " "),
)
def test_a_setting_out_of_range_is_named_before_any_training(name: str, value: Any) -> None:
    def never(_: object) -> None:
        raise AssertionError("training began")

    with pytest.raises((ValueError, TypeError), match=SETTINGS[name][1]):
        fit(**({"callback": never} | {name: value}))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": -1}, "^steps must be a whole number of at least 0, got -1$"),
        ({"steps": 1e2}, "^steps must be a whole number of at least 0, got 100.0$"),
        ({"steps": None}, "^steps must be a whole number"),
        ({"record_every": 0}, "^record_every must be a whole number of at least 1, got 0$"),
        ({"learning_rate": -1}, "^learning_rate must be a finite number of at least 0, got -1$"),
        ({"learning_rate": "a"}, "^learning_rate must be a finite number"),
        ({"learning_rate": lambda k: np.nan * k}, r"^learning_rate\(steps\)\[0\] is nan"),
        ({"learning_rate": lambda k: np.ones((2, 2))}, r"^learning_rate\(steps\) must have shape"),
        ({"rng": "a"}, "^rng must be a numpy Generator or a seed"),
    ],
)
def test_settings_of_a_descent_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sgd(X, **settings)
