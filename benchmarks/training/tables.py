"""Tables that come with scikit-learn, with smt and with the examples, as arrays."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.training.functions import Numbers
from slopenet.dataset.dataset import Data

STEAM = Path(__file__).parents[2] / "examples" / "steam" / "steam.csv"


def _smt(folder: str) -> Path:
    """A folder of smt's examples; smt itself is not imported.

    Raises
    ------
    ModuleNotFoundError
        If smt is not installed.
    """
    spec = find_spec("smt")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the table comes with smt: pip install smt", name="smt")
    return Path(spec.submodule_search_locations[0]) / "examples" / folder


def airfoil() -> Data:
    """Drag of 42,039 airfoils in 16 inputs: 14 modes of the shape, Mach number, angle of attack."""
    folder = _smt("airfoil_parameters")
    table = np.loadtxt(folder / "cd_x_y.csv", delimiter=";")
    slopes = np.loadtxt(folder / "cd_dy.csv", delimiter=";")
    return Data(np.ascontiguousarray(table[:, :-1]), table[:, -1:].copy(), slopes[:, None])


def engine() -> tuple[Numbers, Numbers]:
    """Thrust and fuel consumption of a B777's engine over Mach number, altitude and throttle."""
    folder = _smt("b777_engine")
    X, y = (np.loadtxt(folder / f"b777_engine_{part}.dat") for part in ("inputs", "outputs"))
    return X.reshape(-1, 3), y.reshape(-1, 2)


def engine_slopes() -> Numbers:
    """The slopes of both outputs of `engine` in its three inputs."""
    found: Numbers = np.loadtxt(_smt("b777_engine") / "b777_engine_derivs.dat")
    return found.reshape(-1, 2, 3)


def steam_slopes() -> Numbers:
    """The slopes of the outputs of `steam` in its inputs; NaN where one is not known."""
    table = np.loadtxt(STEAM, delimiter=",", skiprows=1)
    return table[:, 5:].reshape(len(table), 3, 2)


def steam() -> tuple[Numbers, Numbers]:
    """Density, enthalpy and heat capacity of steam over temperature and pressure."""
    table = np.loadtxt(STEAM, delimiter=",", skiprows=1)
    return table[:, :2], table[:, 2:5]


def diabetes() -> tuple[Numbers, Numbers]:
    """Progress of a disease in a year over ten measurements of 442 patients."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    return X, y[:, None]
