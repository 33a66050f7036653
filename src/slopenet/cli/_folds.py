"""Cross-validation: each row is predicted by a network that was fitted to the other folds."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

import slopenet as sn
from slopenet.cli._console import print_table

if TYPE_CHECKING:
    from slopenet._types import Floats
    from slopenet.tables import Samples


# Settings of one run: its files.
_OF_ONE_RUN = ("checkpoint", "log")


def print_cross_validation(samples: Samples, folds: int, settings: Mapping[str, Any]) -> None:
    """Print the errors of all rows, each predicted by a network fitted to the other folds.

    The seed among the settings of the fits draws the folds too.
    """
    settings = {name: value for name, value in settings.items() if name not in _OF_ONE_RUN}
    rng = np.random.default_rng(settings["rng"])
    parts = np.array_split(rng.permutation(len(samples.X)), folds)
    known, found = _targets(samples), np.empty((len(samples.X), _targets(samples).shape[1]))
    for part in parts:
        others = np.setdiff1d(np.arange(len(samples.X)), part)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sn.FitWarning)
            warnings.simplefilter("ignore", sn.SlopeWarning)
            network = sn.fit(*samples.rows(others)[:3], **settings).network
        H, J = network.value_and_jacobian(samples.X[part])
        found[part] = np.hstack([H, J.reshape(len(part), -1)])[:, : known.shape[1]]

    missed, n_out = found - known, samples.y.shape[1]
    scale = np.concatenate([known[:, :n_out].std(axis=0), _rms(known[:, n_out:])])
    scale = np.where(scale > 0, scale, 1.0)
    worst = np.fmax.reduce([_rms(missed[part]) for part in parts])
    columns = {"RMSE": _rms(missed), "relative": _rms(missed) / scale, "worst fold": worst / scale}
    title = f"errors of {folds}-fold cross-validation"
    print_table(title, samples.inputs, samples.outputs, columns, plain={"RMSE"})


def _targets(samples: Samples) -> Floats:
    """Values and, if any are known, slopes of each row (N, n_L) or (N, n_L (1 + n_1))."""
    if samples.dydx is None:
        return samples.y
    return np.hstack([samples.y, samples.dydx.reshape(len(samples.X), -1)])


def _rms(x: Floats) -> Floats:
    """Root mean square of each column, without missing entries; NaN if there are none."""
    count = np.sum(~np.isnan(x), axis=0)
    mean = np.nansum(x**2, axis=0) / np.where(count, count, np.nan)
    rms: Floats = np.sqrt(mean)
    return rms
