"""The cost of an activation per entry: `python -m benchmarks.activations`.

A layer with the activation and the same layer with the identity take turns on one thread. Their
difference in time, divided by the number of entries, is the cost. H(x) needs σ, J v needs σ and σ',
∇²H v needs all three.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

import click
import numpy as np

SIZE, ROWS, ROUNDS, CALLS = 64, 960, 15, 20
METHODS = ("__call__", "jvp", "hvp")


def _seconds(call: Callable[[], Any]) -> float:
    start = perf_counter()
    for _ in range(CALLS):
        call()
    return (perf_counter() - start) / CALLS


def costs(name: str, dtype: str) -> list[float]:
    """Nanoseconds per entry: for σ; for σ and σ'; for σ, σ' and σ''."""
    import slopenet as sn

    # two inputs: almost no products, and Hessians along v have one column per output
    rng = np.random.default_rng(0)
    W, b = [rng.normal(size=(SIZE, 2)), rng.normal(size=(1, SIZE))], [np.zeros(SIZE), np.zeros(1)]
    X = rng.normal(size=(ROWS, 2)).astype(dtype)
    found = []
    for method in METHODS:
        arguments = (X,) if method == "__call__" else (X, np.ones_like(X))
        calls = []
        for activation in (name, "identity"):
            net = sn.Network(W, b, [activation, "identity"], dtype=dtype)
            function = getattr(net, method)
            calls.append(lambda f=function, a=arguments: f(*a, threads=1))
        extra = []
        for _ in range(ROUNDS):
            with_it, without = (_seconds(call) for call in calls)
            extra.append((with_it - without) / (ROWS * SIZE) * 1e9)
        found.append(statistics.median(extra))
    return found


@click.command()
def main() -> None:
    """Print nanoseconds per entry for every activation and its derivatives, on one thread."""
    from slopenet import _core

    click.echo(f"instruction set {_core.isa}; nanoseconds per entry")
    heads = ("σ", "σ, σ′", "σ, σ′, σ″")
    columns = [f"{dtype} {heads[0]}" for dtype in ("float64", "float32")]
    click.echo(" " * 14 + "".join(f"{c:>12}{heads[1]:>9}{heads[2]:>11}" for c in columns))
    for name, *_ in _core.activations():
        if name != "identity":
            double, single = costs(name, "float64"), costs(name, "float32")
            click.echo(
                f"{name:14}{double[0]:12.2f}{double[1]:9.2f}{double[2]:11.2f}"
                f"{single[0]:12.2f}{single[1]:9.2f}{single[2]:11.2f}"
            )


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.activations")
