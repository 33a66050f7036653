"""The data to learn from: checked, named, and split into rows to train on and to hold out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.validate import arrays, frames, settings


@dataclass(frozen=True, eq=False)
class Data:
    """Values and slopes to learn from.

    Attributes
    ----------
    X : (N, n_1)
    y : (N, n_L)
    dydx : (N, n_L, n_1)
        Slopes, NaN where one is missing.
    sample_weight : (N,)
        The number of rows that each one stands for, or, once divided by their mean, w_s.
    slope_weight : (N, n_L, n_1)
        λ of each slope, in place of the objective's.
    directions : (N, M, n_1)
        v_m of each sample.
    dydv : (N, M, n_L)
        Slopes v_m·∇y_k along them, NaN where one is missing.
    dydv_weight : (N, M, n_L)
        μ of each of these, in place of the objective's.
    y_std, dydx_std : (N, n_L), (N, n_L, n_1)
        Standard deviations of values and slopes, inf where one is unknown or missing.
    value_weight : (N, n_L)
        Weight of each value; 1 unless given.

    A value is NaN where it is unknown, or its deviation infinite.
    """

    X: Floats
    y: Floats
    dydx: Floats | None = None
    sample_weight: Floats | None = None
    slope_weight: Floats | None = None
    directions: Floats | None = None
    dydv: Floats | None = None
    dydv_weight: Floats | None = None
    y_std: Floats | None = None
    dydx_std: Floats | None = None
    value_weight: Floats | None = None

    def __len__(self) -> int:
        return int(self.X.shape[0])

    @property
    def count(self) -> float:
        """Number of rows that all rows together stand for."""
        return len(self) if self.sample_weight is None else float(self.sample_weight.sum())

    @property
    def kinds(self) -> int:
        """Number of known values and slopes per output and sample."""
        slopes = 0 if self.dydx is None else self.X.shape[1]
        return 1 + slopes + (0 if self.directions is None else self.directions.shape[1])

    def rows(self, index: Floats) -> Data:
        """Only the samples `index`."""
        some: dict[str, Any] = {
            name: None if array is None else array[index] for name, array in vars(self).items()
        }
        return Data(**some)


@dataclass(frozen=True)
class Names:
    """Labels of inputs and outputs; `given` ones choose the columns of a data frame."""

    inputs: tuple[str, ...] | None
    outputs: tuple[str, ...] | None

    @classmethod
    def of(cls, X: Any, y: Any, input_names: Any, output_names: Any) -> Names:
        """The names given, else those of the columns of data frames."""
        inputs = frames.labels(X) if input_names is None else input_names
        outputs = frames.labels(y) if output_names is None else output_names
        return cls(settings.names("input_names", inputs), settings.names("output_names", outputs))


def check_data(
    X: Any,
    y: Any,
    dydx: Any,
    sample_weight: Any = None,
    *,
    names: Names,
    prefix: str = "",
    slope_weight: Any = None,
    directions: Any = None,
    along: Any = None,
    y_std: Any = None,
    dydx_std: Any = None,
) -> Data:
    """Check the data and return float64 arrays of matching shapes."""
    points = arrays.samples(f"{prefix}X", X, names.inputs)
    n, inputs = points.shape
    values = arrays.floats(f"{prefix}y", y, np.float64, names.outputs)
    outputs = values.shape[1] if values.ndim == 2 else 1
    if outputs == 0:
        raise ValueError(f"{prefix}y must have at least one column, got {values.shape}")
    y_std = _value_deviations(y_std, (n, outputs), names)
    if y_std is not None and values.size == y_std.size:
        values = np.where(np.isinf(y_std.reshape(values.shape)), np.nan, values)
    values = arrays.targets(f"{prefix}y", values, (n, outputs), np.float64, unknown=True)
    if y_std is not None:
        y_std = np.where(np.isnan(values), np.inf, y_std)
    weight = None
    if dydx is not None:
        shape, labels = (n, outputs, inputs), (names.inputs, names.outputs)
        dydx = arrays.slopes(f"{prefix}dydx", dydx, shape, np.float64, labels)
    if dydx_std is not None:
        dydx, dydx_std = _with_deviations(dydx, dydx_std, (n, outputs, inputs), names)
    if sample_weight is not None:
        weight = arrays.sample_weights(sample_weight, n)
    if np.ndim(directions) == 2 and np.ndim(along) == 1:  # one direction and one slope per row
        directions, along = np.asarray(directions)[:, None], np.asarray(along)[:, None]
    v, dydv = arrays.slopes_along(directions, along, (n, outputs, inputs), np.float64)
    per_slope = None
    if slope_weight is not None and np.ndim(slope_weight) == 3:
        shared = (outputs, inputs)
        per_slope = arrays.weights("slope_weight", slope_weight, shared, (n, *shared), np.float64)
    data = Data(*(points, values, dydx, weight, per_slope, v, dydv), y_std=y_std, dydx_std=dydx_std)
    _require_knowledge(prefix, data, names, every_row=y_std is None and dydx_std is None)
    if weight is None or weight.all():
        return data
    return data.rows(np.flatnonzero(weight))


def _require_knowledge(prefix: str, data: Data, names: Names, *, every_row: bool) -> None:
    """Raise a ValueError if nothing is known of an output, or of a row."""
    unknown = np.isnan(data.y)
    if not unknown.any():
        return
    if data.dydx is not None:
        unknown = unknown & np.isnan(data.dydx).all(axis=2)
    if data.dydv is not None:
        unknown = unknown & np.isnan(data.dydv).all(axis=1)
    rows, outputs = unknown.all(axis=1), unknown.all(axis=0)
    if every_row and rows.any() and not rows.all():
        row = int(np.argmax(rows))
        raise ValueError(
            f"row {row} of {prefix}y has neither a known value nor a known slope: remove it"
        )
    if outputs.any():
        k = int(np.argmax(outputs))
        name = f"{prefix}y[:, {k}]" if names.outputs is None else f"output {names.outputs[k]!r}"
        raise ValueError(f"{name} has neither a known value nor a known slope")


def _value_deviations(y_std: Any, shape: tuple[int, int], names: Names) -> Floats | None:
    if y_std is None:
        return None
    n, outputs = shape
    wanted: list[tuple[int, ...]] = [shape, *([(n,)] if outputs == 1 else []), (outputs,), ()]
    return arrays.deviations("y_std", y_std, wanted, np.float64, names.outputs)


def _with_deviations(
    dydx: Floats | None, dydx_std: Any, shape: tuple[int, int, int], names: Names
) -> tuple[Floats | None, Floats | None]:
    """Slopes, NaN where the deviation is infinite, and deviations, infinite where dydx is NaN."""
    if dydx is None:
        raise ValueError("dydx_std must be left out without dydx")
    n, outputs, inputs = shape
    labels = frames.slope_columns("dydx_std", dydx_std, names.inputs, names.outputs)
    given = arrays.floats("dydx_std", dydx_std, np.float64, labels)
    if given.size == dydx.size:  # the deviation of a missing slope may be missing
        given = np.where(np.isnan(dydx).reshape(given.shape), np.inf, given)
    wanted: list[tuple[int, ...]] = [shape, *([(n, inputs)] if outputs == 1 else [])]
    wanted += [(n, outputs * inputs)] if labels is not None else []
    std = arrays.deviations("dydx_std", given, [*wanted, (outputs, inputs), ()], np.float64)
    unknown = np.isnan(dydx) | np.isinf(std)
    if unknown.all():
        return None, None
    return np.where(unknown, np.nan, dydx), np.where(unknown, np.inf, std)


def split(
    data: Data, validation: Any, names: Names, rng: np.random.Generator
) -> tuple[Data, Data | None]:
    """The rows to train on, and the rows to hold out if there are any."""
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
            f"validation must hold out at least one of {len(data)} rows and leave one,"
            f" got {settings.short(validation)}"
        )
    order = rng.permutation(len(data))
    kept = order[held:]
    for known in ~np.isnan(data.y.T):  # a level that only rows held out know would be lost
        if known.any() and not known[kept].any():
            kept = np.append(kept, np.flatnonzero(known)[0])
    out = np.setdiff1d(order, kept)
    if not len(out):
        raise ValueError("validation must hold out other rows than those of the only known values")
    return data.rows(np.sort(kept)), data.rows(out)
