"""PyTorch: its Adam on a loss written by hand, slopes by a second pass through the graph.

The loss is the mean squared error of the values plus, if there are slopes, that of the slopes, in
standard units. Networks here have one output, so one gradient gives the slopes of all rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.training.contenders.threads import set_quicker
from benchmarks.training.contenders.trainer import Trainer, each_rate
from benchmarks.training.curve import Curve, Recorder
from benchmarks.training.task import Task
from slopenet import Network


def loss(parameters: list[Any], X: Any, y: Any, dydx: Any, weight: float = 1.0) -> Any:
    """Mean squared errors of values and, by double backward and weighted, of slopes (N, n_1)."""
    import torch

    x = X if dydx is None else X.detach().requires_grad_()
    a = x
    for W, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        a = torch.tanh(torch.nn.functional.linear(a, W, b))
    H = torch.nn.functional.linear(a, parameters[-2], parameters[-1])
    error = ((H - y) ** 2).mean()
    if dydx is not None:
        (J,) = torch.autograd.grad(H.sum(), x, create_graph=True)
        error = error + weight * ((J - dydx) ** 2).mean()
    return error


def _train(task: Task, rate: float, seed: int, recorder: Recorder) -> Curve:
    import torch

    start = [p for layer in task.start(seed) for p in layer]
    parameters = [torch.tensor(p, requires_grad=True) for p in start]
    data = task.standard
    X, y = torch.from_numpy(data.X), torch.from_numpy(data.y)
    dydx = None if data.dydx is None else torch.from_numpy(data.dydx[:, 0])
    adam = torch.optim.Adam(parameters, lr=rate, fused=True)
    rng = np.random.default_rng(seed)

    def network() -> Network:
        arrays = [p.detach().numpy().copy() for p in parameters]
        return task.network(list(zip(arrays[::2], arrays[1::2], strict=True)))

    def step(rows: Any) -> None:
        adam.zero_grad()
        loss(parameters, X[rows], y[rows], None if dydx is None else dydx[rows]).backward()
        adam.step()

    def trial() -> None:
        some = slice(task.batch)
        loss(parameters, X[some], y[some], None if dydx is None else dydx[some]).backward()

    set_quicker(trial, torch.set_num_threads)
    recorder.start()
    for _ in range(task.epochs):
        for rows in task.batches(rng):
            step(rows)
        if recorder.look(network):
            break
    return recorder.finish(network)


TRAINER = Trainer("PyTorch", "torch", each_rate(_train))
