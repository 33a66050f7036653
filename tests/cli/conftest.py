"""A folder with a table and a model, for the commands."""

import pytest
from command_line import FIT, NAMES, run, surface

from slopenet.tables import write_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data.csv and a model fitted to it, model.safetensors."""
    path = tmp_path_factory.mktemp("cli")
    write_table(path / "data.csv", NAMES, [surface(60)])
    result = run("fit", path / "data.csv", *FIT, "-o", path / "model.safetensors")
    assert result.exit_code == 0, result.output
    return path
