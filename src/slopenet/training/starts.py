"""The starts of a fit: what each minimises and how, and what comes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import ActivationSpec
from slopenet.dataset.dataset import Data, Names
from slopenet.dataset.scaling import Scaling, balance
from slopenet.network import Network
from slopenet.parameters import flatten, unflatten
from slopenet.training.ensemble import Ensemble
from slopenet.training.methods import NAMES, Method
from slopenet.training.monitor import State, Watch
from slopenet.training.objective.gradient import Objective, OnData
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.optimizers.adam import Adam
from slopenet.training.optimizers.evidence import Evidence, weigh
from slopenet.training.optimizers.lbfgs import LBFGS
from slopenet.training.optimizers.lm import LevenbergMarquardt
from slopenet.training.optimizers.momentum import SGD
from slopenet.training.start import Optimizer, Training
from slopenet.validate.layers import check_activations

# l2 where nothing finds it.
L2 = 1e-5
# Where LM's search for it begins: a single start, and one of four, from above, which noise asks
# for, the others where data without noise want to be; from above must be so much better.
ABOVE, BELOW, BETTER = 10.0, 1e-3, 2.0
# What is left out and missed by more than this share of what a constant misses speaks of noise.
NOISE = 0.1


class Candidates:
    """All that the starts share.

    `ridge` is l2, or None for one that the evidence finds; that finds the balance of values and
    slopes too, if it is wanted.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activations: tuple[ActivationSpec, ActivationSpec],
        names: Names,
        method: Method,
        *,
        ridge: float | None,
        slope_weight: Floats | float,
        data: Data,
        held_out: Data | None,
        find_balance: bool = False,
    ) -> None:
        self.sizes, self.names, self.method = tuple(sizes), names, method
        self._ridge, self._data, self._find_balance = ridge, data, find_balance
        self._hidden, self._output = activations
        layers = len(self.sizes) - 1
        self._activations: list[ActivationSpec] = [self._hidden] * (layers - 1) + [self._output]
        self._rows = check_activations(self._activations, layers)
        self._scaling = Scaling.of(data, outputs=self._rows[-1][0] == "identity")
        train = self._scaling.standardise(data)
        self._weight, self._along = balance(train, slope_weight)
        self._train = _weighed(train, self._weight)
        self._held = held_out and _weighed(self._scaling.standardise(held_out), self._weight)

    def trainings(
        self,
        starts: int,
        rng: np.random.Generator,
        callbacks: Sequence[Callable[[State], object]],
    ) -> list[Training]:
        """Each start with first weights and a seed of its own."""
        lock = threading.Lock()

        def callback(state: State) -> bool:
            with lock:
                answers = [call(state) for call in callbacks]  # all are to hear of it
                return any(answers)

        threads = 1 if starts > 1 else None
        made = []
        for start, seed in enumerate(rng.integers(2**63, size=starts)):
            generator = np.random.default_rng(seed)
            problem = self._problem(threads)
            optimizer = self._optimizer(start, starts)
            watch = Watch(
                self.method.epochs,
                self._cost_held_out(threads),
                callback if callbacks else None,
                self.network,
                start,
            )
            theta = first_weights(self.sizes, self._hidden, self._output, self._scaling, generator)
            made.append(Training(problem, optimizer, watch, theta, int(generator.integers(2**63))))
        return made

    def network(self, theta: Floats) -> Network:
        """θ, in the user's units."""
        weights, biases = self._scaling.fold(*unflatten(theta, self.sizes))
        return Network(
            weights,
            biases,
            self._activations,
            input_names=self.names.inputs,
            output_names=self.names.outputs,
        )

    def results(
        self, trainings: Sequence[Training]
    ) -> tuple[Network, dict[str, list[float]], str, Ensemble]:
        """What a `Fit` is made of, the best start first."""
        order = sorted(trainings, key=self._badness)
        best, networks = order[0], [self.network(t.theta) for t in order]
        slopes = self._data.dydx is not None or self._data.along is not None
        what = "values and slopes" if slopes else "values"
        name, rows = NAMES[self.method.name], len(self._data)
        held = "" if self._held is None else f", {len(self._held)} more held out"
        reason = f"{name} ({self.method.why}) on {what} of {rows} rows{held}: {best.reason}."
        if isinstance(best.optimizer, Evidence):
            reason += best.optimizer.sentence(best.at.state)
        if len(order) > 1:
            reason += f" Best of {len(order)} starts."
        return networks[0], best.watch.history, reason, Ensemble(networks)

    def _badness(self, training: Training) -> tuple[bool, float]:
        """What sorts the starts; where l2 differs from one to another, costs cannot."""
        if self._held is None and isinstance(training.optimizer, Evidence):
            problem = training.problem
            theta, ridge, balance = training.optimizer.result(training.at.state)
            weigh(problem, ridge, 1.0)  # in equal shares, as what is left out is judged
            constant = 2 * problem.value(0 * theta) / problem.samples
            weigh(problem, ridge, balance)
            left_out = problem.left_out(theta)
            if training.optimizer.top == ABOVE and left_out < NOISE * constant:
                left_out *= BETTER
            nothing = training.at.state.best is None
            return nothing, left_out if np.isfinite(left_out) else np.inf
        return False, training.watch.best_cost

    def _problem(self, threads: int | None) -> LeastSquares | OnData:
        l2 = (L2 if self._ridge is None else self._ridge) / len(self._train)
        if self.method.name != "lm":
            return self._objective(l2).on(self._train, threads)
        return LeastSquares(
            self.sizes,
            self._rows,
            self._train,
            self._weight,
            along_weight=self._along,
            l2=l2,
            threads=threads,
        )

    def _optimizer(self, start: int, starts: int) -> Optimizer:
        method = self.method
        if method.name == "lm":
            if self._ridge is not None:
                return LevenbergMarquardt()
            top = ABOVE if starts == 1 or start % 4 == 1 else BELOW
            return Evidence(top, balance=self._find_balance)
        if method.name == "lbfgs":
            return LBFGS()
        settings: dict[str, Any] = {
            "samples": len(self._train),
            "batch_size": method.batch_size,
            "learning_rate": method.learning_rate,
            "epochs": method.epochs,
        }
        if method.name == "sgd":
            return SGD(**settings, momentum=method.momentum)
        return Adam(**settings)

    def _cost_held_out(self, threads: int | None) -> Callable[[Floats], float] | None:
        return None if self._held is None else self._objective(0.0).on(self._held, threads).value

    def _objective(self, l2: float) -> Objective:
        return Objective(self.sizes, self._rows, self._weight, l2, along_weight=self._along)


def first_weights(
    sizes: Sequence[int],
    hidden: ActivationSpec,
    output: ActivationSpec,
    scaling: Scaling,
    rng: np.random.Generator,
) -> Floats:
    """θ of random weights, none from an input that never changes."""
    start = Network.random(sizes, hidden=hidden, output=output, rng=rng)
    theta = flatten(start.weights, start.biases)
    unflatten(theta, sizes)[0][0][:, scaling.constant] = 0.0
    return theta


def _weighed(data: Data, weight: Floats) -> Data:
    """Weights of a sample's own slopes, times those that all share."""
    if data.slope_weight is None:
        return data
    return replace(data, slope_weight=weight * data.slope_weight)
