"""Constraints on the shape of outputs, from the settings of a fit.

    slopes       s ∂H_k/∂x_j ≥ bound
    curvature    s e·∇²H_k e ≥ 0 for every direction e in some inputs jointly

with s = 1 or -1, everywhere in the box of the data.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from slopenet.activations import ActivationSpec, LayerSpec, is_one, normalise, sigma
from slopenet.dataset.scaling import Scaling
from slopenet.network import Network
from slopenet.training.settings import AUTO, Auto, FitSettings
from slopenet.training.transform import Transform
from slopenet.validate.components import index_of, labels
from slopenet.validate.headings import slope_name
from slopenet.validate.settings import short

SETTINGS = ("monotone", "convex", "concave", "slope_bounds")
# The settings whose meaning changes with the logarithm of a column.
_LINEAR = SETTINGS[1:]
_WORDS = {"convex": 1.0, "concave": -1.0}


@dataclass(frozen=True)
class Constraint:
    """One inequality; see the module.

    Attributes
    ----------
    output : int
        k.
    inputs : tuple of int
        j, or the inputs of the directions e.
    sign : float
        s.
    bound : float
        0 for a curvature.
    curved : bool
        Whether it is of a curvature.
    label : str
        The inequality in words, in the user's units.
    room : float
        The distance to the opposite bound of the same slope.
    """

    output: int
    inputs: tuple[int, ...]
    sign: float
    label: str
    bound: float = 0.0
    curved: bool = False
    room: float = np.inf

    def standard(self, scaling: Scaling, transform: Transform | None) -> Constraint:
        """The same inequality of a network in standard units, of logarithms where it is monotone.

        A logarithm of -x falls where x grows, so it turns the sign.
        """
        sign = self.sign
        for logarithm, column in _logarithms(transform, self):
            sign *= np.sign(logarithm.c[column])
        unit = 1.0 if self.curved else scaling.s_x[self.inputs[0]] / scaling.s_y[self.output]
        return replace(self, sign=sign, bound=self.bound * unit, room=self.room * unit)


def _logarithms(transform: Transform | None, constraint: Constraint) -> Iterator[tuple[Any, int]]:
    if transform is not None and transform.inputs is not None:
        yield transform.inputs, constraint.inputs[0]
    if transform is not None and transform.outputs is not None:
        yield transform.outputs, constraint.output


class Names(NamedTuple):
    """The names of all inputs and outputs."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def given(settings: FitSettings) -> list[str]:
    """The settings among SETTINGS that ask for something."""
    return [name for name in SETTINGS if getattr(settings, name) not in (None, {}, (), [])]


def constraints_of(
    settings: FitSettings,
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
    shape: tuple[int, int],
) -> tuple[Constraint, ...]:
    """All constraints of a fit with so many inputs and outputs.

    Raises
    ------
    ValueError, TypeError
        If a setting names no input or output, or constraints contradict each other.
    """
    names = Names(labels(input_names, "x", shape[0]), labels(output_names, "y", shape[1]))
    slopes = [*_monotone(settings.monotone, names), *_bounds(settings.slope_bounds, names)]
    curves = [
        curve for setting in _WORDS for curve in _curved(setting, getattr(settings, setting), names)
    ]
    _refuse_opposite(curves, names)
    return (*_with_room(slopes), *curves)


def with_shape(settings: FitSettings, start: Network | None) -> tuple[FitSettings, str]:
    """The settings of a fit that obeys constraints, if it has any, and why it is by LM.

    Raises
    ------
    ValueError
        If a setting, or an activation of the network to start from, does not go with them.
    """
    asked = given(settings)
    if not asked:
        return settings, ""
    named = " and ".join(asked)
    if settings.method not in ("auto", "lm"):
        raise ValueError(f"method must be 'lm' or 'auto' with {named}, got {settings.method!r}")
    linear = [name for name in asked if name in _LINEAR]
    if linear and settings.transform == "log":
        raise ValueError(
            f"transform must be 'auto' or 'none' with {' and '.join(linear)}, which a logarithm of"
            " a column does not keep, got 'log'"
        )
    for name in _WORDS:
        if name in asked:
            others = () if start is None else start.activations
            _require_smooth(name, (settings.activation, settings.output, *others))
    why = f"for {named}" if settings.method == "auto" else ""
    changed = replace(settings, method="lm")
    return (replace(changed, transform="none") if linear else changed), why


def _require_smooth(setting: str, sigmas: Iterable[LayerSpec | Auto]) -> None:
    """Raise a ValueError for an activation with a kink, whose curvature no σ'' shows."""
    for each in itertools.chain.from_iterable(map(_ones, sigmas)):
        z = np.arange(-8, 8.25, 0.25)
        one = normalise(each)
        before, after = (sigma(one, z + side, 1) for side in (-1e-9, 1e-9))
        pieces = not (one.linear or one.has_second_derivative)  # of straight lines
        if pieces or np.abs(after - before).max() > 1e-6:
            raise ValueError(
                f"{setting} needs activations without a kink, such as 'tanh' and 'softplus',"
                f" got {each!r}"
            )


