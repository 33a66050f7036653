"""The values between nodes of an ONNX graph: a chain of steps, and a function of its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._budget import Budget
from slopenet.importers._expression import Expression
from slopenet.importers._pieces import steps_of
from slopenet.importers._steps import Step
from slopenet.importers.onnx.constant import Attributes
from slopenet.maps.affine import Affine, UnsupportedNetworkError, refuse


@dataclass(frozen=True, eq=False)
class Trunk:
    """The network up to here: steps after those of `before`."""

    before: Trunk | None
    steps: list[Step]

    def all_steps(self) -> list[Step]:
        """The steps from the input on."""
        parts, trunk = [], self
        while trunk.before is not None:
            parts.append(trunk.steps)
            trunk = trunk.before
        return [step for part in reversed(parts) for step in part]


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor (N, width) of the graph: `f`, number by number, of the output of `trunk`.

    `flat`: the same numbers, in the same order, in a single column or axis, as skl2onnx leaves the
    outputs of MLPRegressor. `product`: the value and the row of factors that this is made of.
    """

    trunk: Trunk
    f: Expression
    width: int | None
    flat: bool = False
    product: tuple[Value, Affine] | None = None


@dataclass(frozen=True)
class Node:
    """One operation: its name in errors, its inputs, absent ones None, and its attributes.

    `shared` says whether its output goes to more than one node, `budget` how much memory is left.
    """

    where: str
    op: str
    inputs: list[Value | Floats | None]
    attributes: Attributes
    dtype: np.dtype[Any]
    shared: bool
    budget: Budget

    def constant(self, i: int, what: str) -> Floats | None:
        """Input i, which must be a constant or absent."""
        given = self.inputs[i] if i < len(self.inputs) else None
        if isinstance(given, Value):
            refuse(self.where, f"its {what} is computed from the input of the network")
        return given

    def numbers(self, i: int, what: str) -> Floats:
        """Input i, which must be a constant."""
        given = self.constant(i, what)
        if given is None:
            refuse(self.where, f"its {what} is missing")
        return given


def closed(value: Value, dtype: np.dtype[Any]) -> Trunk:
    """The trunk with the steps of `f` after it."""
    if value.f.op == "z":
        return value.trunk
    return Trunk(value.trunk, steps_of(value.f, dtype))


def behind(node: Node, x: Value, *steps: Affine) -> Value:
    """x with affine maps after it."""
    width = x.width
    for step in steps:
        node.budget.spend(8 * (step.A.size + step.c.size), node.where)
        if step.A.ndim == 2:
            if width not in (None, step.A.shape[1]):
                refuse(node.where, f"it takes {step.A.shape[1]} numbers, and {width} come in")
            width = step.A.shape[0]
        elif step.A.ndim or step.c.ndim:
            n = max(step.A.size, step.c.size)
            if width not in (None, n):
                refuse(node.where, f"its constants are for {n} numbers, and {width} come in")
            width = n
    return Value(Trunk(closed(x, node.dtype), list(steps)), Expression("z"), width)


def row_of(node: Node, constant: Floats) -> Floats:
    """A constant that is the same for all samples: (n,) or, of one number, ()."""
    if constant.size == 1 and constant.ndim <= 2:
        return constant.reshape(())
    if constant.ndim == 1 or (constant.ndim == 2 and constant.shape[0] == 1):
        return constant.reshape(-1)
    raise UnsupportedNetworkError(
        f"{node.where}: its constant of shape {constant.shape} is not a row for all samples"
    )


def number_of(node: Node, name: str, preset: float) -> float:
    """A number of a node: the shortest decimal that rounds to it, as attributes are float32."""
    value = node.attributes.get(name, preset)
    if not isinstance(value, int | float) or not np.isfinite(value):
        refuse(node.where, f"its {name} is not a finite number")
    return float(str(np.float32(value)))


def whole_of(node: Node, name: str, preset: int) -> int:
    """A whole number of a node."""
    value = node.attributes.get(name, preset)
    if not isinstance(value, int):
        refuse(node.where, f"its {name} is not a whole number")
    return value
