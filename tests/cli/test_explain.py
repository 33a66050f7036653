"""`slopenet explain` prints the derivation at one row or point."""

import numpy as np
import pytest
from command_line import refused, run, surface

import slopenet as sn


def test_explain_prints_all_of_it_when_asked(tmp_path):
    model = tmp_path / "wide.safetensors"
    sn.Network.random((2, 70, 1), rng=0).save(model)
    page = ("explain", model, "--at", "x1=1,x2=2")
    assert "--full prints them all" in run(*page).stdout
    assert "..." not in run(*page, "--full").stdout


def test_explain_prints_the_derivation_of_the_row_that_is_asked_for(folder):
    model, data = folder / "model.safetensors", folder / "data.csv"
    network, rows = sn.load(model), surface(60)
    x, y = rows[6, :2], rows[6, 2:4]
    assert run("explain", model, data, "--row", 7).stdout == f"{network.derivation(x, y)}\n"
    at = f"b={x[1]!r},a={x[0]!r}".replace("np.float64(", "").replace(")", "")
    assert run("explain", model, "--at", at).stdout == f"{network.derivation(x)}\n"
    result = run("explain", model, "--at", at, "--target", "v=2,u=1")
    assert result.stdout == f"{network.derivation(x, np.array([1.0, 2.0]))}\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--row", "3"], "give either DATA"),
        ([], "give either DATA"),
        (["DATA", "--at", "a=1,b=2"], "give either DATA"),
        (["DATA", "--row", "61"], "has 60 rows; there is no row 61"),
        (["DATA", "--row", "0"], "0 is not in the range"),
        (["--at", "a=1"], "--at needs a=...,b=..., not a"),
        (["--at", "a=1,b=2,c=3"], "--at needs a=...,b=..., not a,b,c"),
        (["--at", "a=1,b"], "'--at': 'b' is not of the form name=number"),
        (["--at", "a=1,a=2"], "'--at': 'a' is given twice"),
        (["--at", "a=1,b=nan"], "'--at': 'nan' is not a finite number"),
        (["--at", "a=1,b=2", "--target", "u=1"], "--target needs u=...,v=..., not u"),
    ],
)
def test_explain_refuses_rows_that_are_not_there_and_points_that_do_not_fit(folder, args, message):
    args = [folder / "data.csv" if arg == "DATA" else arg for arg in args]
    assert refused(run("explain", folder / "model.safetensors", *args), message)
