"""The order in which the chain of ∂H/∂x is multiplied, and the work that it saves.

`Plan` is the choice of the core. `schedule` is the same order as a list of steps, for exporters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Layout: TypeAlias = Literal["rows", "columns"]
"""How a partial product is stored: by rows ∂a_r/∂x, or by columns ∂a/∂x_i."""

Operation: TypeAlias = Literal["layer", "rows times W", "W times columns", "product", "transpose"]


@dataclass(frozen=True)
class Bracket:
    """The product of D[l] W[l] for l = last..first: of one layer, or of two brackets."""

    first: int
    last: int
    factors: tuple[Bracket, Bracket] | None

    def text(self) -> str:
        """The layers with their brackets, the outermost left out."""
        if self.factors is None:
            return f"W{self.last}"
        return " ".join(
            f"({part.text()})" if part.factors else part.text() for part in self.factors
        )


@dataclass(frozen=True, repr=False)
class Plan:
    """How D[L] W[L] ··· D[2] W[2] is bracketed: chosen from the sizes alone, never from the batch.

    Attributes
    ----------
    order : str
        The chain with its brackets, each pair multiplied from the inside out; `W5` stands for
        D[5] W[5].
    multiplications : int
        Of one sample, in this order.
    forward, reverse : int
        The same for the two plain orders: from the inputs on, and from the outputs back.
    chain : Bracket
        The order as a tree, which exporters follow.
    """

    order: str
    multiplications: int
    forward: int
    reverse: int
    chain: Bracket = field(repr=False)

    @classmethod
    def of(
        cls, brackets: list[tuple[int, int, int, int]], counts: tuple[float, float, float]
    ) -> Plan:
        """Read the core's list of brackets: first and last layer, and the two factors of each."""

        def bracket(index: int) -> Bracket:
            first, last, left, right = brackets[index]
            factors = None if left < 0 else (bracket(left), bracket(right))
            return Bracket(first + 2, last + 2, factors)

        chain = bracket(0)
        multiplications, forward, reverse = (int(n) for n in counts)
        return cls(chain.text(), multiplications, forward, reverse, chain)

    def __str__(self) -> str:
        plain = min(self.forward, self.reverse)
        gain = f", {plain / self.multiplications:.1f} times fewer" if self.multiplications else ""
        return (
            f"{self.order}: {self.multiplications:,} multiplications a point{gain}"
            f" (forward {self.forward:,}, reverse {self.reverse:,})"
        )

    __repr__ = __str__


@dataclass(frozen=True)
class Step:
    """One operation of a schedule.

    Attributes
    ----------
    operation : str
        ``"layer"``: D[l] W[l]. ``"rows times W"``: the operand times D[l] W[l].
        ``"W times columns"``: D[l] W[l] times the operand. ``"product"``: of the two operands.
        ``"transpose"``: the operand in the other layout.
    bracket : Bracket
        The layers whose product the result is.
    layout : {"rows", "columns"}
        Of the result.
    operands : tuple of int
        Indices of the steps whose results are taken; each result is taken once.
    layer : int
        l, where a layer is involved, else 0.
    """

    operation: Operation
    bracket: Bracket
    layout: Layout
    operands: tuple[int, ...] = ()
    layer: int = 0


def schedule(chain: Bracket, *, right: Layout) -> list[Step]:
    """Return the steps of ∂H/∂x by rows, operands first; the last step is the result.

    A product with W[l] on its left runs over columns, one with W[l] on its right over rows.

    Parameters
    ----------
    chain : Bracket
        The order, `Plan.chain`.
    right : {"rows", "columns"}
        In which layout a product of two products takes the right one; the left one is in rows.
    """
    steps: list[Step] = []

    def add(step: Step) -> int:
        steps.append(step)
        return len(steps) - 1

    def product(bracket: Bracket, layout: Layout) -> int:
        if bracket.factors is None:
            return add(Step("layer", bracket, layout, (), bracket.last))
        left, after = bracket.factors
        if after.factors is None and (left.factors is not None or layout == "rows"):
            rows = product(left, "rows")
            natural = Step("rows times W", bracket, "rows", (rows,), after.last)
        elif left.factors is None:
            columns = product(after, "columns")
            natural = Step("W times columns", bracket, "columns", (columns,), left.last)
        else:
            operands = product(left, "rows"), product(after, right)
            natural = Step("product", bracket, "rows", operands)
        index = add(natural)
        if natural.layout == layout:
            return index
        return add(Step("transpose", bracket, layout, (index,)))

    product(chain, "rows")
    return steps
