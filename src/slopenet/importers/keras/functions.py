"""Functions of Keras that act on each number, by their names in keras.activations and keras.ops."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeAlias

import numpy as np

from slopenet.activations import HEADS, ActivationSpec
from slopenet.importers import _shrink
from slopenet.importers._expression import Expression, compose, line_of
from slopenet.importers._graph import Node
from slopenet.importers._lower import lowered
from slopenet.importers._steps import Step, scaled, sigma
from slopenet.maps.affine import affine, refuse

Part: TypeAlias = Step | Callable[[Node], Node]  # others are parts of a graph
Settings: TypeAlias = Callable[[str, float], float]  # of a name and a default

# Those that are an activation as it is.
_TABLE: dict[str, ActivationSpec] = {
    "cos": "cos",
    "exp": "exp",
    "exponential": "exp",
    "hard_tanh": ("clip", -1.0, 1.0),
    "linear": "identity",
    "log": "log",
    "mish": "mish",
    "relu": "relu",
    "relu6": ("clip", 0.0, 6.0),
    "selu": "selu",
    "sigmoid": "sigmoid",
    "silu": "silu",
    "sin": "sin",
    "softplus": "softplus",
    "softsign": "softsign",
    "swish": "silu",
    "tanh": "tanh",
}
# Operations of a value and a number.
_LINES = {
    "add": "Add",
    "divide": "Div",
    "multiply": "Mul",
    "negative": "Neg",
    "subtract": "Sub",
    "true_divide": "Div",
}
_REFUSED = {
    "glu": "it multiplies one half of its numbers by the other",
    "hard_silu": "it is a parabola between -3 and 3",
    "hard_swish": "it is a parabola between -3 and 3",
    "sparse_plus": "it is a parabola between -1 and 1",
    "sparsemax": "it mixes the numbers of a row, and has kinks",
    "squareplus": "it is the square root of a square",
}


def spelled(kind: str) -> str:
    """Name of a function from its class in keras.ops: LogSigmoid as log_sigmoid."""
    return "".join("_" + c.lower() if c.isupper() else c for c in kind).lstrip("_")


def of_settings(key: str, preset: float) -> float:
    """The settings of a function of which the name alone is known."""
    del key
    return preset


def parts_of(where: str, name: str, number: Settings = of_settings) -> list[Part]:
    """Steps of a function, or one part of a graph.

    Parameters
    ----------
    where, name : str
    number : callable
        A setting by its name in Keras, and by its default.

    Raises
    ------
    UnsupportedNetworkError
        If no network is this function.
    """
    if name in HEADS:
        if (axis := number("axis", -1.0)) not in (-1, 1):
            refuse(where, f"its axis is {axis:g}; one number per column is wanted")
        return [sigma(where, name)]
    if name in COMPOSED:
        return COMPOSED[name](where, number)
    if name not in _TABLE:
        refused(where, name)
    spec = _TABLE[name]
    return [] if spec == "identity" else [sigma(where, spec)]


def arithmetic(where: str, name: str, arguments: Sequence[Any]) -> list[Part] | None:
    """A straight line of a value, None among the arguments; None if the operation is another."""
    if name not in _LINES:
        return None
    z = Expression("z")
    given = tuple(z if x is None else x for x in arguments)
    line = line_of(Expression(_LINES[name], given))
    return None if line is None else [affine(where, *line)]


def refused(where: str, name: str) -> NoReturn:
    """Refuse a function by its name, with the reason where it is known."""
    why = f": {_REFUSED[name]}" if name in _REFUSED else ""
    refuse(where, f"slopenet has no activation like {name[:80]!r}{why}")


def _celu(where: str, number: Settings) -> list[Part]:
    alpha = number("alpha", 1.0)
    if not alpha > 0:
        refuse(where, f"its alpha is {alpha:g}")
    return list(scaled(where, 1 / alpha, "elu", alpha)) if alpha != 1 else [sigma(where, "elu")]


def _gelu(where: str, number: Settings) -> list[Part]:
    return [sigma(where, "gelu_tanh" if number("approximate", 0.0) else "gelu")]


def _limited(low: float, high: float) -> Callable[[str, Settings], list[Part]]:
    """A straight line from (low, 0) to (high, 1), and constant outside."""
    k = 1 / (high - low)
    return lambda where, _: [sigma(where, ("clip", low, high)), affine(where, k, -low * k)]


def _in_graph(f: Callable[[str, Expression, Settings], Expression]) -> Callable[..., list[Part]]:
    """An expression of each number, which may need two units for each."""

    def made(where: str, number: Settings) -> list[Part]:
        z = Expression("z")
        expression = f(where, z, number)
        return [lambda x: lowered(expression, z, x, np.dtype(np.float64), {})]

    return made


def _threshold(where: str, z: Expression, number: Settings) -> Expression:
    limit, value = number("threshold", math.nan), number("default_value", math.nan)
    if math.isnan(limit):
        refuse(where, "threshold needs a limit and a value, which an activation by name has not")
    return _shrink.threshold(where, z, limit, value)


# Those with settings, or made of several steps.
COMPOSED: dict[str, Callable[[str, Settings], list[Part]]] = {
    "celu": _celu,
    "elu": lambda where, number: [sigma(where, ("elu", number("alpha", 1.0)))],
    "gelu": _gelu,
    "hard_shrink": _in_graph(
        lambda where, z, number: _shrink.hard_shrink(where, z, number("threshold", 0.5))
    ),
    "hard_sigmoid": _limited(-3.0, 3.0),
    "leaky_relu": lambda where, number: [
        sigma(where, ("leaky_relu", number("negative_slope", 0.2)))
    ],
    "log_sigmoid": lambda where, _: list(scaled(where, -1.0, "softplus", -1.0)),
    "soft_shrink": _in_graph(
        lambda where, z, number: _shrink.soft_shrink(where, z, number("threshold", 0.5))
    ),
    "sparse_sigmoid": _limited(-1.0, 1.0),
    "tanh_shrink": _in_graph(
        lambda where, z, _: compose(where, "Sub", z, compose(where, "tanh", z))
    ),
    "threshold": _in_graph(_threshold),
}
