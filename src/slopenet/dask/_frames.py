"""A partition, which is a pandas data frame, as a table of numbers and as `Data`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data, Names, check_data
from slopenet.tables import samples_of
from slopenet.tables._table import NO_WORDS, column_positions
from slopenet.validate.arrays import require_finite


@dataclass(frozen=True)
class FrameTable:
    """A data frame as a `slopenet.tables.TableReader`."""

    path: Path
    names: tuple[str, ...]
    frame: Any

    def read(
        self,
        wanted: Sequence[str],
        may_miss: Collection[str] = (),  # noqa: ARG002
        words: Mapping[str, dict[str, int]] = NO_WORDS,
    ) -> Floats:
        """Return the wanted columns; missing entries are NaN."""
        at = column_positions(self.path, self.names, wanted)
        coded = {
            name: [words[name].setdefault(str(word), len(words[name])) for word in self.frame[name]]
            for name in words
        }
        return numbers_of(self.frame.assign(**coded), [self.names[i] for i in at])


def require_columns(what: str, columns: Iterable[Any], wanted: Sequence[str]) -> None:
    """Raise TableError if a column is absent."""
    column_positions(Path(what), tuple(map(str, columns)), wanted)


def numbers_of(frame: Any, names: Sequence[str]) -> Floats:
    """Return columns of a data frame, float64 (N, columns); missing entries are NaN."""
    numbers: Floats = frame[list(names)].to_numpy(np.float64, na_value=np.nan)
    return numbers


def data_of(
    frame: Any, number: int, inputs: Sequence[str], outputs: Sequence[str], *, slopes: bool
) -> Data:
    """Return the values and slopes of a partition, found by their names; its number names errors.

    Raises
    ------
    TableError, ValueError
        If a column is absent or a value is not a finite number; slopes may be missing.
    """
    what = f"partition {number}"
    table = FrameTable(Path(what), tuple(map(str, frame.columns)), frame)
    X, y, dydx = samples_of(table, inputs, outputs, slopes=slopes)[:3]
    if not len(X):
        return Data(X, y, dydx)
    names = Names(tuple(inputs), tuple(outputs))
    require_finite(f"{what}: y", y)  # sums over partitions have no weights of single values
    return check_data(X, y, dydx, names=names, prefix=f"{what}: ")
