"""The commands of docs/tables.md run."""

import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest
from command_line import run

from slopenet.validate.headings import slope_key

DOCS = (Path(__file__).parents[2] / "docs" / "tables.md").read_text()
HEADER = re.search(r"^    (T \[K\];.*)$", DOCS, re.MULTILINE)[1]


@pytest.fixture
def table(tmp_path, monkeypatch):
    """The table of the page, data.csv, and new points, new.csv, in the current folder."""
    monkeypatch.chdir(tmp_path)
    rng, lines = np.random.default_rng(0), ["Versuch 7", "Labor 2", HEADER, "# ein Kommentar"]
    for i in range(30):
        T, p = rng.uniform(1, 2, 2).tolist()
        row = [T, p, 316 if i % 2 else 304, T * p + i % 2, p, T]
        lines.append(";".join(str(x).replace(".", ",") for x in row))
    Path("data.csv").write_text("\n".join(lines))
    Path("new.csv").write_text("T,p,steel\n1.5,1.25,304\n1.5,1.25,316\n")


@pytest.mark.usefixtures("table")
def test_the_commands_of_the_page_run():
    for line in re.findall(r"^    slopenet (.*)$", DOCS, re.MULTILINE):
        result = run(*shlex.split(line))
        assert result.exit_code == 0, result.output
    header, *rows = Path("predictions.csv").read_text().splitlines()
    assert header.startswith("T [K],p [MPa],steel=304,steel=316,rho [kg/m3],drho/dT [kg/m3/K],")
    rho = [float(row.split(",")[4]) for row in rows]
    np.testing.assert_allclose(rho, [1.875, 2.875], atol=0.05)


def test_the_settings_of_the_page_are_toml():
    (block,) = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    assert tomllib.loads(block)["slopes"] == {"rho:T": "rho_T", "rho:p": "rho_p"}


def test_the_headings_of_the_page_are_slopes():
    rows = re.findall(r"^\| (`.*drho.*`|`∂.*`|`d\(.*`) \|", DOCS, re.MULTILINE)
    headings = [heading for row in rows for heading in re.findall("`(.*?)`", row)]
    assert len(headings) == 5
    assert {slope_key(heading) for heading in headings} == {"drho/dT"}
