"""∂H/∂x = D[L] W[L] ··· D[2] W[2] in C, in the order of the network's plan.

A partial product is stored by rows, ∂a_r/∂x behind each other, or by columns, ∂a/∂x_i behind each
other: a product with W[l] on its left, a step forward, runs over columns, one with W[l] on its
right, a step backward, over rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from slopenet.evaluate.plan import Bracket
from slopenet.exporters.c.sweeps import Body, Layers, forward
from slopenet.exporters.c.workspace import Workspace

Layout: TypeAlias = Literal["rows", "columns"]


def jacobian(layers: Layers, plan: Bracket) -> Body:
    """H(x) and ∂H/∂x."""
    work = Workspace()
    layers.take_D(work)
    lines = forward(layers, work, 1)
    _Chain(layers, work, lines).product(plan, "rows", "J")
    return Body(lines, work, ", ".join(sorted(_counters(lines))))


def _counters(lines: list[str]) -> set[str]:
    return {letter for letter in "ikr" if any(f"for ({letter} = 0" in line for line in lines)}


@dataclass(frozen=True)
class _Chain:
    """Writes partial products, behind each other, into `lines`."""

    layers: Layers
    work: Workspace
    lines: list[str]

    def product(self, plan: Bracket, layout: Layout, into: str | None = None) -> str:
        """Write the product of a bracket's layers, and return where it is."""
        rows, columns = self.layers.n(plan.last), self.layers.n(plan.first - 1)
        name = f"P{plan.last}_{plan.first}"
        if plan.factors is None:
            return self.single(plan.last, layout, into or self.work.take(name, rows * columns))
        left, right = plan.factors
        factors: tuple[str, ...]
        if right.factors is None and (left.factors is not None or layout == "rows"):
            natural: Layout = "rows"
            factors = (self.product(left, "rows"),)
        elif left.factors is None:
            natural = "columns"
            factors = (self.product(right, "columns"),)
        else:
            natural = "rows"
            factors = (self.product(left, "rows"), self.product(right, "columns"))
        direct = into is not None and natural == layout
        target = into if into and direct else self.work.take(name, rows * columns)
        self.say(f"/* {plan.text()}, by {natural} */")
        if len(factors) == 2:
            self.dots((rows, columns, self.layers.n(right.last)), *factors, target)
        elif natural == "rows":
            self.backward(right.last, rows, factors[0], target)
        else:
            self.onward(left.last, columns, factors[0], target)
        for factor in factors:
            self.work.give(factor)
        if natural == layout:
            return target
        turned = into or self.work.take(f"{name}t", rows * columns)
        self.transpose(natural, (rows, columns), target, turned)
        self.work.give(target)
        return turned

    def say(self, line: str) -> None:
        """One line of C."""
        self.lines.append(f"    {line}")

    def single(self, l: int, layout: Layout, target: str) -> str:
        """D[l] W[l]."""
        n, m, p = self.layers.n(l), self.layers.n(l - 1), self.layers.names.prefix
        d = "" if self.layers.linear(l) else f"d{l}[k] * "
        place = f"k * {m} + i" if layout == "rows" else f"i * {n} + k"
        self.say(f"/* D[{l}] W[{l}], by {layout} */")
        self.say(f"for (i = 0; i < {m}; ++i)")
        self.say(f"    for (k = 0; k < {n}; ++k) {target}[{place}] = {d}{p}_W{l}[i * {n} + k];")
        return target

    def onward(self, l: int, count: int, source: str, target: str) -> None:
        """D[l] W[l] times each of `count` columns."""
        n, m, p = self.layers.n(l), self.layers.n(l - 1), self.layers.names.prefix
        self.say(f"memset({target}, 0, {count * n} * sizeof *{target});")
        self.say(f"for (i = 0; i < {count}; ++i) {{")
        self.say(f"    {p}_times{l}({source} + i * {m}, {target} + i * {n});")
        if not self.layers.linear(l):
            self.say(f"    {p}_scale(d{l}, {target} + i * {n}, {n});")
        self.say("}")

    def backward(self, l: int, count: int, source: str, target: str) -> None:
        """Each of `count` rows times D[l] W[l]."""
        n, m, p = self.layers.n(l), self.layers.n(l - 1), self.layers.names.prefix
        self.say(f"for (r = 0; r < {count}; ++r) {{")
        if not self.layers.linear(l):
            self.say(f"    {p}_scale(d{l}, {source} + r * {n}, {n});")
        self.say(f"    {p}_back{l}({source} + r * {n}, {target} + r * {m});")
        self.say("}")

    def dots(self, sizes: tuple[int, int, int], left: str, right: str, target: str) -> None:
        """The product of two products."""
        rows, columns, inner = sizes
        dot = (
            f"{self.layers.names.prefix}_dot({left} + r * {inner}, {right} + i * {inner}, {inner})"
        )
        self.say(f"for (r = 0; r < {rows}; ++r)")
        self.say(f"    for (i = 0; i < {columns}; ++i) {target}[r * {columns} + i] = {dot};")

    def transpose(self, natural: Layout, sizes: tuple[int, int], source: str, target: str) -> None:
        """The same product in the other layout."""
        rows, columns = sizes
        by_rows, by_columns = f"r * {columns} + i", f"i * {rows} + r"
        here, there = (by_rows, by_columns) if natural == "rows" else (by_columns, by_rows)
        self.say(f"for (r = 0; r < {rows}; ++r)")
        self.say(f"    for (i = 0; i < {columns}; ++i) {target}[{there}] = {source}[{here}];")
