"""Functions on which surrogate models are compared, with their usual boxes and numbers of rows.

Formulas and boxes of the simulations: S. Surjanovic and D. Bingham, Virtual Library of Simulation
Experiments. Slopes by complex steps: exact to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from benchmarks.training.functions import BOREHOLE, Function, Numbers
from slopenet.dataset.dataset import Data

STEP, TESTED, TEST_SEED = 1e-20, 2000, 1000
TURN = (0.0, 2 * np.pi)


@dataclass(frozen=True)
class Experiment:
    """A function, the number of training rows, and whether they are evenly spaced."""

    function: Function
    rows: int
    even: bool = False

    @property
    def width(self) -> Numbers:
        """Widths of the box."""
        return np.subtract(self.function.upper, self.function.lower)

    def train(self, seed: int) -> Data:
        """A Latin hypercube; a grid if evenly spaced, which has one input."""
        if self.even:
            return self.function.grid(self.rows)
        cube = qmc.LatinHypercube(len(self.width), rng=np.random.default_rng(seed))
        return self._at(cube.random(self.rows))

    def test(self, seed: int) -> Data:
        """Uniformly random points, which no training set shares."""
        rng = np.random.default_rng(TEST_SEED + seed)
        return self._at(rng.random((TESTED, len(self.width))))

    def _at(self, unit: Numbers) -> Data:
        return self.function.data(self.function.lower + self.width * unit)


def _function(value: Callable[[Numbers], Numbers], *box: tuple[float, float]) -> Function:
    """The function with slopes by complex steps."""
    lower, upper = zip(*box, strict=True)
    steps = STEP * np.maximum(np.abs(lower), np.abs(upper))

    def slopes(X: Numbers) -> Numbers:
        columns = [
            value(X + 1j * step * unit).imag / step
            for step, unit in zip(steps, np.eye(len(steps)), strict=True)
        ]
        return np.stack(columns, axis=1)

    return Function(value, slopes, lower, upper)


def _branin(X: Numbers) -> Numbers:
    a, b = X.T
    bowl = b - 5.1 / (4 * np.pi**2) * a**2 + 5 / np.pi * a - 6
    return np.asarray(bowl**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10)


def _otl(X: Numbers) -> Numbers:
    """Mid-point voltage of a push-pull circuit without output transformer."""
    R_b1, R_b2, R_f, R_c1, R_c2, beta = X.T
    V_b1, gain = 12 * R_b2 / (R_b1 + R_b2), beta * (R_c2 + 9)
    below = gain + R_f
    return np.asarray(
        (V_b1 + 0.74) * gain / below + 11.35 * R_f / below + 0.74 * R_f * gain / (below * R_c1)
    )


def _piston(X: Numbers) -> Numbers:
    """Cycle time of a piston in a cylinder."""
    M, S, V_0, k, P_0, T_a, T_0 = X.T
    A = P_0 * S + 19.62 * M - k * V_0 / S
    gas = P_0 * V_0 / T_0 * T_a
    V = S / (2 * k) * (np.sqrt(A**2 + 4 * k * gas) - A)
    return np.asarray(2 * np.pi * np.sqrt(M / (k + S**2 * gas / V**2)))


def _wing(X: Numbers) -> Numbers:
    """Weight of the wing of a light aircraft; the sweep is in degrees."""
    S_w, W_fw, A, sweep, q, taper, t_c, N_z, W_dg, W_p = X.T
    cos = np.cos(np.deg2rad(1.0) * sweep)
    form = (A / cos**2) ** 0.6 * q**0.006 * taper**0.04 * (100 * t_c / cos) ** -0.3
    return np.asarray(0.036 * S_w**0.758 * W_fw**0.0035 * form * (N_z * W_dg) ** 0.49 + S_w * W_p)


HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
SHARPNESS = np.array([
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
])  # fmt: skip
CENTRES = 1e-4 * np.array([
    [1312, 1696, 5569, 124, 8283, 5886],
    [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650],
    [4047, 8828, 8732, 5743, 1091, 381],
])  # fmt: skip


def _hartmann(X: Numbers) -> Numbers:
    square = (SHARPNESS * (X[:, None] - CENTRES) ** 2).sum(axis=2)
    return np.asarray(-np.exp(-square) @ HEIGHTS)


def _robot_arm(X: Numbers) -> Numbers:
    """Distance of the hand from the shoulder; four angles, then four lengths."""
    angles, lengths = np.cumsum(X[:, :4], axis=1), X[:, 4:]
    across, up = (lengths * np.cos(angles)).sum(axis=1), (lengths * np.sin(angles)).sum(axis=1)
    return np.asarray(np.sqrt(across**2 + up**2))


def _sphere(X: Numbers) -> Numbers:
    return np.asarray((X**2).sum(axis=1))


BRANIN = _function(_branin, (-5, 10), (0, 15))
OTL = _function(_otl, (50, 150), (25, 70), (0.5, 3), (1.2, 2.5), (0.25, 1.2), (50, 300))
PISTON = _function(
    _piston,
    (30, 60), (0.005, 0.02), (0.002, 0.01), (1000, 5000), (90_000, 110_000), (290, 296), (340, 360),
)  # fmt: skip
WING = _function(
    _wing,
    (150, 200), (220, 300), (6, 10), (-10, 10), (16, 45), (0.5, 1), (0.08, 0.18), (2.5, 6),
    (1700, 2500), (0.025, 0.08),
)  # fmt: skip
EXPERIMENTS = {
    "branin": Experiment(BRANIN, 20),
    "OTL circuit": Experiment(OTL, 60),
    "piston": Experiment(PISTON, 70),
    "borehole": Experiment(BOREHOLE, 80),
    "wing weight": Experiment(WING, 100),
    "hartmann6": Experiment(_function(_hartmann, *[(0, 1)] * 6), 60),
    "robot arm": Experiment(_function(_robot_arm, *[TURN] * 4, *[(0, 1)] * 4), 80),
    "sine": Experiment(_function(lambda X: 0.5 * np.sin(X[:, 0]), (0, 10)), 20, even=True),
    "sphere 4-D": Experiment(_function(_sphere, *[(-5, 5)] * 4), 20),
    "sphere 20-D": Experiment(_function(_sphere, *[(-5, 5)] * 20), 100),
}
