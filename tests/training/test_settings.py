"""Settings of a fit: their names, checks, descriptions and options come from one place."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slopenet as sn
from slopenet.cli import _fit
from slopenet.training.settings import PLACEHOLDER, FitSettings, described, documented, options

DATA = {
    "X", "y", "dydx", "directions", "along", "sample_weight", "y_std", "dydx_std",
    "input_names", "output_names", "start",
}  # fmt: skip


def keywords(function: Any) -> dict[str, Any]:
    return {p.name: p.default for p in inspect.signature(function).parameters.values()}


def test_fit_takes_every_setting_by_name_with_its_default() -> None:
    of_fit = {name: default for name, default in keywords(sn.fit).items() if name not in DATA}
    assert of_fit == {field.name: field.default for field in fields(FitSettings)}


def test_dask_fit_takes_settings_with_the_same_defaults_but_for_the_method() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    of_dask = keywords(sn.dask.fit)
    shared = [field for field in fields(FitSettings) if field.name in of_dask]
    assert len(shared) == 9
    for field in shared:
        assert field.name == "method" or of_dask[field.name] == field.default


def test_fit_describes_every_argument_once() -> None:
    text = inspect.getdoc(sn.fit)
    assert text is not None
    parameters = text.split("Parameters\n-----")[1].split("\n\n")[0]
    heads = [line for line in parameters.splitlines() if line[:1].isalpha()]
    described_names = [name for head in heads for name in head.split(" :")[0].split(", ")]
    assert sorted(described_names) == sorted(keywords(sn.fit))
    assert "{" not in parameters
    assert max(map(len, parameters.splitlines())) <= 96


def test_a_docstring_gets_all_descriptions_whatever_its_indentation() -> None:
    for indent in ("", "    "):
        text = documented(f"Fit.\n\n{indent}{PLACEHOLDER.replace(chr(10), chr(10) + indent)}\n")
        assert text is not None
        assert f"\n{indent}checkpoint_seconds : float\n{indent}    The least" in text
        assert "hidden, activation, ..." not in text
    assert documented(None) is None


def test_the_command_line_has_an_option_for_each_setting_with_a_help_text() -> None:
    of_command = {option.name: option for option in _fit.fit.params}
    for name, (default, _, text) in options().items():
        option = of_command[name]
        assert option.opts == [f"--{name.replace('_', '-')}"]
        assert option.help.startswith(described(text)[:20])
        if option.default is not None and name != "hidden":
            assert option.default == default
    assert {"hidden", "method", "momentum", "l2", "log", "checkpoint"} <= options().keys()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hidden": 0}, r"^hidden must be whole numbers of at least 1, got \[0\]$"),
        (
            {"method": "magic"},
            "^method must be one of auto, lm, .*kriging, sgd, got 'magic'$",
        ),
        ({"momentum": 1}, "^momentum must be less than 1, got 1$"),
        ({"l2": None}, "^l2 must be a finite number of at least 0, got None$"),
        ({"log": 5}, "^log must be a path, got 5$"),
        ({"checkpoint": b"x"}, "^checkpoint must be a path, got b'x'$"),
        ({"callback": "print"}, "^callback must be a function, got 'print'$"),
        (
            {"restarts": 2, "ensemble": 3},
            "^restarts and ensemble must not both be given, got 2 and",
        ),
    ],
)
def test_a_setting_out_of_range_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        FitSettings(**given)
    with pytest.raises((ValueError, TypeError), match=message):
        sn.fit([[0.0], [1.0]], [0.0, 1.0], **given)


def test_checked_settings_are_plain_numbers() -> None:
    checked = FitSettings(
        hidden=np.int64(5), epochs=np.int8(7), l2=np.float32(0.5), log=Path("log"), slope_weight=2
    )
    assert checked.hidden == (5,)
    assert [type(x) for x in (checked.epochs, checked.l2, checked.slope_weight)] == [
        int, float, float,
    ]  # fmt: skip
    assert checked.log == Path("log")


def test_a_generator_is_not_drawn_from_by_its_check() -> None:
    rng, same = np.random.default_rng(3), np.random.default_rng(3)
    FitSettings(rng=rng)
    assert rng.integers(2**63) == same.integers(2**63)
