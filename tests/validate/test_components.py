"""An input or output by index or name: one rule for adapters and plots."""

import numpy as np
import pytest

import slopenet as sn
from slopenet.adapters.scipy import constraint, objective
from slopenet.validate.components import index_of, labels

NAMES = ("rho", "h", "cp")


@pytest.mark.parametrize(
    ("given", "index"),
    [(0, 0), (2, 2), (-1, 2), (-3, 0), (np.int8(-2), 1), ("rho", 0), ("cp", 2)],
)
def test_a_component_is_found_by_index_from_either_end_or_by_name(given, index):
    assert index_of("output", given, NAMES) == index
    assert type(index_of("output", given, NAMES)) is int


@pytest.mark.parametrize("given", [3, -4, "T", "0", True, 1.0, None, ("rho",)])
def test_an_unknown_component_is_refused_by_name(given):
    with pytest.raises(ValueError, match=r"^output must be one of rho, h, cp, or an index from -3"):
        index_of("output", given, NAMES)


def test_components_without_names_are_numbered():
    assert labels(None, "x", 2) == ("x1", "x2")
    assert labels(NAMES, "x", 3) == NAMES


def test_adapters_and_plots_mean_the_same_output_by_an_index():
    pytest.importorskip("matplotlib")
    from slopenet.plot import parity_of

    rng = np.random.default_rng(0)
    net = sn.Network.random((2, 5, 3), rng=rng, output_names=NAMES)
    X = rng.normal(size=(9, 2))
    for index, name in zip((-3, -2, -1), NAMES, strict=True):
        assert parity_of(net, X, net(X), output=index).get_title(loc="left") == name
        of_index, of_name = objective(net, index), objective(net, name)
        assert of_index.fun(X[0]) == of_name.fun(X[0]) == net(X[0])[NAMES.index(name)]
        assert constraint(net, 0, 1, outputs=[index]).fun(X[0]) == net(X[0])[NAMES.index(name)]


def test_a_name_is_found_without_its_unit_unless_in_doubt():
    names = ["T [K]", "p [MPa]", "p [bar]", "x[0]"]
    assert index_of("input", "T", names) == 0
    assert index_of("input", "p [bar]", names) == 2
    assert index_of("input", "x[0]", names) == 3
    for doubtful in ("p", "x", "K"):
        with pytest.raises(ValueError, match="input must be one of"):
            index_of("input", doubtful, names)
