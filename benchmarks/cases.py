"""The table of cases: a quantity, a network, a number of rows and a dtype."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import work
from benchmarks.work import Sizes

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Quantity:
    """A computed quantity, its operations per row, and the tolerance between results."""

    title: str
    work: Callable[[Sizes], int]
    tolerance: Mapping[str, float]


QUANTITIES = {
    "jacobian": Quantity("Value and Jacobian", work.jacobian, {"float64": 1e-12, "float32": 3e-5}),
    "hessian": Quantity("Hessian", work.hessian, {"float64": 1e-11, "float32": 1e-4}),
    "laplacian": Quantity("Laplacian", work.laplacian, {"float64": 1e-11, "float32": 1e-4}),
}


@dataclass(frozen=True)
class Case:
    """One line of the results; with `rows` None, a single point, NumPy in and NumPy out."""

    quantity: str
    sizes: tuple[int, ...]
    rows: int | None
    dtype: str = "float64"

    @property
    def network(self) -> str:
        """The sizes as text: 8-64-64-1."""
        return "-".join(str(n) for n in self.sizes)

    @property
    def label(self) -> str:
        """The text that ``--cases`` matches: jacobian/8-64-64-1/1e5/float64."""
        return f"{self.quantity}/{self.network}/{self._rows}/{self.dtype}"

    @property
    def _rows(self) -> str:
        if self.rows is None:
            return "one"
        power = f"{self.rows:.0e}"
        return power.replace("e+0", "e") if float(power) == self.rows > 99 else str(self.rows)

    @property
    def work(self) -> int:
        """Useful operations of one call."""
        return QUANTITIES[self.quantity].work(self.sizes) * (self.rows or 1)


# The sizes and rows that optimisers, calibrations and notebooks send.
MIDDLE = tuple(
    Case("jacobian", sizes, rows)
    for sizes in ((6, 32, 32, 32, 1), (8, 64, 64, 1), (20, 128, 128, 128, 10))
    for rows in (16, 64, 256, 1024, 4096, 16384)
)
CASES = (
    Case("jacobian", (2, 2, 3, 2), None),
    Case("jacobian", (8, 64, 64, 1), None),
    Case("jacobian", (25, 128, 128, 128, 128, 128, 198), None, "float32"),
    Case("jacobian", (2, 2, 3, 2), 100_000),
    Case("jacobian", (6, 32, 32, 32, 1), 100_000),
    Case("jacobian", (8, 64, 64, 1), 100_000),
    Case("jacobian", (8, 64, 64, 1), 100_000, "float32"),
    Case("jacobian", (20, 128, 128, 128, 10), 10_000),
    Case("jacobian", (20, 128, 128, 128, 10), 10_000, "float32"),
    Case("jacobian", (16, 256, 256, 256, 16), 1_000),
    Case("jacobian", (10, 512, 512, 3), 2_000),
    Case("jacobian", (64, 128, 8, 128, 64), 2_000),
    Case("jacobian", (784, 128, 8, 128, 784), 16),
    *MIDDLE,
    Case("hessian", (8, 64, 64, 1), 2_000),
    Case("hessian", (8, 64, 64, 4), 2_000),
    Case("hessian", (16, 128, 128, 128, 8), 200),
    Case("laplacian", (50, 256, 1), 1_000),
    Case("laplacian", (16, 128, 128, 128, 1), 1_000),
    Case("laplacian", (48, 64, 64, 64, 1), 1_000),
)


@dataclass(frozen=True)
class Problem:
    """The arrays of a case, shared by all: tanh in the hidden layers, a linear output."""

    weights: list[Floats]
    biases: list[Floats]
    X: Floats
    single: bool

    @classmethod
    def of(cls, case: Case) -> Problem:
        """Draw weights N(0, 1/n_{l-1}), biases and points N(0, 1)."""
        rng = np.random.default_rng(0)
        kind = np.dtype(case.dtype)
        weights = [
            (rng.normal(size=(n, m)) / np.sqrt(m)).astype(kind) for m, n in pairwise(case.sizes)
        ]
        biases = [rng.normal(size=n).astype(kind) for n in case.sizes[1:]]
        shape = case.sizes[:1] if case.rows is None else (case.rows, case.sizes[0])
        return cls(weights, biases, rng.normal(size=shape).astype(kind), case.rows is None)
