"""The derivation at fifty digits: the reference of every float64 result.

The package shares no code with slopenet. The formulas stand once, in `SIGMA` and `derive`, for two
kinds of numbers: python-flint's balls, whose radii prove how many digits are right, and mpmath's,
which are slow and check the others.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Literal

import flint
import mpmath
import numpy as np

from .activations import SIGMA, Activation, named
from .equations import Exact, derive, rounded
from .number_types import FlintNumbers, MpmathNumbers, UnsettledError

__all__ = ["DIGITS", "SIGMA", "Exact", "evaluate", "sensitivity", "sigma"]

DIGITS = 50
_PRECISIONS = (300, 1200, 4800)


def evaluate(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Activation | Sequence[Activation | list[Activation]],
    x: np.ndarray,
    y: np.ndarray | None = None,
    *,
    second: bool = False,
    library: Literal["flint", "mpmath"] = "flint",
) -> Exact:
    """Evaluate a network at one point, and with y the gradient of C = ½ ‖y - H(x)‖².

    `second` asks for second derivatives with respect to x too.

    `activations` are one name for all layers or a list with one per layer, each a name or
    (name, parameter), or a list of them with one per unit; a float32 array counts as the numbers
    that it holds.
    """
    layers = len(weights)
    each = [activations] * layers if isinstance(activations, str) else list(activations)
    units = [
        [named(unit) for unit in (layer if isinstance(layer, list) else [layer] * len(b))]
        for layer, b in zip(each, biases, strict=True)
    ]
    arguments = (weights, biases, units, x, y, second)
    return _by_flint(*arguments) if library == "flint" else _by_mpmath(*arguments)


def sensitivity(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Activation | Sequence[Activation | list[Activation]],
    x: np.ndarray,
    y: np.ndarray | None = None,
    *,
    exact: Exact | None = None,
    draws: int = 4,
    seed: int = 0,
) -> Exact:
    """Change of every result when W, b and x move by one ulp each, the largest of several draws.

    Every number moves up or down at random, by an ulp in its dtype; y stays. `exact` is
    `evaluate` of the same arguments, if the caller has it; second derivatives are moved if it has
    them. Overflow counts as no change.
    """
    rng = np.random.default_rng(seed)
    second = exact is not None and bool(exact.d2a_dx2)

    def moved(array: np.ndarray) -> np.ndarray:
        signs = rng.choice(np.array([-1, 1], array.dtype), array.shape)
        return np.asarray(array + signs * np.spacing(np.abs(array)))

    if exact is None:
        exact = evaluate(weights, biases, activations, x, y)
    changed = [
        evaluate(
            [moved(W) for W in weights],
            [moved(b) for b in biases],
            activations,
            moved(x),
            y,
            second=second,
        )
        for _ in range(draws)
    ]
    return Exact(
        *(
            tuple(
                np.max([_distance(base, other) for other in others], axis=0)
                for base, *others in zip(
                    *(getattr(result, field.name) for result in (exact, *changed)), strict=True
                )
            )
            for field in fields(Exact)
        )
    )


def sigma(name: str, parameters: Iterable[float], z: float, order: int) -> mpmath.mpf:
    """σ (order 0), σ' (1) or σ'' (2) at z, right to fifty digits; no parameters: the defaults."""
    context = mpmath.MPContext()
    context.dps = DIGITS + 40  # room for z next to a root of σ' or σ''
    _, given = named((name, *parameters))
    value = SIGMA[name](MpmathNumbers(context), context.mpf(z), *given)[order]
    with mpmath.workdps(DIGITS):
        return +mpmath.mpf(value)


def _distance(base: np.ndarray, other: np.ndarray) -> np.ndarray:
    finite = np.isfinite(base) & np.isfinite(other)
    return np.asarray(np.abs(np.subtract(other, base, where=finite, out=np.zeros_like(base))))


def _by_mpmath(*arguments: Any) -> Exact:
    context = mpmath.MPContext()
    context.dps = 350 + DIGITS  # 1 - a may be as small as the least subnormal number
    m = MpmathNumbers(context)
    return rounded(m, derive(m, *arguments))


def _by_flint(*arguments: Any) -> Exact:
    for precision in _PRECISIONS:
        with contextlib.suppress(UnsettledError), flint.ctx.workprec(precision):
            m = FlintNumbers(last=precision == _PRECISIONS[-1])
            return rounded(m, derive(m, *arguments))
    message = "the network is too ill-conditioned for the oracle"
    raise ArithmeticError(message)
