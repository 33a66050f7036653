"""The demonstration: a network learns steam from 30 rows, with and without slopes."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.table import Table
from rich.text import Text

import slopenet as sn
from slopenet.demo import curve
from slopenet.evaluate.errors import RELATIVE, relative_errors
from slopenet.io.files import require_writable
from slopenet.plot import Panel, parity_grid
from slopenet.tables import (
    Samples,
    prediction_names,
    read_samples,
    slope_name,
    write_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from rich.console import Console

    from slopenet.evaluate.errors import Errors

INPUTS = ("T", "p")
OUTPUTS = ("rho", "h", "cp")
UNITS = {"T": "K", "p": "MPa", "rho": "kg/m³", "h": "kJ/kg", "cp": "kJ/(kg K)"}
FEW_ROWS = 30
SAME_NUMBERS_ROWS = FEW_ROWS * (1 + len(INPUTS))
HIDDEN = (32, 32)
SEED = 0
L2 = 1e-6  # small, because the table has no noise; the same for every fit


class Contender(NamedTuple):
    """One of the compared fits."""

    title: str
    network: sn.Network
    errors: Errors
    seconds: float


def load_steam() -> Samples:
    """Return the table of superheated steam that comes with the package.

    X is T in K and p in MPa; y is rho in kg/m³, h in kJ/kg and cp in kJ/(kg K); dydx has the
    exact slopes of the IAPWS-95 equation of state.
    """
    with resources.as_file(resources.files("slopenet") / "data" / "steam.csv") as path:
        return read_samples(path, INPUTS, OUTPUTS)


def run(output_dir: Path, console: Console) -> None:
    """Fit, compare on unseen rows, and write a model, plots and predictions.

    Parameters
    ----------
    output_dir
        Folder for the files; created if necessary.
    console
        Prints the tables.

    Without matplotlib no plot is drawn.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    output_dir.mkdir(parents=True, exist_ok=True)
    require_writable(output_dir / "steam.safetensors")
    steam = load_steam()
    unseen = steam.rows(slice(SAME_NUMBERS_ROWS, None))
    console.print(
        Text.assemble(
            ("Superheated steam", "bold"),
            f": T and p to rho, h and cp, {len(steam.X)} rows with"
            f" exact slopes (IAPWS-95).\nOne 2-{'-'.join(map(str, HIDDEN))}-3 network, one seed,"
            f" three fits; errors on the {len(unseen.X)} rows that none of them has seen.\n",
        )
    )
    plans = (
        (FEW_ROWS, False, f"{FEW_ROWS} rows,\nvalues only"),
        (SAME_NUMBERS_ROWS, False, f"{SAME_NUMBERS_ROWS} rows,\nvalues only"),
        (FEW_ROWS, True, f"{FEW_ROWS} rows,\nwith slopes"),
    )
    contenders = []
    for rows, slopes, title in plans:
        with console.status(Text(f"Fitting {title.replace(chr(10), ' ')} ...")):
            contenders.append(_contend(title, steam.rows(slice(rows)), unseen, slopes=slopes))
    without, _, with_slopes = contenders
    console.print(_error_table(contenders))
    console.print(Text(RELATIVE, "dim"))
    console.print(
        Text(
            f"\nThe same {FEW_ROWS} rows: slopes make the values"
            f" {_gain(without.errors.values, with_slopes.errors.values)} and the slopes"
            f" {_gain(without.errors.slopes, with_slopes.errors.slopes)} more accurate (geometric"
            f" means). {SAME_NUMBERS_ROWS} rows of values carry as many numbers as {FEW_ROWS} rows"
            " with slopes (a few less, as cp is dh/dT).\n"
        )
    )
    console.print(_jacobian_table(unseen, without.network, with_slopes.network))
    console.print()
    _write(output_dir, unseen, without, with_slopes, console)


def _contend(title: str, rows: Samples, unseen: Samples, *, slopes: bool) -> Contender:
    start = time.perf_counter()
    result = sn.fit(
        rows.X,
        rows.y,
        rows.dydx if slopes else None,
        hidden=HIDDEN,
        l2=L2,
        rng=SEED,
        input_names=INPUTS,
        output_names=OUTPUTS,
    )
    seconds = time.perf_counter() - start
    errors = relative_errors(result.network, unseen.X, unseen.y, unseen.dydx)
    return Contender(title, result.network, errors, seconds)


def _error_table(contenders: list[Contender]) -> Table:
    """Return a table of the relative RMS errors, the smallest of each row in bold."""
    table = Table(title="Relative RMS error on unseen rows", title_justify="left")
    table.add_column("")
    for contender in contenders:
        table.add_column(contender.title, justify="right")
    values = np.array([contender.errors.values for contender in contenders]).T
    slopes = np.array([np.ravel(contender.errors.slopes) for contender in contenders]).T
    for names, errors in ((OUTPUTS, values), (_slope_names(), slopes)):
        for name, line in zip(names, errors, strict=True):
            cells = (
                Text(f"{error:.2%}", "bold green" if error == min(line) else "") for error in line
            )
            table.add_row(name, *cells)
        table.add_section()
    table.add_row("fitted in", *(f"{contender.seconds:.1f} s" for contender in contenders))
    return table


