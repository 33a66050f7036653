"""The snippets of docs/adapters.md run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCS = (Path(__file__).parents[2] / "docs" / "adapters.md").read_text()
SECTIONS = dict(re.findall(r"\n## (\w+)\n(.*?)(?=\n## |\Z)", DOCS, re.DOTALL))
PACKAGES = {
    "SciPy": "scipy",
    "PyTorch": "torch",
    "JAX": "jax",
    "Keras": "keras",
    "OpenMDAO": "openmdao",
}
PACKAGES |= {"Keras": "keras", "SMT": "smt", "CasADi": "casadi", "Pyomo": "pyomo"}
PACKAGES |= {"BoTorch": "botorch"}


def snippet(text: str) -> Any:
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return compile(block, "docs/adapters.md", "exec")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder for the files of OpenMDAO; JAX is restored afterwards."""
    monkeypatch.chdir(tmp_path)
    yield
    if "jax" in sys.modules:
        sys.modules["jax"].config.update("jax_enable_x64", False)


def test_every_adapter_has_its_section() -> None:
    folder = Path(__file__).parents[2] / "src" / "slopenet" / "adapters"
    modules = {path.stem for path in folder.glob("[a-z]*") if not path.name.endswith(".pyi")}
    assert modules == set(PACKAGES.values())
    assert set(SECTIONS) == set(PACKAGES)


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", PACKAGES)
def test_the_snippet_of_each_package_runs(name: str) -> None:
    package = PACKAGES[name]
    pytest.importorskip(package, reason=f"{package} is not installed")
    scope: dict[str, Any] = {}
    exec(snippet(DOCS.split("\n## ")[0]), scope)
    exec(snippet(SECTIONS[name]), scope)
