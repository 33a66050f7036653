"""Fit a network on values, and on slopes where there are any."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slopenet.activations import ActivationSpec
from slopenet.dataset.dataset import Data, Names, check_data, split
from slopenet.dataset.slope_diagnosis import SlopeWarning, disagreements
from slopenet.network import Network
from slopenet.training.ensemble import Ensemble
from slopenet.training.methods import TINY, choose
from slopenet.training.monitor import State
from slopenet.training.progress import JsonLines, Progress
from slopenet.training.session import Interrupted, Runs, read, require_same
from slopenet.training.starts import Candidates
from slopenet.validate import arrays, settings
from slopenet.validate.layers import check_activations, component_names, sizes_around
from slopenet.validate.settings import RandomSource

# Rows from which on a tenth is held out where nothing else limits the weights.
ENOUGH_ROWS, HELD_OUT = 200, 0.1
# Starts of a fit whose steps take no time.
CHEAP_STARTS = 4


@dataclass(frozen=True, eq=False)
class Fit:
    """What `fit` gives.

    Attributes
    ----------
    network : Network
        The best start's, in the user's units: the scaling is folded into its weights.
    history : dict of str to list of float
        ``"epoch"``, ``"cost"`` (the mean over the samples of C + C' in standard units, without the
        penalty, slopes weighed as they were then) and, with a validation set, ``"validation"``
        (the same of that set, slopes weighed by their share), of that start.
    reason : str
        What was done, why, and why it ended.
    ensemble : Ensemble
        The networks of all starts, the best one first.
    """

    network: Network
    history: dict[str, list[float]] = field(repr=False)
    reason: str
    ensemble: Ensemble = field(repr=False)


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
    momentum: float | None = None,
    l2: float | str = "auto",
    slope_weight: Any = "auto",
    directions: Any = None,
    along: Any = None,
    validation: Any = None,
    sample_weight: Any = None,
    restarts: int | None = None,
    ensemble: int | None = None,
    rng: RandomSource = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    callback: Callable[[State], object] | None = None,
    progress: bool = False,
    log: str | os.PathLike[str] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_seconds: float = 10.0,
) -> Fit:
    """Fit a network on values and, where given, slopes.

    The cost is the mean over the samples of C + C' (see `slopenet.derivation`) in standard units:
    inputs and, behind an identity output, outputs are standardised, slopes follow by the chain
    rule, and the scaling is folded into the weights at the end, so that the network takes and gives
    the user's units. The slopes of each output have its values' share of the cost, times
    `slope_weight`.

    Parameters
    ----------
    X : (N, n_1)
        Inputs. A data frame gives its column names too, or, with `input_names`, those columns. An
        input that never changes gets no weight unless slopes ask for one: its own slope is 0.
    y : (N, n_L), or (N,) for one output
    dydx : (N, n_L, n_1), or (N, n_1) for one output, optional
        Slopes ∂y_k/∂x_i; NaN where one is missing. The columns of a data frame are called ``dy/dx``
        after output and input, or after the inputs alone. A `SlopeWarning` tells of slopes that
        seem not to belong to the values.
    hidden : sequence of int, or int
        Widths of the hidden layers; ``()`` for none.
    activation, output : activation
        σ of the hidden layers and of the last layer.
    method : {"auto", "lm", "lbfgs", "adam", "sgd"}
        Levenberg-Marquardt, L-BFGS, Adam, or gradient descent with momentum. ``"auto"`` is the
        first where its steps are cheap (up to some thousand values and slopes, or a few hundred
        parameters), then L-BFGS up to 50,000 rows, then Adam; `Fit.reason` says which, and why.
    epochs : int, optional
        The most steps of LM (500) or L-BFGS (2000), or passes of Adam or SGD over the data (1000).
    batch_size, learning_rate, momentum : optional
        Of Adam (256, 1e-3) and of SGD (256, 1e-2, 0.9); a batch has no more rows than there are.
    l2 : float or "auto"
        Weight of ½ Σ ‖W[l]‖² beside the sum of the costs of all samples, in standard units. LM
        finds it by itself: ``"auto"`` is the largest evidence, see
        `slopenet.training.optimizers.evidence`.
        With any other method ``"auto"`` is 1e-5, and, unless `validation` is given, a tenth of 200
        rows or more is held out and tells when to stop.
    slope_weight : float, (n_L, n_1), (N, n_L, n_1) or "auto"
        How much the slopes dydx weigh beside the values: all, each, or each of every sample.
        ``"auto"`` is 1; but where LM finds l2 by itself it finds that too, 1e-4 to 1e4, as the
        noise of values and slopes asks for.
    directions : (N, M, n_1), (M, n_1) for all samples, or (N, n_1) with `along` (N,), optional
        v, for slopes that are known along some directions only; of any length.
    along : (N, M, n_L), (N, M) or (N,) for one output, optional
        Slopes v·∇y_k along them; NaN where one is missing.
    validation : float or tuple, optional
        A share of the rows to hold out, or ``(X, y)`` or ``(X, y, dydx)``. The weights that do best
        on it are kept, and training ends once it has not improved for a tenth of `epochs`.
    sample_weight : (N,), optional
        Not negative; only their ratios matter, a sample of weight 0 is as if it were not there.
    restarts : int, optional
        From how many first weights to start; the best result is kept. 4 where a step of LM takes no
        time, 1 otherwise. Starts run side by side, up to the limit of threads.
    ensemble : int, optional
        The same, but all are wanted: the number of networks in `Fit.ensemble`.
    rng : numpy Generator or seed, optional
        For the first weights, the split and the order of batches. The same seed gives the same bits
        on one machine, however many threads slopenet may use (BLAS threads held fixed).
    input_names, output_names : sequence of str, optional
        Labels of the network's inputs and outputs.
    callback : function of a `State`, optional
        Called after every epoch; returns True to stop that start. With several starts it is called
        from several threads, one at a time.
    progress : bool
        Whether to draw a bar on a terminal.
    log : path, optional
        A file that gets a line of JSON for every epoch.
    checkpoint : path, optional
        A file to keep the state of the run in. If it is there, the run goes on from it, and ends
        with the same bits as if it had never stopped; it is refused if data or settings differ.
    checkpoint_seconds : float
        The least time between two checkpoints.

    Returns
    -------
    Fit
        ``.network``, ``.history``, ``.reason``, ``.ensemble``.

    Raises
    ------
    ValueError, TypeError
        If an array does not fit (the message names it, and the row and column of a NaN), a column
        spreads by less than 1e-150 or more than 1e150, or a setting is out of range.
    CheckpointError
        If `checkpoint` is damaged, or of another run.
    Interrupted
        On Ctrl-C, or SIGTERM in the main thread, after the checkpoint was written; its ``fit`` is
        the best until then.
    """
    names = Names.of(X, y, input_names, output_names)
    data = check_data(
        *(X, y, dydx, sample_weight),
        names=names,
        slope_weight=slope_weight,
        directions=directions,
        along=along,
    )
    inputs, outputs = data.X.shape[1], data.y.shape[1]
    component_names("input_names", names.inputs, inputs)
    component_names("output_names", names.outputs, outputs)
    sizes = sizes_around(inputs, hidden, outputs)
    check_activations([activation] * (len(sizes) - 2) + [output], len(sizes) - 1)
    chosen = choose(
        method,
        epochs,
        batch_size,
        learning_rate,
        momentum,
        sizes=sizes,
        rows=len(data),
        targets=outputs * data.kinds,
    )
    ridge = settings.number_or_auto("l2", l2)
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be a function, got {settings.short(callback)}")
    starts = _starts(restarts, ensemble, cheap=chosen.cheap)
    if data.dydx is not None:
        for sentence in disagreements(data.X, data.y, data.dydx, names):
            warnings.warn(sentence, SlopeWarning, stacklevel=2)

    kept = read(checkpoint)
    seed = int(settings.generator(rng).integers(2**63))
    if kept is not None:
        seed = kept[1]["run"]["seed"] if rng is None else seed
    generator = np.random.default_rng(seed)
    if validation is None and ridge is None and chosen.name != "lm" and len(data) >= ENOUGH_ROWS:
        validation = HELD_OUT
    train, held_out = split(data, validation, names, generator)
    run = {
        "seed": seed,
        "data": [] if checkpoint is None else [_digest(train), _digest(held_out)],
        "sizes": sizes,
        "activations": [repr(activation), repr(output)],
        "method": chosen,
        "l2": ridge,
        "slope_weight": None if np.ndim(slope_weight) > 2 else np.asarray(slope_weight).tolist(),
        "starts": starts,
    }
    if kept is not None:
        require_same(checkpoint, kept[1]["run"], run)
    candidates = Candidates(
        sizes,
        (activation, output),
        names,
        chosen,
        ridge=ridge,
        slope_weight=_slope_weight(slope_weight, outputs, inputs),
        data=train,
        held_out=held_out,
        find_balance=isinstance(slope_weight, str),
    )
    with ExitStack() as stack:
        calls: list[Callable[[State], object]] = [] if callback is None else [callback]
        if progress:
            calls.append(stack.enter_context(Progress()))
        if log is not None:
            calls.append(stack.enter_context(JsonLines(log)))
        trainings = candidates.trainings(starts, generator, calls)
        runs = Runs(
            trainings,
            checkpoint,
            run,
            settings.number("checkpoint_seconds", checkpoint_seconds, closed=True),
        )
        if kept is not None:
            runs.resume(*kept)
        try:
            runs.train(side_by_side=starts > 1 and chosen.operations > TINY)
        except Interrupted as stopped:
            stopped.fit = Fit(*candidates.results(trainings))
            raise
    return Fit(*candidates.results(trainings))


def _starts(restarts: int | None, ensemble: int | None, *, cheap: bool) -> int:
    if restarts is not None and ensemble is not None:
        raise ValueError("restarts and ensemble are both numbers of starts; give one of them")
    if ensemble is not None:
        return settings.count("ensemble", ensemble)
    if restarts is not None:
        return settings.count("restarts", restarts)
    return CHEAP_STARTS if cheap else 1


def _slope_weight(given: Any, outputs: int, inputs: int) -> Any:
    if np.ndim(given) == 3:  # is part of the data
        return 1.0
    if np.ndim(given) == 0:
        weight = settings.number_or_auto("slope_weight", given)
        return 1.0 if weight is None else weight
    shape = (outputs, inputs)
    return arrays.weights("slope_weight", given, shape, shape, np.float64)


def _digest(data: Data | None) -> str:
    """What tells one data set from another."""
    digest = hashlib.sha256()
    for array in () if data is None else vars(data).values():
        digest.update(repr(None if array is None else array.shape).encode())
        digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
