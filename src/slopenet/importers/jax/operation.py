"""One operation of a jaxpr: its name, its operands, and which of them are of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._tensor import Tensor


@dataclass(frozen=True)
class Operation:
    """An equation of a jaxpr, its operands tensors of the graph, parts of a softmax or constants.

    Attributes
    ----------
    where : str
        The operation and its line, as errors name it.
    equation : jax.extend.core.JaxprEqn
    given : list
    rows : int
        Of the batch; 1 for a function of one sample.
    dtype : {float64, float32}
        In which the function computes.
    """

    where: str
    equation: Any
    given: list[Any]
    rows: int
    dtype: np.dtype[Any]

    @property
    def name(self) -> str:
        """The name of JAX's primitive."""
        return str(self.equation.primitive.name)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The parameters of the primitive."""
        return dict(self.equation.params)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the first result."""
        return tuple(self.equation.outvars[0].aval.shape)

    @property
    def tensors(self) -> list[Tensor]:
        """The operands that are tensors of the graph, in order."""
        return [x for x in self.given if isinstance(x, Tensor)]

    def kind(self, i: int) -> np.dtype[Any]:
        """The dtype of JAX of operand i."""
        found: np.dtype[Any] = self.equation.invars[i].aval.dtype
        return found

    def filled(self, values: Any) -> list[Any]:
        """The operands, with other values in place of tensors of the graph, in order."""
        left = iter(values)
        return [next(left) if isinstance(x, Tensor) else x for x in self.given]


def run(equation: Any, given: list[Any], **settings: Any) -> list[Any]:
    """The results of an equation on arrays, some of its parameters replaced."""
    found = equation.primitive.bind(*given, **{**equation.params, **settings})
    return list(found) if equation.primitive.multiple_results else [found]


def numbers_of(x: Any) -> Floats:
    """A constant's numbers in float64."""
    return np.asarray(x).astype(np.float64)


def weights_of(x: Any) -> Floats:
    """A constant matrix; of less than float32, as float32, which holds it exactly."""
    array = np.asarray(x)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)
