"""`make exhaust` in short: its reference against fifty digits, the table against its reference."""

import os
import subprocess
from pathlib import Path

import mpmath
import numpy as np
import oracle
import pytest
from networks import in_domain

ROOT = Path(__file__).parents[2]
EXHAUST = ROOT / "build/exhaust/exhaust"
SOURCES = [*ROOT.glob("src/core/**/*.?pp"), *ROOT.glob("tools/exhaust/*")]
PARAMETERS = {"leaky_relu": (0.2,), "elu": (1.7,), "softplus": (0.6, 10.0)}
CASES = [(name, p) for name in oracle.SIGMA for p in PARAMETERS.get(name, (0.0,))]
ROOTED = {"silu", "gelu", "gelu_tanh", "mish", "gaussian"}
LEAST = mpmath.mpf(2) ** -1074


@pytest.fixture
def program() -> Path:
    if not EXHAUST.exists():
        pytest.skip("not built: make build/exhaust/exhaust")
    if EXHAUST.stat().st_mtime < max(source.stat().st_mtime for source in SOURCES):
        pytest.skip("out of date: make build/exhaust/exhaust")
    return EXHAUST


def run(program: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, **options
    )


def points(scale: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    magnitudes = [rng.uniform(0, 40, 40), rng.uniform(0, 760, 15), 10 ** rng.uniform(-20, 1, 20)]
    z = np.concatenate([*magnitudes, 10 ** rng.uniform(-310, 308, 10), [1e-320, 21.4, 38.4, 27.2]])
    return np.concatenate([[0.0], z, -z]) * scale


def ulp(exact: mpmath.mpf) -> mpmath.mpf:
    return max(LEAST, mpmath.mpf(2) ** (mpmath.frexp(exact)[1] - 53))


@pytest.mark.parametrize(("name", "parameter"), CASES)
def test_the_reference_is_right_to_a_twentieth_of_an_ulp(
    program: Path, name: str, parameter: float
) -> None:
    z = points(1 / parameter if name == "softplus" else 1.0)
    z = z[np.isfinite(z) & ((z != 0) | (name != "softsign"))]  # its σ'' jumps at 0
    z = in_domain(name, z)
    text = "\n".join(float(point).hex() for point in z)
    lines = run(program, "--reference", name, str(parameter), input=text).stdout.splitlines()
    parameters = (parameter,) if name in PARAMETERS else ()
    for point, line in zip(z, lines, strict=True):
        for order, printed in enumerate(line.split()):
            exact = oracle.sigma(name, parameters, float(point), order)
            with mpmath.workdps(50):
                off = abs(mpmath.mpf(printed) - exact)
                root = name in ROOTED and 0.25 < abs(point) < 4  # or next to one of them
                scale = max(ulp(exact), mpmath.mpf(2) ** -53) if root else ulp(exact)
                assert off <= 0.05 * scale, (point, order)


def test_the_reference_agrees_with_wider_numbers_at_many_points(program: Path) -> None:
    result = run(program, "--check", "--points", "5000")
    assert result.returncode == 0, result.stdout


def test_an_activation_that_does_not_exist_is_refused(program: Path) -> None:
    result = run(program, "--only", "tangent")
    assert result.returncode == 2
    assert "no activation named tangent" in result.stderr


@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_table_is_right_to_four_ulp(program: Path, dtype: str, isa: str) -> None:
    options = ["--dtype", dtype, "--points", "1e5", "--stride", "49999", "--threads", "1"]
    result = run(program, *options, env={**os.environ, "SLOPENET_ISA": isa})
    if "this machine does not have it" in result.stderr or "is unknown" in result.stderr:
        pytest.skip(result.stderr)
    assert result.returncode == 0, result.stdout + result.stderr
