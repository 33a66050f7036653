"""Functions of one number as a source spells them, operation by operation.

Between two maps that mix units, every node acts on each z alone: together they are a function of z,
kept as an expression. `_pieces` finds the activations that it consists of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slopenet import activations
from slopenet._types import Floats
from slopenet.activations import Parameter, normalise
from slopenet.maps.affine import refuse

_LARGEST = 250  # nodes of an expression; the longest spelling, slopenet's own gelu, has 90
# Lines in a row; further ones are multiplied. An activation may begin or end with two of them.
_MOST_LINES, _KEPT_LINES = 5, 2


def _erf(z: Floats) -> Any:
    from scipy.special import erf

    return erf(z)


# The operations that all others consist of, by their names in ONNX where it has them.
ARITHMETIC: dict[str, Callable[..., Any]] = {
    "Neg": np.negative,
    "Abs": np.abs,
    "Reciprocal": np.reciprocal,
    "Exp": np.exp,
    "Log": np.log,
    "Log1p": np.log1p,
    "Expm1": np.expm1,
    "Cos": np.cos,
    "Sqrt": np.sqrt,
    "Sign": np.sign,
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


@dataclass(eq=False, slots=True)
class Expression:
    """`op` of expressions and numbers: of `ARITHMETIC`, an activation of the table, "z" or "line".

    Equal expressions of one z are one object. "line" is (x, k, c) ↦ k x + c.

    Attributes
    ----------
    op : str
    arguments : tuple of Expression and float
    parameter : float, (float, float) or None
        Of an activation.
    where : str
        The node that it comes from.
    shared : bool
        Whether more than one node, or none, takes it.
    known : dict
        All expressions of this z.
    """

    op: str
    arguments: tuple[Expression | float, ...] = ()
    parameter: Parameter | None = None
    where: str = ""
    shared: bool = True
    known: dict[Any, Expression] = field(default_factory=dict, repr=False)

    @property
    def spec(self) -> str | tuple[str | float, ...]:
        """The activation that `op` is, with its parameters if they are given."""
        if isinstance(self.parameter, tuple):
            return (self.op, *self.parameter)
        return self.op if self.parameter is None else (self.op, self.parameter)

    @property
    def parts(self) -> list[Expression]:
        """The arguments that are expressions."""
        return [part for part in self.arguments if isinstance(part, Expression)]


def compose(
    where: str, op: str, *arguments: Expression | float, parameter: Parameter | None = None
) -> Expression:
    """`op` of the arguments, unless that becomes too large."""
    known = next(part for part in arguments if isinstance(part, Expression)).known
    key = (op, parameter, *(id(x) if isinstance(x, Expression) else float(x) for x in arguments))
    if key not in known:
        known[key] = Expression(op, arguments, parameter, where, True, known)
        if len(nodes_of(known[key], None)) > _LARGEST:
            refuse(where, "too much is computed here to be an activation")
    return known[key]


def shortened(expression: Expression, *, shared: bool) -> Expression:
    """The expression, with lines in its end multiplied where there are many in a row.

    `shared` says whether more than one node takes it. Such an expression stays as it is when more
    comes behind it, because it may be where two branches part.
    """
    run = [expression]
    while line_of(run[-1]) is not None and len(run) <= _MOST_LINES:
        below = run[-1].parts[0]
        if below.shared or line_of(below) is None:
            break
        run.append(below)
    if len(run) > _MOST_LINES:
        *above, then, first = run[:-_KEPT_LINES]
        made = first.parts[0]
        (k, c), (m, d) = line_of(then) or (1.0, 0.0), line_of(first) or (1.0, 0.0)
        with np.errstate(all="ignore"):
            numbers = float(np.float64(k) * m), float(np.float64(k) * d + c)
        made = compose(then.where, "line", made, *numbers)
        made.shared = False
        for line in reversed(above):
            made = compose(line.where, "line", made, *(line_of(line) or (1.0, 0.0)))
            made.shared = False
        expression = made
    expression.shared = shared
    return expression


def line_of(expression: Expression) -> tuple[float, float] | None:  # noqa: PLR0911
    """(slope, offset) of one operation that is a straight line."""
    match expression.op, expression.arguments:
        case "line", (_, float(k), float(c)):
            return k, c
        case "Neg", (Expression(),):
            return -1.0, 0.0
        case "Add", (Expression(), float(c)) | (float(c), Expression()):
            return 1.0, c
        case "Sub", (Expression(), float(c)):
            return 1.0, -c
        case "Sub", (float(c), Expression()):
            return -1.0, c
        case "Mul", (Expression(), float(k)) | (float(k), Expression()):
            return k, 0.0
        case "Div", (Expression(), float(k)) if k != 0:
            return 1 / k, 0.0
        case "Pow", (Expression(), 1.0):
            return 1.0, 0.0
    return None


def evaluated(nodes: list[Expression], z: Expression, at: Floats) -> Any:
    """Values of the last of `nodes`, which are in order, where z is `at` (M,)."""
    values: dict[int, Any] = {id(z): at}
    for node in nodes:
        given = [values[id(x)] if isinstance(x, Expression) else x for x in node.arguments]
        if node.op == "line":
            values[id(node)] = given[0] * given[1] + given[2]
        elif node.op in ARITHMETIC:
            values[id(node)] = ARITHMETIC[node.op](*given)
        else:
            values[id(node)] = activations.sigma(
                normalise(node.spec), np.asarray(given[0], at.dtype)
            )
    return values[id(nodes[-1])]


def constants_of(f: Expression, z: Expression) -> set[float]:
    """The finite numbers in f."""
    found = (x for node in nodes_of(f, z) for x in node.arguments if isinstance(x, float))
    return {x for x in found if np.isfinite(x)}


def nodes_of(expression: Expression, z: Expression | None) -> list[Expression]:
    """All parts of an expression, itself the last, each after its own parts; not z or below it."""
    done: dict[int, Expression] = {} if z is None else {id(z): z}
    ordered: list[Expression] = []
    left = [expression]
    while left:
        here = left[-1]
        waiting = [part for part in here.parts if id(part) not in done]
        if waiting:
            left += waiting
            continue
        left.pop()
        if id(here) not in done:
            done[id(here)] = here
            ordered.append(here)
    return ordered


def bottlenecks(expression: Expression, z: Expression | None = None) -> list[Expression]:
    """z, the parts that every path from z to the expression goes through, and the expression."""
    ordered = nodes_of(expression, None) if z is None else [z, *nodes_of(expression, z)]
    below = {id(node): 0 for node in ordered}  # how many paths lead from z
    above = dict(below)  # and to the expression
    for node in ordered:
        below[id(node)] = sum(below.get(id(part), 0) for part in node.parts) or 1
    above[id(expression)] = 1
    for node in reversed(ordered):
        for part in node.parts if node is not z else ():
            above[id(part)] += above[id(node)]
    paths = below[id(expression)]
    return [node for node in ordered if below[id(node)] * above[id(node)] == paths]
