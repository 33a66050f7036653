"""The two kinds of numbers: those of mpmath, and the balls of python-flint."""

from collections.abc import Sequence
from typing import Any

import flint
import numpy as np

_BITS = 166  # fifty decimal digits


class MpmathNumbers:
    """Numbers of an mpmath context: without a radius, so with many more digits than are wanted."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.number = context.mpf
        self.exp, self.expm1 = context.exp, context.expm1
        self.log, self.log1p = context.log, context.log1p
        self.tanh, self.sin, self.cos = context.tanh, context.sin, context.cos
        self.sqrt, self.sign = context.sqrt, context.sign

    @property
    def pi(self) -> Any:
        return +self.context.pi

    def erfc(self, z: Any) -> Any:
        if z < 10**100:
            return self.context.erfc(z)
        return self.exp(-z * z) / (z * self.sqrt(self.pi))  # mpmath overflows here

    def matrix(self, array: np.ndarray) -> Any:
        return self.context.matrix(np.asarray(array, np.float64).tolist())

    def build(self, rows: int, columns: int, entries: Sequence[Any]) -> Any:
        return self.context.matrix([entries[i * columns : (i + 1) * columns] for i in range(rows)])

    def entries(self, matrix: Any) -> list[Any]:
        return list(matrix)

    def shape(self, matrix: Any) -> tuple[int, int]:
        return matrix.rows, matrix.cols

    def transposed(self, matrix: Any) -> Any:
        return matrix.T

    def floats(self, matrix: Any) -> list[float]:
        return [float(entry) for entry in matrix]


class UnsettledError(ArithmeticError):
    """Some ball is too wide at this precision."""


class FlintNumbers:
    """Balls at the precision that is set; they know how wrong they may be."""

    number = flint.arb
    exp = staticmethod(flint.arb.exp)
    expm1 = staticmethod(flint.arb.expm1)
    log = staticmethod(flint.arb.log)
    log1p = staticmethod(flint.arb.log1p)
    tanh = staticmethod(flint.arb.tanh)
    sin = staticmethod(flint.arb.sin)
    cos = staticmethod(flint.arb.cos)
    erfc = staticmethod(flint.arb.erfc)
    sqrt = staticmethod(flint.arb.sqrt)

    def __init__(self, *, last: bool) -> None:
        self.last = last  # at the highest precision an unsettled number is zero

    @property
    def pi(self) -> Any:
        return flint.arb.pi()

    def sign(self, z: Any) -> int:
        if z > 0:
            return 1
        if z < 0:
            return -1
        if z == 0 or self.last:
            return 0
        raise UnsettledError

    def matrix(self, array: np.ndarray) -> Any:
        rows, columns = array.shape
        return self.build(rows, columns, np.asarray(array, np.float64).ravel().tolist())

    def build(self, rows: int, columns: int, entries: Sequence[Any]) -> Any:
        return flint.arb_mat(rows, columns, entries)

    def entries(self, matrix: Any) -> list[Any]:
        return list(matrix.entries())

    def shape(self, matrix: Any) -> tuple[int, int]:
        return matrix.nrows(), matrix.ncols()

    def transposed(self, matrix: Any) -> Any:
        return matrix.transpose()

    def floats(self, matrix: Any) -> list[float]:
        entries = matrix.entries()
        if min(map(flint.arb.rel_accuracy_bits, entries)) >= _BITS:
            return [float(entry) for entry in entries]
        largest = max(entry.abs_upper() for entry in entries)
        return [self._float(entry, largest) for entry in entries]

    def _float(self, entry: Any, largest: Any) -> float:
        if entry.rel_accuracy_bits() >= _BITS:
            return float(entry)
        if entry.abs_upper() < flint.arb(2) ** -1100:
            return 0.0
        if self.last and entry.rad() <= largest / 2**_BITS:  # cancelled, down to nothing maybe
            return 0.0 if entry.contains(0) else float(entry)
        raise UnsettledError
