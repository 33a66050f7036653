"""The order in which the chain of ∂H/∂x is multiplied, and what it saves."""

from __future__ import annotations

from dataclasses import dataclass, field


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


@dataclass(frozen=True)
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
