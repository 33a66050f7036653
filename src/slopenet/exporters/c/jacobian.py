"""∂H/∂x = D[L] W[L] ··· D[2] W[2] in C, in the order of the network's plan.

A partial product is stored by rows, one ∂a_r/∂x after the other, or by columns, one ∂a/∂x_i after
the other. A step forward, W[l] on the left, runs over columns; a step backward, W[l] on the right,
runs over rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from slopenet.evaluate.plan import Bracket, Step, schedule
from slopenet.exporters.c.code import Code
from slopenet.exporters.c.sweeps import Layers, forward


def jacobian(layers: Layers, plan: Bracket) -> Code:
    """H(x) and ∂H/∂x."""
    code = Code(layers.names)
    layers.take_D(code.work)
    forward(layers, code, 1)
    _Chain(layers, code).write(schedule(plan, right="columns"))
    return code


@dataclass(frozen=True)
class _Chain:
    """Writes the steps of a schedule into `code`."""

    layers: Layers
    code: Code

    def write(self, steps: list[Step]) -> None:
        """Write all steps; the result of the last one is J."""
        results: list[str] = []
        for step in steps:
            rows, columns = self.shape(step)
            sources = [results[operand] for operand in step.operands]
            target = "J" if step is steps[-1] else self.take(step)
            places = *sources, target
            if step.operation not in {"layer", "transpose"}:
                self.say(f"/* {step.bracket.text()}, by {step.layout} */")
            match step.operation:
                case "layer":
                    self.single(step, *places)
                case "rows times W":
                    self.backward(step.layer, rows, *places)
                case "W times columns":
                    self.onward(step.layer, columns, *places)
                case "product":
                    right = steps[step.operands[1]]
                    self.dots((rows, columns, self.shape(right)[0]), *places)
                case "transpose":
                    self.transpose(step, *places)
            for source in sources:
                self.code.work.give(source)
            results.append(target)

    def shape(self, step: Step) -> tuple[int, int]:
        """Rows and columns of a step's result, as a matrix."""
        return self.layers.n(step.bracket.last), self.layers.n(step.bracket.first - 1)

    def take(self, step: Step) -> str:
        """Workspace for the result of a step."""
        rows, columns = self.shape(step)
        turned = "t" if step.operation == "transpose" else ""
        name = f"P{step.bracket.last}_{step.bracket.first}{turned}"
        return self.code.work.take(name, rows * columns)

    def say(self, line: str) -> None:
        """One line of C."""
        self.code.say(f"    {line}")

    def single(self, step: Step, target: str) -> None:
        """D[l] W[l]."""
        l, code = step.layer, self.code
        n, m = self.layers.n(l), self.layers.n(l - 1)
        d = "" if self.layers.linear(l) else f"{code.at(f'd{l}')}[k] * "
        place = f"k * {m} + i" if step.layout == "rows" else f"i * {n} + k"
        product = f"{d}{code.symbol(f'W{l}')}[i * {n} + k]"
        self.say(f"/* D[{l}] W[{l}], by {step.layout} */")
        self.say(code.loop("i", m))
        self.say(f"    {code.loop('k', n)} {code.at(target)}[{place}] = {product};")

    def onward(self, l: int, count: int, source: str, target: str) -> None:
        """D[l] W[l] times each of `count` columns."""
        n, m, code = self.layers.n(l), self.layers.n(l - 1), self.code
        there = code.at(target, f"i * {n}")
        self.say(code.zeros(target, count * n))
        self.say(f"{code.loop('i', count)} {{")
        self.say(f"    {code.call(f'times{l}', code.at(source, f'i * {m}'), there)};")
        if not self.layers.linear(l):
            self.say(f"    {code.call('scale', code.at(f'd{l}'), there, n)};")
        self.say("}")

    def backward(self, l: int, count: int, source: str, target: str) -> None:
        """Each of `count` rows times D[l] W[l]."""
        n, m, code = self.layers.n(l), self.layers.n(l - 1), self.code
        here = code.at(source, f"r * {n}")
        self.say(f"{code.loop('r', count)} {{")
        if not self.layers.linear(l):
            self.say(f"    {code.call('scale', code.at(f'd{l}'), here, n)};")
        self.say(f"    {code.call(f'back{l}', here, code.at(target, f'r * {m}'))};")
        self.say("}")

    def dots(self, sizes: tuple[int, int, int], left: str, right: str, target: str) -> None:
        """The product of two products."""
        rows, columns, inner = sizes
        code = self.code
        factors = code.at(left, f"r * {inner}"), code.at(right, f"i * {inner}")
        dot = code.call("dot", *factors, inner)
        self.say(code.loop("r", rows))
        self.say(f"    {code.loop('i', columns)} {code.at(target)}[r * {columns} + i] = {dot};")

    def transpose(self, step: Step, source: str, target: str) -> None:
        """The same product in the other layout."""
        rows, columns = self.shape(step)
        by_rows, by_columns = f"r * {columns} + i", f"i * {rows} + r"
        here, there = (by_columns, by_rows) if step.layout == "rows" else (by_rows, by_columns)
        code = self.code
        moved = f"{code.at(target)}[{there}] = {code.at(source)}[{here}];"
        self.say(code.loop("r", rows))
        self.say(f"    {code.loop('i', columns)} {moved}")
