"""The numbers from which an exported file computes standard deviations.

All kinds of posteriors give, for each output, variances v and covariances c with the value, in the
user's units: of the value, then of its slopes. They are those of a process (`Process`), or squared
lengths and products of the columns of a matrix h with one column for the value and one per slope:
combinations F of functions of x (`Projected`), or L⁻¹ of gradients by the weights (`Full`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from slopenet._types import Floats
from slopenet.posterior.rivals import Rival
from slopenet.posterior.units import Units


class Group(NamedTuple):
    """Outputs of one process.

    Attributes
    ----------
    outputs : (k,)
        Their indices.
    scales : (n_1,)
        ℓ.
    targets : (R,)
        Index b (1 + n_1) + j of each known target: the value (j = 0) or a slope at row b.
    factor : (R (R + 1)/2,)
        L of their covariance L Lᵀ, row after row.
    ones : (R,)
        A⁻¹1/√a; see `slopenet.posterior.conditioned`.
    root : float
        1/√a.
    level : (R + 2,) or None
        Where no value is known: the means of h and of g over the rows, and the mean of k.
    """

    outputs: Floats
    scales: Floats
    targets: Floats
    factor: Floats
    ones: Floats
    root: float
    level: Floats | None


@dataclass(frozen=True, eq=False)
class Process:
    """The numbers of a `ProcessPosterior`.

    Attributes
    ----------
    units : Units
    points : (n, n_1)
        The rows, in standard units.
    groups : sequence of Group
    variance : (n_L,)
        σ² with its inflation, in the user's units.
    distance : (n_L, 1 + n_1)
        Squares to be added to the variances, in units of the output.
    """

    units: Units
    points: Floats
    groups: Sequence[Group]
    variance: Floats
    distance: Floats


@dataclass(frozen=True, eq=False)
class Projected:
    """The numbers of a `LaplacePosterior`.

    Attributes
    ----------
    units : Units
    trained : slice
        Of the layers; the functions are 1, u, and a[l] of these but the last.
    root : (m, n_L, r)
        F of each output, in its unit.
    rivals : tuple of Rival
        Networks of u, whose outputs have their units, and no b[L] of the network: their functions
        are their distances from the last of the trained layers without its b.
    of_rivals : (J, n_L, r)
        Rows of F for these functions.
    """

    units: Units
    trained: slice
    root: Floats
    rivals: tuple[Rival, ...] = ()
    of_rivals: Floats | None = None


@dataclass(frozen=True, eq=False)
class Full:
    """The numbers of a `FullPosterior`.

    Attributes
    ----------
    units : Units
    trained : slice
        Of the layers, in the order of whose weights the rows of L are.
    factor : (p (p + 1)/2,)
        L of the inverse covariance L Lᵀ of the weights, row after row.
    """

    units: Units
    trained: slice
    factor: Floats


Deviations: TypeAlias = Process | Projected | Full
