"""Every instruction set that this machine has passes the core's tests; the others say so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from slopenet import _core

HERE = Path(__file__).parent
CORE_TESTS = [
    "test_activation.py",
    "test_accuracy.py",
    "test_along.py",
    "test_curvature.py",
    "test_curvature_accuracy.py",
    "test_descend.py",
    "test_same_bits.py",
]
FEW = "not wide and not six_layers and not hundred_thousand"


def run(isa: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "SLOPENET_ISA": isa},
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent.parent,
    )


@pytest.mark.skipif("SLOPENET_ISA" in os.environ, reason="an instruction set is already forced")
@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
def test_core_tests_pass_with(isa: str) -> None:
    probe = run(isa, "-c", "from slopenet import _core; print(_core.isa)")
    if probe.returncode:
        pytest.skip(f"{isa} does not run here: {probe.stderr.strip().splitlines()[-1]}")
    assert probe.stdout.strip() == isa
    if isa == _core.isa:
        return  # this very run
    tests = [str(HERE / name) for name in CORE_TESTS]
    result = run(isa, "-m", "pytest", "-q", "-k", FEW, *tests)
    assert result.returncode == 0, result.stdout[-3000:]


def test_an_unknown_name_is_refused_at_import() -> None:
    result = run("mmx", "-c", "import slopenet")
    assert result.returncode != 0
    assert "SLOPENET_ISA=mmx is unknown: choose one of" in result.stderr
