"""The maximum number of threads of a call: one process-wide limit, SLOPENET_NUM_THREADS at start.

`threadpoolctl.threadpool_limits` sets it too, if threadpoolctl is installed.
"""

from __future__ import annotations

import contextlib
import os
import warnings

from slopenet import _core
from slopenet.validate import settings

_MOST = 2**20


def _available() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def set_num_threads(n: int | None) -> None:
    """Limit the threads of all later calls to `n`; None means all cores this process may use.

    Raises
    ------
    ValueError
        If `n` is less than 1.
    """
    count = _available() if n is None else settings.count("the number of threads", n)
    _core.set_num_threads(min(count, _MOST))


def get_num_threads() -> int:
    """Return the maximum number of threads of a call. Results do not depend on it, bit for bit."""
    return _core.get_num_threads()


def _from_environment() -> int | None:
    text = os.environ.get("SLOPENET_NUM_THREADS", "")
    if not text:
        return None
    with contextlib.suppress(ValueError):  # too many digits for a number, too
        if text.isdecimal() and int(text) >= 1:
            return int(text)
    warnings.warn(
        "SLOPENET_NUM_THREADS must be a whole number of at least 1,"
        f" got {settings.short(text)}; all {_available()} cores are used",
        RuntimeWarning,
        stacklevel=2,
    )
    return None


def _join_threadpoolctl() -> None:
    """Register the core with threadpoolctl, so that it limits the core's threads too."""
    with contextlib.suppress(ImportError):
        import threadpoolctl

        class Controller(threadpoolctl.LibController):  # type: ignore[misc, unused-ignore]
            user_api = "slopenet"
            internal_api = "slopenet"
            filename_prefixes = ("_core.",)
            check_symbols = ("slopenet_get_num_threads", "slopenet_set_num_threads")

            def get_num_threads(self) -> int:
                return get_num_threads()

            def set_num_threads(self, num_threads: int) -> None:
                _core.set_num_threads(max(1, min(num_threads, _MOST)))

            def get_version(self) -> None:
                return None

        threadpoolctl.register(Controller)


set_num_threads(_from_environment())
_join_threadpoolctl()
