"""The commands read tables as people have them, and one row without a table."""

import io

import numpy as np
import pytest
from click.testing import CliRunner
from command_line import FIT, NAMES, refused, run, surface

import slopenet as sn
from slopenet.cli import cli
from slopenet.tables import write_table

GERMAN = ("--decimal", ",", "--skip-rows", "2", "--comment", "#")


def german(path, rows):
    """The table of `surface` with decimal commas, two lines above the header and a comment."""
    lines = [";".join(repr(x).replace(".", ",") for x in row) for row in rows.tolist()]
    text = ["Messung", "Prüfstand; 4", ";".join(NAMES), "# Kommentar", *lines, "#", ""]
    path.write_text("\n".join(text))
    return path


def test_decimal_commas_lines_above_the_header_and_comments_are_read(folder, tmp_path):
    table, model = german(tmp_path / "de.csv", surface(60)), tmp_path / "m.safetensors"
    result = run("fit", table, *GERMAN, *FIT, "-o", model)
    assert result.exit_code == 0, result.output
    assert model.read_bytes() == (folder / "model.safetensors").read_bytes()
    wanted = run("predict", model, folder / "data.csv").stdout
    assert run("predict", model, table, *GERMAN).stdout == wanted
    assert "60 rows" in run("check", model, table, *GERMAN).stdout
    page = run("explain", model, table, *GERMAN, "--row", 7).stdout
    assert page == run("explain", model, folder / "data.csv", "--row", 7).stdout


def test_the_error_for_another_form_names_the_option(tmp_path):
    table, model = german(tmp_path / "de.csv", surface(5)), tmp_path / "m.safetensors"
    options = (*FIT, "-o", model)
    assert refused(run("fit", table, *options), "--skip-rows skips the lines above it")
    result = run("fit", table, *options, "--skip-rows", 2, "--comment", "#")
    assert refused(result, r"line 5, column 'a': '0,\d+' is not a number; --decimal , reads it")
    (tmp_path / "en.csv").write_text("a;b;u;v\n0.5;1;2;3\n")
    result = run("fit", tmp_path / "en.csv", *options, "--decimal", ",")
    assert refused(result, r"line 2, column 'a': '0.5' is not a number; --decimal . reads it")


def test_an_excel_workbook_is_a_table(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    rows = surface(60).round(9)  # openpyxl writes 16 digits
    tables = tmp_path / "data.xlsx", tmp_path / "data.csv"
    book = openpyxl.Workbook()
    for row in [NAMES, *rows.tolist()]:
        book.active.append(row)
    book.save(tables[0])
    write_table(tables[1], NAMES, [rows])
    models = tmp_path / "xlsx.safetensors", tmp_path / "csv.safetensors"
    for table, model in zip(tables, models, strict=True):
        result = run("fit", table, *FIT, "-o", model)
        assert result.exit_code == 0, result.output
    assert models[0].read_bytes() == models[1].read_bytes()
    assert "60 rows" in run("check", models[0], tables[0]).stdout


def test_a_workbook_without_openpyxl_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    (tmp_path / "data.xlsx").write_bytes(b"PK\x03\x04rest")
    result = run("fit", tmp_path / "data.xlsx", *FIT, "-o", tmp_path / "m")
    assert result.exit_code == 1
    assert result.stderr.endswith("or install openpyxl: pip install 'slopenet[excel]'.\n")


def test_a_minus_is_standard_input(folder, tmp_path):
    data, model = (folder / "data.csv").read_bytes(), tmp_path / "m.safetensors"
    result = CliRunner().invoke(cli, ["fit", "-", *FIT, "-o", str(model)], input=data)
    assert result.exit_code == 0, result.output
    assert "Slopes in standard input: du/da" in result.stdout
    assert model.read_bytes() == (folder / "model.safetensors").read_bytes()
    result = CliRunner().invoke(cli, ["predict", str(model), "-"], input=data)
    assert result.stdout == run("predict", model, folder / "data.csv").stdout
    result = CliRunner().invoke(cli, ["predict", str(model), "-"], input=b"a,b\n1,x\n")
    assert refused(result, "standard input, line 2, column 'b': 'x' is not a number")


def test_one_row_needs_no_table(folder, tmp_path):
    model = folder / "model.safetensors"
    header, row = run("predict", model, "--at", "b=0.5,a=-0.25").stdout.splitlines()
    assert header == ",".join(NAMES)
    H, J = sn.load(model).value_and_jacobian([[-0.25, 0.5]])
    assert [float(x) for x in row.split(",")] == [-0.25, 0.5, *H[0], *J.ravel()]
    output = tmp_path / "one.csv"
    said = run("predict", model, "--at", "a=1,b=2", "--no-slopes", "-o", output).stdout
    assert said == f"Wrote 1 row of 4 columns to {output}.\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "give either DATA or --at"),
        (["DATA", "--at", "a=1,b=2"], "give either DATA or --at"),
        (["--at", "a=1"], "--at needs a=...,b=..., not a"),
        (["--at", "a=1,b=2,c=3"], "--at needs a=...,b=..., not a,b,c"),
        (["--at", "a=1,b=x"], "'--at': 'x' is not a number"),
    ],
)
def test_a_row_that_does_not_fit_is_one_sentence(folder, args, message):
    args = [folder / "data.csv" if arg == "DATA" else arg for arg in args]
    assert refused(run("predict", folder / "model.safetensors", *args), message)


