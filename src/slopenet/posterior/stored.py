"""Posteriors of all kinds to and from the contents of a model file."""

from __future__ import annotations

import numpy as np

from slopenet.io.contents import StoredPosterior
from slopenet.posterior.full import FullPosterior
from slopenet.posterior.laplace import LaplacePosterior
from slopenet.posterior.posterior import Posterior
from slopenet.posterior.process import ProcessPosterior

_KINDS: dict[str, type[Posterior]] = {
    each.kind: each for each in (ProcessPosterior, LaplacePosterior, FullPosterior)
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
    return None if contents is None else _KINDS[contents.kind].restored(contents.arrays)
