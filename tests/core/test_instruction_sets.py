"""Every instruction set that this machine has passes the core's tests; the others say so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from slopenet import _core

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CORE_TESTS = sorted(HERE.glob("test_*.py"))
CORE_TESTS.remove(Path(__file__))
CORE_TESTS.remove(HERE / "test_exhaust.py")  # which tries every instruction set itself
FEW = "not wide and not six_layers and not hundred_thousand"


def run(isa: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "SLOPENET_ISA": isa},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def require(isa: str) -> None:
    probe = run(isa, "-c", "from slopenet import _core; print(_core.isa)")
    if probe.returncode:
        pytest.skip(f"{isa} does not run here: {probe.stderr.strip().splitlines()[-1]}")
    assert probe.stdout.strip() == isa


@pytest.mark.skipif("SLOPENET_ISA" in os.environ, reason="an instruction set is already forced")
@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
def test_core_tests_pass_with(isa: str) -> None:
    require(isa)
    if isa == _core.isa:
        return  # this very run
    result = run(isa, "-m", "pytest", "-q", "-k", FEW, *map(str, CORE_TESTS))
    assert result.returncode == 0, result.stdout[-3000:]


def test_an_unknown_name_is_refused_at_import() -> None:
    result = run("mmx", "-c", "import slopenet")
    assert result.returncode != 0
    assert "SLOPENET_ISA=mmx is unknown: choose one of" in result.stderr


@pytest.mark.skipif("SLOPENET_ISA" in os.environ, reason="an instruction set is already forced")
def test_avx2_and_avx512_give_the_same_bits_of_each_row() -> None:
    found = []
    for isa in ("avx2", "avx512"):
        require(isa)
        checksums = run(isa, "tools/bits.py", "--rows-only")
        assert checksums.returncode == 0, checksums.stderr[-3000:]
        found.append(checksums.stdout.splitlines())
    assert len(found[0]) > 8000
    assert [pair for pair in zip(*found, strict=True) if pair[0] != pair[1]] == []


@pytest.mark.skipif("SLOPENET_ISA" in os.environ, reason="an instruction set is already forced")
def test_the_widest_instruction_set_is_the_default() -> None:
    """As Linux lists them: AVX-512 where the kernels' parts of it are there, else AVX2."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        pytest.skip("needs /proc/cpuinfo of Linux")
    flags = set(cpuinfo.read_text().split())
    if {"avx512f", "avx512dq", "avx512vl"} <= flags:
        assert _core.isa == "avx512"
    elif {"avx2", "fma"} <= flags:
        assert _core.isa == "avx2"
    else:
        assert _core.isa == "baseline"