def _ones(spec: Any) -> list[ActivationSpec]:
    """The activations of a layer, which may have runs; none if they are left to the data."""
    if spec == AUTO:
        return []
    return [spec] if is_one(spec) else [each for each, _ in spec]


def _monotone(asked: Any, names: Names) -> Iterator[Constraint]:
    for (k, j), sign in _by_slope("monotone", asked, names):
        if isinstance(sign, bool) or sign not in (1, -1):
            raise ValueError(f"monotone must be 1 or -1 for each input, got {short(sign)}")
        word = ">=" if sign > 0 else "<="
        label = f"{slope_name(names.outputs[k], names.inputs[j])} {word} 0"
        yield Constraint(k, (j,), float(sign), label)


def _bounds(asked: Any, names: Names) -> Iterator[Constraint]:
    for (k, j), pair in _by_slope("slope_bounds", asked, names):
        low, high = _pair(pair)
        name = slope_name(names.outputs[k], names.inputs[j])
        if low > -np.inf:
            yield Constraint(k, (j,), 1.0, f"{name} >= {low:g}", low)
        if high < np.inf:
            yield Constraint(k, (j,), -1.0, f"{name} <= {high:g}", -high)


def _pair(given: Any) -> tuple[float, float]:
    try:
        low, high = given
        low = -np.inf if low is None else float(low)
        high = np.inf if high is None else float(high)
    except (TypeError, ValueError):
        low = high = np.nan
    if not low < high:  # or NaN
        raise ValueError(
            "slope_bounds must be pairs of a lower and a larger upper bound, None for no bound, got"
            f" {short(given)}"
        )
    return low, high


def _by_slope(setting: str, asked: Any, names: Names) -> Iterator[tuple[tuple[int, int], Any]]:
    """Pairs of output and input, and the value; an input alone stands for all outputs."""
    if asked is None:
        return
    if not isinstance(asked, Mapping):
        raise TypeError(f"{setting} must be a mapping of inputs, got {short(asked)}")
    seen: set[tuple[int, int]] = set()
    for key, value in asked.items():
        outputs: Iterable[int] = range(len(names.outputs))
        name = key
        if isinstance(key, tuple):
            if len(key) != 2:
                raise ValueError(f"{setting} must have pairs (output, input), got {short(key)}")
            outputs = [index_of(f"output in {setting}", key[0], names.outputs)]
            name = key[1]
        j = index_of(f"input in {setting}", name, names.inputs)
        for k in outputs:
            if (k, j) in seen:
                slope = slope_name(names.outputs[k], names.inputs[j])
                raise ValueError(f"{setting} must have each slope once, got {slope} twice")
            seen.add((k, j))
            yield (k, j), value


def _curved(setting: str, asked: Any, names: Names) -> Iterator[Constraint]:
    if asked is None:
        return
    if not isinstance(asked, Mapping):
        asked = dict.fromkeys(range(len(names.outputs)), asked)
    for output, several in asked.items():
        k = index_of(f"output in {setting}", output, names.outputs)
        inputs = [several] if isinstance(several, str | int | np.integer) else several
        if not isinstance(inputs, Iterable):
            raise TypeError(f"{setting} must be inputs, got {short(inputs)}")
        found = tuple(index_of(f"input in {setting}", each, names.inputs) for each in inputs)
        if len(set(found)) < len(found):
            raise ValueError(f"{setting} must have each input once, got {short(inputs)}")
        if found:
            listed = " and ".join(names.inputs[j] for j in found)
            label = f"{names.outputs[k]} {setting} in {listed}"
            yield Constraint(k, found, _WORDS[setting], label, curved=True)


def _refuse_opposite(curves: Sequence[Constraint], names: Names) -> None:
    for a in curves:
        for b in curves:
            both = set(a.inputs) & set(b.inputs)
            if a.output == b.output and a.sign > b.sign and both:
                listed = names.inputs[min(both)]
                raise ValueError(
                    f"convex and concave must have different inputs, got {listed} in both"
                )


def _with_room(slopes: Sequence[Constraint]) -> Iterator[Constraint]:
    for each in slopes:
        others = [
            (-other.bound - each.bound, other)
            for other in slopes
            if (other.output, other.inputs, other.sign) == (each.output, each.inputs, -each.sign)
        ]
        room, other = min(others, key=lambda pair: pair[0], default=(np.inf, each))
        if room <= 0:
            raise ValueError(f"{each.label} must not contradict {other.label}")
        yield replace(each, room=room)
