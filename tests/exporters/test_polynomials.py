"""Numbers that stand both in the C++ core and in Python are the same, and right."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from slopenet import activations
from slopenet.exporters import _polynomials

VECTOR = Path(__file__).parents[2] / "src" / "core" / "kernels" / "vector"
TEXT = "\n".join(path.read_text() for path in sorted(VECTOR.glob("*.hpp")))
NAMES = ["MILLS", "CENTRE", "ATANH", "EXPM1", "EXPM1_FLOAT"]


def core_tables() -> dict[str, tuple[float, ...]]:
    """The tables of coefficients in the headers of the core, by Python's names."""
    found = {}
    for name, float_, numbers in re.findall(r"(\w+)_terms(_float)?\[\] = \{([^}]*)\}", TEXT):
        words = [word.strip().rstrip("f") for word in numbers.split(",") if word.strip()]
        found[f"{name}{float_}".upper()] = tuple(map(float, words))
    return found


@pytest.mark.parametrize("name", ["MILLS", "EXPM1", "EXPM1_FLOAT"])
def test_the_core_has_the_polynomial_of_python(name: str) -> None:
    """The core takes log1p over another range and has no centre of Φ: those are Python's alone."""
    assert core_tables()[name] == getattr(_polynomials, name)


def test_the_core_has_the_numbers_of_selu_and_of_gelu_tanh() -> None:
    assert f"{activations.SELU_ALPHA!r}"[:17] in TEXT
    assert f"{activations.SELU_SCALE!r}"[:17] in TEXT
    words = re.findall(
        r"-?0x[\da-f.]+p[-+]?\d+", TEXT.split("struct GeluTanh")[1].split("struct ")[0]
    )
    core = {float.fromhex(word) for word in words}
    with mp.workdps(40):
        linear = 2 * mp.sqrt(2 / mp.pi)
        cubic = linear * mp.mpf("0.044715")
        assert activations.GELU_CUBIC == float(mp.mpf("0.044715"))
        for wanted in (linear, cubic, 3 * cubic):
            high = float(wanted)
            assert {high, float(wanted - high)} <= core


def mills(w: Any) -> Any:
    t = 5 * (1 + w) / (1 - w)
    return (t + 1) * mp.exp(t * t / 2) * mp.erfc(t / mp.sqrt(2)) / 2


def centre(u: Any) -> Any:
    t = mp.sqrt(u)
    return mp.erf(t / mp.sqrt(2)) / 2 / t


def atanh(u: Any) -> Any:
    s = mp.sqrt(u)
    return (mp.atanh(s) / s - 1) / u


def expm1(r: Any) -> Any:
    return (mp.expm1(r) - r) / (r * r)


HALF_LN2 = float(np.log(2) / 2)
APPROXIMATED: dict[str, tuple[Callable[[Any], Any], float, float, float]] = {
    "MILLS": (mills, -0.74, 0.9, 2.3e-18),
    "CENTRE": (centre, 0, 1, 7.8e-22),
    "ATANH": (atanh, 0, ((2**0.5 - 1) / (2**0.5 + 1)) ** 2, 1.0e-18),
    "EXPM1": (expm1, -HALF_LN2, HALF_LN2, 1.4e-18),
    "EXPM1_FLOAT": (expm1, -HALF_LN2, HALF_LN2, 1.4e-9),
}


@pytest.mark.parametrize("name", NAMES)
def test_polynomials_have_the_error_that_is_stated(name: str) -> None:
    """Beside the rounding of the coefficients, which is not in the stated error."""
    function, low, high, error = APPROXIMATED[name]
    terms = getattr(_polynomials, name)
    rounding = 2.0**-53 * sum(abs(c) * max(abs(low), abs(high)) ** i for i, c in enumerate(terms))
    with mp.workdps(40):
        for x in np.linspace(low, high, 104)[1:-1]:
            exact = function(mp.mpf(float(x)))
            got = reduce(lambda total, c: total * float(x) + c, reversed(terms), mp.mpf(0))
            assert abs(got - exact) <= 1.1 * error + rounding, x
