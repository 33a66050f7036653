"""One planner for fits in memory and in partitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slopenet.training.methods import Setup
from slopenet.training.plan import Plan, make_plan
from slopenet.training.settings import FitSettings


def plan(rows: int = 100, targets: int = 1, *, partitioned: bool = False, **given: Any) -> Plan:
    settings = FitSettings(**({"hidden": (8,)} | given))
    return make_plan(settings, 2, 1, rows=rows, targets=targets, partitioned=partitioned)


def test_a_small_fit_is_by_lm_from_four_starts_and_finds_its_l2() -> None:
    made = plan()
    assert made.sizes == (2, 8, 1)
    assert made.activations == ("tanh", "identity")
    assert made.method[:3] == ("lm", "as 33 parameters and 100 residuals make its steps cheap", 500)
    assert (made.starts, made.l2, made.find_balance, made.validation) == (4, None, True, None)
    assert not made.side_by_side


@pytest.mark.parametrize(
    ("given", "name", "why"),
    [
        ({"batch_size": 10}, "adam", "for the batch_size given"),
        ({"learning_rate": 0.1, "batch_size": 9}, "adam", "for the batch_size and learning_rate"),
        ({"momentum": 0.5}, "sgd", "for the momentum given"),
        ({"method": "sgd"}, "sgd", "as asked"),
        ({"hidden": (900, 900)}, "lbfgs", "as 814,501 parameters and 100 residuals are too many"),
    ],
)
def test_a_method_follows_from_settings_and_size(
    given: dict[str, Any], name: str, why: str
) -> None:
    targets = 20 if name == "lbfgs" else 1  # dear in the primal and in the dual
    made = plan(targets=targets, **given)
    assert made.method.name == name
    assert made.method.why.startswith(why.replace("100 res", f"{100 * targets:,} res"))


def test_defaults_of_a_method_stand_in_its_row() -> None:
    assert plan(method="adam").method[2:6] == (100, 8, 0.1, 0.9)
    assert plan(5000, method="sgd").method[2:6] == (1000, 256, 1e-2, 0.9)
    assert plan(method="sgd", momentum=0.0, epochs=3).method[2:6] == (3, 100, 1e-2, 0.0)


def test_batches_of_adam_are_a_sixteenth_of_the_rows_within_limits() -> None:
    sizes = {5: 5, 100: 8, 1000: 63, 8192: 512, 10**6: 4096}
    for rows, size in sizes.items():
        assert plan(rows, method="adam").method.batch_size == size


def test_the_peak_rate_of_adam_falls_with_width_and_depth() -> None:
    shapes = {(): 0.1, (12, 12): 0.1, (100,): 0.03, (100,) * 4: 0.015, (3, 300, 3): 0.01 / 3**0.5}
    for hidden, rate in shapes.items():
        made = plan(method="adam", hidden=hidden)
        assert made.method.learning_rate == pytest.approx(rate, rel=1e-12)


def test_adam_obeys_what_is_given() -> None:
    made = plan(5000, method="adam", batch_size=70, learning_rate=0.7, epochs=3)
    assert made.method[2:5] == (3, 70, 0.7)
    for given in ({}, {"l2": 1e-4}, {"slope_weight": 2.0}, {"l2": 0, "slope_weight": 1}):
        made = plan(5000, method="adam", **given)
        setup = Setup(made.method, 5000, 0, 1, made.l2, made.find_balance)
        adam: Any = made.info.optimizer(setup)
        assert adam.find_l2 == ("l2" not in given)
        assert adam.find_balance == ("slope_weight" not in given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"method": "lm", "batch_size": 5},
            "^batch_size must be left out with method 'lm', got 5: it belongs to adam and sgd$",
        ),
        (
            {"method": "adam", "momentum": 0.5},
            "^momentum must be left out with method 'adam', got 0.5: it belongs to sgd$",
        ),
        ({"slope_weight": np.ones(3)}, r"^slope_weight must have shape \(1, 2\)"),
        ({"hidden": (3,) * 300}, "^hidden gives a network of 302 layers"),
    ],
)
def test_a_setting_that_does_not_go_with_the_method_is_named(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        plan(**given)


def test_rows_are_held_out_where_nothing_else_limits_the_weights() -> None:
    assert plan(200, method="lbfgs").validation == 0.1
    assert plan(199, method="lbfgs").validation is None
    assert plan(200, method="lbfgs", l2=0).validation is None
    assert plan(200, method="lm").validation is None
    assert plan(200, method="adam").validation is None
    assert plan(200, method="lbfgs", validation=0.3).validation == 0.3


def test_partitions_have_one_start_and_no_rows_held_out() -> None:
    for method in ("lm", "lbfgs"):
        made = plan(500, method=method, partitioned=True)
        assert (made.starts, made.validation) == (1, None)
        assert made.method == plan(500, method=method).method


def test_starts_are_those_that_are_asked_for() -> None:
    assert plan(restarts=2).starts == plan(ensemble=2).starts == 2
    assert plan(method="lbfgs").starts == 1
    assert plan(5000, hidden=(40,), restarts=2).side_by_side


def test_weights_per_sample_are_part_of_the_data() -> None:
    assert plan(slope_weight=np.ones((100, 1, 2))).slope_weight == 1.0
    assert plan(slope_weight=0.5).slope_weight == 0.5
    np.testing.assert_array_equal(plan(slope_weight=[[1.0, 2.0]]).slope_weight, [[1.0, 2.0]])
    assert not plan(slope_weight=1).find_balance
