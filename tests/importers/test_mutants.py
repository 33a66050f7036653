"""Mutants of text files, scalings and ONNX graphs with branches end in a documented error."""

from __future__ import annotations

from pathlib import Path

import pytest
from importers.mutants import KINDS, outcomes


@pytest.mark.parametrize("kind", KINDS)
def test_mutants_end_in_a_network_or_in_a_documented_error(kind: str, tmp_path: Path) -> None:
    if kind == "onnx":
        pytest.importorskip("onnx", reason="onnx is not installed")
    found, others = outcomes(kind, 300, tmp_path, seed=1)
    assert not others
    assert found["network"] > 10
    assert found["ModelFileError"] > 50
