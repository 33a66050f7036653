"""A module of torch trained in place by `fit_module`, compared with Adam's best of three rates.

Three problems of MATLAB's trainlm: Higham & Higham's ten points, a sine, and steam. Both begin with
the same weights; Adam takes full batches, in the units in which both learn, on one thread, which is
faster than several for such networks. `fit_module` is timed to its end, Adam over all its steps.

trainlm has no penalty, as Adam has none: l2=0. That is the promise. Where the default applies, a
penalty by the evidence (trainbr), it is measured too; it suits noise, and these rows have none.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.training.cases.higham import X as POINTS
from benchmarks.training.cases.higham import Y as CLASSES
from benchmarks.training.functions import Numbers
from benchmarks.training.verdict import Outcome, Plan, Verdict, median

RATES = (1e-3, 1e-2, 1e-1)
STEPS, FULL_STEPS, SEEDS = 5_000, 20_000, 3
SHARE = 0.1
TITLE = "In place: a module of torch, fit_module and Adam"


@dataclass(frozen=True)
class Problem:
    """Rows to learn from and to test on, hidden widths, activations; whether trainbr learns it."""

    name: str
    X: Numbers
    y: Numbers
    test: Numbers
    wanted: Numbers
    hidden: tuple[int, ...]
    sigma: str
    output: str
    trainbr: bool

    def module(self, seed: int) -> Any:
        """New weights, as torch draws them."""
        import torch

        torch.manual_seed(seed)
        kinds = {"tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}
        sizes = (self.X.shape[1], *self.hidden, self.y.shape[1])
        layers: list[Any] = []
        for below, here in pairwise(sizes):
            layers += [torch.nn.Linear(below, here), kinds[self.sigma]()]
        if self.output == "identity":
            layers.pop()
        return torch.nn.Sequential(*layers).double()

    def error(self, module: Any) -> float:
        """RMS error on the test rows over their deviation, pooled over the outputs."""
        import torch

        with torch.no_grad():
            missed = module(torch.from_numpy(self.test)).numpy() - self.wanted
        return float(np.sqrt((missed**2).mean() / self.wanted.var(axis=0).mean()))


def problems() -> list[Problem]:
    """The three of them."""
    from slopenet.demo.steam import load_steam

    x, far = np.linspace(-3, 3, 40)[:, None], np.linspace(-3, 3, 500)[:, None]
    steam = load_steam()
    rows, rest = slice(30), slice(90, None)
    X = (steam.X - steam.X[rows].mean(axis=0)) / steam.X[rows].std(axis=0)
    y = (steam.y - steam.y[rows].mean(axis=0)) / steam.y[rows].std(axis=0)
    ten, known = POINTS[:10], CLASSES[:10]
    plain = "identity"
    return [
        Problem("ten points", ten, known, ten, known, (2, 3), "sigmoid", "sigmoid", False),
        Problem("sine", x, np.sin(x), far, np.sin(far), (10,), "tanh", plain, True),
        Problem("steam", X[rows], y[rows], X[rest], y[rest], (16, 16), "tanh", plain, True),
    ]


def _adam(problem: Problem, module: Any, rate: float, steps: int) -> tuple[float, float]:
    """Error and seconds."""
    import torch

    X, y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
    adam = torch.optim.Adam(module.parameters(), lr=rate, fused=True)
    begin = perf_counter()
    for _ in range(steps):
        adam.zero_grad()
        ((module(X) - y) ** 2).mean().backward()
        adam.step()
    return problem.error(module), perf_counter() - begin


def _in_place(problem: Problem, module: Any, l2: float | str) -> tuple[float, float]:
    from slopenet.adapters.torch import fit_module

    begin = perf_counter()
    fit_module(module, problem.X, problem.y, l2=l2, rng=0)
    return problem.error(module), perf_counter() - begin


def _judged(problem: Problem, seeds: int, steps: int, plan: Plan) -> Verdict:
    own, peer, penalised = [], [], []
    for seed in range(seeds):
        first = problem.module(seed)
        adam = [_adam(problem, copy.deepcopy(first), rate, steps) for rate in RATES]
        peer.append(min(adam))
        own.append(_in_place(problem, copy.deepcopy(first), 0.0))
        if problem.trainbr:
            penalised.append(_in_place(problem, first, "auto"))
        plan.say(
            f"{problem.name}, seed {seed}: error {own[-1][0]:.1e} in {own[-1][1]:.2f} s; Adam"
            f" {peer[-1][0]:.1e} in {peer[-1][1]:.2f} s"
            + (f"; l2='auto' {penalised[-1][0]:.1e}" if penalised else "")
        )
    (error, seconds), (other, longer) = _medians(own), _medians(peer)
    found = f"error {error:.1e} in {seconds:.2f} s"
    if penalised:
        found += ", by l2='auto' {:.1e} in {:.2f} s".format(*_medians(penalised))
    return Verdict(
        f"{problem.name}: the error of {steps:,} steps of Adam in a tenth of their time",
        f"median of {seeds} seeds: {found}, Adam's best of"
        f" {len(RATES)} rates {other:.1e} in {longer:.2f} s",
        error < other and seconds <= SHARE * longer,
    )


def _medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Of errors and of seconds."""
    errors, seconds = zip(*pairs, strict=True)
    return median(errors), median(seconds)


def run(plan: Plan) -> Outcome:
    """All problems, if torch is installed."""
    try:
        import torch
    except ImportError:
        return Outcome(TITLE, [Verdict("below Adam in a tenth of its time", "no torch", None)])
    torch.set_num_threads(1)
    seeds, steps = plan.count(SEEDS), FULL_STEPS if plan.full else STEPS
    return Outcome(TITLE, [_judged(each, seeds, steps, plan) for each in problems()])
