"""The settings of constraints: what they mean, and which are refused."""

from typing import Any

import numpy as np
import pytest

import slopenet as sn
from slopenet.dataset.scaling import Scaling
from slopenet.training.settings import FitSettings
from slopenet.training.shape.constraints import Constraint, constraints_of
from slopenet.training.transform import Logarithm, Transform

INPUTS, OUTPUTS = ("strike", "maturity [y]"), ("price", "vega")
X = np.random.default_rng(0).uniform(1, 2, (30, 2))


def found(**asked: Any) -> list[tuple[Any, ...]]:
    constraints = constraints_of(FitSettings(**asked), INPUTS, OUTPUTS, (2, 2))
    return [(c.output, c.inputs, c.sign, c.bound, c.curved) for c in constraints]


def test_an_input_stands_for_all_outputs_and_a_pair_for_one() -> None:
    assert found(monotone={"strike": -1}) == [(k, (0,), -1.0, 0.0, False) for k in (0, 1)]
    assert found(monotone={("vega", "maturity"): 1}) == [(1, (1,), 1.0, 0.0, False)]
    assert found(monotone={(0, -1): 1}) == [(0, (1,), 1.0, 0.0, False)]


def test_curvatures_are_of_several_inputs_jointly() -> None:
    assert found(convex=["strike", 1]) == [(k, (0, 1), 1.0, 0.0, True) for k in (0, 1)]
    assert found(concave={"vega": "strike"}) == [(1, (0,), -1.0, 0.0, True)]


def test_bounds_are_two_inequalities_or_one() -> None:
    asked = {("price", "strike"): (-1, 0.5), ("vega", 0): (None, 2)}
    assert found(slope_bounds=asked) == [
        (0, (0,), 1.0, -1.0, False),
        (0, (0,), -1.0, -0.5, False),
        (1, (0,), -1.0, -2.0, False),
    ]


def test_labels_say_the_inequality() -> None:
    settings = FitSettings(monotone={"strike": -1}, slope_bounds={1: (0.5, None)}, convex=[0, 1])
    labels = [c.label for c in constraints_of(settings, INPUTS, ("price",), (2, 1))]
    assert labels == [
        "dprice/dstrike <= 0",
        "dprice/dmaturity >= 0.5",
        "price convex in strike and maturity [y]",
    ]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"monotone": {"x3": 1}}, r"input in monotone must be one of x1, x2, .* got 'x3'"),
        ({"monotone": {("y2", "x1"): 1}}, "output in monotone must be one of y1"),
        ({"monotone": {("y1", "x1", 0): 1}}, r"monotone must have pairs \(output, input\)"),
        ({"monotone": {"x1": 2}}, "monotone must be 1 or -1 for each input, got 2"),
        ({"monotone": {"x1": True}}, "monotone must be 1 or -1 for each input, got True"),
        ({"monotone": ["x1"]}, "monotone must be a mapping of inputs"),
        ({"monotone": {"x1": 1, 0: -1}}, "monotone must have each slope once, got dy1/dx1 twice"),
        ({"slope_bounds": {"x1": (1, 1)}}, "slope_bounds must be pairs of a lower and a larger"),
        ({"slope_bounds": {"x1": 3}}, "slope_bounds must be pairs of a lower and a larger"),
        ({"slope_bounds": {"x1": (np.nan, 1)}}, "slope_bounds must be pairs"),
        (
            {"monotone": {"x1": 1}, "slope_bounds": {"x1": (None, -1)}},
            "dy1/dx1 >= 0 must not contradict dy1/dx1 <= -1",
        ),
        ({"convex": ["x1", 0]}, "convex must have each input once"),
        ({"convex": 1.5}, "convex must be inputs, got 1.5"),
        ({"convex": ["x1", "x2"], "concave": "x2"}, "must have different inputs, got x2 in both"),
    ],
)
def test_impossible_constraints_are_refused_by_name(asked: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        sn.fit(X, X[:, 0], **asked)


@pytest.mark.parametrize("name", ["monotone", "convex", "concave", "slope_bounds"])
@pytest.mark.parametrize("method", ["lbfgs", "adam", "kriging", "sgd"])
def test_methods_other_than_lm_are_refused_by_name(method: Any, name: str) -> None:
    asked: Any = {name: {"monotone": {"x1": 1}, "slope_bounds": {"x1": (0, 1)}}.get(name, ["x1"])}
    with pytest.raises(ValueError, match=f"method must be 'lm' or 'auto' with {name}, got"):
        sn.fit(X, X[:, 0], method=method, **asked)


@pytest.mark.parametrize("asked", [{"convex": "x1"}, {"slope_bounds": {"x1": (0, 1)}}])
def test_logarithms_do_not_keep_curvatures_and_bounds(asked: Any) -> None:
    with pytest.raises(ValueError, match=r"transform must be 'auto' or 'none' with .* got 'log'"):
        sn.fit(X, X[:, 0], transform="log", **asked)


@pytest.mark.parametrize("activation", ["relu", ("elu", 2.0), "leaky_relu", "selu"])
def test_a_kink_has_a_curvature_that_nothing_shows(activation: Any) -> None:
    with pytest.raises(ValueError, match="convex needs activations without a kink"):
        sn.fit(X, X[:, 0], convex="x1", hidden=(4,), activation=activation)
    net = sn.Network.random((2, 4, 1), hidden=activation, rng=0)
    with pytest.raises(ValueError, match="concave needs activations without a kink"):
        sn.fit(X, X[:, 0], concave="x1", start=net)


def test_settings_that_ask_for_nothing_leave_the_fit_as_it_is() -> None:
    plain = sn.fit(X, X[:, 0], hidden=(4,), method="lbfgs", epochs=3, rng=0)
    asked = sn.fit(
        *(X, X[:, 0]), hidden=(4,), method="lbfgs", epochs=3, rng=0, monotone={}, convex=()
    )
    assert plain.network == asked.network
    assert plain.reason == asked.reason


def test_bounds_follow_the_units_and_signs_the_logarithm() -> None:
    spread = np.array([2.0, 5.0])
    scaling = Scaling(np.zeros(2), spread, np.zeros(1), np.array([10.0]), np.zeros(2, bool))
    slope = Constraint(0, (1,), 1.0, "", bound=3.0, room=4.0)
    standard = slope.standard(scaling, None)
    assert (standard.sign, standard.bound, standard.room) == (1.0, 1.5, 2.0)
    curve = Constraint(0, (1,), -1.0, "", curved=True)
    assert curve.standard(scaling, None) == curve
    falling = Logarithm(np.array([1.0, -1.0]), np.zeros(2))  # of a negative column
    rising = Logarithm(np.ones(1), np.zeros(1))
    assert slope.standard(scaling, Transform(falling, None, "")).sign == -1.0
    assert slope.standard(scaling, Transform(None, rising, "")).sign == 1.0
    first = Constraint(0, (0,), 1.0, "")
    assert first.standard(scaling, Transform(falling, rising, "")).sign == 1.0
