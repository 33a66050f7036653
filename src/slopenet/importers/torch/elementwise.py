"""Operations of torch that act on each number alone, as expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slopenet.activations import SELU_ALPHA, SELU_SCALE, Parameter
from slopenet.importers import _shrink
from slopenet.importers._expression import Expression, compose
from slopenet.maps.affine import refuse

Argument = Expression | float
Rule = Callable[..., Expression]

_CLOSE = 1e-6

# Names of torch and of `_expression.ARITHMETIC`, with as many arguments.
_SAME = {
    "neg": "Neg",
    "abs": "Abs",
    "reciprocal": "Reciprocal",
    "exp": "Exp",
    "log": "Log",
    "log1p": "Log1p",
    "expm1": "Expm1",
    "sqrt": "Sqrt",
    "erf": "Erf",
    "mul": "Mul",
    "maximum": "Max",
    "minimum": "Min",
    "pow": "Pow",
    "gt": "Greater",
    "ge": "GreaterOrEqual",
    "lt": "Less",
    "le": "LessOrEqual",
    "where": "Where",
}
# Activations without a parameter.
_JUMPS = ("sign", "floor", "ceil", "round", "trunc", "fmod", "remainder")
_ACTIVATIONS = {
    name: name for name in ("relu", "tanh", "sigmoid", "silu", "mish", "sin", "cos", "softsign")
}


def expression_of(
    where: str, name: str, arguments: list[Any], settings: dict[str, Any]
) -> Expression | None:
    """An operation of torch as an expression of its arguments, None if it is not known.

    Parameters
    ----------
    where : str
    name : str
        Without ``aten`` and without an overload.
    arguments : list of Expression and float
        Missing ones are None or absent.
    settings : dict
        Keyword arguments.
    """

    def make(op: str, *parts: Argument, parameter: Parameter | None = None) -> Expression:
        return compose(where, op, *parts, parameter=parameter)

    if name in _SAME:
        return make(_SAME[name], *arguments)
    if name in _ACTIVATIONS:
        return make(_ACTIVATIONS[name], *arguments)
    if name in _RULES:
        return _RULES[name](make, *arguments, **settings)
    if name in _KINKS:
        return _KINKS[name](where, *arguments, **settings)
    if name in _JUMPS:
        refuse(where, f"{name} jumps, and has no derivative there")
    if name == "hardswish":
        refuse(where, "hardswish is a parabola in the middle, which no layer of slopenet is")
    return None


def is_elementwise(name: str) -> bool:
    """Whether an operation acts on each number alone, as far as is known here."""
    return any(
        name in each for each in (_SAME, _ACTIVATIONS, _RULES, _KINKS, _JUMPS, ("hardswish",))
    )


def _add(make: Rule, a: Argument, b: Argument, *, alpha: float = 1) -> Expression:
    return make("Add", a, b if alpha == 1 else _scaled(make, b, alpha))


def _sub(make: Rule, a: Argument, b: Argument, *, alpha: float = 1) -> Expression:
    return make("Sub", a, b if alpha == 1 else _scaled(make, b, alpha))


def _scaled(make: Rule, x: Argument, factor: float) -> Argument:
    return make("Mul", x, factor) if isinstance(x, Expression) else x * factor


def _rsub(make: Rule, a: Argument, b: Argument, alpha: float = 1) -> Expression:
    return _sub(make, b, a, alpha=alpha)


def _div(make: Rule, a: Argument, b: Argument, *, rounding_mode: str | None = None) -> Expression:
    if rounding_mode is not None:
        return make("Div", a, b, rounding_mode)  # refused, as no number is a text
    return make("Div", a, b)


def _clamp(
    make: Rule, x: Expression, low: float | None = None, high: float | None = None, **settings: Any
) -> Expression:
    low, high = settings.get("min", low), settings.get("max", high)
    if low is not None and high is not None and low < high:
        return make("clip", x, parameter=(float(low), float(high)))
    if low is not None:
        x = make("relu", x) if low == 0 and high is None else make("Max", x, float(low))
    return x if high is None else make("Min", x, float(high))


def _clamp_max(make: Rule, x: Expression, high: float) -> Expression:
    return make("Min", x, float(high))


def _leaky(make: Rule, x: Expression, slope: float = 0.01) -> Expression:
    return make("leaky_relu", x, parameter=float(slope))


def _rrelu(
    make: Rule, x: Expression, low: float = 1 / 8, high: float = 1 / 3, *_: Any
) -> Expression:
    return _leaky(make, x, (low + high) / 2)


def _elu(
    make: Rule, x: Expression, alpha: float = 1, scale: float = 1, inner: float = 1
) -> Expression:
    if inner == 1 and abs(alpha - SELU_ALPHA) < _CLOSE and abs(scale - SELU_SCALE) < _CLOSE:
        return make("selu", x)
    found = make("elu", x if inner == 1 else make("Mul", x, inner), parameter=float(alpha))
    return found if scale == 1 else make("Mul", found, float(scale))


def _celu(make: Rule, x: Expression, alpha: float = 1) -> Expression:
    return make("Mul", make("elu", make("Div", x, float(alpha))), float(alpha))


def _softplus(make: Rule, x: Expression, beta: float = 1, _threshold: float = 20) -> Expression:
    return make("softplus", x, parameter=float(beta))


def _gelu(make: Rule, x: Expression, *, approximate: str = "none") -> Expression:
    return make("gelu" if approximate == "none" else "gelu_tanh", x)


def _log_sigmoid(make: Rule, x: Expression) -> Expression:
    return make("Neg", make("softplus", make("Neg", x)))


def _softshrink(where: str, x: Expression, lambd: float = 0.5) -> Expression:
    return _shrink.soft_shrink(where, x, float(lambd))


def _hardshrink(where: str, x: Expression, lambd: float = 0.5) -> Expression:
    return _shrink.hard_shrink(where, x, float(lambd))


def _threshold(where: str, x: Expression, threshold: float, value: float) -> Expression:
    return _shrink.threshold(where, x, float(threshold), float(value))


def _hardsigmoid(make: Rule, x: Expression) -> Expression:
    return make("Add", make("Div", make("clip", x, parameter=(-3.0, 3.0)), 6.0), 0.5)


def _hardtanh(make: Rule, x: Expression, low: float = -1, high: float = 1) -> Expression:
    return _clamp(make, x, low, high)


def _power_of(base: float) -> Rule:
    return lambda make, x: make("Pow", base, x)


def _log_of(scale: float) -> Rule:
    return lambda make, x: make("Mul", make("Log", x), scale)


_RULES: dict[str, Rule] = {
    "add": _add,
    "sub": _sub,
    "rsub": _rsub,
    "div": _div,
    "clamp": _clamp,
    "clamp_min": _clamp,
    "clamp_max": _clamp_max,
    "leaky_relu": _leaky,
    "rrelu_with_noise": _rrelu,
    "elu": _elu,
    "celu": _celu,
    "softplus": _softplus,
    "gelu": _gelu,
    "log_sigmoid": _log_sigmoid,
    "log_sigmoid_forward": _log_sigmoid,
    "hardsigmoid": _hardsigmoid,
    "hardtanh": _hardtanh,
    "square": lambda make, x: make("Mul", x, x),
    "rsqrt": lambda make, x: make("Reciprocal", make("Sqrt", x)),
    "erfc": lambda make, x: make("Sub", 1.0, make("Erf", x)),
    "exp2": _power_of(2.0),
    "log2": _log_of(1.4426950408889634),
    "log10": _log_of(0.4342944819032518),
    "logaddexp": lambda make, a, b: make("Log", make("Add", _exp(make, a), _exp(make, b))),
    "xlogy": lambda make, a, b: make("Mul", a, make("Log", b)),
}

# Those that may be refused.
_KINKS: dict[str, Callable[..., Expression]] = {
    "softshrink": _softshrink,
    "hardshrink": _hardshrink,
    "threshold": _threshold,
}


def _exp(make: Rule, x: Argument) -> Any:
    import math

    return make("Exp", x) if isinstance(x, Expression) else math.exp(x)
