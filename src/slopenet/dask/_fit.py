"""Learn from partitions by exact full-batch steps: sums over the partitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Literal

import numpy as np

from slopenet.activations import ActivationSpec
from slopenet.dataset.dataset import Data, Names
from slopenet.dataset.partitions import Listed, Partitions
from slopenet.dataset.scaling import Scaling, even_weights_over
from slopenet.io.card import Card, Range
from slopenet.training.checks import number_or_auto
from slopenet.training.methods import partitioned
from slopenet.training.monitor import State
from slopenet.training.objective.partitioned import Distributed, Terms
from slopenet.training.outcome import Fit, train
from slopenet.training.plan import make_plan
from slopenet.training.race import Race
from slopenet.training.settings import Auto, FitSettings
from slopenet.training.starts import Candidates
from slopenet.validate import settings as validate
from slopenet.validate.layers import check_activations, sizes_around
from slopenet.validate.settings import RandomSource

from ._choice import chosen_for
from ._frames import data_of
from ._futures import Futures, client


def fit(
    data: Any,
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    slopes: bool = True,
    hidden: Sequence[int] | int | Auto = "auto",
    activation: ActivationSpec | Auto = "auto",
    output: ActivationSpec = "identity",
    method: Literal["lm", "lbfgs"] = "lbfgs",
    epochs: int | None = None,
    l2: float | Auto = "auto",
    slope_weight: float | Auto = "auto",
    rng: RandomSource = None,
    callback: Callable[[State], object] | None = None,
) -> Fit:
    """Fit a network on the values and slopes of partitions, which stay where they are.

    Means and spreads, costs, gradients and normal equations are sums over the partitions, added in
    their order: the steps are those of `slopenet.fit` on all rows together with the same settings,
    except for rounding. No rows are held out, there is one start, and columns that spread over
    decades are learned as they are.

    Parameters
    ----------
    data : dask.dataframe.DataFrame, or sequence of pandas.DataFrame
        A Dask data frame needs an active `dask.distributed.Client`; the named columns stay as
        float64 in the memory of its workers. A sequence is computed in this process, one data
        frame after the other.
    inputs, outputs : sequence of str
        Names of columns. A column ``dy/dx`` is the slope of the output y in the input x, NaN where
        one is missing.
    slopes : bool
        Whether to look for slopes.
    hidden, activation : sequence of int, int or "auto"; activation or "auto"
        As in `slopenet.fit`. With ``hidden="auto"`` a race on about 500 rows, drawn from
        all partitions, chooses them, and gives the weights to start from.
    output, epochs, l2, rng, callback
        As in `slopenet.fit`.
    method : str
        A method that sums over samples: ``"lbfgs"``, or ``"lm"``, for which each partition sends a
        matrix of p² numbers per step, p being the number of parameters.
    slope_weight : float or "auto"
        As in `slopenet.fit`, one number for all slopes.

    Returns
    -------
    Fit
        As `slopenet.fit` gives, without errors; the network's card has no quantiles and no
        checksum.

    Raises
    ------
    ImportError
        For a Dask data frame without dask.distributed.
    TableError, ValueError, TypeError
        If a column is absent, a value is not a finite number, a setting is out of range, or no
        client exists.
    Interrupted
        On Ctrl-C, or SIGTERM in the main thread; its ``fit`` is the best until then.
    """
    settings = FitSettings(
        hidden=hidden,
        activation=activation,
        output=output,
        method=validate.choice("method must be", method, partitioned()),
        epochs=epochs,
        l2=l2,
        slope_weight=number_or_auto("slope_weight", slope_weight),
        rng=rng,
        callback=callback,
    )
    columns = _column_names("inputs", inputs), _column_names("outputs", outputs)
    names, shape = Names(*columns), (len(columns[0]), len(columns[1]))
    # refuses an impossible network before data are read
    sizes_around(shape[0], settings.resolved().hidden, shape[1])

    raw = _partitions(data, names, slopes=slopes)
    rows, kinds = np.transpose(list(raw.each(_size)))
    samples = int(rows.sum())
    seed = int(validate.generator(rng).integers(2**63))
    settings, start, chosen = chosen_for(settings, raw, names, rows, seed)
    plan = make_plan(
        settings,
        *shape,
        rows=samples,
        targets=shape[1] * int(kinds.max()),
        partitioned=True,
    )
    specs = check_activations(list(plan.activations), len(plan.activations))
    scaling = Scaling.over(raw, outputs=specs[-1].linear)
    card = Card(
        inputs=_ranges(raw, "X"),
        outputs=_ranges(raw, "y"),
        rows=samples,
        seed=validate.whole_seed(rng),
        version=version("slopenet"),
    )
    parts = raw.map(_standardise, scaling)
    del raw  # so that workers hold the data once
    threads = 1 if isinstance(parts, Futures) else None
    terms = Terms(plan.sizes, specs, even_weights_over(parts, plan.slope_weight)[0], threads)
    candidates = Candidates(
        plan,
        names,
        scaling,
        samples=samples,
        problem=lambda _: Distributed(parts, terms, plan.first_l2 / samples),
        rows=f"{samples} rows in partitions",
        start=start,
    )
    found = train(Race([candidates]), settings, np.random.default_rng(seed), card=card)
    return replace(found, reason=found.reason + chosen)


def _column_names(name: str, given: Any) -> tuple[str, ...]:
    found = validate.names(name, given)
    if found is None:
        raise TypeError(f"{name} must be a sequence of names, got None")
    return found


def _partitions(data: Any, names: Names, *, slopes: bool) -> Partitions:
    """Return the partitions that have rows, as `Data` in the user's units."""
    named: dict[str, Any] = {"inputs": names.inputs, "outputs": names.outputs, "slopes": slopes}
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
            f" got {validate.short(data)}"
        )
    if not any(lengths):
        raise ValueError("data must have at least one row, got none in any partition")
    return kept  # type: ignore[no-any-return]


def _ranges(parts: Partitions, name: str) -> tuple[Range, ...]:
    """Minima and maxima over all parts; quantiles would need all rows in one place."""
    found = np.array(list(parts.each(_extremes, name)))
    return tuple(map(Range, found[:, 0].min(axis=0).tolist(), found[:, 1].max(axis=0).tolist()))


def _extremes(data: Data, name: str) -> tuple[Any, Any]:
    column = getattr(data, name)
    return column.min(axis=0), column.max(axis=0)


def _standardise(data: Data, scaling: Scaling) -> Data:
    return scaling.standardise(data)


def _size(data: Data) -> tuple[int, int]:
    """The rows, and the values and slopes known per row and output."""
    return len(data), data.kinds
