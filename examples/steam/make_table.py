"""Make steam.csv: properties of superheated steam and their exact partial derivatives.

Usage::

    pip install CoolProp scipy
    python make_table.py [steam.csv]

The table is deterministic. Its points are the corners of the region and a Halton set, rounded
before the properties are computed, so that each row belongs exactly to its T and p in the file.
Every derivative is analytic (CoolProp differentiates the IAPWS-95 equation of state) and is
compared with a sixth-order finite difference before the table is written.
"""

import csv
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import CoolProp
import numpy as np
from CoolProp.CoolProp import PT_INPUTS, AbstractState, DmassT_INPUTS, iDmass, iHmass, iP, iT
from scipy.stats import qmc

N_ROWS = 2400
T_RANGE = (600.0, 900.0)  # K
P_RANGE = (0.1, 10.0)  # MPa; at 10 MPa water boils at 584.1 K, below the whole region
COLUMNS = (
    *("T", "p", "rho", "h", "cp"),
    *("drho/dT", "drho/dp", "dh/dT", "dh/dp", "dcp/dT", "dcp/dp"),
)

STEAM = AbstractState("HEOS", "Water")


def points() -> np.ndarray:
    """Return the (N_ROWS, 2) points (T, p): the corners, then an even spread inside them.

    The first n rows, for any n, are evenly spread and span the whole region.
    """
    corners = np.array([(T, p) for T in T_RANGE for p in P_RANGE])
    halton = qmc.Halton(d=2, scramble=False)
    halton.fast_forward(1)
    inside = qmc.scale(halton.random(N_ROWS - len(corners)), corners[0], corners[-1])
    return np.vstack([corners, np.round(inside, 4)])


def set_state(T: float, p: float) -> None:
    """Set STEAM to T in K and p in MPa.

    At some points CoolProp's own search leaves relative errors near 1e-7 in the density; Newton
    steps on p(rho, T) reduce them to rounding.
    """
    STEAM.update(PT_INPUTS, p * 1e6, T)
    for _ in range(3):
        excess = STEAM.p() - p * 1e6
        rho = STEAM.rhomass() - excess / STEAM.first_partial_deriv(iP, iDmass, iT)
        STEAM.update(DmassT_INPUTS, rho, T)


def values(T: float, p: float) -> np.ndarray:
    """Return (rho, h, cp) in kg/m3, kJ/kg, kJ/(kg K) at T in K and p in MPa."""
    set_state(T, p)
    return np.array([STEAM.rhomass(), STEAM.hmass() / 1e3, STEAM.cpmass() / 1e3])


def slopes(T: float, p: float) -> np.ndarray:
    """Return d(rho, h, cp)/d(T, p), shape (3, 2), in the units of the columns.

    cp is (dh/dT)_p, so its slopes are second derivatives of h.
    """
    set_state(T, p)
    first, second = STEAM.first_partial_deriv, STEAM.second_partial_deriv
    return np.array(
        [
            [first(iDmass, iT, iP), first(iDmass, iP, iT) * 1e6],
            [first(iHmass, iT, iP) / 1e3, first(iHmass, iP, iT) * 1e3],
            [second(iHmass, iT, iP, iT, iP) / 1e3, second(iHmass, iT, iP, iP, iT) * 1e3],
        ]
    )


def difference(f: Callable[[float], np.ndarray], x: float, step: float) -> np.ndarray:
    """Return f'(x) by the sixth-order central difference."""
    terms = [
        c * (f(x + k * step) - f(x - k * step)) / step
        for k, c in ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))
    ]
    return np.asarray(np.sum(terms, axis=0))


def _along_T(p: float, T: float) -> np.ndarray:
    return values(T, p)


def largest_disagreement(X: np.ndarray, J: np.ndarray) -> float:
    """Return the largest difference of J from finite differences, relative to its column's peak."""
    numerical = [
        np.stack(
            [
                difference(partial(_along_T, p), T, 0.2),
                difference(partial(values, T), p, 0.01),
            ],
            axis=1,
        )
        for T, p in X
    ]
    return float(np.max(np.abs(numerical - J) / np.max(np.abs(J), axis=0)))


def main(path: Path) -> None:
    """Compute the table, test its slopes, write it."""
    X = points()
    Y = np.array([values(T, p) for T, p in X])
    J = np.array([slopes(T, p) for T, p in X])
    disagreement = largest_disagreement(X, J)
    if not disagreement < 1e-10:
        raise SystemExit(f"the slopes differ from finite differences by {disagreement:.1e}")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in np.hstack([X, Y, J.reshape(N_ROWS, 6)]):
            writer.writerow(f"{value:.10g}" for value in row)
    print(
        f"{path}: {N_ROWS} rows by CoolProp {CoolProp.__version__}; largest relative difference"
        f" of a slope from a finite difference {disagreement:.1e}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("steam.csv"))
