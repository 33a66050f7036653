"""How many threads a call may use: one process-wide limit, SLOPENET_NUM_THREADS at start."""

from __future__ import annotations

import os

from slopenet import settings

_MOST = 2**31 - 1
_limit = 0


def _available() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def set_num_threads(n: int | None) -> None:
    """Limit the threads of every later call to `n`; None means every core this process may use.

    Raises
    ------
    ValueError
        If `n` is less than 1.
    """
    global _limit  # noqa: PLW0603
    _limit = _available() if n is None else min(settings.count("the number of threads", n), _MOST)


def get_num_threads() -> int:
    """Return the most threads that a call may use. Results do not depend on it, to the last bit."""
    return _limit


def _from_environment() -> int | None:
    text = os.environ.get("SLOPENET_NUM_THREADS", "")
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ImportError(f"SLOPENET_NUM_THREADS={text}: a whole number of at least 1 is wanted")
    return int(text)


set_num_threads(_from_environment())
