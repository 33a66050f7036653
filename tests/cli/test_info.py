"""`slopenet info` describes a model or the installation."""

import re
import sys

import numpy as np
from command_line import run

import slopenet as sn


def test_info_shows_layers_names_and_size(folder):
    text = run("info", folder / "model.safetensors").stdout
    assert "2-8-2 network, float64" in text
    assert "inputs   a, b\n" in text
    assert re.search(r"│ +2 │ +8 │ tanh +│ +24 │", text)
    assert "42 parameters in" in text


def test_info_without_a_model_says_what_runs():
    result = run("info")
    assert result.exit_code == 0, result.output
    said = [re.split("  +| (?=[^ ]+$)", line) for line in result.stdout.splitlines()]
    assert [row[0] for row in said] == ["slopenet", "instruction set", "threads", "Python", "NumPy"]
    assert [row[-1] for row in said] == [
        sn.__version__,
        sn.instruction_set(),
        str(sn.get_num_threads()),
        sys.version.split()[0],
        np.__version__,
    ]
