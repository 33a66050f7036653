"""The bar of a notebook is one output, which is displayed anew."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from slopenet.html import bar
from slopenet.html.bar import NotebookBar, in_notebook
from slopenet.progress import Progress
from slopenet.training.monitor import State


@pytest.fixture
def shown(monkeypatch):
    """The pages that a notebook shows, the newest last; every update is drawn."""
    pages = []
    library, display = ModuleType("IPython"), ModuleType("IPython.display")
    library.get_ipython = lambda: SimpleNamespace(kernel=None)
    handle = SimpleNamespace(update=lambda page: pages.append(("update", page)))
    display.HTML = str

    def first(page, *, display_id):
        pages.append(("display", page))
        return handle

    display.display = first
    monkeypatch.setitem(sys.modules, "IPython", library)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr(bar, "_SECONDS", 0.0)
    return pages


def test_the_bar_of_a_fit_is_displayed_once_and_then_updated(shown, capfd):
    assert in_notebook()
    with Progress() as progress:
        for epoch in (1, 2, 7):
            progress(State(epoch, 7, 0.25, None, errors={"values": 0.1 / epoch}))
    assert [kind for kind, _ in shown] == ["display", "update", "update"]
    assert 'value="7" max="7"' in shown[-1][1]
    assert "7/7&ensp;Fitting, error: values 1.4 %" in shown[-1][1]
    assert capfd.readouterr() == ("", "")


def test_the_last_update_is_shown_however_soon_it_comes(shown, monkeypatch):
    monkeypatch.setattr(bar, "_SECONDS", 1e9)
    notebook = NotebookBar()
    for k in (1, 2, 3):
        notebook.update(completed=k, total=3, description="<b>")
    assert len(shown) == 1
    notebook.stop()
    assert "3/3&ensp;&lt;b&gt;" in shown[-1][1]


def test_a_quiet_bar_shows_nothing(shown):
    with Progress(quiet=True) as progress:
        progress(State(1, 7, 0.25, None))
    assert shown == []


def test_a_script_is_not_a_notebook(monkeypatch):
    library = ModuleType("IPython")
    library.get_ipython = lambda: None
    for module in (library, None):
        monkeypatch.setitem(sys.modules, "IPython", module)
        assert not in_notebook()
