"""Names with brackets are text: rich takes nothing in them for its markup."""

import ast
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import slopenet as sn
from slopenet.cli import cli
from slopenet.tables import slope_name, write_table

SOURCE = Path(sn.__file__).parent
INPUTS = ("flow [/h]", "rho [kg/m3]")
OUTPUTS = ("[bold]x", "a[red]", ":smile:")
SLOPES = tuple(slope_name(k, i) for k in OUTPUTS for i in INPUTS)


def run(*args):
    result = CliRunner().invoke(cli, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output
    return result.stdout


def said(names, text):
    """Names that are not in a text."""
    return [name for name in names if name not in text]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table and a model of it, [red].csv and [red].safetensors."""
    path = tmp_path_factory.mktemp("[bold]markup")
    a, b = np.random.default_rng(0).uniform(-1, 1, (2, 30))
    H = np.stack([a + b, a - b, a * b])
    J = np.stack([a**0, a**0, a**0, -(a**0), b, a])
    write_table(path / "[red].csv", [*INPUTS, *OUTPUTS, *SLOPES], [np.stack([a, b, *H, *J], 1)])
    network = sn.fit(
        np.stack([a, b], 1), H.T, hidden=4, epochs=5, rng=0, restarts=1,
        input_names=INPUTS, output_names=OUTPUTS,
    ).network  # fmt: skip
    network.save(path / "[red].safetensors")
    return path


def test_fit_prints_the_names_of_columns_as_they_are(folder):
    options = ("--inputs", ",".join(INPUTS), "--outputs", ",".join(OUTPUTS), "--hidden", 4)
    text = run("fit", folder / "[red].csv", *options, "--epochs", 5, "-o", folder / "[blue].st")
    assert not said([*OUTPUTS, *SLOPES, "[blue].st"], text)


def test_check_prints_the_names_of_columns_as_they_are(folder):
    text = run("check", folder / "[red].safetensors", folder / "[red].csv")
    assert not said([*OUTPUTS, *SLOPES], text)


def test_info_prints_the_names_of_columns_as_they_are(folder):
    text = run("info", folder / "[red].safetensors")
    assert not said([*INPUTS, *OUTPUTS, "[red].safetensors"], text)


def test_predict_prints_the_names_of_columns_as_they_are(folder):
    text = run("predict", folder / "[red].safetensors", folder / "[red].csv")
    assert text.splitlines()[0] == ",".join([*INPUTS, *OUTPUTS, *SLOPES])
    output = folder / "[h].csv"
    text = run("predict", folder / "[red].safetensors", folder / "[red].csv", "-o", output)
    assert "[h].csv" in text


def test_explain_prints_the_names_of_columns_as_they_are(folder):
    text = run("explain", folder / "[red].safetensors", folder / "[red].csv")
    assert not said([*INPUTS, *OUTPUTS], text)


def test_convert_and_export_print_the_names_of_files_as_they_are(folder):
    model = folder / "[red].safetensors"
    assert not said(["[red].safetensors", *INPUTS], run("convert", model, folder / "[dim].st"))
    assert "[h].py" in run("export", model, folder / "[h].py")


def calls(text):
    """Names that are called, and with which keywords."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            yield name, {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}


def test_every_console_and_column_of_text_is_made_without_markup():
    found = {"Console": 0, "TextColumn": 0}
    for path in SOURCE.rglob("*.py"):
        for name, keywords in calls(path.read_text()):
            assert name not in {"from_markup", "render_str"}, path
            if name in found:
                found[name] += 1
                assert keywords.get("markup") == "False", path
            if name == "Console":
                assert keywords.get("emoji") == keywords.get("highlight") == "False", path
    assert found == {"Console": 2, "TextColumn": 1}


def test_the_demonstration_prints_the_name_of_its_folder_on_any_console():
    """Its strings reach the console as Text, never to be parsed."""
    from slopenet.demo import steam as demo

    for node in ast.walk(ast.parse(Path(demo.__file__).read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "console.print" and node.args:
            assert ast.unparse(node.args[0]).startswith(("Text", "_")), ast.unparse(node)
