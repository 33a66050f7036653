"""The ceiling: multiply-adds in registers (`peak.cpp`), and NumPy's best matrix product.

The peak of the machine is the best of all attempts, because other work can only lower it. It is
measured again before each case, because a clock that rises later would lift a case above it. The
matrix product is a check: a faster one disproves the peak.

The share of a case is relative to the median of a peak that took turns with it, so that other work
on the machine lowers both.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np

LIBRARY = Path(__file__).parents[1] / "build/peak/peak.so"
MAKE = "make build/peak/peak.so"
DTYPES = ("float64", "float32")
GEMM_SIZES, GEMM_REPEATS = (1024, 1536, 2048), 5


class _Chains:
    """The compiled library: operations per second of chains of multiply-adds."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        self._flops = library.peak_flops
        self._flops.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_double]
        self._flops.restype = ctypes.c_double
        library.peak_isa.restype = ctypes.c_char_p
        self.isa: str = library.peak_isa().decode()

    def flops(self, threads: int, dtype: str, seconds: float) -> float:
        return float(self._flops(threads, np.dtype(dtype).itemsize, seconds))


def _load() -> _Chains | None:
    return _Chains(LIBRARY) if LIBRARY.exists() else None


@dataclass
class Peak:
    """The best operations per second so far, by threads and dtype; empty without the library."""

    threads: int
    seconds: float = 0.05
    best: dict[tuple[int, str], float] = field(default_factory=dict)
    gemm: dict[str, float] = field(default_factory=dict)
    chains: _Chains | None = field(default_factory=_load)

    def attempt(self) -> None:
        """Try again, on one core and on all of them."""
        if self.chains is None:
            return
        for threads in {1, self.threads}:
            for dtype in DTYPES:
                rate = self.chains.flops(threads, dtype, self.seconds)
                self.best[threads, dtype] = max(rate, self.best.get((threads, dtype), 0.0))

    def multiply_matrices(self, sizes: Sequence[int], repeats: int) -> None:
        """Time NumPy's product of square matrices; keep the best of each dtype."""
        rng = np.random.default_rng(0)
        for dtype in DTYPES:
            for n in sizes:
                A, B = (rng.normal(size=(n, n)).astype(dtype) for _ in range(2))
                C = np.empty_like(A)
                for _ in range(repeats):
                    start = perf_counter()
                    np.matmul(A, B, out=C)
                    rate = 2 * n**3 / (perf_counter() - start)
                    self.gemm[dtype] = max(rate, self.gemm.get(dtype, 0.0))

    def turn(
        self, single: bool, dtype: str, rates: list[float]
    ) -> dict[tuple[str, str], Callable[[], None]]:
        """Return a turn that appends its rate to `rates`; none without the library."""
        chains = self.chains
        if chains is None:
            return {}
        threads = 1 if single else self.threads
        return {("peak", ""): lambda: rates.append(chains.flops(threads, dtype, self.seconds / 2))}

    def of_one_core(self, dtype: str) -> float | None:
        """Return the best of one core; None if it was not measured."""
        return self.best.get((1, dtype))

    def describe(self) -> dict[str, str]:
        """Report the rates, and whether a matrix product was faster."""
        text = {"Matrix product": f"{_rates(self.gemm)} GFLOP/s, NumPy's best on all cores"}
        if self.chains is None:
            return {"Peak": f"not measured: {MAKE}", **text}
        all_cores = {dtype: self.best[self.threads, dtype] for dtype in DTYPES}
        one_core = {dtype: self.best[1, dtype] for dtype in DTYPES}
        text = {
            "Peak": f"{_rates(all_cores)} GFLOP/s on {self.threads} threads,"
            f" {_rates(one_core)} on one ({self.chains.isa})",
            **text,
        }
        above = [dtype for dtype in self.gemm if self.gemm[dtype] > all_cores[dtype]]
        if above:
            text["WARNING"] = (
                f"the matrix product in {' and '.join(above)} is above the peak: the peak is wrong,"
                " something else was running, or BLAS has more cores; fractions of it mean nothing"
            )
        return text


def _rates(flops: dict[str, float]) -> str:
    return ", ".join(f"{rate / 1e9:.1f} {dtype}" for dtype, rate in flops.items())
