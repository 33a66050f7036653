"""The snippets of docs/interchange.md run, the C one too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import STRICT, compilers

DOCS = (Path(__file__).parents[2] / "docs" / "interchange.md").read_text()
SECTIONS = dict(re.findall(r"\n### ([^\n]+)\n(.*?)(?=\n###? |\Z)", DOCS, re.DOTALL))
PACKAGES = {
    "scikit-learn": ["sklearn"],
    "PyTorch": ["torch"],
    "PyTorch, own forward": ["torch"],
    "Keras": ["jax", "keras", "h5py"],
    "JAX": ["equinox"],
    "ONNX": ["onnx", "onnxruntime"],
    "Scalers outside the file": ["sklearn"],
    "Weights by name": [],
    "Text files": [],
    "C": [],
    "ONNX out": ["onnx", "onnxruntime"],
    "Fortran": [],
    "Python": [],
    "FMU": ["fmpy"],
}


def run(text: str, scope: dict[str, Any]) -> None:
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "docs/interchange.md", "exec"), scope)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder for the files of the snippets; the path of imports is restored afterwards."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("wing", None)


def test_every_snippet_has_its_packages() -> None:
    assert {name for name, text in SECTIONS.items() if "```python" in text} == set(PACKAGES)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", PACKAGES)
def test_the_snippet_of_each_section_runs(name: str) -> None:
    for package in PACKAGES[name]:
        pytest.importorskip(package, reason=f"{package} is not installed")
    scope: dict[str, Any] = {}
    run(DOCS.split("\n## ")[0], scope)
    run(SECTIONS[name], scope)


@pytest.mark.skipif(not compilers(), reason="no C compiler is installed")
def test_the_c_snippet_prints_the_results_of_the_network() -> None:
    scope: dict[str, Any] = {}
    run(DOCS.split("\n## ")[0], scope)
    run(SECTIONS["C"], scope)
    (main,) = re.findall(r"```c\n(.*?)```", SECTIONS["C"], re.DOTALL)
    Path("main.c").write_text(main)
    command = next(iter(compilers().values()))
    arguments = [*STRICT, "-std=c99", "-O3", "-march=native", "-o", "wing", "main.c", "wing.c"]
    subprocess.run([*command, *arguments, "-lm"], check=True)
    said = subprocess.run(["./wing"], capture_output=True, text=True, check=True).stdout
    drag, by_sweep = map(float, re.fullmatch(r"drag (\S+), by sweep (\S+)\n", said).groups())
    H, J = scope["net"].value_and_jacobian(np.array([0.3, -0.2, 0.1]))
    assert np.allclose([drag, by_sweep], [H[0], J[0, 1]], rtol=1e-13)
