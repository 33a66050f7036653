"""The starts of a fit: their shared data, how each begins, and which one is the best."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import ActivationSpec
from slopenet.dataset.dataset import Data, Names
from slopenet.dataset.scaling import Scaling, even_weights
from slopenet.network import Network
from slopenet.parameters import flatten, unflatten
from slopenet.training.ensemble import Ensemble
from slopenet.training.methods import UPPER_L2, Setup
from slopenet.training.monitor import PATIENCE, State, Watch
from slopenet.training.objective.gradient import Objective
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.optimizers.adam import Adam
from slopenet.training.optimizers.evidence import Evidence
from slopenet.training.optimizers.reweighing import sum_of_logarithms
from slopenet.training.plan import Plan
from slopenet.training.start import Training
from slopenet.validate.layers import check_activations

# A start from UPPER_L2 is kept only if its leave-one-out error is so many times smaller; unless the
# data are noisy, which an error of more than this share of a constant's error says.
BETTER, NOISE = 2.0, 0.1

# Weights learned from the residuals change the cost, at equal residuals of the values, by up to the
# number of values and slopes per row. Costs that are more than so many times higher have diverged.
SLACK = 10.0

Cost = Callable[[Floats], float]


class Candidates:
    """The data and settings that all starts share.

    Parameters
    ----------
    plan : Plan
    names : Names
    scaling : Scaling
        From the user's units to those of the problem.
    samples : int
    problem : function of a number of threads, or of None for all
        Makes the function that one start minimises.
    held_out : function of a number of threads, or of None for all, optional
        Makes the cost of θ on the rows that are held out.
    rows : str
        The rows that are learned from, in words.
    """

    def __init__(
        self,
        plan: Plan,
        names: Names,
        scaling: Scaling,
        *,
        samples: int,
        problem: Callable[[int | None], Any],
        held_out: Callable[[int | None], Cost] | None = None,
        rows: str,
    ) -> None:
        self._plan, self._names, self._scaling = plan, names, scaling
        self._samples, self._problem, self._held_out = samples, problem, held_out
        self._rows = rows

    @classmethod
    def of(cls, plan: Plan, names: Names, data: Data, held_out: Data | None = None) -> Candidates:
        """Starts on data that are in the memory of this process."""
        specs = check_activations(list(plan.activations), len(plan.activations))
        scaling = Scaling.of(data, outputs=specs[-1][0] == "identity")
        train = scaling.standardise(data)
        slope_weight, dydv_weight = even_weights(train, plan.slope_weight)
        train = _weighted(train, slope_weight)
        held = held_out and _weighted(scaling.standardise(held_out), slope_weight)

        def objective(l2: float) -> Objective:
            return Objective(plan.sizes, specs, slope_weight, l2, dydv_weight=dydv_weight)

        def problem(threads: int | None) -> Any:
            l2 = plan.first_l2 / len(train)
            if not plan.info.least_squares:
                return objective(l2).on(train, threads)
            return LeastSquares(
                plan.sizes,
                specs,
                train,
                slope_weight,
                dydv_weight=dydv_weight,
                l2=l2,
                threads=threads,
            )

        def cost_on(rows: Data, threads: int | None) -> Cost:
            return objective(0.0).on(rows, threads).value

        known = "values" if data.dydx is None and data.dydv is None else "values and slopes"
        more = "" if held is None else f", {len(held)} more held out"
        return cls(
            plan,
            names,
            scaling,
            samples=len(train),
            problem=problem,
            held_out=None if held is None else partial(cost_on, held),
            rows=f"{known} of {len(data)} rows{more}",
        )

    def trainings(
        self, rng: np.random.Generator, callbacks: Sequence[Callable[[State], object]]
    ) -> list[Training]:
        """Each start, with its own first weights and seed."""
        lock = threading.Lock()

        def callback(state: State) -> bool:
            with lock:
                answers = [call(state) for call in callbacks]  # every one is called
                return any(answers)

        plan = self._plan
        threads = 1 if plan.starts > 1 else None
        last_counts = plan.info.scheduled and self._held_out is None
        made = []
        for start, seed in enumerate(rng.integers(2**63, size=plan.starts)):
            generator = np.random.default_rng(seed)
            setup = Setup(
                plan.method, self._samples, start, plan.starts, plan.l2, plan.find_balance
            )
            problem = self._problem(threads)
            watch = Watch(
                plan.method.epochs,
                None if self._held_out is None else self._held_out(threads),
                callback if callbacks else None,
                self.network,
                start,
                patience=np.inf if plan.info.scheduled else PATIENCE,
                slack=SLACK * problem.data.kinds if last_counts else 1.0,
            )
            theta = first_weights(plan.sizes, plan.activations, self._scaling, generator)
            made.append(
                Training(
                    problem,
                    plan.info.optimizer(setup),
                    watch,
                    theta,
                    int(generator.integers(2**63)),
                )
            )
        return made

    def network(self, theta: Floats) -> Network:
        """θ, in the user's units."""
        weights, biases = self._scaling.fold(*unflatten(theta, self._plan.sizes))
        return Network(
            weights,
            biases,
            list(self._plan.activations),
            input_names=self._names.inputs,
            output_names=self._names.outputs,
        )

    def results(
        self, trainings: Sequence[Training]
    ) -> tuple[Network, dict[str, list[float]], str, Ensemble]:
        """The fields of a `Fit`, the best start first."""
        order = list(trainings)
        if len(order) > 1:
            order.sort(key=error_of_start)
        best, networks = order[0], [self.network(t.theta) for t in order]
        title, why = self._plan.info.title, self._plan.method.why
        reason = f"{title} ({why}) on {self._rows}: {best.reason}."
        if isinstance(best.optimizer, Evidence | Adam):
            reason += best.optimizer.sentence(best.at.state)
        if len(order) > 1:
            reason += f" Best of {len(order)} starts."
        return networks[0], best.watch.history, reason, Ensemble(networks)


