"""The coordinates in which data are learned: as they are, and with logarithms of wide columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data, Names
from slopenet.dataset.decades import INPUTS, OUTPUTS, Decades
from slopenet.training.transform import Logarithm, Transform


class Columns:
    """All rows of inputs and outputs, and the columns that spread over decades.

    Parameters
    ----------
    data, held_out : Data
        Rows to learn from, and rows that are held out, if there are any.
    names : Names
    plain : bool
        Whether the last activation is identity, so that outputs may be learned as logarithms.
    """

    def __init__(self, data: Data, held_out: Data | None, names: Names, *, plain: bool) -> None:
        self._X, self._y = data.X, data.y
        if held_out is not None:
            self._X = np.concatenate([data.X, held_out.X])
            self._y = np.concatenate([data.y, held_out.y])
        self._names = [
            names.inputs or [f"X[:, {i}]" for i in range(self._X.shape[1])],
            names.outputs or [f"y[:, {k}]" for k in range(self._y.shape[1])],
        ]
        self._wide = [Decades.of(self._X, INPUTS), Decades.of(self._y, OUTPUTS)]
        self._whole = plain and bool(np.isfinite(self._y).all())

    def transforms(self, setting: str | None) -> list[Transform | None]:
        """The transforms to try, None being none: all columns as they are.

        Of inputs and outputs together, of inputs alone where columns of both are wide, and none.
        """
        inputs, outputs = (each.logarithms > 0 for each in self._wide)
        outputs = outputs & self._whole
        neither = np.zeros_like(outputs)
        if setting == "none" or not (inputs.any() or outputs.any()):
            return [None]
        if setting == "log":
            return [self._transform(inputs, outputs)]
        both = inputs.any() and outputs.any()
        alone = [self._transform(inputs, neither)] if both else []
        return [self._transform(inputs, outputs), *alone, None]

    def doubts(self, setting: str | None) -> Iterator[str]:
        """Sentences on wide columns that are learned as they are."""
        for names, wide, able in zip(self._names, self._wide, (True, self._whole), strict=True):
            for name, decades in zip(names, wide.logarithms, strict=True):
                if decades and setting == "none":
                    yield (
                        f"{name} spreads over {decades:.1f} decades, of which a network hardly sees"
                        " the lower ones: transform='auto' tries its logarithm"
                    )
                elif decades and not able:
                    yield (
                        f"{name} spreads over {decades:.1f} decades, of which a network hardly sees"
                        " the lower ones: its logarithm needs output='identity' and no missing"
                        " values"
                    )
            for name, decades in zip(names, wide.crossing, strict=True):
                if decades:
                    yield (
                        f"{name} spreads over {decades:.1f} decades, of which a network hardly sees"
                        " the lower ones, and has no logarithm, as its values are not of one sign"
                    )

    def _transform(self, inputs: Floats, outputs: Floats) -> Transform:
        wide = zip(self._names, (inputs, outputs), strict=True)
        named = [names[i] for names, chosen in wide for i in np.flatnonzero(chosen)]
        return Transform(
            Logarithm.of(self._X, inputs) if inputs.any() else None,
            Logarithm.of(self._y, outputs) if outputs.any() else None,
            f"log of {_listed(named)}",
        )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} more"