def _gain(before: NDArray[np.float64], after: NDArray[np.float64]) -> str:
    """Return the factor by which errors became smaller, as a geometric mean."""
    return f"{np.exp(np.mean(np.log(before / after))):.1f} times"


def _jacobian_table(unseen: Samples, without: sn.Network, with_slopes: sn.Network) -> Table:
    """Return the slopes at the row of median error, which is neither lucky nor unlucky."""
    J = with_slopes.jacobian(unseen.X)
    scale = np.sqrt(np.mean(unseen.dydx_or_nan**2, axis=0))
    size = np.sum(((J - unseen.dydx_or_nan) / scale) ** 2, axis=(1, 2))
    row = int(np.argsort(size)[len(size) // 2])
    T, p = unseen.X[row]
    table = Table(
        title=f"Jacobian at the row of median error: T = {T:g} K, p = {p:g} MPa",
        title_justify="left",
    )
    for column in ("", "unit", "true", "with slopes", "values only"):
        table.add_column(column, justify="right" if column not in {"", "unit"} else "left")
    columns = (unseen.dydx_or_nan[row], J[row], without.jacobian(unseen.X[row]))
    units = (f"{UNITS[k]}/{UNITS[i]}" for k in OUTPUTS for i in INPUTS)
    for name, unit, *slopes in zip(_slope_names(), units, *map(np.ravel, columns), strict=True):
        table.add_row(name, unit, *(f"{slope:.5g}" for slope in slopes))
    return table


def _slope_names() -> list[str]:
    return [slope_name(output, input_) for output in OUTPUTS for input_ in INPUTS]


def _write(
    output_dir: Path, unseen: Samples, without: Contender, with_slopes: Contender, console: Console
) -> None:
    """Write the model, the parity plot and the predictions, and print their paths."""
    model, plot, predictions = (
        output_dir / name for name in ("steam.safetensors", "parity.png", "predictions.csv")
    )
    tangents = output_dir / "slopes.png"
    with_slopes.network.save(model)
    H, J = with_slopes.network.value_and_jacobian(unseen.X)
    write_table(
        predictions,
        prediction_names(INPUTS, OUTPUTS),
        [np.hstack([unseen.X, H, J.reshape(len(J), -1)])],
    )
    try:
        _parity(unseen, (without, with_slopes)).savefig(plot)
        curve.picture().savefig(tangents)
        drawn = (
            f"{plot}  predicted against true, values and slopes\n"
            f"{tangents}  another fit: a curve and its tangents, with and without slopes"
        )
    except ImportError:
        drawn = "No plot was drawn: that needs matplotlib (pip install matplotlib)"
    explain = shlex.join([*_program(), "explain", str(model), "--at", "T=700,p=5"])
    console.print(
        Text(
            f"{model}  the network fitted with slopes\n"
            f"{predictions}  its values and slopes at the unseen rows\n"
            f"{drawn}\n\n"
            f"Every step of one Jacobian:  {explain}"
        ),
        soft_wrap=True,
    )


def _program() -> list[str]:
    """The command by which this program was called."""
    called = Path(sys.argv[0])
    if called.name == "slopenet":
        on_path = shutil.which("slopenet")
        return ["slopenet" if on_path and called.samefile(on_path) else os.path.relpath(called)]
    return [sys.executable, "-m", "slopenet"]


def _parity(unseen: Samples, contenders: Sequence[Contender]) -> Figure:
    """Draw one row of panels per output: its value, then its slopes."""
    answers = [contender.network.value_and_jacobian(unseen.X) for contender in contenders]
    panels = []
    for k, output in enumerate(OUTPUTS):
        value = Panel(
            f"{output}  [{UNITS[output]}]",
            unseen.y[:, k],
            np.stack([H[:, k] for H, _ in answers], axis=1),
            [contender.errors.values[k] for contender in contenders],
        )
        slopes = [
            Panel(
                f"{slope_name(output, input_)}  [{UNITS[output]}/{UNITS[input_]}]",
                unseen.dydx_or_nan[:, k, i],
                np.stack([J[:, k, i] for _, J in answers], axis=1),
                [contender.errors.slopes[k, i] for contender in contenders],
            )
            for i, input_ in enumerate(INPUTS)
        ]
        panels.append([value, *slopes])
    labels = [contender.title.replace("\n", " ") for contender in contenders]
    title = f"Steam: predicted against true at {len(unseen.X)} unseen rows"
    return parity_grid(panels, labels, f"{title} (relative RMS error in each panel)")
