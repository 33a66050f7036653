"""The learning curve of a notebook is valid SVG that shows its numbers."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from slopenet.html.curve import BOTTOM, HEIGHT, LEFT, POINTS, RIGHT, TOP, WIDTH, curves


def points(path):
    return np.array(re.findall(r"([\d.]+) ([\d.]+)", path), float)


def picture(*args, percent=True):
    root = ET.fromstring(curves(*args, percent=percent))
    tag = root.tag.removesuffix("svg")
    return [each.get("d") for each in root.iter(f"{tag}path") if each.get("fill") == "none"], [
        each.text for each in root.iter(f"{tag}text")
    ]


def test_a_curve_is_drawn_on_a_logarithmic_axis():
    (path,), words = picture([1, 2, 3], [("values", "#000", False, [1.0, 0.1, 0.01])])
    across, down = points(path).T
    np.testing.assert_allclose(across, [LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT])
    np.testing.assert_allclose(np.diff(down, 2), 0, atol=0.11)
    assert TOP < down[0] < down[2] < HEIGHT - BOTTOM
    assert set(words) == {"100 %", "10 %", "1 %", "1", "3", "epoch", "values"}


def test_numbers_that_are_not_positive_leave_a_gap():
    (path,), _ = picture([1, 2, 3, 4], [("a", "#000", False, [1.0, 0.0, float("nan"), 0.5])])
    assert path.count("M") == 2


def test_a_narrow_range_has_two_ticks_at_least():
    _, words = picture([1, 2], [("a", "#000", True, [0.2, 0.6])])
    assert sum(word.endswith("%") for word in words) >= 2
    _, words = picture([1, 2], [("a", "#000", True, [2.0, 60.0])], percent=False)
    assert "10" in words


def test_many_epochs_become_few_points_and_keep_the_last():
    n = 20 * POINTS
    (path,), _ = picture(range(1, n + 1), [("a", "#000", False, np.geomspace(1, 1e-3, n))])
    assert len(points(path)) <= POINTS + 1
    assert points(path)[-1, 0] == WIDTH - RIGHT


@pytest.mark.parametrize("numbers", [[], [1.0], [0.0, 0.0], [float("nan")] * 2])
def test_without_two_epochs_or_a_positive_number_there_is_no_picture(numbers):
    assert curves(range(len(numbers)), [("a", "#000", False, numbers)], percent=True) == ""
