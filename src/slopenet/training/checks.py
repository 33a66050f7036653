"""Checks of single settings: each returns the value as it is kept, or raises an error.

A check is called with the name of the setting, which begins its error, and the value given.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from slopenet.activations import normalise
from slopenet.training.methods import LOSSES, METHODS
from slopenet.validate import settings as validate

TransformName: TypeAlias = Literal["auto", "log", "none"]
"""The names of TRANSFORMS, for type checkers."""
TRANSFORMS: tuple[TransformName, ...] = get_args(TransformName)
"""What to do with columns that spread over decades."""
PosteriorName: TypeAlias = Literal["auto", "full", "none"]
"""The names of POSTERIORS, for type checkers."""
POSTERIORS: tuple[PosteriorName, ...] = get_args(PosteriorName)
"""The error bars that a network keeps."""

Check = Callable[[str, Any], Any]


def count(name: str, given: Any) -> int:
    """A whole number of at least 1."""
    return validate.count(name, given)


def positive(name: str, given: Any) -> float:
    """A finite number greater than 0."""
    return validate.number(name, given)


def layer_widths(name: str, given: Any) -> tuple[int, ...]:
    """Widths of layers, of one layer as a plain number."""
    return validate.counts(name, [given] if isinstance(given, int | np.integer) else given)


def layer_widths_or_auto(name: str, given: Any) -> tuple[int, ...] | str:
    """As `layer_widths`, or ``"auto"``."""
    return "auto" if isinstance(given, str) and given == "auto" else layer_widths(name, given)


def activation_or_auto(name: str, given: Any) -> Any:
    """An activation, as it was given, or ``"auto"``."""
    return given if isinstance(given, str) and given == "auto" else activation_spec(name, given)


def activation_spec(_: str, given: Any) -> Any:
    """An activation, as it was given."""
    normalise(given)
    return given


def method_name(name: str, given: Any) -> str:
    """``"auto"`` or the name of a row of METHODS."""
    return validate.choice(f"{name} must be", given, ("auto", *METHODS))


def transform_name(name: str, given: Any) -> str:
    """One of TRANSFORMS; None is ``"none"``."""
    return validate.choice(f"{name} must be", "none" if given is None else given, TRANSFORMS)


def loss_name(name: str, given: Any) -> str:
    """One of LOSSES."""
    return validate.choice(f"{name} must be", given, LOSSES)


def posterior_name(name: str, given: Any) -> str:
    """One of POSTERIORS; None is ``"none"``."""
    return validate.choice(f"{name} must be", "none" if given is None else given, POSTERIORS)


def not_negative(name: str, given: Any) -> float:
    """A finite number of at least 0."""
    return validate.number(name, given, closed=True)


def share(name: str, given: Any) -> float:
    """A number from 0 up to, but not including, 1."""
    number = not_negative(name, given)
    if number >= 1:
        raise ValueError(f"{name} must be less than 1, got {number:g}")
    return number


def number_or_auto(name: str, given: Any) -> float | str:
    """A finite number of at least 0, or ``"auto"``."""
    number = validate.number_or_auto(name, given)
    return "auto" if number is None else number


def slope_weights(name: str, given: Any) -> Any:
    """As `number_or_auto`; an array waits until the shapes of the data are known."""
    return given if np.ndim(given) else number_or_auto(name, given)


def random_source(_: str, given: Any) -> Any:
    """A seed or a Generator, as it was given; nothing is drawn from it."""
    validate.generator(given)
    return given


def a_function(name: str, given: Any) -> Any:
    """Anything that can be called."""
    if not callable(given):
        raise TypeError(f"{name} must be a function, got {validate.short(given)}")
    return given


def file_path(name: str, given: Any) -> Any:
    """The path of a file, as it was given."""
    if not isinstance(given, str | os.PathLike):
        raise TypeError(f"{name} must be a path, got {validate.short(given)}")
    return given


def signs_of_slopes(_: str, given: Any) -> Any:
    """Signs of slopes by input, as they were given; they are checked with the names."""
    return given


def bounds_of_slopes(_: str, given: Any) -> Any:
    """Bounds of slopes by input, likewise."""
    return given


def inputs(_: str, given: Any) -> Any:
    """Inputs, or inputs by output, likewise."""
    return given


def checked_later(_: str, given: Any) -> Any:
    """Whatever is given: it is checked with the data."""
    return given
