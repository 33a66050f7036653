"""The verdict on an exported file: where it is, and how far it is from the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from slopenet.evaluate.agreement import Agreement, rows, table


@dataclass(frozen=True, repr=False)
class Export:
    """An exported network, compared with the network; `str` says it in words and numbers.

    Attributes
    ----------
    path : Path
        The file; a C source has its header next to it.
    agreements : tuple of Agreement
        One per derivative exported: the results of the file against those of the network. Empty
        where the file was not run.
    run_by : str
        The program that ran the file, or the reason why none did.
    """

    path: Path
    agreements: tuple[Agreement, ...]
    run_by: str

    @property
    def differences(self) -> dict[str, float]:
        """Per derivative, the largest difference over the largest entry."""
        return {each.quantity: each.difference for each in self.agreements}

    @property
    def tolerances(self) -> dict[str, float]:
        """Per derivative, the difference that rounding may explain."""
        return {each.quantity: each.tolerance for each in self.agreements}

    @property
    def difference(self) -> float:
        """The largest of the differences; NaN where the file was not run."""
        return max(self.differences.values(), default=float("nan"))

    @property
    def passed(self) -> bool:
        """Whether every difference is within its tolerance; True where the file was not run."""
        return all(each.ok for each in self.agreements)

    def __str__(self) -> str:
        return "\n".join([self._verdict, *table(self.agreements)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from slopenet.html import pages

        return pages.verdict(self._verdict, rows(self.agreements))

    @property
    def _verdict(self) -> str:
        if not self.agreements:
            return f"{self.path}: not run ({self.run_by})."
        verdict = "agrees" if self.passed else "DOES NOT AGREE"
        return f"{self.path}: {verdict} with the network, run by {self.run_by}."
