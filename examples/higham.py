"""The worked example of Higham & Higham (2019): ten points, a 2-2-3-2 network, a million steps.

    python examples/higham.py            # the paper's ten points
    python examples/higham.py --eleven   # with the eleventh point (0.3, 0.7)

Writes higham.png: the cost curve, and the decision region with ∇(H_1 - H_2) as arrows. An arrow is
the direction in which a point looks more like a circle (lengths on a logarithmic scale).
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from typing import Any

import numpy as np

import slopenet as sn

X = np.array(
    [
        (0.1, 0.1), (0.3, 0.4), (0.1, 0.5), (0.6, 0.9), (0.4, 0.2),
        (0.6, 0.3), (0.5, 0.6), (0.9, 0.2), (0.4, 0.4), (0.7, 0.6),
    ]
)  # fmt: skip
Y = np.array([(1.0, 0.0)] * 5 + [(0.0, 1.0)] * 5)
ELEVENTH = (0.3, 0.7), (0.0, 1.0)


def points(*, eleven: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The paper's points and their categories, (N, 2) each."""
    if not eleven:
        return X, Y
    return np.vstack([X, ELEVENTH[0]]), np.vstack([Y, ELEVENTH[1]])


def start(rng: np.random.Generator) -> sn.Network:
    """2-2-3-2, sigmoid in every layer, weights and biases 0.5 N(0, 1)."""
    sizes = (2, 2, 3, 2)
    weights = [0.5 * rng.normal(size=(n, m)) for m, n in pairwise(sizes)]
    biases = [0.5 * rng.normal(size=n) for n in sizes[1:]]
    return sn.Network(weights, biases, "sigmoid", input_names=("x1", "x2"))


def train(*, eleven: bool = False, seed: int = 0, steps: int = 1_000_000) -> sn.Descent:
    """η = 0.05, one sample a step, drawn with replacement: the paper's netbp."""
    rng = np.random.default_rng(seed)
    x, y = points(eleven=eleven)
    return sn.sgd(start(rng), x, y, steps=steps, learning_rate=0.05, rng=rng, record_every=1000)


def sum_of_squares(descent: sn.Descent, n: int) -> np.ndarray:
    """Σ_i ‖y_i - a_i‖², as the paper plots it: 2 N times the mean of C = ½ ‖y - a‖²."""
    return np.asarray(2 * n * descent.costs)


def draw(descent: sn.Descent, x: np.ndarray, y: np.ndarray) -> Any:
    """The cost curve next to the decision region."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.4), layout="constrained")
    curve, region = figure.subplots(1, 2)
    curve.semilogy(descent.steps, sum_of_squares(descent, len(x)), color="tab:blue")
    curve.set(xlabel="step", ylabel=r"$\sum_i \|y_i - a_i\|^2$", title="Cost of all points")
    curve.grid(visible=True, alpha=0.3)

    net = descent.network
    axis = np.linspace(0, 1, 201)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    H = net(grid.reshape(-1, 2)).reshape(201, 201, 2)
    region.contourf(axis, axis, H[..., 0] - H[..., 1], [-2, 0, 2], colors=["#fbe5d6", "#deebf7"])
    region.contour(axis, axis, H[..., 0] - H[..., 1], [0], colors="0.3", linewidths=1)
    coarse = grid[5::14, 5::14].reshape(-1, 2)
    slope = net.vjp(coarse, np.array([1.0, -1.0]))
    length = np.linalg.norm(slope, axis=1, keepdims=True)
    arrow = slope / length * (1 + 0.12 * np.log(length / length.max()).clip(-6))
    region.quiver(*coarse.T, *arrow.T, color="0.45", width=0.003, scale=22)
    circles = y[:, 0] > 0.5
    marks = {"markersize": 9, "markeredgewidth": 2, "markerfacecolor": "none"}
    region.plot(*x[circles].T, "o", color="tab:blue", label="y = (1, 0)", **marks)
    region.plot(*x[~circles].T, "x", color="tab:red", label="y = (0, 1)", **marks)
    region.legend(loc="upper right", framealpha=0.9)
    region.set(
        xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="$x_1$", ylabel="$x_2$",
        title=r"Decision region and $\nabla(H_1 - H_2)$",
    )  # fmt: skip
    return figure


def main() -> None:
    """Train, report the result, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--eleven", action="store_true", help="add the eleventh point")
    parser.add_argument("--seed", type=int, default=0, help="of weights and samples (default 0)")
    parser.add_argument("--output", default="higham.png", help="the picture (default higham.png)")
    arguments = parser.parse_args()
    x, y = points(eleven=arguments.eleven)
    began = time.perf_counter()
    descent = train(eleven=arguments.eleven, seed=arguments.seed)
    seconds = time.perf_counter() - began
    cost = sum_of_squares(descent, len(x))
    right = int((descent.network(x).argmax(axis=1) == y.argmax(axis=1)).sum())
    print(f"{descent.steps[-1]:,} steps of single-sample SGD in {seconds:.2f} s")
    for at in (0, 1_000, 20_000, 100_000, 200_000, 300_000, 500_000, 1_000_000):
        print(f"  after {at:>9,} steps   sum of ||y - a||^2 = {cost[at // 1000]:.3g}")
    print(f"{right} of {len(x)} points are classified correctly")
    print(descent.network.derivation(x[0], y[0]))
    try:
        draw(descent, x, y).savefig(arguments.output, dpi=120)
    except ImportError:
        raise SystemExit("The picture needs matplotlib: pip install matplotlib") from None
    print(f"drawn in {arguments.output}")


if __name__ == "__main__":
    main()
