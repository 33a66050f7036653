"""Fit a network on values, and on slopes where there are any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slopenet import arrays
from slopenet.activations import ActivationSpec, as_written
from slopenet.arrays import Floats
from slopenet.network import Network, check_activations, check_sizes
from slopenet.objective import Data, Objective
from slopenet.optimizers import adam, lbfgs
from slopenet.scaling import Scaling, balance
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
    hidden: Sequence[int] = (64, 64),
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
    rng: np.random.Generator | int | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    callback: Callable[[State], object] | None = None,
) -> Fit:
    """Fit a network on values and, where given, slopes.

    The cost is the mean over the samples of C + C' (see `slopenet.derivation`) in standard units:
    inputs and, behind an identity output, outputs are standardised, slopes follow by the chain rule,
    and the scaling is folded into the weights at the end, so that the network takes and gives the
    user's units. The slopes of each output weigh as much as its values, times `slope_weight`.

    Parameters
    ----------
    X : (N, n_1)
        Inputs; a data frame gives its column names too.
    y : (N, n_L), or (N,) for one output
    dydx : (N, n_L, n_1), or (N, n_1) for one output, optional
        Slopes ∂y_k/∂x_i; NaN where one is missing.
    hidden : sequence of int
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
        If an array does not fit (the message names it, and the row and column of a NaN), or a
        setting is out of range.
    """
    input_names = input_names or _column_names(X)
    output_names = output_names or _column_names(y)
    data = check_data(X, y, dydx, sample_weight)
    sizes = check_sizes((data.X.shape[1], *_widths(hidden), data.y.shape[1]))
    rows = check_activations([activation] * (len(sizes) - 2) + [output], len(sizes) - 1)
    settings = _Settings.checked(method, epochs, batch_size, learning_rate, len(data))
    for name, number in (("l2", l2), ("slope_weight", slope_weight)):
        _require_number(name, number, 0.0, closed=True)
    generator = np.random.default_rng(rng)
    data, held_out = _split(data, validation, generator)

    scaling = Scaling.of(data, outputs=rows[-1][0] == "identity")
    train = scaling.standardise(data)
    objective = Objective(sizes, rows, balance(train, slope_weight), l2 / len(train))
    start = Network.random(sizes, hidden=activation, output=output, rng=generator)
    watch = _Watch(
        objective,
        train,
        None if held_out is None else scaling.standardise(held_out),
        settings.epochs,
        callback,
    )
    theta = flatten(start.weights, start.biases)
    if settings.method == "lbfgs":
        ended = lbfgs.minimise(watch.value_and_gradient, theta, settings.epochs, watch.after)
    else:
        ended = adam.minimise(
            watch.batch_gradient,
            theta,
            len(train),
            settings.epochs,
            lambda epoch, at: watch.after(epoch, at, objective(at, train, gradient=False).total),
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            rng=generator,
        )
    best = theta if watch.best is None else watch.best
    weights, biases = scaling.fold(*unflatten(best, sizes))
    network = Network(
        weights,
        biases,
        [as_written(*row) for row in rows],
        input_names=input_names,
        output_names=output_names,
    )
    return Fit(network, watch.history, watch.reason(settings, ended, len(data)))


def check_data(X: Any, y: Any, dydx: Any, sample_weight: Any = None) -> Data:
    """All that is to be learned, as float64 arrays of matching shapes, or a clear error."""
    points = arrays.floats("X", arrays.table_columns("X", X, None))
    if points.ndim != 2 or points.shape[0] == 0 or points.shape[1] == 0:
        hint = "; one input is X[:, None]" if points.ndim == 1 else ""
        raise ValueError(
            f"X must have shape (N, n_1) with at least one row and column, got {points.shape}{hint}"
        )
    arrays.require_finite("X", points)
    values = arrays.floats("y", arrays.table_columns("y", y, None))
    outputs = values.shape[1] if values.ndim == 2 else 1
    if outputs == 0:
        raise ValueError(f"y must have at least one column, got {values.shape}")
    n, inputs = points.shape
    slopes = None if dydx is None else arrays.slopes(dydx, n, outputs, inputs)
    weight = arrays.sample_weights(sample_weight, n)
    return Data(points, arrays.targets(values, n, outputs), slopes, weight)


@dataclass(frozen=True)
class _Settings:
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
    ) -> _Settings:
        if method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
        if method == "auto":
            stochastic = n > FULL_BATCH_ROWS or not (batch_size is learning_rate is None)
            method = "adam" if stochastic else "lbfgs"
        if method == "lbfgs" and not (batch_size is learning_rate is None):
            raise ValueError("lbfgs has no batch_size and no learning_rate; method='adam' has both")
        epochs = DEFAULT_EPOCHS[method] if epochs is None else _count("epochs", epochs)
        size = min(256, n) if batch_size is None else _count("batch_size", batch_size)
        rate = 1e-3 if learning_rate is None else learning_rate
        _require_number("learning_rate", rate, 0.0)
        return cls(method, epochs, min(size, n), float(rate))


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

    def reason(self, settings: _Settings, ended: str, n: int) -> str:
        name = {"lbfgs": "L-BFGS", "adam": "Adam"}[settings.method]
        slopes = "values and slopes" if self.train.dydx is not None else "values"
        return f"{name} on {slopes} of {n} rows: {self.stopped or ended}."


def _split(
    data: Data, validation: Any, rng: np.random.Generator
) -> tuple[Data, Data | None]:
    if validation is None:
        return data, None
    if isinstance(validation, tuple):
        if len(validation) not in (2, 3):
            raise ValueError("validation must be a share, (X, y) or (X, y, dydx)")
        held_out = check_data(*validation[:2], validation[2] if len(validation) == 3 else None)
        if held_out.X.shape[1] != data.X.shape[1] or held_out.y.shape[1] != data.y.shape[1]:
            raise ValueError("validation must have as many inputs and outputs as X and y")
        return data, held_out
    _require_number("validation", validation, 0.0)
    held = round(float(validation) * len(data))
    if not 1 <= held < len(data):
        raise ValueError(
            f"validation={validation} holds out {held} of {len(data)} rows; at least one must stay"
            " on either side"
        )
    order = rng.permutation(len(data))
    return data.rows(np.sort(order[held:])), data.rows(np.sort(order[:held]))


def _widths(hidden: Any) -> tuple[int, ...]:
    try:
        return (hidden,) if isinstance(hidden, int | np.integer) else tuple(hidden)
    except TypeError:
        raise TypeError(f"hidden must be a sequence of widths, got {hidden!r}") from None


def _count(name: str, n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {n!r}")
    return int(n)


def _require_number(name: str, x: Any, low: float, *, closed: bool = False) -> None:
    fits = isinstance(x, int | float | np.number) and not isinstance(x, bool) and np.isfinite(x)
    if not fits or x < low or (x == low and not closed):
        raise ValueError(f"{name} must be {'at least' if closed else 'more than'} {low:g}, got {x!r}")


def _column_names(x: Any) -> tuple[str, ...] | None:
    columns = getattr(x, "columns", None)
    return None if columns is None else tuple(str(c) for c in columns)
