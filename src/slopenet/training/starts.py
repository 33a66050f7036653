"""The starts of a fit: their shared data, how each begins, and which one is the best."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from slopenet._types import Floats
from slopenet.activations import LayerSpec, is_one
from slopenet.dataset.dataset import Data, Names
from slopenet.dataset.noise import Noise, reliable
from slopenet.dataset.scaling import Scaling
from slopenet.network import Network
from slopenet.parameters import flatten, unflatten
from slopenet.training.course import PREFIX, Course
from slopenet.training.deviations import posterior_of_start
from slopenet.training.ensemble import Ensemble
from slopenet.training.judge import error_of_start, errors_left_out, errors_on, log_error
from slopenet.training.kriging.optimizer import Kriging
from slopenet.training.kriging.problem import Cost, Sines
from slopenet.training.levels import Levels
from slopenet.training.methods import Setup
from slopenet.training.monitor import PATIENCE, State, Watch
from slopenet.training.objective.gradient import Costs, Objective
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.objective.robust import RobustLeastSquares
from slopenet.training.optimizers.adam import Adam
from slopenet.training.optimizers.evidence import Evidence
from slopenet.training.outlook import improving, with_outlook
from slopenet.training.plan import Plan
from slopenet.training.quality import HELD_OUT, LEARNED, FitErrors
from slopenet.training.rivals import with_others
from slopenet.training.session import Runs
from slopenet.training.shape.constraints import Constraint
from slopenet.training.shape.rounds import MOST
from slopenet.training.shape.shape import Shape, Shaping
from slopenet.training.shape.violations import Violation
from slopenet.training.start import Training
from slopenet.training.transform import Transform, units_of
from slopenet.training.whiteness import RELATED, related
from slopenet.validate.layers import check_activations

# Weights learned from the residuals change the cost, at equal residuals of the values, by up to the
# number of values and slopes per row. Costs that are more than so many times higher have diverged.
SLACK = 10.0


class Candidates:
    """The data and settings that all starts share.

    Parameters
    ----------
    plan : Plan
    names : Names
    scaling : Scaling
        From the user's units to those of the problem.
    samples : int
        Distinct rows.
    problem : function of a number of threads, or of None for all
        Makes the function that one start minimises.
    held_out : function of a number of threads, or of None for all, optional
        Makes the cost of θ on the rows that are held out.
    course : function of a number of threads, or of None for all, optional
        Makes the measure of errors after an epoch.
    rows : str
        The rows that are learned from, in words.
    data : pair of Data, optional
        The rows to learn from, and those that are held out, where they are in this process.
    transform : Transform, optional
        From the user's units to those that are scaled.
    start : Network, optional
        The network to start from, in the user's units.
    shape : Shape, optional
        The constraints that its networks are to obey.
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
        course: Callable[[int | None], Course] | None = None,
        rows: str,
        data: tuple[Data | None, Data | None] = (None, None),
        transform: Transform | None = None,
        start: Network | None = None,
        shape: Shape | None = None,
    ) -> None:
        self.plan, self._names, self._scaling = plan, names, scaling
        self._transform, self._start = transform, start
        self._samples, self._problem, self._held_out = samples, problem, held_out
        self._course, self._rows, self._data = course, rows, data
        self._levels = Levels.of(*data)
        self.started: list[Training] = []
        self.shape, self._shaped = shape, list[Shaping]()
        self._judged: tuple[list[int], FitErrors | None] | None = None

    @classmethod
    def of(
        cls,
        plan: Plan,
        names: Names,
        data: Data,
        held_out: Data | None = None,
        transform: Transform | None = None,
        *,
        start: Network | None = None,
        constraints: Sequence[Constraint] = (),
    ) -> Candidates:
        """Starts on data that are in the memory of this process."""
        given = data, held_out
        if transform is not None:
            data, held_out = transform.forward(data), held_out and transform.forward(held_out)
        specs = check_activations(
            list(plan.activations), len(plan.activations), units=plan.sizes[1:]
        )
        robust = plan.loss != "squared"
        usable = reliable(data, outliers=not robust)
        scaling = Scaling.of(usable, outputs=specs[-1].linear)
        train = scaling.standardise(data)
        noise = Noise.of(train)
        slope_weight, dydv_weight = noise.shared_weights(
            scaling.standardise(usable), plan.slope_weight
        )
        count = train.count
        train = _weighted(noise.weigh(train), slope_weight)
        held = held_out and _weighted(noise.weigh(scaling.standardise(held_out)), slope_weight)

        def objective(l2: float, sizes: tuple[int, ...] = plan.sizes) -> Objective:
            return Objective(sizes, specs, slope_weight, l2, dydv_weight=dydv_weight)

        residuals = partial(
            RobustLeastSquares if robust else LeastSquares,
            *(plan.sizes, specs),
            slope_weight=slope_weight,
            dydv_weight=dydv_weight,
        )

        def problem(threads: int | None) -> Any:
            l2 = plan.first_l2 / count
            if plan.info.process:
                return Sines(scaling.standardise(data), partial(cost, train, threads), threads)
            if not plan.info.least_squares:
                return objective(l2).on(train, threads)
            return residuals(data=train, l2=l2, samples=count, threads=threads)

        def costs(rows: Data, threads: int | None, theta: Floats) -> Costs:
            sizes = plan.sizes_of(theta)
            return objective(0.0, sizes)(theta, rows, gradient=False, threads=threads)

        def cost(rows: Data, threads: int | None, theta: Floats) -> float:
            return costs(rows, threads, theta).total

        def cost_on(rows: Data, threads: int | None) -> Cost:
            if plan.info.process:
                return partial(cost, rows, threads)
            if not robust:
                return objective(0.0).on(rows, threads).value
            return residuals(data=rows, samples=len(rows), threads=threads).judged

        def course(threads: int | None) -> Course:
            return Course(
                lambda theta, rows: costs(rows, threads, theta),
                {"": train} if held is None else {"": train, PREFIX: held},
                cheap_steps=not (plan.info.process or plan.info.least_squares),
            )

        known = "values" if data.dydx is None and data.dydv is None else "values and slopes"
        if np.isnan(data.y).all():
            known = "slopes"
        rows = f"{known} of {len(data)} rows"
        if data.sample_weight is not None:
            rows += f" that count as {count:g}"
        if held is not None:
            rows += f", {len(held)} more held out"
        return cls(
            plan,
            names,
            scaling,
            samples=len(train),
            problem=problem,
            held_out=None if held is None else partial(cost_on, held),
            course=course,
            rows=rows,
            data=given,
            transform=transform,
            start=start,
            shape=Shape.of(constraints, scaling, transform, (train, held)),
        )

    def trainings(
        self,
        rng: np.random.Generator,
        callbacks: Sequence[Callable[[State], object]],
        *,
        first: int = 0,
        threads: int | None = None,
    ) -> list[Training]:
        """Each start, with its own first weights and seed, numbered from `first`."""
        callback = _one_at_a_time(callbacks)
        plan = self.plan
        threads = 1 if plan.starts > 1 else threads
        last_counts = plan.info.reweighs and self._held_out is None
        made = []
        for start, seed in enumerate(rng.integers(2**63, size=plan.starts)):
            generator = np.random.default_rng(seed)
            setup = Setup(
                *(plan.method, self._samples, start, plan.starts, plan.l2, plan.find_balance),
                sizes=plan.sizes,
                from_below=plan.from_below,
                free_width=plan.free_width,
                held_out=self._held_out is not None,
                seed=int(seed),
            )
            problem = self._problem(threads)
            watch = Watch(
                plan.method.epochs,
                None if self._held_out is None else self._held_out(threads),
                callback,
                self.network,
                first + start,
                None if self._course is None else self._course(threads),
                patience=np.inf if plan.info.scheduled else PATIENCE,
                slack=SLACK * problem.kinds if last_counts else 1.0,
            )
            theta = first_weights(plan.sizes, plan.activations, self._scaling, generator)
            if self._start is not None:
                theta = self._unfolded(self._start)
            made.append(
                Training(
                    problem,
                    plan.info.optimizer(setup),
                    watch,
                    theta,
                    int(generator.integers(2**63)),
                )
            )
        self.started = made
        return made

    def obey(
        self, runs: Runs, callbacks: Sequence[Callable[[State], object]], *, first: int = 0
    ) -> None:
        """Train every start on from its end until it obeys the constraints, if there are any."""
        if self.shape is None:
            return
        callback = _one_at_a_time(callbacks)
        threads = 1 if self.plan.starts > 1 else None
        made = []
        for number, free in enumerate(self.started):
            watch = replace(
                free.watch,
                epochs=free.at.epoch + MOST,
                callback=callback,
                start=first + number,
                patience=np.inf,
                stopped="",
                history={name: list(column) for name, column in free.watch.history.items()},
            )
            problem = self.shape.problem(free, self.plan.activations, threads)
            made.append(Shaping(free, problem, watch))
        self._shaped = made
        runs.add(made)
        runs.train(made, side_by_side=self.plan.side_by_side)

    def _end(self, start: Training) -> Training:
        """The training that ended what a start began."""
        return self._shaped[self.started.index(start)] if self._shaped else start

    def _rank(self, start: Training) -> tuple[Any, ...]:
        """Sorts starts: those that obey the constraints first."""
        obeyed = not self._shaped or self._end(start).at.state.obeyed
        return not obeyed, *error_of_start(start)

    @property
    def obeys(self) -> bool:
        """Whether the best start obeys the constraints, as far as it was trained to."""
        return not self._shaped or bool(self._end(self.best).at.state.obeyed)

    def _unfolded(self, start: Network) -> Floats:
        """θ of a network that is given, in standard units."""
        W = [np.asarray(w, np.float64) for w in start.weights]
        b = [np.asarray(v, np.float64) for v in start.biases]
        return flatten(*self._scaling.unfold(W, b))

    def network(self, theta: Floats) -> Network:
        """θ, in the user's units."""
        weights, biases = self._scaling.fold(*unflatten(theta, self.plan.sizes_of(theta)))
        layers = weights, biases, list(self.plan.activations)
        found = Network(
            *(layers if self._transform is None else self._transform.fold(*layers)),
            input_names=self._names.inputs,
            output_names=self._names.outputs,
        )
        return found if self._levels is None else self._levels.centred(found)

    @property
    def best(self) -> Training:
        """The best start."""
        return min(self.started, key=self._rank) if len(self.started) > 1 else self.started[0]

    @property
    def label(self) -> str:
        """Its shape, in words."""
        sizes = self.plan.sizes_of(self.best.theta)
        activation = self.plan.activations[0]
        name = "mixed"
        if is_one(activation):
            name = activation if isinstance(activation, str) else ":".join(map(str, activation))
        return f"{name} {'-'.join(map(str, sizes[1:-1]))}"

    @property
    def title(self) -> str:
        """Its method and shape, in words."""
        return f"{self.plan.info.title} {self.label}"

    @property
    def judged_by_rows(self) -> bool:
        """Whether its error is that of rows held out."""
        return self._held_out is not None

    @property
    def error(self) -> float:
        """The logarithm of an error, to compare with those of other candidates of the same rows."""
        return log_error(self.best)

    @property
    def surprise(self) -> float | None:
        """Minus the log evidence per target in the user's units; None without an evidence.

        It is comparable between coordinates, as `error` is not.
        """
        learned = self._data[0]
        if learned is None or self.judged_by_rows or not self.has_evidence:
            return None
        rate = 0.0 if self._transform is None else self._transform.log_rate(learned)
        given = learned if self._transform is None else self._transform.forward(learned)
        return self.error - rate - self._scaling.log_rate(given)

    @property
    def has_evidence(self) -> bool:
        """Whether its error is that of an evidence."""
        return isinstance(self.best.optimizer, Evidence | Kriging)

    @property
    def missed(self) -> float:
        """RMS error of rows left out or held out, once it is trained."""
        found = self.errors
        return np.inf if found is None else found.typical

    @property
    def determined(self) -> float:
        """The weights that the data determine, per target; infinite if that is not known."""
        start = self.best
        if not isinstance(start.optimizer, Evidence):
            return np.inf
        weights = start.optimizer.determined(start.at.state, start.problem)
        return float(weights / start.problem.residuals)

    @property
    def misses_noise(self) -> bool:
        """Whether its residuals look like noise alone; see `whiteness`."""
        learned, _ = self._data
        found = None if learned is None else related(self.network(self.best.theta), learned)
        return found is not None and found < RELATED

    @property
    def strain(self) -> float:
        """How many times more the rows learned from are missed since it obeys, at least 1."""
        learned, _ = self._data
        if learned is None:
            return 1.0
        thetas = self.best.theta, self._end(self.best).theta
        errors = [errors_on(self.network(theta), learned, LEARNED) for theta in thetas]
        free, obeying = (np.inf if each is None else each.typical for each in errors)
        return max(obeying / max(free, 1e-300), 1.0) if np.isfinite(free) else 1.0

    def widens(self, other: Candidates) -> bool:
        """Whether it is the same kind of network, with wider layers."""
        same = self.plan.method.name == other.plan.method.name
        same = same and self.plan.activations == other.plan.activations
        return same and self.plan.sizes > other.plan.sizes

    @property
    def errors(self) -> FitErrors | None:
        """Errors of rows that the best start did not learn from."""
        epochs = [training.at.epoch for training in (*self.started, *self._shaped)]
        if self._judged is None or self._judged[0] != epochs:
            self._judged = epochs, self._new_errors()
        return self._judged[1]

    def _new_errors(self) -> FitErrors | None:
        learned, held_out = self._data
        if learned is None:
            return None
        best = self.best
        theta = self._end(best).theta
        if held_out is not None:
            return errors_on(self.network(theta), held_out, HELD_OUT)
        missed = errors_left_out(best, self._errors_of_missed, theta if self._shaped else None)
        if missed is not None and np.isfinite(missed.all).any():
            return missed
        return errors_on(self.network(theta), learned, LEARNED)

    def _errors_of_missed(
        self, missed: Floats, targets: Floats, distances: Floats | float = 0.0
    ) -> FitErrors | None:
        """In the user's units."""
        if self._transform is None or self._data[0] is None:
            return FitErrors.of_missed(missed, targets, distances)
        X = self._data[0].X
        return self._transform.left_out(missed, targets, distances, self._scaling, X)

    def result(self, rivals: Sequence[Candidates] = ()) -> Result:
        """The networks of all starts, the best one first.

        `rivals` were trained on the same rows in the same units: their distances from the best are
        part of its error bars.
        """
        order = sorted(self.started, key=self._rank) if len(self.started) > 1 else self.started
        best, networks = order[0], [self.network(self._end(t).theta) for t in order]
        units = units_of(self._scaling, self._transform)
        posterior = posterior_of_start(best, self.plan, units, self._end(best).theta)
        if self.shape is None:  # others do not obey it
            others = [(each.best, each.plan) for each in rivals]
            others = others or [(start, self.plan) for start in order[1:]]
            posterior = with_others(posterior, (best, self.plan), others)
        networks[0] = networks[0].with_posterior(posterior)
        title, why = self.plan.info.title, self.plan.method.why
        reason = f"{title} ({why}) on {self._rows}: {best.reason}."
        if isinstance(best.optimizer, Evidence | Adam):
            reason += best.optimizer.sentence(best.at.state)
        if isinstance(best.problem, RobustLeastSquares):
            reason += " Outliers: {:g} values and {:g} slopes.".format(
                *best.problem.outliers(self._end(best).theta)
            )
        if len(order) > 1:
            reason += f" Best of {len(order)} starts."
        if self._levels is not None:
            reason += self._levels.sentence(self._names.outputs)
        left: tuple[Violation, ...] = ()
        if self.shape is not None:
            left = self.shape.violations(networks)
            end = self._end(best)
            said = end.sentence if isinstance(end, Shaping) else "not reached"
            reason += f" Shape ({self.shape.label}): {said}."
        history = self._end(best).watch.history
        found = networks[0], history, reason, Ensemble(networks), self._with_outlook(networks[0])
        return Result(*found, self.plan.method.name, left)

    def _with_outlook(self, network: Network) -> FitErrors | None:
        rows = self._data[0]
        learned = None if rows is None else errors_on(network, rows, LEARNED)
        scheduled = self.plan.info.scheduled or self.shape is not None
        still = improving(self.best, scheduled=scheduled)
        alike = None if rows is None else related(network, rows)
        return with_outlook(self.errors, learned, improving=still, related=alike)


