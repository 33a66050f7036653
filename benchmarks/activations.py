"""The cost of an activation per entry: `python -m benchmarks.activations`.

A layer with the activation and the same layer with the identity take turns on one thread. Their
difference in time, divided by the number of entries, is the cost. H(x) needs σ, J v needs σ and σ',
∇²H v needs all three.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any, cast

import click
import numpy as np
from rich.console import Console

from benchmarks.page import Page

SIZE, ROWS, ROUNDS, CALLS = 64, 960, 15, 20
METHODS = ("__call__", "jvp", "hvp")
DTYPES = ("float64", "float32")


def _seconds(call: Callable[[], Any]) -> float:
    start = perf_counter()
    for _ in range(CALLS):
        call()
    return (perf_counter() - start) / CALLS


def costs(name: str, dtype: str, rounds: int) -> list[float]:
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
        for activation in (cast("sn.ActivationName", name), "identity"):
            net = sn.Network(W, b, [activation, "identity"], dtype=dtype)
            function = getattr(net, method)
            calls.append(lambda f=function, a=arguments: f(*a, threads=1))
        extra = []
        for _ in range(rounds):
            with_it, without = (_seconds(call) for call in calls)
            extra.append((with_it - without) / (ROWS * SIZE) * 1e9)
        found.append(statistics.median(extra))
    return found


def measure(rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Return the costs of every activation but the identity, in float64 and then in float32."""
    from slopenet import _core

    names = [name for name, *_ in _core.activations() if name != "identity"]
    return {n: [c for dtype in DTYPES for c in costs(n, dtype, rounds)] for n in names}


def page(found: dict[str, list[float]]) -> Page:
    """Compare each cost with that of tanh."""
    head = [f"{dtype} {sigmas}" for dtype in DTYPES for sigmas in ("σ", "σ, σ′", "σ, σ′, σ″")]
    rows = [
        [
            name,
            *(
                f"{c:.2f} ({c / of_tanh:.2f}×)"
                for c, of_tanh in zip(own, found["tanh"], strict=True)
            ),
        ]
        for name, own in found.items()
    ]
    return Page("Activations: ns per entry, and compared with tanh", ["activation", *head], rows)


@click.command()
def main() -> None:
    """Print nanoseconds per entry of every activation, σ and its derivatives, on one thread."""
    import slopenet as sn

    console = Console()
    console.width = max(console.width, 150)
    console.print(f"instruction set {sn.instruction_set()}")
    page(measure()).show(console)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.activations")
