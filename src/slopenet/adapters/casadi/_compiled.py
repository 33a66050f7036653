"""CasADi Functions whose values and derivatives NumPy computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import casadi as ca
import numpy as np

from slopenet._types import Floats

Shape: TypeAlias = tuple[int, int]
Derivative: TypeAlias = Callable[..., "Compiled"]


class Compiled(ca.Callback):  # type: ignore[misc, unused-ignore]
    """A Function whose values NumPy computes: x as (n_1,), all other inputs as matrices.

    An output None is a block of zeros (derivatives by H, on which nothing depends). Requested
    derivatives are stored here, because CasADi does not keep them.
    """

    def __init__(
        self,
        name: str,
        names_in: list[str],
        names_out: list[str],
        options: dict[str, Any],
        *,
        inputs: list[Shape],
        outputs: list[Shape | None],
        evaluate: Callable[..., list[Floats]],
        jacobian: Derivative | None = None,
        reverse: Derivative | None = None,
    ) -> None:
        ca.Callback.__init__(self)
        self._names = names_in, names_out
        self._inputs, self._outputs = inputs, outputs
        self._evaluate, self._jacobian, self._reverse = evaluate, jacobian, reverse
        self._kept: list[Compiled] = []
        self.construct(name, options)

    def get_n_in(self) -> int:
        return len(self._inputs)

    def get_n_out(self) -> int:
        return len(self._outputs)

    def get_name_in(self, i: int) -> str:
        return self._names[0][i]

    def get_name_out(self, i: int) -> str:
        return self._names[1][i]

    def get_sparsity_in(self, i: int) -> Any:
        return ca.Sparsity.dense(*self._inputs[i])

    def get_sparsity_out(self, i: int) -> Any:
        shape = self._outputs[i]
        if shape is not None:
            return ca.Sparsity.dense(*shape)
        rows = next(given[0] for given in self._outputs if given is not None)
        return ca.Sparsity(rows, self._inputs[i][0] * self._inputs[i][1])

    def eval(self, given: Sequence[Any]) -> list[Any]:
        x, *others = (part.full() for part in given)
        results = iter(self._evaluate(x.ravel(), *others))
        shapes = enumerate(self._outputs)
        return [
            ca.DM(self.get_sparsity_out(i)) if shape is None else matrix(next(results), shape)
            for i, shape in shapes
        ]

    def has_jacobian(self) -> bool:
        return self._jacobian is not None

    def get_jacobian(self, *given: Any) -> Any:
        return self._keep(self._jacobian, given)

    def has_reverse(self, nadj: int) -> bool:
        return self._reverse is not None and nadj > 0

    def get_reverse(self, *given: Any) -> Any:
        return self._keep(self._reverse, given)

    def _keep(self, make: Derivative | None, given: tuple[Any, ...]) -> Compiled:
        if make is None:
            raise NotImplementedError(f"{self.name()} has no further derivative")
        self._kept.append(make(*given))
        return self._kept[-1]


def matrix(array: Floats, shape: Shape | None = None) -> Any:
    """A dense DM, zeros included."""
    return ca.DM(np.asarray(array, float).reshape(shape or array.shape))
