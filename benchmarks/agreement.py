"""Every contender's result is checked before it is timed: it must agree with slopenet's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.clock import Way
from benchmarks.contenders.contender import Call
from slopenet.evaluate.agreement import largest_difference


class DisagreementError(Exception):
    """A contender's result differs from slopenet's."""


def check(calls: Mapping[Way, Call], tolerance: float) -> float:
    """Compare each result with the first contender's; return the largest difference.

    A difference is relative to the largest entry of its result.

    Raises
    ------
    DisagreementError
        If a shape, a dtype or a number differs, the number by more than `tolerance`.
    """
    reference: list[Any] = []
    largest = 0.0
    for (name, mode), call in calls.items():
        results = [np.asarray(result) for result in call()]
        reference = reference or results
        for got, wanted in zip(results, reference, strict=True):
            if got.shape != wanted.shape or got.dtype != wanted.dtype:
                raise DisagreementError(
                    f"{name} {mode} gives {got.dtype} {got.shape},"
                    f" wanted {wanted.dtype} {wanted.shape}"
                )
            difference = largest_difference(got, wanted)
            if not difference <= tolerance:
                raise DisagreementError(
                    f"{name} {mode} differs by {difference:.1e} of the largest entry,"
                    f" more than {tolerance:.0e}"
                )
            largest = max(largest, difference)
    return largest
