"""Posteriors of all kinds to and from the contents of a model file."""

from __future__ import annotations

from importlib import import_module
from typing import cast

import numpy as np

from slopenet.activations import normalise_layer
from slopenet.io.contents import StoredPosterior, StoredRival
from slopenet.io.stored_layer import layer_spec, stored_layer
from slopenet.posterior.posterior import Posterior
from slopenet.posterior.rivals import Rival

# The class of each kind, and its module: they load SciPy, which most networks do not need.
_KINDS = {
    "process": ("process", "ProcessPosterior"),
    "laplace": ("laplace", "LaplacePosterior"),
    "full": ("full", "FullPosterior"),
}


def stored(posterior: Posterior | None) -> StoredPosterior | None:
    """The contents of a file."""
    if posterior is None:
        return None
    arrays = {n: np.asarray(a, np.float64) for n, a in posterior.stored().items()}
    return StoredPosterior(posterior.kind, arrays, tuple(map(_stored, posterior.rivals)))


def restored(contents: StoredPosterior | None) -> Posterior | None:
    """The posterior of contents that are valid in form.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    if contents is None:
        return None
    module, name = _KINDS[contents.kind]
    kind = cast("type[Posterior]", getattr(import_module(f"slopenet.posterior.{module}"), name))
    if not contents.rivals:
        return kind.restored(contents.arrays)
    from slopenet.posterior.laplace import LaplacePosterior  # the only kind with rivals

    return LaplacePosterior.restored(contents.arrays, [_restored(each) for each in contents.rivals])


def _stored(rival: Rival) -> StoredRival:
    layers = tuple(stored_layer(each) for each in rival.activations)
    return StoredRival(rival.weights, rival.biases, layers)


def _restored(stored: StoredRival) -> Rival:
    pairs = zip(stored.activations, stored.biases, strict=True)
    sigmas = [normalise_layer(layer_spec(each), len(b)) for each, b in pairs]
    if not sigmas[-1].linear:
        raise ValueError("the outputs of the rivals of its posterior must be linear")
    return Rival(stored.weights, stored.biases, sigmas)
