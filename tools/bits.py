"""Print a checksum of the result of every operation of the core, one per line.

    SLOPENET_ISA=avx2 python tools/bits.py > before      # with one build
    SLOPENET_ISA=avx2 python tools/bits.py > after       # with another
    diff before after                                    # nothing: the same bits

`--rows-only` leaves out the sums over samples (gradients, training), whose order of addition
depends on the width of the vectors; the rest is the same for AVX2 and AVX-512. `--only NAME`
selects one activation.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import slopenet as sn

ACTIVATIONS: tuple[sn.ActivationSpec, ...] = (
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    ("leaky_relu", 0.2),
    ("elu", 1.3),
    "selu",
    ("softplus", 1.7),
    "silu",
    "gelu",
    "gelu_tanh",
    "mish",
    "softsign",
    "sin",
    "gaussian",
)
SIZES = ((1, 1), (2, 2, 3, 2), (8, 64, 64, 1), (20, 33, 47, 10), (30, 40, 4, 40, 30), (5, 130, 3))
ROWS = (1, 2, 5, 16, 100)
METHODS: tuple[sn.MethodName, ...] = ("lm", "lbfgs", "adam", "sgd")
Result = tuple[str, Any]


def checksum(result: Any) -> str:
    """Return a checksum of the bytes of an array, or of arrays in tuples and lists."""
    digest = hashlib.sha256()
    for array in result if isinstance(result, tuple | list) else [result]:
        digest.update(
            checksum(array).encode()
            if isinstance(array, tuple | list)
            else np.ascontiguousarray(array).tobytes()
        )
    return digest.hexdigest()[:16]


def of_rows(net: sn.Network, X: Any, rng: np.random.Generator) -> Iterator[Result]:
    """Results per row."""
    v, u = rng.normal(size=X.shape), rng.normal(size=(len(X), net.sizes[-1]))
    yield "value", net(X)
    yield "value_and_jacobian", net.value_and_jacobian(X)
    yield "jacobian", net.jacobian(X)
    yield "jvp", net.jvp(X, v)
    yield "vjp", net.vjp(X, u)
    yield "value_jacobian_hessian", net.value_jacobian_hessian(X)
    yield "value_jacobian_laplacian", net.value_jacobian_laplacian(X)
    yield "hvp", net.hvp(X, v)
    yield "weighted_hessian", net.weighted_hessian(X, u)


def of_sums(net: sn.Network, X: Any, rng: np.random.Generator) -> Iterator[Result]:
    """Results that are sums over the rows."""
    y = rng.normal(size=(len(X), net.sizes[-1]))
    dydx = rng.normal(size=(*y.shape, net.sizes[0]))
    directions, along = rng.normal(size=(len(X), 2, net.sizes[0])), rng.normal(size=(len(X), 2, 1))
    along = along * np.ones((1, 1, net.sizes[-1]))
    for name, targets in (
        ("values", {}),
        ("slopes", {"dydx": dydx}),
        ("directions", {"directions": directions, "along": along}),
    ):
        g = sn.backprop(net, X, y, **targets)
        yield f"backprop of {name}", [g.cost, list(g.delta), list(g.dW), list(g.db)]


def of_training(activation: sn.ActivationSpec) -> Iterator[Result]:
    """Weights after some epochs of each method."""
    rng = np.random.default_rng(3)
    X = rng.uniform(-1, 1, (60, 2))
    y, dydx = np.sin(2 * X).sum(axis=1), 2 * np.cos(2 * X)
    for method in METHODS:
        settings: dict[str, Any] = {"batch_size": 16} if method in ("adam", "sgd") else {}
        fit = sn.fit(
            X,
            y,
            dydx,
            hidden=(9, 7),
            activation=activation,
            method=method,
            epochs=5,
            rng=0,
            **settings,
        )
        yield f"fit by {method}", list(fit.network.weights)


def results(activation: sn.ActivationSpec, rows_only: bool) -> Iterator[Result]:
    """Every result of one activation."""
    for sizes in SIZES:
        for dtype in (np.float64, np.float32):
            net = sn.Network.random(sizes, hidden=activation, rng=1, dtype=dtype)
            for rows in ROWS:
                rng = np.random.default_rng(rows)
                X = 2 * rng.normal(size=(rows, sizes[0]))
                kinds = [of_rows] if rows_only else [of_rows, of_sums]
                for kind in kinds:
                    for name, result in kind(net, X, rng):
                        yield f"{'-'.join(map(str, sizes))} {np.dtype(dtype)} {rows} {name}", result
    if not rows_only:
        yield from of_training(activation)


def main() -> None:
    """Print all checksums."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows-only", action="store_true")
    parser.add_argument("--only", default=None)
    arguments = parser.parse_args()
    for activation in ACTIVATIONS:
        name = activation if isinstance(activation, str) else activation[0]
        if arguments.only in (None, name):
            for case, result in results(activation, arguments.rows_only):
                print(name, case, checksum(result))


if __name__ == "__main__":
    main()
