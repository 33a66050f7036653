"""Posteriors of all kinds to and from the contents of a model file."""

from __future__ import annotations

from importlib import import_module
from typing import cast

import numpy as np

from slopenet.io.contents import StoredPosterior
from slopenet.posterior.posterior import Posterior

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
    arrays = posterior.stored().items()
    return StoredPosterior(posterior.kind, {n: np.asarray(a, np.float64) for n, a in arrays})


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
    return kind.restored(contents.arrays)
