"""The order in which the chain of ∂H/∂x is multiplied, and what it saves."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    order: str
    multiplications: int
    forward: int
    reverse: int

    @classmethod
    def of(
        cls, brackets: list[tuple[int, int, int, int]], counts: tuple[float, float, float]
    ) -> Plan:
        """Read the core's list of brackets: first and last layer, and the two factors of each."""

        def text(index: int) -> str:
            first, _, left, right = brackets[index]
            return f"W{first + 2}" if left < 0 else f"({text(left)} {text(right)})"

        order = text(0)
        return cls(order[1:-1] if len(brackets) > 1 else order, *(int(n) for n in counts))

    def __str__(self) -> str:
        plain = min(self.forward, self.reverse)
        gain = f", {plain / self.multiplications:.1f} times fewer" if self.multiplications else ""
        return (
            f"{self.order}: {self.multiplications:,} multiplications a point{gain}"
            f" (forward {self.forward:,}, reverse {self.reverse:,})"
        )