@pytest.fixture(scope="module")
def soils(tmp_path_factory):
    """A table with a column of words among the inputs, and a model of it."""
    path = tmp_path_factory.mktemp("soils")
    offset = {"sand": 0.0, "clay": 1.0, "silt, wet": 3.0}
    file, rng = io.StringIO("x,soil [-],y,dy/dx\n"), np.random.default_rng(0)
    file.seek(0, io.SEEK_END)
    for i in range(30):
        word, x = list(offset)[i % 3], float(rng.uniform(-1, 1))
        file.write(f'{x},"{word}",{x**2 + offset[word]},{2 * x}\n')
    (path / "data.csv").write_text(file.getvalue())
    options = ("--inputs", "x,soil", "--outputs", "y", "--hidden", "5", "--epochs", "100")
    result = run(
        *("fit", path / "data.csv", *options, "--categories", "soil", "-o", path / "m.safetensors")
    )
    assert result.exit_code == 0, result.output
    return path


def test_a_column_of_words_becomes_an_input_per_word(soils):
    network = sn.load(soils / "m.safetensors")
    assert network.input_names == ("x", "soil=clay", "soil=sand", "soil=silt, wet")
    assert abs(network([0.5, 0, 0, 1])[0] - 3.25) < 0.05
    assert abs(network([0.5, 0, 1, 0])[0] - 0.25) < 0.05


def test_predict_codes_words_again_by_itself(soils, tmp_path):
    model, data = soils / "m.safetensors", tmp_path / "new.csv"
    data.write_text('soil,x\n"silt, wet",0.5\nsand,0.25\n')
    result = run("predict", model, data, "--no-slopes")
    assert result.exit_code == 0, result.output
    header, *rows = result.stdout.splitlines()
    assert header == 'x,soil=clay,soil=sand,"soil=silt, wet",y'
    numbers = np.array([row.split(",") for row in rows], float)
    assert numbers[:, :4].tolist() == [[0.5, 0, 0, 1], [0.25, 0, 1, 0]]
    np.testing.assert_array_equal(numbers[:, 4:], sn.load(model)(numbers[:, :4]))
    at = run("predict", model, "--at", 'x=0.5,"soil=silt, wet"', "--no-slopes").stdout
    assert at.splitlines()[1] == rows[0]
    (tmp_path / "coded.csv").write_text(result.stdout)
    assert run("predict", model, tmp_path / "coded.csv", "--no-slopes").stdout == result.stdout
    assert "30 rows" in run("check", model, soils / "data.csv").stdout
    assert "soil=sand = 1" in run("explain", model, "--at", "x=1,soil=sand").stdout


def test_predict_in_parts_codes_words_too(soils, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    words = ["sand", "clay", "silt, wet", "sand"]
    table = pyarrow.table({"soil": words, "x": [0.5, 0.25, 0.75, 1.0]})
    (tmp_path / "in").mkdir()
    parquet.write_table(table, tmp_path / "in" / "a.parquet")
    parquet.write_table(table, tmp_path / "one.parquet")
    model = soils / "m.safetensors"
    result = run("predict", model, tmp_path / "in", "--part-rows", 3, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    parts = sorted((tmp_path / "out").glob("part-*"))
    read = [parquet.read_table(part).to_pydict() for part in parts]
    whole = run("predict", model, tmp_path / "one.parquet").stdout.splitlines()[1:]
    assert [y for part in read for y in part["y"]] == [float(line.split(",")[4]) for line in whole]
    assert [x for part in read for x in part["soil=sand"]] == [1, 0, 0, 1]


def test_words_without_categories_get_a_sentence_that_says_what_to_do(soils, tmp_path):
    options = ("--outputs", "y", "-o", tmp_path / "m")
    result = run("fit", soils / "data.csv", "--inputs", "x,soil", *options)
    message = r"line 2, column 'soil \[-\]': 'sand' is not a number; if it is a column of words,"
    assert refused(result, f"{message} --categories soil codes it")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0.5,peat", "column 'soil': the model does not know 'peat'; it knows 'clay', 'sand'"),
        ("0.5,", "line 2, column 'soil': the word is missing"),
    ],
)
def test_a_word_that_the_model_does_not_know_is_refused(soils, tmp_path, row, message):
    (tmp_path / "new.csv").write_text(f"x,soil\n{row}\n")
    assert refused(run("predict", soils / "m.safetensors", tmp_path / "new.csv"), message)
    if "peat" in row:
        result = run("predict", soils / "m.safetensors", "--at", "x=1,soil=peat")
        assert refused(result, "--at, column 'soil': the model does not know 'peat'")