def error_of_start(training: Training) -> tuple[bool, float]:
    """Leave-one-out error of a start, used to pick the best.

    Training costs are not comparable because each start has its own l2. A start that learned
    nothing comes last. Starts with one l2 in common, or with rows held out, are compared by their
    lowest cost; those of Adam without rows held out by the mean squares of all their residuals.
    """
    optimizer = training.optimizer
    if training.watch.held_out is None and isinstance(optimizer, Adam):
        rows = np.arange(training.problem.samples)
        squares = training.problem.mean_squares(training.theta, rows)
        return False, sum_of_logarithms(squares)
    if training.watch.held_out is not None or not isinstance(optimizer, Evidence):
        return False, training.watch.best_cost
    theta, ridge, found_balance = optimizer.result(training.at.state)
    problem = training.problem.copy(l2=ridge / training.problem.samples, balance=found_balance)
    error = problem.left_out(theta)
    even = problem.copy(l2=problem.l2, balance=1.0)  # as the leave-one-out error weighs slopes
    constant = 2 * even.value(0 * theta) / problem.samples
    if optimizer.top == UPPER_L2 and error < NOISE * constant:
        error *= BETTER
    return training.at.state.best is None, error if np.isfinite(error) else np.inf


def first_weights(
    sizes: Sequence[int],
    activations: Sequence[ActivationSpec],
    scaling: Scaling,
    rng: np.random.Generator,
) -> Floats:
    """θ of random weights, those of constant inputs 0."""
    start = Network.random(sizes, hidden=activations[0], output=activations[-1], rng=rng)
    theta = flatten(start.weights, start.biases)
    unflatten(theta, sizes)[0][0][:, scaling.constant] = 0.0
    return theta


def _weighted(data: Data, slope_weight: Floats) -> Data:
    """The same data, weights per sample multiplied by those that all samples share."""
    if data.slope_weight is None:
        return data
    return replace(data, slope_weight=slope_weight * data.slope_weight)
