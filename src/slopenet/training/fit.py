"""Fit a network on values, and on slopes where there are any."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from slopenet.activations import ActivationSpec, normalise
from slopenet.dataset.dataset import Data, Names, check_data, split
from slopenet.dataset.distinct import distinct
from slopenet.dataset.noise import reliable
from slopenet.dataset.ranges import ranges
from slopenet.dataset.slope_diagnosis import SlopeWarning, disagreements
from slopenet.io.card import Card
from slopenet.network import Network
from slopenet.training.attempts import Attempts
from slopenet.training.checks import PosteriorName, TransformName
from slopenet.training.contest import Contest
from slopenet.training.coordinates import Columns
from slopenet.training.entrants import Task
from slopenet.training.given import hash_of, require_widths, settings_from
from slopenet.training.levels import without_levels
from slopenet.training.methods import LossName, MethodName
from slopenet.training.monitor import State
from slopenet.training.outcome import Fit, train
from slopenet.training.quality import FitWarning, doubt
from slopenet.training.session import read, require_same
from slopenet.training.settings import AUTO, Auto, FitSettings, documented
from slopenet.training.shape.constraints import constraints_of, with_shape
from slopenet.validate.layers import component_names
from slopenet.validate.settings import RandomSource, generator, whole_seed


def fit(
    X: Any,
    y: Any,
    dydx: Any = None,
    *,
    hidden: Sequence[int] | int | Auto = AUTO,
    activation: ActivationSpec | Auto = AUTO,
    output: ActivationSpec = "identity",
    method: MethodName | Auto = "auto",
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    momentum: float | None = None,
    l2: float | Auto = "auto",
    slope_weight: Any = "auto",
    loss: LossName = "squared",
    transform: TransformName | None = "auto",
    posterior: PosteriorName | None = "auto",
    directions: Any = None,
    along: Any = None,
    monotone: Any = None,
    convex: Any = None,
    concave: Any = None,
    slope_bounds: Any = None,
    validation: Any = None,
    sample_weight: Any = None,
    y_std: Any = None,
    dydx_std: Any = None,
    start: Network | None = None,
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
    the user's units. For each output, slopes and values have equal shares of the cost, the former
    times `slope_weight`.

    Parameters
    ----------
    X : (N, n_1)
        Inputs. The columns of a data frame, or those called `input_names`, are taken with their
        names. The network's slope in a constant input is 0, unless dydx has others to learn.
    y : (N, n_L), or (N,) for one output
        Values; NaN where one is unknown, if a slope or another output is known in that row. An
        output without any value is found up to a constant: its mean over the data is set to 0.
    dydx : (N, n_L, n_1), or (N, n_1) for one output, optional
        Slopes ∂y_k/∂x_i; NaN where one is missing. Columns of a data frame are found by name:
        ``dy/dx`` of output and input, or the input alone. A `SlopeWarning` reports slopes that do
        not seem to fit the values.
    directions : (N, M, n_1), (M, n_1) for all samples, or (N, n_1) with `along` (N,), optional
        Directions v, of any length, for slopes that are known along some directions only.
    along : (N, M, n_L), (N, M) or (N,) for one output, optional
        Slopes v·∇y_k along them; NaN where one is missing.
    sample_weight : (N,), or a number for all rows, optional
        Number of rows that each row counts as, not negative: a weight of 2 is the row given twice,
        0 leaves it out. Weights need not be whole. The more rows the weights add up to, the surer
        is the fit of them, and the smaller is the l2 that it finds; weights that are all below 1
        cannot be counts, and are scaled to a largest of 1.
    y_std : (N, n_L), (N,) for one output, (n_L,), or a number, optional
        Standard deviations of the noise of y, in its units; inf, like NaN in y, where a value is
        unknown. A residual weighs 1/y_std², relative to the others: the size of all noise is
        found from the data.
    dydx_std : (N, n_L, n_1), (N, n_1) for one output, (n_L, n_1), or a number, optional
        Standard deviations of the noise of dydx. With y_std they also give the weight of the
        slopes compared with the values, of which `slope_weight` is then a multiple ("auto": 1).
    start : Network, optional
        A network to start from instead of random weights, with layers and activations to keep:
        training goes on from its values. For methods other than kriging.
    input_names, output_names : sequence of str, optional
        Labels of the network's inputs and outputs.
    hidden, activation, ..., checkpoint_seconds
        Settings: see `slopenet.training.settings.FitSettings`.

    Returns
    -------
    Fit
        ``.network``, ``.history``, ``.reason``, ``.ensemble``, ``.violations``.

    Warns
    -----
    FitWarning
        If the fit is hardly better than a constant, a column spreads over decades and is learned
        as it is, or a constraint is violated somewhere.

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
    settings = FitSettings.of(locals())
    settings, why_lm = with_shape(settings_from(start, settings), start)
    names = Names.of(X, y, input_names, output_names)
    data = check_data(
        *(X, y, dydx, sample_weight),
        names=names,
        slope_weight=slope_weight,
        directions=directions,
        along=along,
        y_std=y_std,
        dydx_std=dydx_std,
    )
    card = Card(
        inputs=ranges(data.X),
        outputs=ranges(data.y),
        rows=len(data),
        seed=whole_seed(rng),
        version=version("slopenet"),
        data=_digest(data),
    )
    data = distinct(data)
    inputs, outputs = data.X.shape[1], data.y.shape[1]
    require_widths(start, inputs, outputs)
    component_names("input_names", names.inputs, inputs)
    component_names("output_names", names.outputs, outputs)
    constraints = constraints_of(settings, names.inputs, names.outputs, (inputs, outputs))
    task = Task(inputs, outputs, len(data), data.kinds, _plain(data, settings))
    known_noise = data.y_std is not None and data.dydx_std is not None
    attempts = Attempts(settings, task, names, start, known_noise, constraints, why_lm)
    plans = attempts.plans
    _warn(SlopeWarning, _doubts(data, names))

    resumed = read(checkpoint)
    seed = int(generator(rng).integers(2**63))
    if resumed is not None and rng is None:
        seed = resumed[1]["run"]["seed"]
    source = np.random.default_rng(seed)
    learned, held_out = split(data, plans[0].validation, names, source)
    held_out = without_levels(held_out, learned, settings.output)
    columns = Columns(learned, held_out, names, plain=normalise(settings.output).linear)
    transforms = columns.transforms(settings.transform)
    _warn(FitWarning, columns.doubts(settings.transform))
    identity = {
        "seed": seed,
        "data": [] if checkpoint is None else [_digest(learned), _digest(held_out)],
        "sizes": [plan.sizes for plan in plans],
        "activations": [repr(activation), repr(output)],
        "method": [plan.method for plan in plans],
        "l2": plans[0].l2,
        "slope_weight": None if np.ndim(slope_weight) > 2 else np.asarray(slope_weight).tolist(),
        "starts": [plan.starts for plan in plans],
        "loss": settings.loss,
        "transforms": ["none" if each is None else each.label for each in transforms],
        "start": None if start is None else hash_of(start),
        **({"shape": [repr(each) for each in constraints]} if constraints else {}),
    }
    if resumed is not None:
        require_same(checkpoint, resumed[1]["run"], identity)

    races = [attempts.race(data, learned, held_out, each, seed) for each in transforms]
    contest = Contest(races, transforms)
    found = train(contest, settings, source, identity=identity, resumed=resumed, card=card)
    _warn(FitWarning, _of_fit(found, learned))
    return found


def _plain(data: Data, settings: FitSettings) -> bool:
    """Whether a process can learn the data: see `Task`."""
    plain = data.directions is data.slope_weight is data.y_std is data.dydx_std is None
    squared = settings.loss == "squared"
    return plain and squared and normalise(settings.output)[0] == "identity"


def _warn(category: type[Warning], sentences: Iterable[str]) -> None:
    """Warn the caller of `fit` of each sentence that is not empty."""
    for sentence in filter(None, sentences):
        warnings.warn(sentence, category, stacklevel=3)


def _of_fit(found: Fit, learned: Data) -> list[str]:
    """Sentences about what is wrong with a fit."""
    poor, names = "", found.network.output_names
    if found.errors is not None:
        shape = len(learned), int(np.count_nonzero(np.ptp(learned.X, axis=0)))
        slopes = learned.dydx is not None or learned.dydv is not None
        poor = doubt(found.errors, names, shape, slopes=slopes)
    return [poor and f"{poor}. {found.reason}", *map(str, found.violations)]


def _doubts(data: Data, names: Names) -> list[str]:
    """Sentences about slopes that look wrong; noise of a known size is not an error."""
    if data.dydx is None:
        return []
    if data.y_std is None and data.dydx_std is None:
        return disagreements(data.X, data.y, data.dydx, names)
    usable = reliable(data)
    if usable.dydx is None:
        return []
    return disagreements(usable.X, usable.y, usable.dydx, names, noise=False)


def _digest(data: Data | None) -> str:
    """A checksum of all arrays of a data set."""
    digest = hashlib.sha256()
    for array in () if data is None else vars(data).values():
        digest.update(repr(None if array is None else array.shape).encode())
        digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


fit.__doc__ = documented(fit.__doc__)
