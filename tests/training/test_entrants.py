"""Which networks are tried, and which one is kept."""

from dataclasses import replace

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.entrants import Task, entrants, rival, wider
from slopenet.training.settings import FitSettings

SMALL = Task(inputs=3, outputs=1, rows=50, kinds=1, plain=True)


def tried(task: Task = SMALL, **settings: object) -> list[tuple[str, object, object]]:
    return [(s.method, s.hidden, s.activation) for s in entrants(FitSettings(**settings), task)]


def test_small_data_are_a_race_of_kriging_and_small_networks() -> None:
    assert tried() == [
        ("kriging", "auto", "sin"),
        ("lm", (16, 16), "tanh"),
        ("lm", (16, 16), "softplus"),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"hidden": (5,)}, [("auto", (5,), "tanh")]),
        ({"hidden": (5,), "activation": "silu"}, [("auto", (5,), "silu")]),
        ({"activation": "silu"}, [("lm", (16, 16), "silu")]),
        ({"method": "lbfgs"}, [("lbfgs", (64, 64), "tanh")]),
        ({"method": "kriging"}, [("kriging", "auto", "sin")]),
        ({"method": "kriging", "hidden": 50}, [("kriging", (50,), "sin")]),
    ],
)
def test_what_is_given_is_obeyed(given: dict, expected: list) -> None:
    assert tried(**given) == expected


def test_an_activation_of_sines_is_a_kriging_start_too() -> None:
    assert [method for method, *_ in tried(activation="sin")] == ["kriging", "lm"]


def test_data_that_a_process_does_not_take_are_for_networks() -> None:
    assert {method for method, *_ in tried(replace(SMALL, plain=False))} == {"lm"}


def test_large_data_are_judged_by_rows_held_out() -> None:
    found = entrants(FitSettings(), replace(SMALL, rows=20_000))
    assert [each.method for each in found] == ["kriging", "auto", "adam"]
    assert all(each.validation == 0.1 for each in found)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"activation": "tanh"}, "^activation must be 'sin' or 'auto' with method 'kriging'"),
        ({"hidden": (8, 8)}, "^hidden must be one width or 'auto' with method 'kriging'"),
    ],
)
def test_a_kriging_start_has_one_layer_of_sines(given: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        entrants(FitSettings(method="kriging", **given), SMALL)


def test_a_kriging_start_refuses_directions_by_name() -> None:
    X = np.linspace(0, 1, 9)[:, None]
    with pytest.raises(ValueError, match=r"^method 'kriging' learns values and slopes dydx"):
        sn.fit(X, X, directions=np.ones((9, 1)), along=np.ones(9), method="kriging")


def test_the_winner_is_tried_at_twice_the_width() -> None:
    settings = FitSettings()
    found = entrants(settings, SMALL)
    assert wider(settings, found, found[0], SMALL) is None
    following = wider(settings, found, found[1], SMALL)
    assert (following.hidden, following.activation) == ((32, 32), "tanh")
    assert wider(settings, [*found, following], found[1], SMALL) is None


def test_with_many_rows_a_much_wider_network_follows() -> None:
    for rows, kinds, width in ((400, 1, 64), (900, 4, 32)):
        task = replace(SMALL, rows=rows, kinds=kinds, outputs=2)
        found = entrants(FitSettings(), task)
        following = wider(FitSettings(), found, found[1], task)
        assert (following.hidden, following.activation) == ((width, width), "tanh")
        assert wider(FitSettings(), [*found, following], following, task) is None


def test_restarts_are_for_random_weights() -> None:
    found = entrants(FitSettings(restarts=3), SMALL)
    assert [each.restarts for each in found] == [1, 3, 3]


def test_the_largest_width_of_a_kriging_start_can_be_asked_for() -> None:
    X = np.random.default_rng(0).random((12, 1))
    free = sn.fit(X, np.sin(X), method="kriging", rng=0).network
    asked = sn.fit(X, np.sin(X), method="kriging", hidden=1024, rng=0).network
    assert free.sizes[1] < 1024 == asked.sizes[1]


@pytest.mark.parametrize(
    "given",
    [
        {"hidden": (5,)},
        {"activation": "tanh"},
        {"restarts": 2},
        {"ensemble": 2},
        {"l2": 1e-3},
        {"slope_weight": 2.0},
        {"epochs": 10},
    ],
)
def test_a_rival_is_a_kriging_start_unless_a_setting_is_not_its_own(given: dict) -> None:
    found = rival(FitSettings(method="lm"), SMALL)
    assert found is not None
    assert (found.method, found.activation, found.restarts) == ("kriging", "sin", 1)
    assert rival(FitSettings(method="lm", **given), SMALL) is None


def test_a_rival_has_few_rows_and_plain_data() -> None:
    settings = FitSettings(method="lm")
    for other in ({"rows": 2501}, {"rows": 700, "kinds": 4}, {"plain": False}):
        assert rival(settings, replace(SMALL, **other)) is None
