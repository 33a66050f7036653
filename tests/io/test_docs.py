"""The snippets of docs/models.md run, each after the ones before it."""

import re
from pathlib import Path
from typing import Any

import pytest

DOCS = (Path(__file__).parents[2] / "docs" / "models.md").read_text()


def test_the_snippets_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    for snippet in re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL):
        exec(snippet, scope)
    assert scope["net"].inside([[600.0, 4.0], [1200.0, 4.0]]).tolist() == [True, False]
    assert len(scope["together"]) == 3
