"""What an export leaves: where it is, and how far it is from the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Export:
    """An exported network, after its check against the network; `str` says it in words and numbers.

    Attributes
    ----------
    path : Path
        The file; a header is beside a C source.
    differences : dict of str to float
        For each of the derivatives exported, the largest difference between what the file
        gives and what the network gives, over the largest entry. Empty where it was not run.
    tolerances : dict of str to float
        What rounding may explain.
    run_by : str
        What ran the file, or why nothing did.
    """

    path: Path
    differences: dict[str, float]
    tolerances: dict[str, float]
    run_by: str

    @property
    def difference(self) -> float:
        """The largest of the differences; NaN where the file was not run."""
        return max(self.differences.values(), default=float("nan"))

    @property
    def passed(self) -> bool:
        """Whether every difference is within its tolerance; True where the file was not run."""
        return all(
            difference <= self.tolerances[name] for name, difference in self.differences.items()
        )

    def __str__(self) -> str:
        if not self.differences:
            return f"{self.path}: not run ({self.run_by})."
        verdict = "agrees" if self.passed else "DOES NOT AGREE"
        lines = [f"{self.path}: {verdict} with the network, run by {self.run_by}."]
        for name, difference in self.differences.items():
            mark = "ok" if difference <= self.tolerances[name] else "WRONG"
            lines.append(f"  {name:<9} differs by {difference:.1e} of the largest entry   {mark}")
        return "\n".join(lines)
