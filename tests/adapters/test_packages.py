"""Adapters are loaded when they are asked for, and name the package to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

PACKAGES = {"torch": "PyTorch", "jax": "JAX", "openmdao": "OpenMDAO"}
PACKAGES |= {"smt": "SMT", "casadi": "CasADi", "pyomo": "Pyomo", "botorch": "BoTorch"}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_missing_package_is_named_with_its_pip_command(package: str) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "import slopenet.adapters\n"
        f"try: import slopenet.adapters.{package}\n"
        "except ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == (
        f"slopenet.adapters.{package} needs {PACKAGES[package]}:"
        f" pip install 'slopenet[{package}]'\n"
    )


def test_adapters_of_scipy_load_none_of_the_others() -> None:
    code = "import sys, slopenet.adapters.scipy; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not set(PACKAGES) & set(loaded.stdout.split())
