"""Numbers that stand for unknown values are told from values that repeat."""

import numpy as np
import pytest

from slopenet.dataset.dataset import Names
from slopenet.dataset.made_up import made_up
from slopenet.dataset.slope_diagnosis import disagreements

GRID = np.stack(np.meshgrid(*[np.linspace(-1, 1, 9)] * 2), axis=-1).reshape(-1, 2)
x, z = GRID.T
RNG = np.random.default_rng(0)
POINTS = RNG.uniform(-1, 1, (100, 2))
VALUES = np.sin(2 * POINTS[:, 0]) * POINTS[:, 1]
SLOPES = np.stack([2 * np.cos(2 * POINTS[:, 0]) * POINTS[:, 1], np.sin(2 * POINTS[:, 0])], axis=1)


@pytest.mark.parametrize("share", [1.0, 0.7, 0.3])
@pytest.mark.parametrize("number", [0.0, -999.0])
def test_numbers_for_unknown_values_are_found(share: float, number: float) -> None:
    y = VALUES.copy()
    y[: int(share * 100)] = number
    assert made_up(POINTS, y, SLOPES) == number


@pytest.mark.parametrize(
    ("X", "y", "T"),
    [
        (GRID, x * z, GRID[:, ::-1]),
        (GRID, x**2 + z**2, 2 * GRID),
        (GRID, np.maximum(x, 0), np.stack([x > 0, 0 * z], axis=1) * 1.0),
        (POINTS, np.round(VALUES, 1), SLOPES),
        (POINTS, np.ones(100), np.zeros((100, 2))),
        (POINTS, VALUES, SLOPES),
    ],
    ids=["saddle", "bowl", "ramp", "rounded", "constant", "random"],
)
def test_values_that_repeat_are_not(X: np.ndarray, y: np.ndarray, T: np.ndarray) -> None:
    assert made_up(X, y, T) is None


def test_a_sentence_names_the_output_and_the_cure() -> None:
    both = np.stack([VALUES, np.zeros(100)], axis=1)
    slopes = np.stack([SLOPES, SLOPES], axis=1)
    (sentence,) = disagreements(POINTS, both, slopes, Names(None, ("u", "v")))
    assert sentence.startswith("v is 0 in many rows")
    assert "give NaN" in sentence


def test_slopes_are_compared_at_rows_of_known_values() -> None:
    y, slopes = np.stack([VALUES, VALUES], axis=1), np.stack([SLOPES, -SLOPES], axis=1)
    y[::2, 0], y[1::2, 1] = np.nan, np.nan
    (sentence,) = disagreements(POINTS, y, slopes, Names(None, None))
    assert "dy[:, 1]" in sentence
    assert "wrong sign" in sentence
