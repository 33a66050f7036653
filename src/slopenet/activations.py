"""σ, σ' and σ'' of every activation over the array API: the reference of the core's table.

Derivatives come from z, never from a = σ(z): 1 - a² and a(1 - a) lose every digit in the tails.
σ and σ' also accept complex z and branch on Re z, as the complex-step oracle needs. At a kink each
derivative is the left one: relu'(0) = 0, leaky_relu'(0) = slope, elu'(0) = α, selu'(0) = λα,
clip'(low) = 0, clip'(high) = 1.

An activation is added in five places:

1. its struct, with σ, σ' and σ'', in src/core/kernels/vector/activation.hpp;
2. its row of `table` in src/core/kernels/vector/table.hpp;
3. its row of `TABLE` here, which exporters, importers, the CLI and most tests read, and its name in
   `ActivationName`;
4. its formula at fifty digits in tests/oracle/activations.py;
5. its formula and its case in tools/exhaust/reference.hpp.

`clip` has two parameters: its row has a pair, and its struct takes a `Parameter`.

A spelling of another library (a class of torch, an ONNX operator) is one more row in that importer,
and a formula for CasADi one more row in slopenet.adapters.casadi; both are optional.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple, TypeAlias, TypeGuard

from array_api_compat import (
    array_namespace,
    is_cupy_array,
    is_jax_array,
    is_numpy_array,
    is_torch_array,
)

from slopenet._tails import kept

Array: TypeAlias = Any
"""An array of any library of the array API standard."""

ActivationName: TypeAlias = Literal[
    "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "silu", "gelu",
    "gelu_tanh", "mish", "softsign", "sin", "cos", "clip", "gaussian", "exp", "log",
]  # fmt: skip
"""The names of `TABLE`, for type checkers."""

ActivationSpec: TypeAlias = (
    ActivationName | tuple[ActivationName, float] | tuple[ActivationName, float, float]
)
"""An activation as users write it: a name, or a name and its parameters, one or two."""

Parameter: TypeAlias = float | tuple[float, float]
"""The parameter of an activation, or both of them."""

HeadName: TypeAlias = Literal["softmax", "log_softmax"]
"""Activations of the last layer alone, which act on all of its units together."""

RunsSpec: TypeAlias = tuple[tuple[ActivationSpec, int], ...]
"""Runs of units with one activation each: activation and number of units, in the order of units."""

LayerSpec: TypeAlias = ActivationSpec | RunsSpec | HeadName
"""σ of a layer as `Network.activations` has it: the same in every unit, in runs, or a head."""

SELU_ALPHA = 1.6732632423543772848
SELU_SCALE = 1.0507009873554804934
GELU_CUBIC = 0.044715
_SHOWN = 8  # runs of a layer that are printed
_LARGEST_EXPONENT = math.log(sys.float_info.max)
_SQRT_2_OVER_PI = math.sqrt(2 / math.pi)


Formula: TypeAlias = Callable[[Any, Array, Any], Array]
"""A function of the array namespace, z and the parameter, entry by entry."""


@dataclass(frozen=True)
class ActivationInfo:
    """One row of the table: the formulas of an activation, and its parameter if it has one.

    Attributes
    ----------
    value, first, second : Formula
        σ, σ' and σ''.
    parameter : str or None
        Name of the parameter, or both names as ``"low, high"``; the first must be the smaller one.
    preset : float or (float, float)
        The parameter where none is given, or both.
    positive : bool
        Whether the parameter must be positive.
    domain : (float, float)
        The open interval of z where σ is finite; beyond it as in NumPy, infinite or NaN.
    has_second_derivative : bool
        Whether σ'' differs from 0 anywhere.
    parameter_from : callable, optional
        The parameter of a function, computed from its values; importers recognise functions by it.
    """

    value: Formula
    first: Formula
    second: Formula
    parameter: str | None = None
    preset: Parameter = 0.0
    positive: bool = False
    domain: tuple[float, float] = (-math.inf, math.inf)
    has_second_derivative: bool = True
    parameter_from: Callable[[Callable[[float], float]], Parameter] | None = None


class Activation(NamedTuple):
    """σ of one layer: a name of the table and the parameter, the same in every unit.

    It is a pair because the compiled core takes pairs. It is made by `normalise`, the one parser.
    """

    name: ActivationName
    parameter: Parameter

    @property
    def info(self) -> ActivationInfo:
        """The row of the table."""
        return TABLE[self.name]

    @property
    def parameters(self) -> tuple[float, ...]:
        """The parameters, nothing where the activation has none."""
        if isinstance(self.parameter, tuple):
            return self.parameter
        return (self.parameter,) if self.info.parameter else ()

    @property
    def linear(self) -> bool:
        """Whether σ(z) = z."""
        return self.name == "identity"

    @property
    def has_second_derivative(self) -> bool:
        """Whether σ'' differs from 0 anywhere."""
        return self.info.has_second_derivative

    def written(self) -> ActivationSpec:
        """Return the shortest spelling: the name alone if the parameter is the preset."""
        return self.name if self.parameter == self.info.preset else self.in_full()

    def in_full(self) -> ActivationSpec:
        """Return the name, with the parameters if there are any."""
        if isinstance(self.parameter, tuple):
            return (self.name, *self.parameter)
        return (self.name, self.parameter) if self.info.parameter else self.name

    @property
    def names(self) -> str:
        """The name, without the parameter."""
        return self.name

    def runs(self, units: int) -> Sequence[tuple[Activation, int]]:
        """The runs of a layer of so many units: one."""
        return ((self, units),)

    def __str__(self) -> str:
        written = self.written()
        if isinstance(written, str):
            return written
        return f"{self.name}({', '.join(f'{each:g}' for each in self.parameters)})"


def _listed(runs: list[str]) -> str:
    """Runs in brackets, the first few of many."""
    more = [f"{len(runs) - _SHOWN} more"] if len(runs) > _SHOWN else []
    return f"[{', '.join(runs[:_SHOWN] + more)}]"


class Runs(tuple[tuple[Activation, int], ...]):
    """σ of a layer whose units differ: two or more activations, each with its number of units.

    Neighbours differ. It is made by `normalise_layer`, and the compiled core takes it as it is.
    """

    __slots__ = ()

    @property
    def linear(self) -> bool:
        """Whether σ(z) = z in every unit; there is an activation that is not the identity."""
        return False

    @property
    def has_second_derivative(self) -> bool:
        """Whether σ'' differs from 0 anywhere, in any unit."""
        return any(activation.has_second_derivative for activation, _ in self)

    @property
    def units(self) -> int:
        """The number of units."""
        return sum(count for _, count in self)

    @property
    def names(self) -> str:
        """The names and numbers of units, without parameters."""
        return _listed([f"{count} {activation.name}" for activation, count in self])

    def runs(self, units: int) -> Sequence[tuple[Activation, int]]:
        """The runs; `units` must be those of the layer."""
        if units != self.units:
            raise ValueError(f"runs of {self.units} units cannot be those of a layer of {units}")
        return self

    def written(self) -> RunsSpec:
        """Return them as users write them; an activation with a parameter is always a pair."""
        return tuple((each.in_full(), count) for each, count in self)

    def __str__(self) -> str:
        return _listed([f"{count} {activation}" for activation, count in self])


@dataclass(frozen=True)
class Head:
    """σ of a last layer that acts on all units together; its derivatives are in `softmax`.

    What asks for σ' or σ'' of single units is refused by name.
    """

    name: HeadName

    @property
    def names(self) -> str:
        """The name."""
        return self.name

    @property
    def linear(self) -> bool:
        """Whether σ(z) = z."""
        return False

    @property
    def has_second_derivative(self) -> bool:
        """Not to be asked for."""
        raise self.refusal

    @property
    def refusal(self) -> ValueError:
        """The error that names it."""
        return ValueError(
            f"{self.name} acts on all outputs together, which is not supported here;"
            " `logits` of the network is the one without it"
        )

    def runs(self, _: int) -> Sequence[tuple[Activation, int]]:
        """Not to be asked for."""
        raise self.refusal

    def written(self) -> HeadName:
        """Return the name."""
        return self.name

    def __str__(self) -> str:
        return self.name


HEADS: tuple[HeadName, ...] = ("softmax", "log_softmax")

LayerActivation: TypeAlias = Activation | Runs | Head
"""σ of a layer, checked."""


def different(layers: Iterable[LayerActivation]) -> list[Activation]:
    """The activations of all units of layers, each once.

    Raises
    ------
    ValueError
        If one is a head.
    """
    found: dict[Activation, None] = {}
    for each in layers:
        runs = each.runs(0) if not isinstance(each, Runs) else each
        found |= dict.fromkeys(activation for activation, _ in runs)
    return list(found)


GivenLayerSpec: TypeAlias = (
    ActivationSpec
    | HeadName
    | LayerActivation
    | Sequence[ActivationSpec | Activation | tuple[ActivationSpec, int]]
)
"""σ of a layer as users write it: also a sequence of one activation per unit, or of runs."""

GivenSpecs: TypeAlias = ActivationSpec | HeadName | LayerActivation | Sequence[GivenLayerSpec]
"""σ of all layers as users write it: one for all, or a sequence of one per layer."""


def real_part(xp: Any, z: Array) -> Array:
    """Re z."""
    return xp.real(z) if xp.isdtype(z.dtype, "complex floating") else z


def _not_below_0(xp: Any, z: Array, formula: Array) -> Array:
    """A derivative of log z, NaN where the logarithm is."""
    return xp.where(-real_part(xp, z) > 0, xp.log(z), formula)


def _left(xp: Any, z: Array) -> Array:
    """Re z ≤ 0: 0 counts as left, so that automatic differentiation too finds the left slope."""
    return real_part(xp, z) <= 0


def _abs(xp: Any, z: Array) -> Array:
    return xp.where(_left(xp, z), -z, z)


def _min0(xp: Any, z: Array) -> Array:
    """The part of z where Re z ≤ 0, else 0."""
    return xp.where(_left(xp, z), z, xp.zeros_like(z))


def erfc(z: Array) -> Array:
    """erfc of each library; it is not in the array API standard.

    Raises
    ------
    TypeError
        For an array of a library whose erfc is not known here.
    """
    own: Array = getattr(array_namespace(z), "erfc", None)
    if own is not None:
        return own(z)
    if is_numpy_array(z):
        from scipy.special import erfc as of_library
    elif is_torch_array(z):
        from torch.special import erfc as of_library
    elif is_jax_array(z):
        from jax.scipy.special import erfc as of_library
    elif is_cupy_array(z):
        from cupyx.scipy.special import (  # type: ignore[import-not-found, unused-ignore]
            erfc as of_library,
        )
    else:
        raise TypeError(
            "activation 'gelu' needs erfc, which the array API standard lacks and which is known"
            f" here for NumPy, torch, JAX and CuPy, not for {type(z).__module__};"
            " 'gelu_tanh' does without"
        )
    return of_library(z)


# The logistic function s(x) = 1/(1 + exp(-x)), written with e = exp(-|x|).


def _s(xp: Any, x: Array) -> Array:
    e = xp.exp(-_abs(xp, x))
    return xp.where(_left(xp, x), e, xp.ones_like(e)) / (1 + e)


def _s1(xp: Any, x: Array) -> Array:
    e = xp.exp(-_abs(xp, x))
    return e / (1 + e) ** 2


def _s2(xp: Any, x: Array) -> Array:
    return -_s1(xp, x) * xp.tanh(x / 2)


# Activations of the form z s(x(z)), with x' = v and x'' = w.


def _gated1(xp: Any, z: Array, x: Array, v: Array) -> Array:
    return _s(xp, x) * (1 + z * v * _s(xp, -x))


def _gated2(xp: Any, z: Array, x: Array, v: Array, w: Array) -> Array:
    return _s1(xp, x) * (2 * v + z * w - z * v * v * xp.tanh(x / 2))


def _gelu_tanh_x(z: Array) -> tuple[Array, Array, Array]:
    c, k = 2 * _SQRT_2_OVER_PI, GELU_CUBIC
    return c * z * (1 + k * z * z), c * (1 + 3 * k * z * z), 6 * c * k * z


def _bounded(xp: Any, z: Array, limit: float) -> Array:
    """Real z within ±limit, beyond which exp(-...) is 0 and z² must not overflow."""
    return xp.clip(z, -limit, limit)


def _gelu_tanh(order: int) -> Callable[[Any, Array, float], Array]:
    def function(xp: Any, z: Array, _: float) -> Array:
        near = z if xp.isdtype(z.dtype, "complex floating") else _bounded(xp, z, 64.0)
        x, v, w = _gelu_tanh_x(near)
        if order == 0:
            return z * _s(xp, x)
        return _gated1(xp, near, x, v) if order == 1 else _gated2(xp, near, x, v, w)

    return function


def _silu(order: int) -> Callable[[Any, Array, float], Array]:
    def function(xp: Any, z: Array, _: float) -> Array:
        if order == 0:
            return z * _s(xp, z)
        near = _bounded(xp, z, 1000.0)
        one = xp.ones_like(z)
        return _gated1(xp, near, near, one) if order == 1 else _gated2(xp, near, near, one, 0 * one)

    return function


def _density(xp: Any, z: Array) -> Array:
    return xp.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _cdf(z: Array) -> Array:
    return 0.5 * erfc(-z / math.sqrt(2))


def _mish(order: int) -> Callable[[Any, Array, float], Array]:
    """z τ, τ = tanh(log(1 + exp z)), as rational functions of e = exp(-|z|)."""

    def function(xp: Any, z: Array, _: float) -> Array:
        e = xp.exp(-_abs(xp, z))
        low = _left(xp, z)
        r = 1 / xp.where(low, e * (e + 2) + 2, 2 * e * (e + 1) + 1)
        tau = xp.where(low, e * (e + 2), 1 + 2 * e) * r
        if order == 0:
            return z * tau
        near = _bounded(xp, z, 1000.0)
        factor = 4 * xp.where(low, e, e * e) * r * r
        tau1 = factor * (e + 1)
        if order == 1:
            return tau + near * tau1
        cubic = xp.where(low, 2 + e * (2 - e * (3 + 2 * e)), e * (e * (2 * e + 2) - 3) - 2)
        return 2 * tau1 + near * factor * r * cubic

    return function


def _step(xp: Any, z: Array, below: Array, above: float) -> Array:
    """`above` where Re z > 0, else `below`."""
    return xp.where(real_part(xp, z) > 0, above * xp.ones_like(z), below)


def _between(  # noqa: PLR0917
    xp: Any, z: Array, bounds: tuple[float, float], below: Array, within: Array, above: Array
) -> Array:
    """`below` where Re z ≤ low, `within` up to high, and `above` beyond."""
    x = real_part(xp, z)
    return xp.where(x <= bounds[0], below, xp.where(x <= bounds[1], within, above))


def _limits(low: float, high: float) -> tuple[float, float]:
    """Values far out as bounds, NaN where these are too large for values beyond them to be seen."""
    return (low, high) if max(-low, high) <= 5000 else (math.nan, math.nan)


TABLE: dict[ActivationName, ActivationInfo] = {
    "identity": ActivationInfo(
        lambda _, z, __: z,
        lambda xp, z, _: xp.ones_like(z),
        lambda xp, z, _: xp.zeros_like(z),
        has_second_derivative=False,
    ),
    "sigmoid": ActivationInfo(
        lambda xp, z, _: _s(xp, z),
        lambda xp, z, _: _s1(xp, z),
        lambda xp, z, _: _s2(xp, z),
    ),
    "tanh": ActivationInfo(
        lambda xp, z, _: xp.tanh(z),
        lambda xp, z, _: 4 * _s1(xp, 2 * z),
        lambda xp, z, _: -8 * xp.tanh(z) * _s1(xp, 2 * z),
    ),
    "relu": ActivationInfo(
        lambda xp, z, _: xp.where(_left(xp, z), xp.zeros_like(z), z),
        lambda xp, z, _: _step(xp, z, xp.zeros_like(z), 1.0),
        lambda xp, z, _: xp.zeros_like(z),
        has_second_derivative=False,
    ),
    "leaky_relu": ActivationInfo(
        lambda xp, z, p: xp.where(_left(xp, z), p * z, z),
        lambda xp, z, p: _step(xp, z, p * xp.ones_like(z), 1.0),
        lambda xp, z, _: xp.zeros_like(z),
        "slope",
        0.01,
        has_second_derivative=False,
        parameter_from=lambda f: -f(-1.0),
    ),
    "elu": ActivationInfo(
        lambda xp, z, p: xp.where(_left(xp, z), p * xp.expm1(_min0(xp, z)), z),
        lambda xp, z, p: _step(xp, z, p * xp.exp(_min0(xp, z)), 1.0),
        lambda xp, z, p: _step(xp, z, p * xp.exp(_min0(xp, z)), 0.0),
        "alpha",
        1.0,
        parameter_from=lambda f: -f(-80.0),
    ),
    "selu": ActivationInfo(
        lambda xp, z, _: (
            SELU_SCALE * xp.where(_left(xp, z), SELU_ALPHA * xp.expm1(_min0(xp, z)), z)
        ),
        lambda xp, z, _: SELU_SCALE * _step(xp, z, SELU_ALPHA * xp.exp(_min0(xp, z)), 1.0),
        lambda xp, z, _: SELU_SCALE * _step(xp, z, SELU_ALPHA * xp.exp(_min0(xp, z)), 0.0),
    ),
    "softplus": ActivationInfo(
        lambda xp, z, p: z - _min0(xp, z) + xp.log1p(xp.exp(-_abs(xp, p * z))) / p,
        lambda xp, z, p: _s(xp, p * z),
        lambda xp, z, p: p * _s1(xp, p * z),
        "beta",
        1.0,
        positive=True,
        parameter_from=lambda f: math.log(2) / f(0.0) if f(0.0) > 0 else 1.0,
    ),
    "silu": ActivationInfo(_silu(0), _silu(1), _silu(2)),
    "gelu": ActivationInfo(
        lambda _, z, __: z * _cdf(z),
        lambda xp, z, _: _cdf(z) + _bounded(xp, z, 64.0) * _density(xp, _bounded(xp, z, 64.0)),
        lambda xp, z, _: (2 - _bounded(xp, z, 64.0) ** 2) * _density(xp, _bounded(xp, z, 64.0)),
    ),
    "gelu_tanh": ActivationInfo(_gelu_tanh(0), _gelu_tanh(1), _gelu_tanh(2)),
    "mish": ActivationInfo(_mish(0), _mish(1), _mish(2)),
    "softsign": ActivationInfo(
        lambda xp, z, _: z / (1 + _abs(xp, z)),
        lambda xp, z, _: (1 / (1 + _abs(xp, z))) ** 2,
        lambda xp, z, _: _step(xp, z, 2 * xp.ones_like(z), -2.0) * (1 / (1 + _abs(xp, z))) ** 3,
    ),
    "sin": ActivationInfo(
        lambda xp, z, _: xp.sin(z),
        lambda xp, z, _: xp.cos(z),
        lambda xp, z, _: -xp.sin(z),
    ),
    "cos": ActivationInfo(
        lambda xp, z, _: xp.cos(z),
        lambda xp, z, _: -xp.sin(z),
        lambda xp, z, _: -xp.cos(z),
    ),
    "clip": ActivationInfo(
        lambda xp, z, p: _between(xp, z, p, p[0] * xp.ones_like(z), z, p[1] * xp.ones_like(z)),
        lambda xp, z, p: _between(xp, z, p, xp.zeros_like(z), xp.ones_like(z), xp.zeros_like(z)),
        lambda xp, z, _: xp.zeros_like(z),
        "low, high",
        (-1.0, 1.0),
        has_second_derivative=False,
        parameter_from=lambda f: _limits(f(-1e4), f(1e4)),
    ),
    "gaussian": ActivationInfo(
        lambda xp, z, _: xp.exp(-z * z),
        lambda xp, z, _: -2 * _bounded(xp, z, 64.0) * xp.exp(-(_bounded(xp, z, 64.0) ** 2)),
        lambda xp, z, _: (
            (4 * _bounded(xp, z, 64.0) ** 2 - 2) * xp.exp(-(_bounded(xp, z, 64.0) ** 2))
        ),
    ),
    "exp": ActivationInfo(
        lambda xp, z, _: xp.exp(z),
        lambda xp, z, _: xp.exp(z),
        lambda xp, z, _: xp.exp(z),
        domain=(-math.inf, _LARGEST_EXPONENT),
    ),
    "log": ActivationInfo(
        lambda xp, z, _: xp.log(z),
        lambda xp, z, _: _not_below_0(xp, z, 1 / z),
        lambda xp, z, _: _not_below_0(xp, z, -((1 / z) ** 2)),
        domain=(0.0, math.inf),
    ),
}


def normalise(spec: object) -> Activation:
    """Parse an activation as users write it: a name, (name, parameter), or an `Activation`.

    Every other spelling, such as one activation per layer, is taken apart before
    (`slopenet.validate.layers.check_activations`).

    Raises
    ------
    ValueError
        For an unknown name, for a parameter that is out of range, and for the parameter of an
        activation without one.
    TypeError
        For anything but a name or a pair of name and number.
    """
    name: Any = spec
    given: tuple[Any, ...] = ()
    if isinstance(spec, Activation):
        name, given = spec.name, spec.parameters
    elif isinstance(spec, tuple) and 1 < len(spec) <= 3:
        name, given = spec[0], spec[1:]
    if not isinstance(name, str):
        raise TypeError(f"an activation is a name or a pair (name, parameter), got {spec!r}")
    if name in HEADS:
        raise ValueError(f"{name} can only be the activation of the last layer of a Network")
    if name not in TABLE:
        raise ValueError(f"unknown activation {name!r}; choose one of {', '.join(sorted(TABLE))}")
    row = TABLE[name]
    if not given or given == (None,):
        return Activation(name, row.preset)
    if row.parameter is None:
        raise ValueError(f"activation {name!r} has no parameter, got {given[0]!r}")
    words = row.parameter.split(", ")
    if len(words) != len(given):
        wanted = "one parameter" if len(words) == 1 else f"{len(words)} parameters"
        raise ValueError(f"activation {name!r} has {wanted}, {row.parameter}, got {spec!r}")
    values = [_number(name, word, each) for word, each in zip(words, given, strict=True)]
    if len(values) == 2:
        if not values[0] < values[1]:
            raise ValueError(f"{words[0]} of {name!r} must be below {words[1]}, got {spec!r}")
        return Activation(name, (values[0], values[1]))
    (value,) = values
    if row.positive and not 1e-100 <= value <= 1e100:
        raise ValueError(
            f"{row.parameter} of {name!r} must be positive, from 1e-100 to 1e100, got {value!r}"
        )
    return Activation(name, value)


def _number(name: str, word: str, given: Any) -> float:
    """A parameter as a finite number."""
    try:
        value = float(given)
    except (TypeError, ValueError):
        raise TypeError(f"{word} of {name!r} must be a number, got {given!r}") from None
    if not math.isfinite(value):
        raise ValueError(f"{word} of {name!r} must be finite, got {value!r}")
    return value


def is_one(spec: object) -> TypeGuard[ActivationSpec]:
    """Whether a spelling names one activation, not one per layer or per unit."""
    if isinstance(spec, str | Activation):
        return True
    if not isinstance(spec, tuple) or len(spec) not in (2, 3):
        return False
    if len(spec) == 2:
        return not isinstance(spec[1], str | tuple | list)
    return isinstance(spec[0], str) and all(isinstance(each, Real) for each in spec[1:])


def normalise_layer(spec: object, units: int) -> LayerActivation:
    """Parse σ of a layer of so many units: one activation, one per unit, or runs.

    Runs are pairs of an activation and a number of units. Neighbours with the same activation are
    one run, and a layer of one run is the plain activation.

    Raises
    ------
    ValueError
        If the units of all runs are not those of the layer; if a pair may be a run as well as an
        activation with its parameter; as `normalise`.
    TypeError
        For any other spelling.
    """
    if isinstance(spec, Head):
        return Head(spec.name)
    if is_one(spec) or not isinstance(spec, Sequence):
        return normalise(spec)
    found: list[tuple[Activation, int]] = []
    for activation, count in map(_run, spec):
        same = found.pop()[1] if found and found[-1][0] == activation else 0
        found.append((activation, same + count))
    total = sum(count for _, count in found)
    if total != units:
        raise ValueError(
            f"activations of a layer must be of its {units} units, got those of {total}"
        )
    return found[0][0] if len(found) == 1 else Runs(found)


def _run(entry: object) -> tuple[Activation, int]:
    """An activation and its number of units, 1 where none is given."""
    if not isinstance(entry, tuple) or isinstance(entry, Activation) or len(entry) != 2:
        return normalise(entry), 1
    activation, count = entry
    if not isinstance(count, Integral) or isinstance(count, bool):
        return normalise(entry), 1
    if isinstance(activation, str) and activation in TABLE and TABLE[activation].parameter:
        preset = normalise(activation).in_full()
        raise ValueError(
            f"{entry!r} may be a parameter or a number of units; write"
            f" ({activation!r}, {float(count)!r}) or ({preset!r}, {count})"
        )
    if count < 1:
        raise ValueError(f"a run must have at least one unit, got {entry!r}")
    return normalise(activation), int(count)


def sigma(
    activation: tuple[ActivationName, Parameter] | LayerActivation, z: Array, order: int = 0
) -> Array:
    """σ(z), σ'(z) or σ''(z), entry by entry, for `order` 0, 1 or 2; z is (..., n_l)."""
    if isinstance(activation, Head):
        raise activation.refusal
    if isinstance(activation, Runs):
        parts, begin = [], 0
        for each, count in activation.runs(z.shape[-1]):
            parts.append(sigma(each, z[..., begin : begin + count], order))
            begin += count
        return array_namespace(z).concat(parts, axis=-1)
    name, parameter = activation
    row = TABLE[name]
    function = (row.value, row.first, row.second)[order]
    xp = array_namespace(z)
    usual = function(xp, z, parameter)
    return kept(xp, activation, z, order, usual) if is_jax_array(z) else usual
