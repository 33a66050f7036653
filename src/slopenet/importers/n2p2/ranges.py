"""`scaling.data`: minimum, maximum, mean and deviation of each symmetry function."""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.importers._text import lines, number
from slopenet.importers.n2p2.settings import Settings
from slopenet.io.contents import ModelFileError, require

_ENERGIES = 2  # words of RuNNer's last row, the least and the largest energy


def scaling(raw: bytes, settings: Settings, n: int) -> tuple[Floats, Floats]:
    """Factor and offset of each of the element's `n` symmetry functions: factor G + offset."""
    least, most, mean, sigma = _columns(raw, settings, n)
    centre = {"min": least, "mean": mean, None: np.zeros(n)}[settings.centre]
    if settings.spread is None:
        return np.ones(n), -centre
    spread = sigma if settings.spread == "sigma" else most - least
    for i in np.flatnonzero(~(spread > 0))[:1]:
        raise ModelFileError(f"is damaged: symmetry function {i + 1} has no range to scale it by")
    factor = (settings.high - settings.low) / spread
    return factor, settings.low - factor * centre


def _columns(raw: bytes, settings: Settings, n: int) -> list[Floats]:
    """Minimum, maximum, mean and deviation of the element's symmetry functions."""
    found: list[list[float]] = []
    ended = False
    for at, text in lines(raw, "#"):
        require(not ended, f"is damaged: line {at} is behind its last row")
        words = [number(at, word) for word in text.split()]
        ended = len(words) <= _ENERGIES
        if ended or words[0] != settings.number:
            continue
        # Old files have no deviation.
        wanted = 6 if settings.spread == "sigma" else max(5, min(len(words), 6))
        require(len(words) == wanted, f"is damaged: line {at} has {len(words)} words, not {wanted}")
        require(
            words[1] == len(found) + 1,
            f"is damaged: line {at} is of symmetry function {words[1]:g}, not {len(found) + 1}",
        )
        found.append([*words[2:], 0.0][:4])
    require(
        len(found) == n,
        f"has {len(found)} symmetry functions of this element; its network takes {n}",
    )
    return list(np.array(found).T)