class Result(NamedTuple):
    """The fields of a `slopenet.training.outcome.Fit`, and the name of the method."""

    network: Network
    history: dict[str, list[float]]
    reason: str
    ensemble: Ensemble
    errors: FitErrors | None
    method: str
    violations: tuple[Violation, ...] = ()


def _one_at_a_time(
    callbacks: Sequence[Callable[[State], object]],
) -> Callable[[State], bool] | None:
    """All callbacks as one, for several threads; None without any."""
    lock = threading.Lock()

    def callback(state: State) -> bool:
        with lock:
            answers = [call(state) for call in callbacks]  # every one is called
            return any(answers)

    return callback if callbacks else None


def first_weights(
    sizes: Sequence[int],
    activations: Sequence[LayerSpec],
    scaling: Scaling,
    rng: np.random.Generator,
) -> Floats:
    """θ of random weights, those of constant inputs 0."""
    start = Network.random(sizes, hidden=activations[:-1], output=activations[-1], rng=rng)
    theta = flatten(start.weights, start.biases)
    unflatten(theta, sizes)[0][0][:, scaling.constant] = 0.0
    return theta


def _weighted(data: Data, slope_weight: Floats) -> Data:
    """The same data, their weights as f has them.

    Weights of slopes per sample are multiplied by those that all samples share; weights of samples
    are divided by their mean.
    """
    if data.slope_weight is not None:
        data = replace(data, slope_weight=slope_weight * data.slope_weight)
    if data.sample_weight is not None:
        data = replace(data, sample_weight=data.sample_weight / data.sample_weight.mean())
    return data
