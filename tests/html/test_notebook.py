"""The example notebook runs, and each result of a cell shows itself once."""

import re
import sys
from pathlib import Path

import pytest

for _tool in ("pandas", "matplotlib", "ipykernel", "nbclient", "nbformat"):
    pytest.importorskip(_tool)

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def executed():
    """The notebook with its outputs."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(EXAMPLES / "steam.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are not committed"
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": EXAMPLES}}
    )
    client.execute()
    return notebook


def outputs(notebook, words):
    """The outputs of the cell that has the words."""
    (cell,) = [c for c in notebook.cells if c.cell_type == "code" and words in c.source]
    return cell.outputs


def kinds(found):
    return [sorted(each.get("data", {"text": ""})) for each in found]


@pytest.mark.parametrize("words", ["plot.profile", "plot.parity_of", "plot.learning_curve"])
def test_a_picture_shows_itself_once(executed, words):
    assert kinds(outputs(executed, words)) == [["image/png", "text/plain"]]


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("net = fit.network", "Network 2-16-16-3"),
        ("sn.check_derivatives", "✓ All derivatives agree"),
        ("net.export", r"✓ .*steam\.py: agrees"),
    ],
)
def test_results_are_tables(executed, words, title):
    (found,) = outputs(executed, words)
    assert re.search(title, found.data["text/html"])
    assert "<table" in found.data["text/html"]


def test_a_fit_shows_a_bar_of_its_progress_then_its_errors_and_learning_curve(executed):
    bar, result = outputs(executed, "sn.fit(")
    assert bar.output_type == "display_data"
    assert re.search(
        r"<progress value=.*&ensp;Fitting, held-out error: values", bar.data["text/html"]
    )
    assert "slope by <bdi>T</bdi>" in result.data["text/html"]
    assert "<svg" in result.data["text/html"]


def test_nothing_is_printed_and_no_warning_is_shown(executed):
    streams = [out for c in executed.cells for out in c.get("outputs", ()) if "name" in out]
    assert streams == []


def test_pictures_show_once_with_matplotlib_inline_too(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook()
    sources = (
        "%matplotlib inline\nimport matplotlib.pyplot as plt, numpy as np, slopenet as sn",
        "sn.plot.learning_curve({'epoch': [1, 2], 'cost': [1.0, 0.5]})",
        "panel = sn.plot.Panel('t', np.ones(2), np.ones((2, 1)), [0.1])\n"
        "sn.plot.parity_grid([[panel]], ['a'], 'b')",
        "sn.plot.parity([0, 1], [0, 1], ax=plt.gca());",
    )
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    pictures = [
        sum("image/png" in each.get("data", ()) for each in cell.outputs) for cell in notebook.cells
    ]
    assert pictures == [0, 1, 1, 1]


def test_the_notebook_of_the_kernel_is_this_python(executed):
    assert executed.metadata.kernelspec.name == "python3"
    assert sys.version.startswith(executed.metadata.language_info.version)
