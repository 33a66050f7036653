"""Pictures of a model: they say what they show and where they are."""

import numpy as np
import pytest
from command_line import NAMES, refused, run, surface

import slopenet as sn
from slopenet.tables import write_table

pytest.importorskip("matplotlib")


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    """The folder of the model, and an empty current folder."""
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_profile_says_what_it_shows_and_where_it_is(here, tmp_path):
    result = run("plot", "profile", here / "model.safetensors")
    assert result.exit_code == 0, result.output
    a, b = (each.quantiles[2] for each in sn.load(here / "model.safetensors").card.inputs)
    assert result.stdout == (
        f"Wrote model-profile.png: u, v along a, b, with tangents at a = {a:.5g}, b = {b:.5g}.\n"
    )
    assert (tmp_path / "model-profile.png").read_bytes().startswith(b"\x89PNG")


def test_a_profile_has_the_point_the_rows_and_the_file_that_are_asked_for(here, tmp_path):
    result = run(
        *("plot", "profile", here / "model.safetensors", here / "data.csv", "--at", "a=0.5"),
        *("--inputs", "b", "--outputs", "v", "-o", "out.svg"),
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Wrote out.svg: v along b, with tangents at a = 0.5, b = ")
    assert result.stdout.endswith(f"and rows of {here / 'data.csv'}.\n")
    assert b"<svg" in (tmp_path / "out.svg").read_bytes()


def test_a_point_without_words_may_be_complete(here):
    result = run("plot", "profile", here / "model.safetensors", "--at", "a=0.5,b=-0.25")
    assert "tangents at a = 0.5, b = -0.25." in result.stdout


def test_a_parity_plot_needs_known_answers(here, tmp_path):
    result = run("plot", "parity", here / "model.safetensors", here / "data.csv")
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "Wrote model-parity.png: predicted against true, with relative RMS errors.\n"
    )
    assert (tmp_path / "model-parity.png").read_bytes().startswith(b"\x89PNG")
    assert refused(run("plot", "parity", here / "model.safetensors"), "a parity plot needs DATA")


def test_what_cannot_be_drawn_or_written_is_refused(here, tmp_path):
    model = here / "model.safetensors"
    for args, message in (
        (["-o", "p.txt"], r"p\.txt must end in \.png, \.pdf or \.svg\."),
        (["-o", "none/p.png"], "there is no folder none"),
        (["--at", "q=1"], r"--at needs a=\.\.\.,b=\.\.\., not q\."),
        (["--at", "a=x"], "'x' is not a number"),
        (["--inputs", "q"], "each of inputs must be one of a, b"),
    ):
        assert refused(run("plot", "profile", model, *args), message)
    table = tmp_path / "data.svg"
    write_table(tmp_path / "data.csv", NAMES, [surface(5)])
    (tmp_path / "data.csv").rename(table)
    assert refused(run("plot", "profile", model, table, "-o", table), "is the input file")
    assert list(tmp_path.iterdir()) == [table]


def test_a_model_without_knowledge_needs_data(here):
    sn.load(here / "model.safetensors").with_card(None).save("bare.safetensors")
    assert refused(run("plot", "profile", "bare.safetensors"), "does not know its training data")
    assert run("plot", "profile", "bare.safetensors", here / "data.csv").exit_code == 0


def test_words_of_a_column_are_a_point(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["a", "kind=x", "kind=y"]
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=20), np.tile(np.eye(2), (10, 1))])
    fit = sn.fit(X, X[:, :1], hidden=2, epochs=3, restarts=1, input_names=names)
    fit.network.save("m.st")
    result = run("plot", "profile", "m.st", "--at", "a=1,kind=y", "--inputs", "a")
    assert "tangents at a = 1, kind=x = 0, kind=y = 1." in result.stdout
