"""Fit a network on values, and on slopes where there are any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slopenet import settings
from slopenet.activations import ActivationSpec
from slopenet.data import Names, check_data, split
from slopenet.layers import check_activations, check_sizes
from slopenet.network import Network
from slopenet.objective import Objective
from slopenet.optimizers import lbfgs
from slopenet.optimizers.adam import Adam
from slopenet.scaling import Scaling, balance
from slopenet.settings import RandomSource
from slopenet.theta import flatten, unflatten
from slopenet.watch import State, Watch

METHODS = ("auto", "lbfgs", "adam")
FULL_BATCH_ROWS = 50_000
DEFAULT_EPOCHS = {"lbfgs": 2000, "adam": 1000}


@dataclass(frozen=True, eq=False)
class Fit:
    """What `fit` gives.

    Attributes
    ----------
    network : Network
        In the user's units: the scaling is folded into its weights.
    history : dict of str to list of float
        ``"epoch"``, ``"cost"`` (the mean over the samples of C + C' in standard units, without the
        penalty) and, with a validation set, ``"validation"`` (the same of that set).
    reason : str
        What was done and why it ended, in a sentence.
    """

    network: Network
    history: dict[str, list[float]] = field(repr=False)
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
        Not negative; only their ratios matter, a sample of weight 0 is as if it were not there.
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
    names = Names.of(X, y, input_names, output_names)
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
    data, held_out = split(data, validation, names, generator)
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
    watch = Watch(
        objective,
        train,
        None if held_out is None else scaling.standardise(held_out),
        run.epochs,
        callback,
    )
    problem = objective.on(train)
    theta = flatten(start.weights, start.biases)
    unflatten(theta, sizes)[0][0][:, scaling.constant] = 0.0
    if run.method == "lbfgs":
        ended = lbfgs.minimise(problem.value_and_gradient, theta, run.epochs, watch.after)
    else:
        optimiser = Adam(
            samples=len(train),
            batch_size=run.batch_size,
            learning_rate=run.learning_rate,
            epochs=run.epochs,
        )
        state, ended = optimiser.start(theta), f"all {run.epochs} epochs were used"
        for epoch in range(1, run.epochs + 1):
            state = optimiser.step(state, problem, generator)
            cost = objective(state.theta, train, gradient=False).total
            if watch.after(epoch, state.theta, cost):
                break
    best = theta if watch.best is None else watch.best
    weights, biases = scaling.fold(*unflatten(best, sizes))
    network = Network(
        weights,
        biases,
        start.activations,
        input_names=names.inputs,
        output_names=names.outputs,
    )
    what = "values" if train.dydx is None else "values and slopes"
    name = {"lbfgs": "L-BFGS", "adam": "Adam"}[run.method]
    reason = f"{name} on {what} of {len(data)} rows: {watch.stopped or ended}."
    return Fit(network, watch.history, reason)


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
