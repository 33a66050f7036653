"""Operations of JAX that act on each number alone, as expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slopenet.importers._expression import Expression, compose
from slopenet.maps.affine import refuse

Make = Callable[..., Expression]

# Names of JAX, and of `_expression.ARITHMETIC` or the table of activations.
SAME = {
    "abs": "Abs",
    "add": "Add",
    "add_any": "Add",
    "cos": "cos",
    "div": "Div",
    "erf": "Erf",
    "exp": "Exp",
    "expm1": "Expm1",
    "ge": "GreaterOrEqual",
    "gt": "Greater",
    "le": "LessOrEqual",
    "log": "Log",
    "log1p": "Log1p",
    "logistic": "sigmoid",
    "lt": "Less",
    "max": "Max",
    "min": "Min",
    "mul": "Mul",
    "neg": "Neg",
    "pow": "Pow",
    "sin": "sin",
    "sqrt": "Sqrt",
    "sub": "Sub",
    "tanh": "tanh",
}
_JUMPS = {"sign", "floor", "ceil", "round", "rem"}


def expression_of(
    where: str, name: str, arguments: list[Expression | float], settings: dict[str, Any]
) -> Expression | None:
    """An operation of JAX as an expression of its arguments, None if it is not known."""

    def make(op: str, *parts: Expression | float) -> Expression:
        return compose(where, op, *parts)

    if name in _JUMPS:
        refuse(where, f"{name} jumps, and has no derivative there")
    if name in ("max", "min") and 0.0 in arguments:
        return _relu(make, name, *(x for x in arguments if isinstance(x, Expression)))
    if name in SAME:
        return make(SAME[name], *arguments)
    return _RULES[name](make, arguments, settings) if name in _RULES else None


def is_elementwise(name: str) -> bool:
    """Whether an operation acts on each number alone, as far as is known here."""
    return name in SAME or name in _RULES or name in _JUMPS


def _relu(make: Make, name: str, x: Expression) -> Expression:
    """The larger of x and 0, or the smaller."""
    return make("relu", x) if name == "max" else make("Neg", make("relu", make("Neg", x)))


def _select(make: Make, arguments: list[Any], settings: dict[str, Any]) -> Expression | None:
    """JAX's cases are in the order False, True."""
    del settings
    if len(arguments) != 3:
        return None
    condition, otherwise, chosen = arguments
    return make("Where", condition, chosen, otherwise)


def _clamp(make: Make, arguments: list[Any], settings: dict[str, Any]) -> Expression:
    del settings
    low, x, high = arguments
    return make("Min", make("Max", x, low), high)


_RULES: dict[str, Callable[[Make, list[Any], dict[str, Any]], Expression | None]] = {
    "clamp": _clamp,
    "erfc": lambda make, x, _: make("Sub", 1.0, make("Erf", *x)),
    "exp2": lambda make, x, _: make("Pow", 2.0, *x),
    "integer_pow": lambda make, x, settings: make("Pow", *x, float(settings["y"])),
    "rsqrt": lambda make, x, _: make("Reciprocal", make("Sqrt", *x)),
    "select_n": _select,
    "square": lambda make, x, _: make("Mul", *x, *x),
}
