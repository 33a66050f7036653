"""Functions of one number as ONNX spells them, node by node, and the activations that they are.

Between two maps that mix units, every node acts on each z alone: together they are a function of z,
kept as an expression. z itself, and every node on all paths from z to the result, cut it into
pieces, each an affine map of a number or an activation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slopenet import activations
from slopenet._types import Floats
from slopenet.activations import normalise
from slopenet.importers._recognise import activation_of
from slopenet.importers._steps import Step, affine, refuse, scaled, sigma

_LARGEST = 100  # nodes of an expression; the longest spelling of one activation has a dozen
_NARROWEST = 0.01  # a scale of z inside an activation; its inverse is the widest


def _erf(z: Floats) -> Any:
    from scipy.special import erf

    return erf(z)


# The operations that the others of ONNX consist of.
ARITHMETIC: dict[str, Callable[..., Any]] = {
    "Neg": np.negative,
    "Abs": np.abs,
    "Reciprocal": np.reciprocal,
    "Exp": np.exp,
    "Log": np.log,
    "Sqrt": np.sqrt,
    "Erf": _erf,
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Pow": np.power,
    "Max": np.maximum,
    "Min": np.minimum,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Where": np.where,
}


@dataclass(frozen=True)
class Expression:
    """`op` of expressions and numbers: of `ARITHMETIC`, an activation of the table, or "z".

    `where` is the node that it comes from.
    """

    op: str
    arguments: tuple[Expression | float, ...] = ()
    parameter: float | None = None
    where: str = field(default="", compare=False)

    @property
    def spec(self) -> str | tuple[str, float]:
        """The activation that `op` is, with its parameter if one is given."""
        return self.op if self.parameter is None else (self.op, self.parameter)

    @property
    def parts(self) -> Iterator[Expression]:
        """The arguments that are expressions."""
        return (part for part in self.arguments if isinstance(part, Expression))


Z = Expression("z")


def size(expression: Expression) -> int:
    """The number of nodes, repeated ones counted each time."""
    return 1 + sum(size(part) for part in expression.parts)


def compose(
    where: str, op: str, *arguments: Expression | float, parameter: float | None = None
) -> Expression:
    """`op` of the arguments, unless that becomes too large."""
    made = Expression(op, arguments, parameter, where)
    if size(made) > _LARGEST:
        refuse(where, "too much is computed here to be an activation")
    return made


def steps_of(expression: Expression, dtype: np.dtype) -> list[Step]:
    """Affine maps and activations that together are the expression, to the digits of `dtype`.

    Raises
    ------
    UnsupportedNetworkError
        If a piece of it is neither, which is named.
    """
    narrow = [*sorted(_bottlenecks(expression), key=size), expression]
    steps: list[Step] = []
    at = 0
    while narrow[at] != expression:
        for end in range(len(narrow) - 1, at, -1):
            found = _known(_replaced(narrow[end], narrow[at], Z), dtype)
            if found is not None:
                steps += found
                at = end
                break
        else:
            part = narrow[at + 1]
            refuse(part.where, f"{part.op} here belongs to no activation that slopenet has")
    return steps


def _known(expression: Expression, dtype: np.dtype) -> list[Step] | None:
    """An expression of z that is a single affine map or activation."""
    where = expression.where
    if expression.op not in ARITHMETIC and expression.arguments == (Z,):
        return [sigma(where, expression.spec)]
    line = _line(expression)
    if line is not None:
        return [affine(where, *line)]
    for k in (1.0, -1.0, *_numbers(expression)):
        if not _NARROWEST <= abs(k) <= 1 / _NARROWEST:
            continue

        def scaled_values(z: Floats, k: float = k) -> Floats:
            return np.asarray(k * evaluate(expression, z.astype(np.float64) / k))

        spec = activation_of(scaled_values, dtype, far=True)
        if spec is not None:
            if k == 1:
                return [sigma(where, spec)]
            if isinstance(spec, str):
                return scaled(where, k, spec, 1 / k)
    return None


def _line(expression: Expression) -> tuple[float, float] | None:  # noqa: PLR0911
    """(slope, offset) of one operation on z that is a straight line."""
    match expression.op, expression.arguments:
        case "Neg", (Expression(op="z"),):
            return -1.0, 0.0
        case "Add", (Expression(op="z"), float(c)) | (float(c), Expression(op="z")):
            return 1.0, c
        case "Sub", (Expression(op="z"), float(c)):
            return 1.0, -c
        case "Sub", (float(c), Expression(op="z")):
            return -1.0, c
        case "Mul", (Expression(op="z"), float(k)) | (float(k), Expression(op="z")):
            return k, 0.0
        case "Div", (Expression(op="z"), float(k)) if k != 0:
            return 1 / k, 0.0
    return None


def evaluate(expression: Expression | float, z: Floats) -> Any:
    """The expression's values at z (M,)."""
    if not isinstance(expression, Expression):
        return expression
    if expression.op == "z":
        return z
    arguments = [evaluate(part, z) for part in expression.arguments]
    if expression.op in ARITHMETIC:
        return ARITHMETIC[expression.op](*arguments)
    return activations.sigma(normalise(expression.spec), np.broadcast_to(arguments[0], z.shape))


def _bottlenecks(expression: Expression) -> set[Expression]:
    """Parts without which the expression has no z left."""
    return {
        part
        for part in _all_parts(expression)
        if part != expression
        and Z not in _all_parts(_replaced(expression, part, Expression("hole")))
    }


def _all_parts(expression: Expression) -> set[Expression]:
    return {expression}.union(*(_all_parts(part) for part in expression.parts))


def _replaced(expression: Expression, old: Expression, new: Expression) -> Expression:
    if expression == old:
        return new
    arguments = tuple(
        _replaced(part, old, new) if isinstance(part, Expression) else part
        for part in expression.arguments
    )
    return Expression(expression.op, arguments, expression.parameter, expression.where)


def _numbers(expression: Expression) -> set[float]:
    """The numbers in an expression, among them a scale of z if there is one."""
    here = {float(part) for part in expression.arguments if not isinstance(part, Expression)}
    return here.union(*(_numbers(part) for part in expression.parts))
