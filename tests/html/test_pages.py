"""A notebook shows networks, fits and verdicts as tables, with every name escaped."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from networks import random_network

import slopenet as sn
from slopenet.evaluate.agreement import Agreement
from slopenet.exporters import Export
from slopenet.gradcheck.check import Check
from slopenet.html.pages import SHOWN, SHOWN_COLUMNS

EVIL = "<img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """All tags are closed in their order; `texts` are those between them."""

    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.texts = [], set(), []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 2, (30, 2))
    y = np.stack([X[:, 0] * X[:, 1], X[:, 0]], axis=1)
    dydx = np.stack([X[:, ::-1], np.tile([1.0, 0.0], (30, 1))], axis=1)
    names = {"input_names": ["T [K]", "p [MPa]"], "output_names": [f"{EVIL} [kg/m3]", "h"]}
    return sn.fit(X, y, dydx, hidden=(4,), epochs=20, restarts=1, rng=3, **names)


def test_a_network_shows_its_layers_names_units_ranges_and_training(fitted):
    page = Tags(fitted.network._repr_html_())
    assert page.seen <= {
        "div",
        "strong",
        "span",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "bdi",
    }
    for text in ("T", "K", "p", "MPa", EVIL, "kg/m3", "h", "tanh", "identity", "12", "10"):
        assert text in page.texts, text
    for each in (*fitted.network.card.inputs, *fitted.network.card.outputs):
        assert f"{each.maximum:.5g}" in page.texts
    assert "Network 2-4-2" in page.texts
    assert "22 parameters, float64" in page.texts
    assert any(re.fullmatch(r"Trained by .* \(lm, seed 3\) on 30 rows\.", t) for t in page.texts)
    assert "Errors of rows left out, relative:" in page.texts
    assert "slope by " in page.texts
    assert "unit" in page.texts


def test_a_network_without_knowledge_shows_layers_and_names():
    page = Tags(random_network((2, 3, 1))._repr_html_())
    assert {"x1", "x2", "y1"} <= set(page.texts)
    assert not {"minimum", "unit"} & set(page.texts)


def test_a_large_network_is_cut():
    page = Tags(random_network((100, 1, 2))._repr_html_())
    assert f"x{SHOWN}" in page.texts
    assert f"x{SHOWN + 1}" not in page.texts
    assert f"and {100 - SHOWN} more inputs" in page.texts


def test_a_fit_shows_its_errors_and_its_learning_curve(fitted):
    page = Tags(fitted._repr_html_())
    assert fitted.errors.verdict in page.texts
    assert f"{100 * fitted.errors.slopes[0, 1]:.3g} %" in page.texts
    assert "svg" in page.seen
    assert {"values", "slopes", "epoch"} <= set(page.texts)
    assert fitted.reason in page.texts
    assert "img" not in page.seen


def test_a_fit_of_many_inputs_shows_some_of_its_slopes():
    n = SHOWN_COLUMNS + 5
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(40, n)), rng.normal(size=n)
    fit = sn.fit(X, X @ W, np.tile(W, (40, 1)), hidden=(2,), epochs=5, restarts=1, rng=0)
    page = Tags(fit._repr_html_())
    assert f"x{SHOWN_COLUMNS}" in page.texts
    assert f"x{SHOWN_COLUMNS + 1}" not in page.texts
    assert "and 5 more slopes per output" in page.texts


def test_a_fit_without_errors_shows_its_costs():
    net = random_network((1, 1))
    history = {"epoch": [1, 2], "cost": [1.0, 0.5]}
    page = Tags(sn.Fit(net, history, "because", sn.Ensemble([net]))._repr_html_())
    assert {"Fit", "cost", "because"} <= set(page.texts)
    assert "error" not in page.texts


@pytest.mark.parametrize(("difference", "mark"), [(1e-9, "✓"), (1e-3, "✗")])
def test_verdicts_show_whether_they_passed_and_their_repr_is_their_text(difference, mark, tmp_path):
    agreements = (Agreement("value", 1e-9, 1e-6), Agreement("<jacobian>", difference, 1e-6))
    for each in (Check(agreements, 3), Export(tmp_path / EVIL, agreements, "<me>")):
        page = Tags(each._repr_html_())
        assert page.texts[0].startswith(mark)
        assert page.texts[0].removeprefix(f"{mark} ") == str(each).splitlines()[0]
        assert "<jacobian>" in page.texts
        assert ("✗ WRONG" in page.texts) == (mark == "✗")
        assert repr(each) == str(each)
    plan = random_network((3, 4, 2)).plan
    assert repr(plan) == str(plan)


def test_an_export_that_was_not_run_says_so(tmp_path):
    page = Tags(Export(tmp_path / "a.c", (), "no compiler")._repr_html_())
    assert f"{tmp_path / 'a.c'}: not run (no compiler)." in page.texts


def test_errors_on_known_answers_are_a_table(fitted):
    X = np.random.default_rng(0).uniform(1, 2, (9, 2))
    errors = sn.errors(fitted.network, X, fitted.network(X) + 0.25)
    page = Tags(errors._repr_html_())
    assert page.texts[:6] == ["Errors", " ", "RMSE", "relative", "R²", "largest error"]
    assert page.texts.count("0.25") == 4
    assert f"{EVIL} [kg/m3]" in page.texts
