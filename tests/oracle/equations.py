"""The equations of the derivation, once for both kinds of numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .activations import SIGMA


@dataclass(frozen=True)
class Exact:
    """Results rounded once, to float64; index i of every field is layer l = i + 2.

    delta, dW and db are empty without y; second derivatives are empty unless asked for.
    """

    z: tuple[np.ndarray, ...]  # (n_l,)
    a: tuple[np.ndarray, ...]  # (n_l,)
    D: tuple[np.ndarray, ...]  # (n_l,), the diagonal
    da_dx: tuple[np.ndarray, ...]  # (n_l, n_1)
    delta: tuple[np.ndarray, ...]  # (n_l,)
    dW: tuple[np.ndarray, ...]  # (n_l, n_{l-1})
    db: tuple[np.ndarray, ...]  # (n_l,)
    d2a_dx2: tuple[np.ndarray, ...]  # (n_l, n_1, n_1)
    laplacians: tuple[np.ndarray, ...]  # (n_l,), the traces

    @property
    def H(self) -> np.ndarray:
        """H(x) of shape (n_L,)."""
        return self.a[-1]

    @property
    def jacobian(self) -> np.ndarray:
        """∂H/∂x of shape (n_L, n_1)."""
        return self.da_dx[-1]

    @property
    def hessian(self) -> np.ndarray:
        """∇²H_k of shape (n_L, n_1, n_1)."""
        return self.d2a_dx2[-1]

    @property
    def laplacian(self) -> np.ndarray:
        """ΔH_k of shape (n_L,)."""
        return self.laplacians[-1]


def derive(
    m: Any,
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[Sequence[tuple[str, tuple[float, ...]]]],
    x: np.ndarray,
    y: np.ndarray | None,
    second: bool,
) -> dict[str, list[Any]]:
    """Fill the fields of `Exact` with matrices of m, vectors as columns, Hessians as rows.

    `activations` has the activation of each unit of each layer.
    """
    W = [m.matrix(array) for array in weights]
    a = [m.matrix(np.reshape(x, (-1, 1)))]  # a[l-1] at index i, as x is before the first layer
    z: list[Any] = []
    D: list[Any] = []
    da_dx: list[Any] = []
    delta: list[Any] = []
    d2a_dx2: list[Any] = []
    for i, (b, units) in enumerate(zip(biases, activations, strict=True)):
        z.append(W[i] * a[i] + m.matrix(np.reshape(b, (-1, 1))))
        each = zip(units, m.entries(z[i]), strict=True)
        columns = zip(*(SIGMA[name](m, zj, *given) for (name, given), zj in each), strict=True)
        values, slopes, second_derivatives = map(list, columns)
        a.append(m.build(len(values), 1, values))
        D.append(m.build(len(slopes), 1, slopes))
        DW = _scaled_rows(m, slopes, W[i])
        if second:
            dz_dx = W[i] * da_dx[-1] if i else W[i]
            curvature = _scaled_rows(m, second_derivatives, _squares(m, dz_dx))
            d2a_dx2.append(curvature + DW * d2a_dx2[-1] if i else curvature)
        da_dx.append(DW * da_dx[-1] if i else DW)
    if y is not None:
        error = a[-1] - m.matrix(np.reshape(y, (-1, 1)))
        delta = [_scaled_rows(m, m.entries(D[-1]), error)]
        for i in range(len(W) - 2, -1, -1):
            back = m.transposed(W[i + 1]) * delta[0]
            delta.insert(0, _scaled_rows(m, m.entries(D[i]), back))
    dW = [d * m.transposed(before) for d, before in zip(delta, a, strict=False)]
    first = {"z": z, "a": a[1:], "D": D, "da_dx": da_dx, "delta": delta, "dW": dW, "db": delta}
    return first | {"d2a_dx2": d2a_dx2, "laplacians": [_traces(m, h) for h in d2a_dx2]}


def _squares(m: Any, matrix: Any) -> Any:
    """Row j of the result is (row j)ᵀ (row j), n² entries in a row."""
    rows, n = m.shape(matrix)
    entries = m.entries(matrix)
    each = [entries[j * n : (j + 1) * n] for j in range(rows)]
    return m.build(rows, n * n, [p * q for row in each for p in row for q in row])


def _traces(m: Any, matrix: Any) -> Any:
    """The trace of every row, which is an n by n matrix in a row."""
    rows, square = m.shape(matrix)
    n, entries = math.isqrt(square), m.entries(matrix)
    starts = range(0, rows * square, square)
    return m.build(rows, 1, [sum(entries[j : j + square : n + 1]) for j in starts])


def _scaled_rows(m: Any, factors: Sequence[Any], matrix: Any) -> Any:
    """diag(factors) · matrix."""
    rows, columns = m.shape(matrix)
    entries = m.entries(matrix)
    scaled = [
        factor * entry
        for i, factor in enumerate(factors)
        for entry in entries[i * columns : (i + 1) * columns]
    ]
    return m.build(rows, columns, scaled)


def rounded(m: Any, results: dict[str, list[Any]]) -> Exact:
    def array(field: str, matrix: Any) -> np.ndarray:
        rounded = np.array(m.floats(matrix))
        if field == "d2a_dx2":
            n = math.isqrt(m.shape(matrix)[1])
            return rounded.reshape(-1, n, n)
        return rounded.reshape(m.shape(matrix)) if field in {"da_dx", "dW"} else rounded

    return Exact(
        **{key: tuple(array(key, matrix) for matrix in row) for key, row in results.items()}
    )
