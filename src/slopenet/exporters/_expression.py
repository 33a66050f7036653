"""σ, σ' and σ'' as expressions in z, traced from the reference's table.

Each row of `activations.TABLE` is called with a namespace that computes nothing and records every
operation. An exported σ' is therefore that of the reference, operation by operation, and a new
activation is exported without a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from slopenet.activations import Activation

Number: TypeAlias = "Expression | float"


@dataclass(frozen=True, eq=False)
class Expression:
    """One operation; equal operations of a trace are one object.

    `op` is "z", "number" (with `value`), "neg", "add", "sub", "mul", "div", "abs", "min", "max",
    "exp", "expm1", "log", "log1p", "tanh", "erfc", "sin", "cos", "where" (condition, then,
    else), or a condition, "positive" or "not_positive".
    """

    trace: Trace
    op: str
    args: tuple[Expression, ...]
    value: float = 0.0

    @property
    def dtype(self) -> str:
        """Traces are of real numbers."""
        return "real"

    def __neg__(self) -> Expression:
        return self.trace.node("neg", self)

    def __add__(self, other: Number) -> Expression:
        return self.trace.node("add", self, other)

    def __radd__(self, other: float) -> Expression:
        return self.trace.node("add", other, self)

    def __sub__(self, other: Number) -> Expression:
        return self.trace.node("sub", self, other)

    def __rsub__(self, other: float) -> Expression:
        return self.trace.node("sub", other, self)

    def __mul__(self, other: Number) -> Expression:
        return self.trace.node("mul", self, other)

    def __rmul__(self, other: float) -> Expression:
        return self.trace.node("mul", other, self)

    def __truediv__(self, other: Number) -> Expression:
        return self.trace.node("div", self, other)

    def __rtruediv__(self, other: float) -> Expression:
        return self.trace.node("div", other, self)

    def __pow__(self, exponent: int) -> Expression:
        power = self
        for _ in range(exponent - 1):
            power = power * self
        return power

    def __gt__(self, bound: float) -> Expression:
        return self.trace.node("positive", self - bound)

    def __le__(self, bound: float) -> Expression:
        return self.trace.node("not_positive", self - bound)

    def __array_namespace__(self, api_version: str | None = None) -> Trace:
        return self.trace


class Trace:
    """The array API's functions of one argument z, as far as the table of activations calls them.

    Parameters
    ----------
    replaced : mapping of str to function
        Substitutes for the operations that the target lacks: functions of the trace and of the
        arguments that build the same result from other operations.
    """

    __name__ = "trace"  # array_namespace asks for it

    def __init__(self, replaced: dict[str, Callable[..., Expression]] | None = None) -> None:
        self._replaced = replaced or {}
        self._known: dict[tuple[Any, ...], Expression] = {}
        self.z = self._intern("z")

    def __getattr__(self, name: str) -> Callable[..., Expression]:
        if name not in {"exp", "expm1", "log", "log1p", "tanh", "erfc", "sin", "cos"}:
            raise AttributeError(f"σ calls {name}, which no export knows; add it to {__name__}")
        return lambda *args: self.node(name, *args)

    def isdtype(self, dtype: Any, kind: str) -> bool:
        """Traces are of real numbers."""
        return (dtype, kind) == ("real", "real floating")

    def zeros_like(self, _: Expression) -> Expression:
        """0."""
        return self.number(0.0)

    def ones_like(self, _: Expression) -> Expression:
        """1."""
        return self.number(1.0)

    def clip(self, x: Expression, low: float, high: float) -> Expression:
        """The nearest of the numbers from `low` to `high`."""
        return self.node("max", self.node("min", x, high), low)

    def where(self, condition: Expression, then: Number, other: Number) -> Expression:
        """`then` where the condition holds; |x| and min(x, 0) under their own names."""
        a, b = self._expression(then), self._expression(other)
        if condition.op == "not_positive":
            (x,) = condition.args
            if a is -x and b is x:
                return self.node("abs", x)
            if a is x and b is self.number(0.0):
                return self.node("min", x, 0.0)
            if a is self.number(0.0) and b is x:
                return self.node("max", x, 0.0)
        return self.node("where", condition, a, b)

    def number(self, value: float) -> Expression:
        """A constant."""
        return self._intern("number", value=float(value))

    def node(self, op: str, *given: Number) -> Expression:
        """An operation, simplified where it is a sum of numbers, 1 x, 0 x or x - 0."""
        args = tuple(self._expression(x) for x in given)
        if op in self._replaced:
            return self._replaced[op](self, *args)
        return self._shorter(op, *args) or self._intern(op, *args)

    def _shorter(self, op: str, *args: Expression) -> Expression | None:
        values = [x.value if x.op == "number" else None for x in args]
        found: Expression | float | None = None
        match op, *values:
            case ("neg", float(x)):
                found = -x
            case ("neg", None) if args[0].op == "neg":
                found = args[0].args[0]
            case ("mul", float(x), float(y)):
                found = x * y
            case ("add", float(x), float(y)):
                found = x + y
            case ("mul", 1.0, None) | ("add", 0.0, None):
                found = args[1]
            case ("mul", None, 1.0) | ("div", None, 1.0) | ("add" | "sub", None, 0.0):
                found = args[0]
            case ("mul", 0.0, None) | ("mul", None, 0.0):
                found = 0.0
        return None if found is None else self._expression(found)

    def _expression(self, x: Number) -> Expression:
        return x if isinstance(x, Expression) else self.number(x)

    def _intern(self, op: str, *args: Expression, value: float = 0.0) -> Expression:
        key = (op, value, *map(id, args))
        if key not in self._known:
            self._known[key] = Expression(self, op, args, value)
        return self._known[key]


def traced(
    activation: Activation,
    order: int,
    replaced: dict[str, Callable[..., Expression]] | None = None,
) -> tuple[Expression, ...]:
    """σ, and for `order` 1 or 2 also σ' and σ'', of one activation, in one trace."""
    row, trace = activation.info, Trace(replaced)
    functions = (row.value, row.first, row.second)[: order + 1]
    return tuple(trace._expression(f(trace, trace.z, activation.parameter)) for f in functions)


def in_order(results: tuple[Expression, ...]) -> list[Expression]:
    """Every expression that the results contain, arguments first."""
    found: dict[int, Expression] = {}

    def visit(x: Expression) -> None:
        if id(x) not in found:
            for argument in x.args:
                visit(argument)
            found[id(x)] = x

    for result in results:
        visit(result)
    return list(found.values())


def uses(results: tuple[Expression, ...]) -> dict[int, int]:
    """How often each expression, by its id, is an argument or a result."""
    counts: dict[int, int] = {}
    for x in [*results, *(argument for each in in_order(results) for argument in each.args)]:
        counts[id(x)] = counts.get(id(x), 0) + 1
    return counts
