"""`slopenet errors` prints a row of figures for each value and slope."""

import re

import numpy as np
import pytest
from command_line import refused, run, surface

import slopenet as sn


def test_errors_of_a_model_at_the_rows_of_a_table(folder):
    result = run("errors", folder / "model.safetensors", folder / "data.csv")
    assert result.exit_code == 0, result.output
    rows = surface(60)
    net = sn.load(folder / "model.safetensors")
    errors = sn.errors(net, rows[:, :2], rows[:, 2:4], rows[:, 4:].reshape(-1, 2, 2))
    assert f"model.safetensors at 60 rows of {folder / 'data.csv'}:" in result.stdout
    for name, (rmse, relative, r2, largest) in errors.rows().items():
        cells = rf"│ {rmse:.4g} │ +{relative:.3%} │ +{r2:.6g} │ +{largest:.4g} │"
        assert re.search(rf"│ {name} +{cells}".replace("+│", "+│ *"), result.stdout), name


def test_a_table_without_an_output_is_refused(folder, tmp_path):
    (tmp_path / "data.csv").write_text("a,b,u\n1,2,3\n")
    assert refused(run("errors", folder / "model.safetensors", tmp_path / "data.csv"), "column 'v'")


def test_errors_of_an_ensemble_are_those_of_its_mean(tmp_path):
    nets = [sn.Network([[[slope]]], [[0.0]], "identity") for slope in (1.0, 3.0)]
    sn.Ensemble(nets).save(tmp_path / "all")
    x = np.arange(4.0)
    (tmp_path / "data.csv").write_text("x1,y1\n" + "".join(f"{a},{2 * a + 1}\n" for a in x))
    result = run("errors", tmp_path / "all", tmp_path / "data.csv")
    found = re.search(r"│ y1 +│ +([0-9.]+) │", result.stdout)
    assert float(found[1]) == pytest.approx(1)
