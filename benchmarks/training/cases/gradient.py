"""The cost of one gradient: with slopes compared with without, and compared with torch and JAX.

All compute the gradient of the same cost at the same weights: the mean over the rows of
½ (y - H)² + ½ |∂H/∂x - T|². Results are compared before the timing starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.agreement import DisagreementError, check
from benchmarks.clock import Timing, Way, interleave
from benchmarks.training.contenders import jax as with_jax
from benchmarks.training.contenders import torch as with_torch
from benchmarks.training.contenders.threads import set_quicker
from benchmarks.training.task import Layers
from benchmarks.training.verdict import Outcome, Plan, Verdict
from slopenet import Network
from slopenet.activations import normalise
from slopenet.dataset.dataset import Data
from slopenet.parameters import flatten
from slopenet.training.objective.gradient import Objective

ROWS, HIDDEN = 10_000, (64, 64)
WIDTHS, DEAREST = (4, 16, 64), 2.3
INPUTS, FASTER = 8, {"PyTorch": 5, "JAX": 3}
TOLERANCE, ROUNDS, SECONDS = 1e-10, 7, 2.0


def _problem(inputs: int) -> tuple[Layers, Data]:
    rng = np.random.default_rng(0)
    net = Network.random((inputs, *HIDDEN, 1), hidden="tanh", rng=rng)
    data = Data(*(rng.normal(size=(ROWS, *tail)) for tail in ((inputs,), (1,), (1, inputs))))
    return list(zip(net.weights, net.biases, strict=True)), data


def _own(layers: Layers, data: Data) -> Callable[[], tuple[Any]]:
    sizes = (data.X.shape[1], *HIDDEN, 1)
    rows = [*(normalise("tanh") for _ in HIDDEN), normalise("identity")]
    objective = Objective(sizes, rows, np.ones((1, sizes[0])))
    theta = flatten([W for W, _ in layers], [b for _, b in layers])
    return lambda: (objective(theta, data).gradient,)


def _torch(layers: Layers, data: Data) -> Callable[[], tuple[Any]]:
    import torch

    parameters = [torch.tensor(p, requires_grad=True) for layer in layers for p in layer]
    X, y = torch.from_numpy(data.X), torch.from_numpy(data.y)
    dydx = torch.from_numpy(np.asarray(data.dydx)[:, 0])
    inputs = X.shape[1]

    def call() -> tuple[Any]:
        cost = 0.5 * with_torch.loss(parameters, X, y, dydx, float(inputs))
        return (torch.cat([g.ravel() for g in torch.autograd.grad(cost, parameters)]),)

    set_quicker(call, torch.set_num_threads)
    return call


def _jax(layers: Layers, data: Data) -> Callable[[], tuple[Any]]:
    with_jax.use_cpu()
    import jax
    import jax.numpy as jnp

    X, y, T = (jnp.asarray(each) for each in (data.X, data.y, np.asarray(data.dydx)[:, 0]))

    def cost(layers: Any, X: Any, y: Any, T: Any) -> Any:
        return 0.5 * with_jax.loss(layers, X, y, T, float(INPUTS))

    def flat(*arguments: Any) -> Any:
        return jnp.concatenate([g.ravel() for g in jax.tree.leaves(jax.grad(cost)(*arguments))])

    gradient, start = jax.jit(flat), jax.tree.map(jnp.asarray, layers)
    return lambda: (jax.block_until_ready(gradient(start, X, y, T)),)


def _dearness() -> Verdict:
    calls: dict[Way, Callable[[], Any]] = {}
    for inputs in WIDTHS:
        layers, data = _problem(inputs)
        calls[str(inputs), "values"] = _own(layers, replace(data, dydx=None))
        calls[str(inputs), "slopes"] = _own(layers, data)
    timings = interleave(calls, ROUNDS, SECONDS)
    found = [timings[str(n), "slopes"].median / timings[str(n), "values"].median for n in WIDTHS]
    return Verdict(
        f"with slopes at most {DEAREST} times the cost without, at 4, 16 and 64 inputs",
        ", ".join(f"{each:.2f}" for each in found),
        max(found) <= DEAREST,
    )


def _compared(name: str, timings: dict[Way, Timing], difference: float) -> Verdict:
    promise = f"{INPUTS}-64-64-1 with slopes {FASTER[name]}× faster than {name}"
    if (name, "") not in timings:
        return Verdict(promise, f"{name} took no part", None)
    peer, own = timings[name, ""].median, timings["slopenet", ""].median
    return Verdict(
        promise,
        f"{peer / own:.1f}×, {1e3 * own:.1f} ms compared with {1e3 * peer:.1f} ms;"
        f" all agree to {difference:.0e} of the largest entry",
        peer / own >= FASTER[name],
    )


def run(plan: Plan) -> Outcome:
    """Ratios of medians of interleaved calls."""
    layers, data = _problem(INPUTS)
    makers = {"slopenet": _own, "PyTorch": _torch, "JAX": _jax}
    calls = {(name, ""): make(layers, data) for name, make in makers.items() if plan.has(name)}
    verdicts = [_dearness()]
    try:
        difference = check(calls, TOLERANCE)
    except DisagreementError as error:
        verdicts.append(Verdict(f"all agree to {TOLERANCE:g}", str(error), met=False))
    else:
        timings = interleave(calls, ROUNDS, SECONDS)
        verdicts += [_compared(name, timings, difference) for name in FASTER]
    return Outcome(f"One gradient, {ROWS:,} rows", verdicts)
