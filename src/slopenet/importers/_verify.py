"""The comparison of an imported network with its source, on random points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet import softmax
from slopenet._types import Floats
from slopenet.activations import Head, LayerActivation, sigma
from slopenet.evaluate.agreement import Agreement, largest_difference
from slopenet.evaluate.probe_points import unsaturated
from slopenet.importers._steps import Sigma, Step
from slopenet.maps.affine import UnsupportedNetworkError
from slopenet.network import Network
from slopenet.validate import arrays

_HALF = 50
_LIMIT = 1e-8  # of rounding, of the largest value
_SINGLE = 1e-4  # the loss that float32 may cause, of the largest value


@dataclass(frozen=True)
class Comparison:
    """How far an imported network and its source differ on random points; prints as a sentence.

    Attributes
    ----------
    source : str
        Name of the imported object.
    network : Network
    points : int
        How many were compared.
    agreement : Agreement
        Of all values, each relative to the largest value of its output.
    """

    source: str
    network: Network
    points: int
    agreement: Agreement

    @property
    def difference(self) -> float:
        """The largest difference of two values, relative to the largest value of that output."""
        return self.agreement.difference

    def __str__(self) -> str:
        return (
            f"{self.source}: {self.network!r}; the values of both differ by at most"
            f" {self.difference:.1e} of the largest, on {self.points} random points"
        )


Report = Callable[[Comparison], Any]


def compare(
    source: str,
    network: Network,
    function: Callable[[Floats], Any],
    dtype: Any,
    report: Report | None,
    *,
    limit: float = _LIMIT,
) -> Network:
    """Return the network if it agrees with its source, `function` of X (N, n_1) in `dtype`.

    Rounding is far below 1e-8 of the largest value; a wrong formula, a variant of gelu say, far
    above.

    Raises
    ------
    UnsupportedNetworkError
        If a value differs by more than `limit` of the largest of its output, or 1e-4 where the
        source or the network is of float32.
    """
    kind = np.dtype(dtype)
    with np.errstate(all="ignore"):
        X = random_points(network).astype(kind)
        X = X[np.isfinite(X).all(axis=1)]
        wanted = np.asarray(function(X), np.float64).reshape(len(X), -1)
        got = np.asarray(network(X), np.float64)
    tolerance = _SINGLE if np.float32 in (kind, network.dtype) else limit
    return _agreeing(source, network, wanted, got, tolerance, report)


def checked(source: str, network: Network, check: Any) -> Network:
    """Return the network if it agrees with a witness of its source: (X, Y), or a function of X.

    Raises
    ------
    UnsupportedNetworkError
        If a value differs, as in `compare`.
    """
    if check is None:
        return network
    if callable(check):
        return compare(source, network, check, network.dtype, None)
    if not isinstance(check, tuple | list) or len(check) != 2:
        raise TypeError("check must be a pair (X, Y), or a function of X (N, n_1)")
    X, Y = (np.asarray(each) for each in check)
    X = arrays.points("X of check", X, network.sizes[0], network.dtype, None).reshape(
        -1, network.sizes[0]
    )
    if not len(X) or Y.size % len(X) or (Y.ndim > 1 and len(Y) != len(X)):
        raise ValueError(f"check must have values for each of its points, got {Y.shape}, {X.shape}")
    wanted = Y.astype(np.float64).reshape(len(X), -1)
    tolerance = _SINGLE if np.float32 in (Y.dtype, network.dtype) else _LIMIT
    got = np.asarray(network(X), np.float64)
    return _agreeing(source, network, wanted, got, tolerance, None)


def _agreeing(  # noqa: PLR0917
    source: str,
    network: Network,
    wanted: Floats,
    got: Floats,
    tolerance: float,
    report: Report | None,
) -> Network:
    if wanted.shape != got.shape:
        raise UnsupportedNetworkError(
            f"{source}: it gives {wanted.shape[-1]} numbers for a point, its layers {got.shape[1]}"
        )
    finite = np.isfinite(wanted).all(axis=1)
    if not finite.any():
        raise UnsupportedNetworkError(f"{source}: its values are infinite or NaN on random points")
    wanted, got = wanted[finite], got[finite]
    difference = largest_difference(got, wanted, np.abs(wanted).max(axis=0))
    agreement = Agreement("values", difference, tolerance)
    if not agreement.ok:
        advice = ""
        if network.dtype == np.float32:
            advice = "; where maps are folded float32 may lose digits, which dtype='float64' keeps"
        raise UnsupportedNetworkError(
            f"{source}: its values and those of its layers differ by {difference:.1e} of the"
            f" largest value, so it computes more than its layers show{advice}"
        )
    if report is not None:
        report(Comparison(source, network, len(wanted), agreement))
    return network


def values_of(steps: Iterable[Step], X: Floats) -> Floats:
    """Values (N, n_L) of steps at X (N, n_1), one step after the other, in float64."""
    a = X.astype(np.float64)
    with np.errstate(all="ignore"):
        for step in steps:
            if isinstance(step, Sigma):
                a = _sigma(step.activation, a)
            else:
                a = (a @ step.A.T if step.A.ndim == 2 else a * step.A) + step.c
    return a


def _sigma(activation: LayerActivation, z: Floats) -> Floats:
    if isinstance(activation, Head):
        return np.asarray(softmax.value(z, log=activation.name == "log_softmax"))
    return np.asarray(sigma(activation, z))


def random_points(network: Network) -> Floats:
    """Points (100, n_1): half of them N(0, 1), half such that z[2] is about N(0, 1)."""
    rng = np.random.default_rng(0)
    W, b, activations = network.chain()
    near = unsaturated(W[0], b[0], np.ones(_HALF), rng, activations[0])
    return np.concatenate([rng.standard_normal((_HALF, network.sizes[0])), near])
