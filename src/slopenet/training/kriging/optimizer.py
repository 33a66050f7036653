"""A network of sines that starts as kriging: the likelihood first, then one width after the other.

Each step is one of

    search   length scales and noises from the next start, on some of the rows
    refine   the same from the best of them, on more rows
    teach    a network of the next width learns the mean of the process

and it is over when the network is as near to the process as the process, by its own variance, to
the truth, when more sines are no nearer, or when the widths are used up. Too many rows for a
covariance matrix teach a network of the widest layer themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np

from slopenet._types import Floats
from slopenet.posterior.process import ProcessPosterior
from slopenet.posterior.units import Units
from slopenet.training.kriging import likelihood
from slopenet.training.kriging.known import posterior_of
from slopenet.training.kriging.process import Process
from slopenet.training.kriging.processes import Processes
from slopenet.training.kriging.sines import Layer
from slopenet.training.kriging.teacher import Teacher, regression

WIDTHS = (64, 128, 256, 512, 1024)
# Widths whose frequencies are trained too.
_TRAINED = (64, 256)
# The most targets of one output in a search, and in a process; in each refinement, with its most
# steps. Slopes are many targets of few rows, each of which has a say in the scales.
_IN_SEARCH, MOST_TARGETS = 300, 2500
_REFINEMENTS, _REFINEMENTS_WITH_SLOPES = ((900, 100),), ((600, 100), (1500, 20))
# The most numbers of a posterior, which is part of a network's file.
_MOST_NUMBERS = 100_000
# Near enough: a distance of so much of the standard deviation.
_NEAR = 0.1
# The factor by which the noise grows where a covariance matrix is singular by rounding.
_MORE_NOISE = 10.0


class Problem(Protocol):
    """The process, and the cost of networks."""

    process: Process | Processes
    threads: int | None

    def value(self, theta: Floats) -> float:
        """The mean cost of values and slopes."""


@dataclass(frozen=True, eq=False)
class State:
    """After `stage` steps: θ, the best p = (log ℓ, log ν) and its -log L, the distance of θ."""

    theta: Floats
    cost: float
    p: Floats
    minus_log: float = np.inf
    distance: float = np.inf
    stage: int = 0
    done: str = ""


class Kriging:
    """See the module.

    Parameters
    ----------
    width : int, optional
        The number of sines; chosen from WIDTHS unless given.
    seed : int
        Draws the rows of a search, the points and the frequencies.
    """

    def __init__(self, width: int | None = None, *, seed: int = 0) -> None:
        self._widths = WIDTHS if width is None else (width,)
        self._seed = seed
        self._prepared = lru_cache(1)(self._prepare)

    def start(self, theta: Floats, problem: Problem) -> State:  # noqa: ARG002
        """A network that gives 0, the mean in standard units."""
        process = problem.process
        outputs = process.targets.shape[2]
        d = process.X.shape[1]
        none = Layer(np.zeros((1, d)), np.zeros(1)).theta(np.zeros((2, outputs)))
        first = likelihood.starts(process)[0]
        return State(none, problem.value(none), first)

    def step(self, state: State, problem: Problem, rng: object = None) -> State:  # noqa: ARG002
        """The next state; its `done` says in words why there will be none."""
        process = problem.process
        starts = likelihood.starts(process)
        after = state.stage - len(starts)
        following = replace(state, stage=state.stage + 1)
        if after < 0:
            part = self._part(process, _IN_SEARCH)
            p, minus_log = likelihood.improve(part, starts[state.stage])
            better = minus_log < state.minus_log
            return replace(following, p=p, minus_log=minus_log) if better else following
        if after == 0:
            return replace(following, p=self._refined(process, state.p))
        return self._taught(following, problem, self._widths[after - 1])

    def _refined(self, process: Process | Processes, p: Floats) -> Floats:
        seen = len(self._part(process, _IN_SEARCH))
        for targets, steps in _REFINEMENTS_WITH_SLOPES if process.slopes else _REFINEMENTS:
            part = self._part(process, targets)
            if len(part) > seen:
                p, seen = likelihood.improve(part, p, steps)[0], len(part)
        return p

    def _taught(self, state: State, problem: Problem, width: int) -> State:
        process = problem.process
        prepared = self._prepared(state.p.tobytes(), process, problem.threads)
        rng = np.random.default_rng([self._seed, width])
        if prepared.teacher is None:
            layer = Layer.drawn(self._widths[-1], process.scales(prepared.p), rng)
            theta = regression(process, prepared.p, layer)
            return self._moved(state, problem, theta, 0.0, "all rows were learned from")
        theta, distance = prepared.teacher.taught(width, rng, train=width in _TRAINED)
        near = distance <= _NEAR * prepared.teacher.deviation
        done = "the network is as accurate as the process" if near else ""
        if width == self._widths[-1] and not near:
            done = f"{width} sines are the most"
        if distance >= state.distance:
            if width in _TRAINED:  # as those were that are nearer
                done = "more sines are no nearer to the process"
            return replace(state, done=done)
        return self._moved(state, problem, theta, distance, done)

    def _moved(
        self, state: State, problem: Problem, theta: Floats, distance: float, done: str
    ) -> State:
        cost = problem.value(theta)
        return replace(state, theta=theta, cost=cost, distance=distance, done=done)

    def result(self, state: State) -> tuple[Floats]:
        """The θ nearest to the process."""
        return (state.theta,)

    def evidence(self, state: State, problem: Problem) -> float:
        """Log L of the process."""
        found = self._prepared(state.p.tobytes(), problem.process, problem.threads)
        return -float(found.process.minus_log(found.given))

    def believed(self, state: State, problem: Problem, Z: Floats) -> tuple[Floats, Floats]:
        """Mean and variance of the process's values at the points Z (m, n_1): (m, n_L) each."""
        found = self._prepared(state.p.tobytes(), problem.process, problem.threads)
        known = found.p, found.given, Z
        return found.process.mean(*known)[:, 0], found.process.variance(*known)

    def left_out(self, state: State, problem: Problem) -> tuple[Floats, Floats]:
        """Errors of the targets of each row (n, kinds, n_L), left out of the process.

        They are those of the process times its `shortfall`. With them, RMS distances (1 + n_1, n_L)
        of the network's values and slopes from the process.
        """
        found = self._prepared(state.p.tobytes(), problem.process, problem.threads)
        outputs, d = problem.process.targets.shape[2], problem.process.X.shape[1]
        near = np.zeros((1 + d, outputs))
        if found.teacher is not None and np.isfinite(state.distance):
            near = found.teacher.distances(state.theta)
        return found.process.left_out(found.given) * found.process.shortfall, near

    def posterior(self, state: State, problem: Problem, units: Units) -> ProcessPosterior | None:
        """The posterior of the process, and of the network by its distance from the process.

        On some of the rows where all take too much space; None where even two do.
        """
        found = self._prepared(state.p.tobytes(), problem.process, problem.threads)
        near = np.zeros((1 + problem.process.X.shape[1], problem.process.targets.shape[2]))
        if found.teacher is not None and np.isfinite(state.distance):
            near = found.teacher.distances(state.theta)
        kinds = problem.process.targets.shape[1]
        most = min(_MOST_NUMBERS // (near.size + kinds + 1) * kinds, MOST_TARGETS)
        part = self._part(found.process, most)
        given = found.given if part is found.process else part.posterior(found.p)
        if given is None or len(part) * kinds > MOST_TARGETS:
            return None
        return posterior_of(part, found.p, given, near, units)

    def _prepare(self, p: bytes, process: Process | Processes, threads: int | None) -> Prepared:
        found = np.frombuffer(p).copy()
        part = self._part(process, MOST_TARGETS)
        while (given := part.posterior(found)) is None:
            found = part.noisier(found, _MORE_NOISE)
        teacher = None
        if part is process:
            rng = np.random.default_rng([self._seed, 0])
            teacher = Teacher(process, found, given, rng, threads)
        return Prepared(found, part, given, teacher)

    def _part(self, process: Process | Processes, most: int) -> Process | Processes:
        """The process on as many random rows as have at most so many targets of an output."""
        rows = max(2, most // process.targets.shape[1])
        if len(process) <= rows:
            return process
        order = np.random.default_rng(self._seed).permutation(len(process))
        return process.some(np.sort(order[:rows]))


class Prepared(NamedTuple):
    """p with noise enough, the process on the rows that it can take, and its teacher."""

    p: Floats
    process: Process | Processes
    given: Any
    teacher: Teacher | None
