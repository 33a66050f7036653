"""Headings are split into names and units; slopes have one key in every spelling."""

import pytest

from slopenet.validate.headings import slope_key, slope_name, split_unit


@pytest.mark.parametrize(
    ("heading", "name", "unit"),
    [
        ("rho [kg/m3]", "rho", "kg/m3"),
        ("rho[kg/m3]", "rho", "kg/m3"),
        ("cp [kJ/(kg K)]", "cp", "kJ/(kg K)"),
        ("flow [/h]", "flow", "/h"),
        ("T [ K ]", "T", "K"),
        ("drho/dT [kg/m3/K]", "drho/dT", "kg/m3/K"),
        ("rho", "rho", ""),
        ("load [%]", "load", "%"),
        ("Re [-]", "Re", "-"),
        ("x[0]", "x[0]", ""),
        ("X[:, 1]", "X[:, 1]", ""),
        ("x [12]", "x [12]", ""),
        ("[bold]x", "[bold]x", ""),
        ("[K]", "[K]", ""),
        ("T []", "T []", ""),
        ("T [K] mean", "T [K] mean", ""),
        ("a [b] [c]", "a [b]", "c"),
        ("", "", ""),
    ],
)
def test_a_heading_is_a_name_and_a_unit(heading, name, unit):
    assert split_unit(heading) == (name, unit)


@pytest.mark.parametrize(
    ("output", "input_", "heading"),
    [
        ("rho", "T", "drho/dT"),
        ("rho [kg/m3]", "T [K]", "drho/dT [kg/m3/K]"),
        ("T [K]", "h [kJ/kg]", "dT/dh [K/(kJ/kg)]"),
        ("T [K]", "Re [-]", "dT/dRe [K]"),
        ("Re [-]", "T [K]", "dRe/dT [1/K]"),
        ("Re [-]", "Ma [-]", "dRe/dMa [-]"),
        ("rho [kg/m3]", "T", "drho/dT"),
        ("rho", "T [K]", "drho/dT"),
        ("y", "x[0]", "dy/dx[0]"),
    ],
)
def test_a_slope_is_named_after_both_and_has_their_unit(output, input_, heading):
    assert slope_name(output, input_) == heading


@pytest.mark.parametrize(
    "heading",
    [
        *("drho/dT", "drho/dT [kg/m3/K]", "∂rho/∂T", "d(rho)/d(T)", "drho / dT", "∂(rho)/∂T"),
        "drho [kg/m3]/dT [K]",
    ],
)
def test_every_spelling_of_a_slope_has_the_same_key(heading):
    assert slope_key(heading) == "drho/dT"


def test_indices_are_not_units():
    assert slope_key("∂y/∂x[0]") != slope_key("∂y/∂x[1]")


@pytest.mark.parametrize("text", ["[" * 100_000, " " * 100_000 + "x", "[" + "a " * 50_000, "(" * 9])
def test_a_long_heading_takes_no_time(text):
    assert split_unit(text) == (text, "")
    assert slope_key(text) == "".join(text.replace("(", "").split())
