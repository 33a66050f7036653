"""Learn from partitions by exact full-batch steps: sums of what each partition adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import ActivationSpec
from slopenet.dataset.dataset import Data
from slopenet.dataset.partitions import Listed, Partitions
from slopenet.dataset.scaling import Scaling, balance_over
from slopenet.network import Network
from slopenet.parameters import unflatten
from slopenet.training.ensemble import Ensemble
from slopenet.training.fit import Fit
from slopenet.training.methods import EPOCHS, NAMES
from slopenet.training.monitor import State, Watch
from slopenet.training.objective.partitioned import Distributed, Terms
from slopenet.training.optimizers.evidence import Evidence
from slopenet.training.optimizers.lbfgs import LBFGS
from slopenet.training.optimizers.lm import LevenbergMarquardt
from slopenet.training.session import Interrupted, Runs
from slopenet.training.start import Optimizer, Training
from slopenet.training.starts import ABOVE, L2, first_weights
from slopenet.validate import settings
from slopenet.validate.layers import check_activations, sizes_around
from slopenet.validate.settings import RandomSource

from ._frames import data_of
from ._futures import Futures, client

_METHODS = ("lbfgs", "lm")


def fit(
    data: Any,
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    slopes: bool = True,
    hidden: Sequence[int] | int = (64, 64),
    activation: ActivationSpec = "tanh",
    output: ActivationSpec = "identity",
    method: str = "lbfgs",
    epochs: int | None = None,
    l2: float | str = "auto",
    slope_weight: float | str = "auto",
    rng: RandomSource = None,
    callback: Callable[[State], object] | None = None,
) -> Fit:
    """Fit a network on the values and slopes of partitions, which stay where they are.

    Means and spreads, costs, gradients and normal equations are sums over the partitions, added in
    their order: the steps are those of `slopenet.fit` on all rows together with the same settings,
    but for rounding. No rows are held out, and there is one start.

    Parameters
    ----------
    data : dask.dataframe.DataFrame, or sequence of pandas.DataFrame
        The former needs an active `dask.distributed.Client`, in the memory of whose workers the
        columns named stay as float64; the latter are computed in this process one after the other.
    inputs, outputs : sequence of str
        Names of columns. A column ``dy/dx`` is the slope of the output y in the input x, NaN where
        one is missing.
    slopes : bool
        Whether to look for slopes.
    hidden, activation, output, slope_weight, rng, callback
        As in `slopenet.fit`.
    method : {"lbfgs", "lm"}
        L-BFGS, or Levenberg-Marquardt, for which each partition sends a matrix of p² numbers a
        step, p being the number of parameters.
    epochs : int, optional
        The most steps: 2000 of L-BFGS, 500 of Levenberg-Marquardt.
    l2 : float or "auto"
        Weight of ½ Σ ‖W[l]‖² beside the sum of the costs of all samples, in standard units.
        ``"auto"`` is the largest evidence with Levenberg-Marquardt, 1e-5 with L-BFGS.

    Returns
    -------
    Fit
        As `slopenet.fit` gives.

    Raises
    ------
    ImportError
        For a Dask data frame without dask.distributed.
    TableError, ValueError, TypeError
        If a column is absent, a value no finite number, a setting out of range, or there is no
        client.
    Interrupted
        On Ctrl-C, or SIGTERM in the main thread; its ``fit`` is the best until then.
    """
    names = settings.names("inputs", inputs), settings.names("outputs", outputs)
    assert names[0] is not None and names[1] is not None  # noqa: PT018, S101
    chosen = settings.choice("method must be", method, _METHODS)
    most = EPOCHS[chosen] if epochs is None else settings.count("epochs", epochs)
    sizes = sizes_around(len(names[0]), hidden, len(names[1]))
    specs: list[ActivationSpec] = [activation] * (len(sizes) - 2) + [output]
    rows = check_activations(specs, len(specs))
    ridge = settings.number_or_auto("l2", l2)
    weight = settings.number_or_auto("slope_weight", slope_weight)
    seed = np.random.default_rng(int(settings.generator(rng).integers(2**63))).integers(2**63)

    raw = _partitions(data, *names, slopes=slopes)
    scaling = Scaling.over(raw, outputs=rows[-1][0] == "identity")
    parts = raw.map(_standardise, scaling)
    del raw  # so that workers hold the data once
    threads = 1 if isinstance(parts, Futures) else None
    terms = Terms(sizes, rows, balance_over(parts, 1.0 if weight is None else weight)[0], threads)
    problem = Distributed(parts, terms)
    problem.l2 = (L2 if ridge is None else ridge) / problem.samples
    optimizer: Optimizer = LBFGS() if chosen == "lbfgs" else LevenbergMarquardt()
    if chosen == "lm" and ridge is None:
        optimizer = Evidence(ABOVE, balance=weight is None)

    def network(theta: Floats) -> Network:
        W, b = scaling.fold(*unflatten(theta, sizes))
        return Network(W, b, specs, input_names=names[0], output_names=names[1])

    training = Training(
        problem,
        optimizer,
        Watch(most, None, callback, network),
        first_weights(sizes, activation, output, scaling, np.random.default_rng(seed)),
        0,
    )

    def result() -> Fit:
        found = network(training.theta)
        reason = f"{NAMES[chosen]} on {problem.samples} rows in partitions: {training.reason}."
        if isinstance(optimizer, Evidence):
            reason += optimizer.sentence(training.at.state)
        return Fit(found, training.watch.history, reason, Ensemble([found]))

    try:
        Runs([training], None, {}, 0.0).train(side_by_side=False)
    except Interrupted as stopped:
        stopped.fit = result()
        raise
    return result()


def _partitions(data: Any, inputs: Any, outputs: Any, *, slopes: bool) -> Partitions:
    """Return the partitions that have rows, as `Data` in the user's units."""
    named = {"inputs": inputs, "outputs": outputs, "slopes": slopes}
    if hasattr(data, "to_delayed"):
        own = client()
        frames = own.compute(data.to_delayed())
        futures = [own.submit(data_of, frame, i, **named) for i, frame in enumerate(frames)]
        lengths = list(Futures(own, futures).each(len))
        kept: Any = Futures(own, [f for f, n in zip(futures, lengths, strict=True) if n])
    elif isinstance(data, list | tuple) and all(hasattr(frame, "columns") for frame in data):
        found = [data_of(frame, i, **named) for i, frame in enumerate(data)]
        lengths, kept = [len(part) for part in found], Listed([part for part in found if len(part)])
    else:
        raise TypeError(
            "data must be a Dask data frame or a list of pandas data frames,"
            f" got {settings.short(data)}"
        )
    if not any(lengths):
        raise ValueError("data must have at least one row, got none in any partition")
    return kept  # type: ignore[no-any-return]


def _standardise(data: Data, scaling: Scaling) -> Data:
    return scaling.standardise(data)
