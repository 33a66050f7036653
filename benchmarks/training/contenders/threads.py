"""How many threads a peer is best off with: one, or one a core.

Threads of OpenMP and BLAS wait for each other by spinning; on small matrices, or where other work
runs beside them, two take many times as long as one. Nobody is measured at that.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any

from slopenet import get_num_threads

Trial = Callable[[], object]
TRIALS = 3


def _seconds(trial: Trial) -> float:
    trial()
    start = perf_counter()
    for _ in range(TRIALS):
        trial()
    return perf_counter() - start


def set_quicker(trial: Trial, set_threads: Callable[[int], object]) -> None:
    """Set the number of threads with which a trial is quicker."""

    def seconds(threads: int) -> float:
        set_threads(threads)
        return _seconds(trial)

    set_threads(min((1, get_num_threads()), key=seconds))


def quicker_blas(trial: Trial) -> AbstractContextManager[Any]:
    """A context in which BLAS has the number of threads with which a trial is quicker."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()

    def seconds(threads: int) -> float:
        with threadpool_limits(threads, "blas"):
            return _seconds(trial)

    best = min((1, get_num_threads()), key=seconds)
    context: AbstractContextManager[Any] = threadpool_limits(best, "blas")
    return context
