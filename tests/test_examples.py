"""The examples keep their promises, and the README's snippets run."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import slopenet as sn

ROOT = Path(__file__).parent.parent


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_higham_ten_points_over_ten_seeds() -> None:
    """Median final Σ‖y - a‖² below 2e-3, at least nine runs classify all ten points."""
    higham = example("higham")
    x, y = higham.points()
    finals, right = [], 0
    for seed in range(10):
        descent = higham.train(seed=seed)
        curve = higham.sum_of_squares(descent, len(x))
        assert curve[0] == pytest.approx(2 * 10 * descent.costs[0])
        finals.append(curve[-1])
        right += bool((descent.network(x).argmax(axis=1) == y.argmax(axis=1)).all())
    assert np.median(finals) < 2e-3
    assert right >= 9


def test_higham_curve_starts_near_five_and_has_the_papers_plateau() -> None:
    higham = example("higham")
    curves = [higham.sum_of_squares(higham.train(seed=s), 10) for s in range(5)]
    assert np.median([c[1] for c in curves]) == pytest.approx(5, rel=0.1)
    assert all(((c > 2.2) & (c < 3.0)).sum() >= 5 for c in curves)


def test_higham_draws_both_data_sets(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib")
    higham = example("higham")
    for eleven in (False, True):
        x, y = higham.points(eleven=eleven)
        assert len(x) == 10 + eleven
        descent = higham.train(eleven=eleven, steps=20_000)
        higham.draw(descent, x, y).savefig(tmp_path / "higham.png")
        assert (tmp_path / "higham.png").stat().st_size > 20_000


def test_readme_snippets_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    scope: dict[str, object] = {"np": np, "sn": sn}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), scope)
