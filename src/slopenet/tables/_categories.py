"""Columns of words as inputs of a network: one input per word, 1 where the word stands, else 0.

The input for the word ``sand`` of the column ``soil`` is called ``soil=sand``, so a network knows
from the names of its inputs how to code such a column again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slopenet.validate.headings import split_unit

from ._table import TableError, column_positions, has_columns, require_different, shown

MOST_WORDS = 1000


def word_name(column: str, word: str) -> str:
    """Return the name of the input for a word of a column."""
    return f"{split_unit(column)[0]}={word}"


@dataclass(frozen=True)
class Coding:
    """How the inputs of a network are made from the columns of a table.

    Attributes
    ----------
    path
        The table in error messages.
    columns
        Headings of the columns to read.
    words
        The number of each word, for each column of words; reading adds new words.
    known
        The input, by column and word, of a network that is given; None for words to be learned.
    """

    path: Path
    columns: tuple[str, ...]
    words: Mapping[str, dict[str, int]]
    known: tuple[tuple[str, str | None], ...] | None = None

    @classmethod
    def of(
        cls,
        path: Path,
        names: Sequence[str],
        inputs: Sequence[str],
        categories: Collection[str] = (),
    ) -> Coding:
        """Find the columns of inputs; those among `categories` are columns of words.

        Raises
        ------
        TableError
            If a column is missing.
        """
        words: dict[str, dict[str, int]] = {}
        takes: list[tuple[str, str | None]] = []
        for name in inputs:
            column, equals, word = name.rpartition("=")
            by_word = equals and not has_columns(names, [name]) and has_columns(names, [column])
            found = names[column_positions(path, names, [column if by_word else name])[0]]
            takes.append((found, word if by_word else None))
            if by_word:
                known = words.setdefault(found, {})
                known[word] = len(known)
            elif name in categories:
                words[found] = {}
        require_different(path, [column for column, word in takes if word is None])
        columns = tuple(dict.fromkeys(column for column, _ in takes))
        return cls(path, columns, words, None if categories else tuple(takes))

    def takes(self) -> list[tuple[str, str | None]]:
        """Return the column of each input, and its word if it is for one."""
        if self.known is not None:
            return list(self.known)
        return [
            (column, word)
            for column in self.columns
            for word in (sorted(self.words[column]) if column in self.words else [None])
        ]

    def names(self) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return tuple(c if word is None else word_name(c, word) for c, word in self.takes())

    def inputs(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the inputs (N, n_1) from the columns (N, len(columns)).

        Raises
        ------
        TableError
            If the network does not know a word, or there are too many words to learn.
        """
        if not self.words:
            return np.ascontiguousarray(numbers)
        for column, words in self.words.items():
            self._require_few(column, words)
            self._require_known(column, words)
        at = {column: i for i, column in enumerate(self.columns)}
        found = [
            numbers[:, at[column]]
            if word is None
            else (numbers[:, at[column]] == self.words[column][word]).astype(np.float64)
            for column, word in self.takes()
        ]
        return np.stack(found, axis=1)

    def _require_few(self, column: str, words: Mapping[str, int]) -> None:
        if len(words) > MOST_WORDS:
            raise TableError(
                f"{self.path}, column {shown(column)}: there are {len(words)} different words; the"
                f" most is {MOST_WORDS}"
            )

    def _require_known(self, column: str, words: Mapping[str, int]) -> None:
        if self.known is None:
            return
        learned = [word for name, word in self.known if name == column and word is not None]
        if new := [word for word in words if word not in learned]:
            raise TableError(
                f"{self.path}, column {shown(column)}: the model does not know"
                f" {', '.join(map(shown, new[:3]))}; it knows {', '.join(map(shown, learned[:12]))}"
            )
