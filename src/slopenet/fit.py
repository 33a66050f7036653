"""Fit a network on values, and on slopes where there are any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slopenet import arrays, frames, settings
from slopenet.activations import ActivationSpec
from slopenet.arrays import Floats
from slopenet.network import Network, check_activations, check_sizes
from slopenet.objective import Data, Objective
from slopenet.optimizers import adam, lbfgs
from slopenet.scaling import Scaling, balance
from slopenet.settings import RandomSource
from slopenet.theta import flatten, unflatten

METHODS = ("auto", "lbfgs", "adam")
FULL_BATCH_ROWS = 50_000
DEFAULT_EPOCHS = {"lbfgs": 2000, "adam": 1000}
PATIENCE = 0.1


@dataclass(frozen=True)
class State:
    """What a callback sees after every epoch (one iteration of L-BFGS is one epoch)."""

    epoch: int
    epochs: int
    cost: float
    validation: float | None


@dataclass(frozen=True, eq=False)
class Fit:
    """What `fit` gives.

    Attributes
    ----------
    network : Network
        In the user's units: the scaling is folded into its weights.
    history : dict of str to list of float
        ``"epoch"``, ``"cost"`` (of values and slopes, in standard units) and, with a validation
        set, ``"validation"``.
    reason : str
        What was done and why it ended, in a sentence.
    """

    network: Network
    history: dict[str, list[float]]
    reason: str


def fit(
    X: Any,
    y: Any,
    dydx: Any = None,
    *,
    hidden: Sequence[int] | int = (64, 64),
    activation: ActivationSpec = "tanh",
    output: ActivationSpec = "identity",
    method: str = "auto",
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    l2: float = 1e-5,
    slope_weight: float = 1.0,
    validation: Any = None,
    sample_weight: Any = None,
    rng: RandomSource = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    callback: Callable[[State], object] | None = None,
) -> Fit:
    """Fit a network on values and, where given, slopes.

    The cost is the mean over the samples of C + C' (see `slopenet.derivation`) in standard units:
    inputs and, behind an identity output, outputs are standardised, slopes follow by the chain
    rule, and the scaling is folded into the weights at the end, so that the network takes and gives
    the user's units. The slopes of each output weigh as much as its values, times `slope_weight`.

    Parameters
    ----------
    X : (N, n_1)
        Inputs. A data frame gives its column names too, or, with `input_names`, those columns. An
        input that never changes gets no weight unless slopes ask for one: its own slope is 0.
    y : (N, n_L), or (N,) for one output
    dydx : (N, n_L, n_1), or (N, n_1) for one output, optional
        Slopes ∂y_k/∂x_i; NaN where one is missing. The columns of a data frame are called ``dy/dx``
        after output and input, or after the inputs alone.
    hidden : sequence of int, or int
        Widths of the hidden layers; ``()`` for none.
    activation, output : activation
        σ of the hidden layers and of the last layer.
    method : {"auto", "lbfgs", "adam"}
        ``"auto"`` is L-BFGS up to 50,000 rows, Adam beyond.
    epochs : int, optional
        The most iterations of L-BFGS (2000), or passes of Adam over the data (1000).
    batch_size, learning_rate : optional
        Of Adam: 256 (or all rows, if they are fewer), 1e-3. L-BFGS has neither.
    l2 : float
        Weight of ½ Σ ‖W[l]‖² beside the sum of the costs of all samples, in standard units.
    slope_weight : float
        How much the slopes weigh beside the values.
    validation : float or tuple, optional
        A share of the rows to hold out, or ``(X, y)`` or ``(X, y, dydx)``. The weights that do best
        on it are kept, and training ends once it has not improved for a tenth of `epochs`.
    sample_weight : (N,), optional
        Not negative; a sample of weight 0 is as if it were not there.
    rng : numpy Generator or seed, optional
        For the first weights, the split and the order of batches.
    input_names, output_names : sequence of str, optional
        Labels of the network's inputs and outputs.
    callback : function of a `State`, optional
        Called after every epoch; returns True to stop.

    Returns
    -------
    Fit
        ``.network``, ``.history``, ``.reason``.

    Raises
    ------
    ValueError, TypeError
        If an array does not fit (the message names it, and the row and column of a NaN), a column
        spreads by less than 1e-150 or more than 1e150, or a setting is out of range.
    """
    names = _Names.of(X, y, input_names, output_names)
    data = check_data(X, y, dydx, sample_weight, names=names)
    inputs, outputs = data.X.shape[1], data.y.shape[1]
    widths = settings.counts("hidden", [hidden] if isinstance(hidden, int | np.integer) else hidden)
    sizes = check_sizes("hidden", (inputs, *widths, outputs))
    rows = check_activations([activation] * len(widths) + [output], len(widths) + 1)
    run = _Run.checked(method, epochs, batch_size, learning_rate, len(data))
    l2 = settings.number("l2", l2, closed=True)
    slope_weight = settings.number("slope_weight", slope_weight, closed=True)
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be a function, got {settings.short(callback)}")
    generator = settings.generator(rng)
    data, held_out = _split(data, validation, names, generator)
    start = Network.random(
        sizes,
        hidden=activation,
        output=output,
        rng=generator,
        input_names=names.inputs,
        output_names=names.outputs,
    )

    scaling = Scaling.of(data, outputs=rows[-1][0] == "identity")
    train = scaling.standardise(data)
    objective = Objective(sizes, rows, balance(train, slope_weight), l2 / len(train))
    watch = _Watch(
        objective,
        train,
        None if held_out is None else scaling.standardise(held_out),
        run.epochs,
        callback,
    )
    theta = flatten(start.weights, start.biases)
    unflatten(theta, sizes)[0][0][:, scaling.constant] = 0.0
    if run.method == "lbfgs":
        ended = lbfgs.minimise(watch.value_and_gradient, theta, run.epochs, watch.after)
    else:
        ended = adam.minimise(
            watch.batch_gradient,
            theta,
            len(train),
            run.epochs,
            lambda epoch, at: watch.after(epoch, at, objective(at, train, gradient=False).total),
            batch_size=run.batch_size,
            learning_rate=run.learning_rate,
            rng=generator,
        )
    best = theta if watch.best is None else watch.best
    weights, biases = scaling.fold(*unflatten(best, sizes))
    network = Network(
        weights,
        biases,
        start.activations,
        input_names=names.inputs,
        output_names=names.outputs,
    )
    return Fit(network, watch.history, watch.reason(run, ended, len(data)))


@dataclass(frozen=True)
class _Names:
    """Labels of inputs and outputs; `given` ones choose the columns of a data frame."""

    inputs: tuple[str, ...] | None
    outputs: tuple[str, ...] | None

    @classmethod
    def of(cls, X: Any, y: Any, input_names: Any, output_names: Any) -> _Names:
        inputs = frames.labels(X) if input_names is None else input_names
        outputs = frames.labels(y) if output_names is None else output_names
        return cls(settings.names("input_names", inputs), settings.names("output_names", outputs))


def check_data(
    X: Any, y: Any, dydx: Any, sample_weight: Any = None, *, names: _Names, prefix: str = ""
) -> Data:
    """All that is to be learned, as float64 arrays of matching shapes, or a clear error."""
    points = arrays.samples(f"{prefix}X", X, names.inputs)
    n, inputs = points.shape
    values = arrays.floats(f"{prefix}y", y, np.float64, names.outputs)
    outputs = values.shape[1] if values.ndim == 2 else 1
    if outputs == 0:
        raise ValueError(f"{prefix}y must have at least one column, got {values.shape}")
    values = arrays.targets(f"{prefix}y", values, (n, outputs), np.float64)
    slopes = weight = None
    if dydx is not None:
        shape, labels = (n, outputs, inputs), (names.inputs, names.outputs)
        slopes = arrays.slopes(f"{prefix}dydx", dydx, shape, np.float64, labels)
    if sample_weight is not None:
        weight = arrays.sample_weights(sample_weight, n)
    data = Data(points, values, slopes, weight)
    return data if weight is None or weight.all() else data.rows(np.flatnonzero(weight))


@dataclass(frozen=True)
class _Run:
    method: str
    epochs: int
    batch_size: int
    learning_rate: float

    @classmethod
    def checked(
        cls,
        method: str,
        epochs: int | None,
        batch_size: int | None,
        learning_rate: float | None,
        n: int,
    ) -> _Run:
        if method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
        if method == "auto":
            stochastic = n > FULL_BATCH_ROWS or not (batch_size is learning_rate is None)
            method = "adam" if stochastic else "lbfgs"
        if method == "lbfgs" and not (batch_size is learning_rate is None):
            raise ValueError("lbfgs has no batch_size and no learning_rate; method='adam' has both")
        epochs = DEFAULT_EPOCHS[method] if epochs is None else settings.count("epochs", epochs)
        size = 256 if batch_size is None else settings.count("batch_size", batch_size)
        rate = 1e-3 if learning_rate is None else settings.number("learning_rate", learning_rate)
        return cls(method, epochs, min(size, n), rate)


@dataclass(eq=False)
class _Watch:
    """Follows a run: evaluates, keeps the history and the best weights, decides to stop."""

    objective: Objective
    train: Data
    held_out: Data | None
    epochs: int
    callback: Callable[[State], object] | None
    best: Floats | None = None
    best_cost: float = np.inf
    best_epoch: int = 0
    stopped: str = ""
    history: dict[str, list[float]] = field(default_factory=lambda: {"epoch": [], "cost": []})

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        costs = self.objective(theta, self.train)
        assert costs.gradient is not None  # noqa: S101
        return costs.total, costs.gradient

    def batch_gradient(self, theta: Floats, rows: Floats) -> Floats:
        gradient = self.objective(theta, self.train.rows(rows)).gradient
        assert gradient is not None  # noqa: S101
        return gradient

    def after(self, epoch: int, theta: Floats, cost: float) -> bool:
        """Note an epoch; True to stop."""
        self.history["epoch"].append(epoch)
        self.history["cost"].append(cost)
        judged, held = cost, None
        if self.held_out is not None:
            costs = self.objective(theta, self.held_out, gradient=False)
            judged = held = costs.value + costs.slope
            self.history.setdefault("validation", []).append(held)
        if not np.isfinite(cost):
            self.stopped = f"the cost was no longer finite at epoch {epoch}; the best is kept"
        elif judged < self.best_cost:
            self.best, self.best_cost, self.best_epoch = theta.copy(), judged, epoch
        elif held is not None and epoch - self.best_epoch > max(20, PATIENCE * self.epochs):
            self.stopped = f"the validation cost last improved at epoch {self.best_epoch}"
        if self.callback is not None and self.callback(State(epoch, self.epochs, cost, held)):
            self.stopped = f"the callback stopped it at epoch {epoch}"
        return bool(self.stopped)

    def reason(self, run: _Run, ended: str, n: int) -> str:
        name = {"lbfgs": "L-BFGS", "adam": "Adam"}[run.method]
        slopes = "values and slopes" if self.train.dydx is not None else "values"
        return f"{name} on {slopes} of {n} rows: {self.stopped or ended}."


def _split(
    data: Data, validation: Any, names: _Names, rng: np.random.Generator
) -> tuple[Data, Data | None]:
    """What to train on, and what to hold out."""
    if validation is None:
        return data, None
    if isinstance(validation, tuple | list):
        if len(validation) not in (2, 3):
            raise ValueError(
                f"validation must be a share, (X, y) or (X, y, dydx), got {len(validation)} arrays"
            )
        X, y, dydx = (*validation, None)[:3]
        held_out = check_data(X, y, dydx, names=names, prefix="validation ")
        widths = [(d.X.shape[1], d.y.shape[1]) for d in (data, held_out)]
        if widths[0] != widths[1]:
            raise ValueError(
                "validation must have as many inputs and outputs as X and y, {} and {},"
                " got {} and {}".format(*widths[0], *widths[1])
            )
        return data, held_out
    share = settings.number("validation", validation)
    held = round(share * len(data)) if share < 1 else len(data)
    if not 1 <= held < len(data):
        raise ValueError(
            f"validation={validation} holds out {held} of {len(data)} rows; at least one must be"
            " held out and one be left"
        )
    order = rng.permutation(len(data))
    return data.rows(np.sort(order[held:])), data.rows(np.sort(order[:held]))
