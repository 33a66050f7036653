"""The code and the commands of docs/pictures.md run."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from command_line import run

from slopenet.demo import load_steam
from slopenet.tables import write_table

pytest.importorskip("matplotlib")

DOCS = (Path(__file__).parents[2] / "docs" / "pictures.md").read_text()


def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    names = {}
    exec(code, names)
    assert names["fit"].errors.values < 0.01
    assert Path("profile.png").read_bytes().startswith(b"\x89PNG")


def test_the_commands_of_the_page_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    steam = load_steam().rows(slice(20))
    slopes = [f"d{k}/d{i}" for k in ("rho", "h", "cp") for i in ("T", "p")]
    rows = np.hstack([steam.X, steam.y, steam.dydx_or_nan.reshape(20, 6)])
    write_table("steam.csv", ["T", "p", "rho", "h", "cp", *slopes], [rows])
    columns = ("--inputs", "T,p", "--outputs", "rho,h,cp", "--hidden", "4", "--epochs", "5")
    assert run("fit", "steam.csv", *columns, "-o", "steam.safetensors").exit_code == 0
    commands = re.findall(r"^    slopenet (.*)$", DOCS, re.MULTILINE)
    assert len(commands) == 3
    for line in commands:
        result = run(*shlex.split(line))
        assert result.exit_code == 0, result.output
    pictures = {path.name for path in Path().glob("*.png")}
    assert pictures == {"steam-profile.png", "profile.png", "steam-parity.png"}
