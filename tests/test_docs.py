"""README and the pages of docs/: their snippets run, their links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import run

from _slopenet_command.cli import COMMANDS
from slopenet.activations import TABLE

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {"training": [], "derivatives": [], "uncertainty": [], "optimize": []}
PAGES |= {"coming-from/matlab": []}
PAGES |= {"coming-from/scikit-learn": ["sklearn"], "coming-from/jenn": ["jenn"]}
PAGES |= {"coming-from/smt": ["smt"], "coming-from/torch-func": ["torch"]}
TEXTS = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def snippets(path: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("page", PAGES)
def test_the_snippets_of_the_page_run_in_turn(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in PAGES[page]:
        pytest.importorskip(package, reason=f"{package} is not installed")
    monkeypatch.chdir(tmp_path)
    blocks = snippets(DOCS / f"{page}.md")
    assert blocks
    scope: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, f"docs/{page}.md", "exec"), scope)


def test_the_activations_of_the_page_are_those_of_the_table() -> None:
    text = (DOCS / "derivatives.md").read_text()
    (named,) = re.findall(r"^Activations, some with a parameter: ([^.]*)\.", text, re.MULTILINE)
    assert re.split(r",\s", named) == list(TABLE)


def test_every_page_from_another_tool_has_a_snippet_and_a_table() -> None:
    pages = sorted((DOCS / "coming-from").glob("*.md"))
    assert {f"coming-from/{path.stem}" for path in pages} == {p for p in PAGES if "/" in p}
    for path in pages:
        assert snippets(path)
        assert re.search(r"^\| .* \| slopenet \| difference \|$", path.read_text(), re.MULTILINE)
        assert f"docs/coming-from/{path.name}" in (ROOT / "README.md").read_text()


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """README's table, data.csv, with units and slopes, in the current folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    T, p = rng.uniform(600, 900, 30), rng.uniform(1, 9, 30)
    columns = [T, p, 2.2 * p / T, -2.2 * p / T**2, 2.2 / T]
    lines = ["T [K],p [MPa],rho [kg/m3],drho/dT,drho/dp"]
    lines += [",".join(map(repr, row)) for row in np.transpose(columns).tolist()]
    Path("data.csv").write_text("\n".join(lines))


@pytest.mark.usefixtures("table")
def test_the_three_commands_of_readme_lead_from_a_table_to_a_picture() -> None:
    lines = re.findall(r"^    slopenet (.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert [line.split()[0] for line in lines] == ["fit", "predict", "plot"]
    fit, predict = (run(*shlex.split(line)) for line in lines[:2])
    for result in (fit, predict):
        assert result.exit_code == 0, result.output
    assert "drho/dT" in fit.output
    header, row = predict.stdout.splitlines()
    assert header == "T [K],p [MPa],rho [kg/m3],drho/dT [kg/m3/K],drho/dp [kg/m3/MPa]"
    rho, by_T = map(float, row.split(",")[2:4])
    assert rho == pytest.approx(2.2 * 5 / 700, rel=1e-2)
    assert by_T == pytest.approx(-2.2 * 5 / 700**2, rel=5e-2)
    if "plot" not in COMMANDS:
        pytest.skip("there is no command plot")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    plot = run(*shlex.split(lines[2]))
    assert plot.exit_code == 0, plot.output
    assert Path("profile.png").stat().st_size > 5000


def test_readme_has_fewer_than_1200_words() -> None:
    assert len((ROOT / "README.md").read_text().split()) < 1200


def anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_to_files_and_headings_lead_somewhere(path: Path) -> None:
    text = re.sub(r"`[^`\n]*`(?!\])", "", path.read_text())
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text)
    for name, heading in links:
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), name
        if heading:
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert heading in map(anchor, headings), f"{name}#{heading}"


def test_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\((docs/[\w/-]+\.md)", (ROOT / "README.md").read_text()))
    assert linked == {path.relative_to(ROOT).as_posix() for path in TEXTS[1:]}
