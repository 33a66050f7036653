"""Random networks and points that the tests share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

import slopenet as sn
from slopenet.activations import TABLE, Activation, ActivationSpec, Parameter, normalise

PARAMETERS: dict[str, Parameter] = {
    "leaky_relu": 0.2, "elu": 1.7, "softplus": 0.6, "clip": (-0.7, 1.1),
}  # fmt: skip
ACTIVATIONS: list[ActivationSpec] = [
    Activation(name, PARAMETERS.get(name, row.preset)).written() for name, row in TABLE.items()
]

# Those that are finite at every z.
EVERYWHERE = [spec for spec in ACTIVATIONS if np.isinf(normalise(spec).info.domain).all()]
# Factor of W and centre of b with which layers of the others stay within their domain.
_WITHIN = {"exp": (0.3, -1.0), "log": (0.5, 8.0)}

SHAPES = [
    (1, 1),
    (3, 2),
    (2, 2, 3, 2),
    (1, 7, 1),
    (8, 64, 64, 1),
    (20, 33, 17, 10),
    (5, 9, 13),
    (3, 40, 5, 40, 11),
    (13, 31, 29, 3, 5, 7, 2),
]


def random_network(
    sizes: tuple[int, ...],
    activation: ActivationSpec = "tanh",
    *,
    output: ActivationSpec | None = None,
    scale: float = 1.0,
    seed: int = 0,
    dtype: Any = np.float64,
) -> sn.Network:
    """Weights N(0, 1/n_{l-1}) and biases N(0, 1), times `scale`.

    Those of exp and log layers keep z within the domain for inputs N(0, scale²).
    """
    rng = np.random.default_rng(seed)
    weights = [scale * rng.normal(size=(n, m)) / np.sqrt(m) for m, n in pairwise(sizes)]
    biases = [scale * rng.normal(size=n) for n in sizes[1:]]
    specs = [activation] * (len(sizes) - 2) + [activation if output is None else output]
    for l, spec in enumerate(specs):
        if normalise(spec).name in _WITHIN:
            factor, centre = _WITHIN[normalise(spec).name]
            weights[l] = weights[l] * factor / max(scale, 1) ** 2
            biases[l] = biases[l] * factor / max(scale, 1) + centre
    return sn.Network(weights, biases, specs, dtype=dtype)


def in_domain(spec: ActivationSpec, z: np.ndarray) -> np.ndarray:
    """The z at which an activation is finite."""
    low, high = normalise(spec).info.domain
    return z[(low < z) & (z < high)]


def points(n: int, net: sn.Network, seed: int = 1) -> np.ndarray:
    """`n` points N(0, 1) in the network's dtype."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, net.sizes[0])).astype(net.dtype)


def network_of_runs(
    seed: int,
    *,
    specs: Sequence[ActivationSpec] = tuple(EVERYWHERE),
    dtype: Any = np.float64,
) -> sn.Network:
    """Layers whose units have different activations: runs of one to nine units, drawn of `specs`.

    Every third layer or so has the same activation in all units.
    """
    rng = np.random.default_rng(seed)
    sizes = [int(n) for n in rng.integers(1, 30, rng.integers(3, 6))]
    weights = [rng.normal(size=(n, m)) / np.sqrt(m) for m, n in pairwise(sizes)]
    biases = [rng.normal(size=n) for n in sizes[1:]]
    layers = []
    for n in sizes[1:]:
        counts: list[int] = []
        while sum(counts) < n:
            counts.append(min(int(rng.integers(1, 10)), n - sum(counts)))
        units = [specs[i] for i in rng.integers(len(specs), size=len(counts))]
        runs = [spec for spec, count in zip(units, counts, strict=True) for _ in range(count)]
        layers.append(units[0] if rng.random() < 0.3 else runs)
    return sn.Network(weights, biases, layers, dtype=dtype)
