"""Random functions of other libraries: each network is equal to its source, or refused by name."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Callable

import numpy as np

import slopenet as sn


def refusal(seed: int, error: sn.UnsupportedNetworkError, places: tuple[str, ...]) -> str:
    """`refused: ...`; AssertionError if the error does not begin with one of these places."""
    where, named, reason = str(error).partition(": ")
    if not (where.startswith(places) and named and reason):
        raise AssertionError(f"seed {seed}: nothing is named") from error
    return f"refused: {reason}"


def require_near(seed: int, what: str, found: np.ndarray, wanted: np.ndarray, limit: float) -> None:
    """AssertionError if they differ by `limit` of the largest entry, or of 1, or more."""
    far = np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max())
    assert far < limit, f"seed {seed}: {what} differ by {far:.1e}"


def report(outcome: Callable[[int], str], preset: int, noun: str) -> None:
    """Print how many outcomes of each kind there are; the first argument is how many to try."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else preset
    warnings.simplefilter("ignore")
    found: Counter[str] = Counter()
    for seed in range(count):
        found[outcome(seed).split(" (")[0][:60]] += 1
        if seed % 100 == 99:
            print(f"{seed + 1} {noun}: {found['equal']} are equal", flush=True)
    for what, times in found.most_common():
        print(f"{times:6d}  {what}")
