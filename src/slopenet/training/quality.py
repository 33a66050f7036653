"""How good a fit is: errors of rows that it did not learn from, and a warning if they are large."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np

from slopenet._types import Floats
from slopenet.evaluate.errors import Errors
from slopenet.io.card import KnownErrors

# A relative error of values from which on a fit is hardly better than a constant, which has 1: the
# true error of few rows may be half as large again.
POOR = 0.65
# Values without slopes of at most so many rows for each input, and for the mean and the noise, say
# little of the errors of other rows: from this error on, such a fit is in doubt.
_FEW, _POOR_OF_FEW = 2, 0.1
# So many rows in no more inputs lie in a plane, which says nothing of the error elsewhere.
_FEWEST = 8
LEFT_OUT, HELD_OUT, LEARNED = "left out", "held out", "learned from"


class FitWarning(UserWarning):
    """A fit is, or may be, hardly better than a constant, or breaks a constraint."""


@dataclass(frozen=True, eq=False)
class FitErrors:
    """Estimated errors of a fit.

    Attributes
    ----------
    values : (n_L,)
        RMS error of each output over its standard deviation; NaN where no value is known.
    slopes : (n_L, n_1)
        RMS error of each slope over its RMS; NaN where none is known.
    rows : {"left out", "held out", "learned from"}
        The rows: each of those learned from, left out in turn, in closed form and to first order
        (exact for a kriging start of given length scales; for other networks of more parameters
        than data often several times too small, and bounded by the error that the evidence
        implies); rows that were held out; or, where there is
        neither, the rows learned from, whose errors say little about others.
    outlook : str
        What limits the fit, as a clause; empty if nothing is known of it. See
        `slopenet.training.outlook`.
    """

    values: Floats
    slopes: Floats
    rows: str
    outlook: str = ""

    @property
    def all(self) -> Floats:
        """Errors of values, then of slopes."""
        return np.concatenate([self.values, self.slopes.ravel()])

    @property
    def typical(self) -> float:
        """RMS of the errors of all values, or of slopes if no value is known; infinite if none."""
        for errors in (self.values, self.slopes):
            if not np.isnan(errors).all():
                return float(np.sqrt(np.nanmean(errors**2)))
        return np.inf

    @property
    def r2(self) -> Floats:
        """R² of each output (n_L,)."""
        return 1 - self.values**2

    def at_most(self, bound: float) -> FitErrors:
        """The same errors, those beyond the bound replaced by it."""
        values, slopes = np.minimum(self.values, bound), np.minimum(self.slopes, bound)
        return replace(self, values=values, slopes=slopes)

    @property
    def verdict(self) -> str:
        """One line on the errors, and on what limits them."""
        end = self.outlook and f"; {self.outlook}"
        line = f"Errors of rows {self.rows}: values {_percent(self.values)} of their deviation"
        slopes = f"slopes {_percent(self.slopes)} of their RMS"
        if np.isnan(self.values).all():
            return f"Errors of rows {self.rows}: {slopes}{end}"
        if not np.isnan(self.slopes).all():
            line += f", {slopes}"
        return line + f"; R² {_r2(self.r2)}{end}"

    def known(self, inputs: int) -> KnownErrors:
        """The errors as the card of a network of so many inputs keeps them."""
        slopes = np.full((len(self.values), inputs), np.nan)
        if self.slopes.shape == slopes.shape:  # else none is known
            slopes = self.slopes
        rows = tuple(tuple(row) for row in slopes.tolist())
        return KnownErrors(tuple(self.values.tolist()), rows, self.rows)

    @classmethod
    def of_relative(cls, errors: Errors, rows: str) -> FitErrors:
        """From the errors of a network on rows."""
        return cls(errors.values, errors.slopes, rows)

    @classmethod
    def of_missed(
        cls, missed: Floats, targets: Floats, distances: Floats | float = 0.0
    ) -> FitErrors:
        """From what each row's targets are missed by, left out, and the targets: (n, kinds, n_L).

        A kind is the value, then the slopes if there are any; NaN where one is missing. `distances`
        (kinds, n_L) of the network from the model whose rows are left out are added in quadrature.
        """
        if not isinstance(distances, float):
            distances = distances[: targets.shape[1]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of a mean of none: it is NaN
            errors = np.sqrt(np.nanmean(missed**2, axis=0) + np.square(distances))
            values = errors[0] / _not_zero(np.nanstd(targets[:, 0], axis=0))
            slopes = np.full((targets.shape[2], 1), np.nan)
            if targets.shape[1] > 1:
                rms = np.sqrt(np.nanmean(targets[:, 1:] ** 2, axis=0))
                slopes = (errors[1:] / _not_zero(rms)).T
        return cls(values, slopes, LEFT_OUT)


def doubt(
    errors: FitErrors, names: tuple[str, ...] | None, shape: tuple[int, int], *, slopes: bool
) -> str:
    """A sentence on a fit, or outputs of it, that may be no better than a constant; or nothing.

    `shape` are the numbers of rows and of inputs that vary, `slopes` says whether any are known.
    Slopes make up for one row.
    """
    (rows, inputs), end = shape, "more rows, or slopes, or inputs on another scale may help"
    size = f"{rows} row{'s' * (rows != 1)} in {inputs} input{'s' * (inputs != 1)}"
    judged = errors.rows == HELD_OUT
    if rows < min(inputs + (not slopes), _FEWEST + 1) and not judged:
        return f"{size} are too few to say whether the fit is better than a constant; {end}"
    few = not judged and not slopes and rows <= _FEW * (inputs + 2)
    poor = np.flatnonzero(errors.values >= (_POOR_OF_FEW if few else POOR))  # not NaN: unknown
    if not poor.size:
        return ""
    said = [names[k] if names else f"output {k}" for k in poor]
    worst = float(np.max(errors.values[poor]))
    what, but = "is hardly better", ""
    if worst < POOR:
        what, but = "may be no better", f", and {size} without slopes are too few to vouch for that"
    return (
        f"{' and '.join(said)}: the fit {what} than a constant, as rows {errors.rows} are"
        f" missed by up to {worst:.2g} times their standard deviation{but}; {end}"
    )


def _percent(errors: Floats) -> str:
    known = errors[~np.isnan(errors)]
    if not known.size:
        return "unknown"
    low, high = 100 * float(known.min()), 100 * float(known.max())
    return f"{short(high)} %" if high <= 1.05 * low else f"{short(low)} to {short(high)} %"


def short(x: float) -> str:
    """Two digits, or all before the point."""
    return f"{x:.0f}" if x >= 10 else f"{x:.2g}"


def _r2(each: Floats) -> str:
    known = each[~np.isnan(each)]
    if not known.size:
        return "unknown"
    least = float(known.min())
    if least < 0.999:
        return f"{least:.3f}"
    return f"1 - {1 - least:.1e}" if least < 1 else "1"


def _not_zero(x: Floats) -> Floats:
    return np.where(x > 0, x, 1.0)
