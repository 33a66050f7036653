"""The faster number of threads for a peer: one, or one per core.

Threads of OpenMP and BLAS wait for each other by spinning. On small matrices, or with other work on
the machine, two threads can take many times as long as one, so each peer gets the faster choice.
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
    """Set the number of threads with which a trial is faster."""

    def seconds(threads: int) -> float:
        set_threads(threads)
        return _seconds(trial)

    set_threads(min((1, get_num_threads()), key=seconds))


def quicker_blas(trial: Trial) -> AbstractContextManager[Any]:
    """A context in which BLAS has the number of threads with which a trial is faster."""
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
