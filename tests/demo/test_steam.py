"""The demonstration: its data are right, its claims hold, its files can be used."""

import csv
import io
import re

import numpy as np
import pytest
from rich.console import Console

import slopenet as sn
from slopenet.demo import steam as demo
from slopenet.tables import read_columns

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def steam():
    return demo.load_steam()


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder and the printed text of one demonstration."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "folder"
    console = Console(record=True, width=120, file=io.StringIO())
    demo.run(folder, console)
    return folder, console.export_text()


def test_the_table_has_no_gap_and_stays_in_its_region(steam):
    assert steam.X.shape == (2400, 2)
    assert np.isfinite(steam.dydx).all()
    assert (steam.X.min(axis=0) >= [600, 0.1]).all()
    assert (steam.X.max(axis=0) <= [900, 10]).all()


def test_the_table_obeys_thermodynamics(steam):
    """cp = (dh/dT)_p, (dh/dp)_T = v - T (dv/dT)_p with v = 1/rho."""
    T, rho, cp = steam.X[:, 0], steam.y[:, 0], steam.y[:, 2]
    (drho_dT, _), (dh_dT, dh_dp), _ = np.moveaxis(steam.dydx, 0, -1)
    np.testing.assert_allclose(dh_dT, cp, rtol=1e-9)
    kilojoule = 1e3  # MPa m3/kg in kJ/kg
    np.testing.assert_allclose(dh_dp, kilojoule * (1 / rho + T * drho_dT / rho**2), rtol=1e-6)


def test_slopes_of_the_table_are_the_slopes_of_its_values(steam):
    """Between near points the values change as the slopes at both ends say, to second order."""
    X, y, J = (array[4:] for array in steam[:3])  # the corners have no near points
    scale = np.array([300.0, 9.9])
    near = np.argsort(np.sum(((X[:, None] - X) / scale) ** 2, axis=-1), axis=1)[:, 1]
    step = X[near] - X
    expected = np.einsum("nki,ni->nk", (J + J[near]) / 2, step)
    missed = np.abs(y[near] - y - expected).max(axis=0)
    assert (missed < 1e-3 * np.ptp(y, axis=0)).all()


def test_slopes_make_values_and_slopes_better_on_the_same_rows(ran):
    """The purpose of the demonstration: errors shrink at least five times."""
    gains = re.search(r"values ([\d.]+) times.*slopes ([\d.]+) times", " ".join(ran[1].split()))
    assert float(gains[1]) > 5
    assert float(gains[2]) > 5


def test_every_quantity_has_a_line_of_errors_and_every_slope_a_line_of_the_jacobian(ran):
    text = ran[1]
    for name in demo.OUTPUTS:
        assert re.search(rf"│ {name} +(│ +[\d.]+% ){{3}}│", text)
        for input_ in demo.INPUTS:
            assert len(re.findall(rf"│ d{name}/d{input_} ", text)) == 2


def test_it_leaves_a_model_a_picture_and_the_predictions_of_that_model(ran, steam):
    folder, _ = ran
    assert {path.name for path in folder.iterdir()} == {
        *("steam.safetensors", "parity.png", "predictions.csv", "slopes.png")
    }
    for name in ("parity.png", "slopes.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    network = sn.load(folder / "steam.safetensors")
    assert network.input_names == ("T", "p")
    assert network.output_names == ("rho", "h", "cp")
    with (folder / "predictions.csv").open(newline="") as file:
        names = next(csv.reader(file))
    rows = read_columns(folder / "predictions.csv", names)
    H, J = network.value_and_jacobian(rows[:, :2])
    np.testing.assert_array_equal(rows[:, 2:], np.hstack([H, J.reshape(len(J), 6)]))
    np.testing.assert_array_equal(rows[:, :2], steam.X[demo.SAME_NUMBERS_ROWS :])


def test_the_error_table_is_measured_on_the_model_that_is_saved(ran, steam):
    folder, text = ran
    network = sn.load(folder / "steam.safetensors")
    unseen = steam.rows(slice(demo.SAME_NUMBERS_ROWS, None))
    error = np.sqrt(np.mean((network(unseen.X)[:, 1] - unseen.y[:, 1]) ** 2))
    shown = re.search(r"│ h +│.*│.*│ +([\d.]+)% │", text)[1]
    assert shown == f"{100 * error / np.std(unseen.y[:, 1]):.2f}"
