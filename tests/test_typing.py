"""Type checkers see arrays as arrays, and typing errors in the names of options."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest

import slopenet as sn
from slopenet.activations import TABLE
from slopenet.exporters import FunctionName
from slopenet.exporters._task import OUTPUTS
from slopenet.training.checks import POSTERIORS, TRANSFORMS, PosteriorName, TransformName
from slopenet.training.methods import LOSSES, METHODS, LossName, MethodName, partitioned

ROOT = Path(sn.__file__).parents[1]

# Each line is an error if it ends in ` # error`; both checkers must agree.
USER = """
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import slopenet as sn

X = np.zeros((5, 2))
fit = sn.fit(X, X[:, 0], hidden=(8, 8), method="lm", activation=("leaky_relu", 0.2), loss="student")
sn.fit(X, X[:, 0], hidden="auto", activation="auto", method="auto", l2="auto")
net = sn.Network.random((2, 3, 3, 1), hidden=["tanh", ("softplus", 2.0)], output="sigmoid")
sn.fit(X, X[:, 0], method="ml")  # error
sn.fit(X, X[:, 0], activation="than")  # error
sn.fit(X, X[:, 0], activation=("leaky-relu", 0.2))  # error
sn.fit(X, X[:, 0], output="identiy")  # error
sn.fit(X, X[:, 0], hidden="atuo")  # error
sn.fit(X, X[:, 0], l2="atuo")  # error
sn.fit(X, X[:, 0], loss="studnet")  # error
sn.Network.random((2, 3, 1), hidden="relu6")  # error
sn.Network.random((2, 3, 3, 1), hidden=["tanh", "relu6"])  # error
sn.SlopeRegressor(method="adm")  # error
sn.SlopeRegressor(activation="thanh")  # error
sn.from_state_dict({}, "sliu")  # error
net.export("model.c", derivatives=["value", "jacobain"])  # error

assert_type(net(X), NDArray[Any])
assert_type(net(np.zeros(2)), NDArray[Any])
assert_type(net([0.0, 1.0]), NDArray[Any])
assert_type(net([[0.0, 1.0]]), NDArray[Any])
assert_type(net.jacobian(X), NDArray[Any])
assert_type(net.value_and_jacobian(X), tuple[NDArray[Any], NDArray[Any]])
assert_type(net.value_jacobian_hessian(X), tuple[NDArray[Any], NDArray[Any], NDArray[Any]])
assert_type(net.vjp(X, [1.0]), NDArray[Any])
assert_type(net.hessian(X), NDArray[Any])
assert_type(fit.ensemble(X), NDArray[Any])
net(X).upper()  # error


class Tensor:
    def __dlpack__(self, *, stream: int | None = None) -> Any: ...


class Frame:
    @property
    def columns(self) -> list[str]: ...


assert_type(net(Tensor()), Tensor)
assert_type(net.value_and_jacobian(Tensor()), tuple[Tensor, Tensor])
assert_type(net(Frame()), NDArray[Any])
assert_type(net.table(Frame()), Frame)
net(3)  # error

assert_type(sn.load("a.safetensors"), sn.Network | sn.Ensemble)
assert_type(sn.load("a.safetensors", expect=sn.Network), sn.Network)
assert_type(sn.load("a.safetensors", expect=sn.Ensemble), sn.Ensemble)
"""
EXPECTED = [n for n, line in enumerate(USER.splitlines(), 1) if line.endswith("# error")]


def checked(command: list[str], folder: Path, error: str) -> list[int]:
    """The lines of USER in which a type checker finds an error."""
    (folder / "user.py").write_text(USER)
    result = subprocess.run(
        [sys.executable, "-m", *command, "user.py"],
        cwd=folder,
        env=os.environ | ({} if "site-packages" in ROOT.parts else {"MYPYPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    lines = sorted({int(n) for n in re.findall(error, result.stdout, re.MULTILINE)})
    assert lines or result.returncode == 0, result.stdout + result.stderr
    return lines


@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not installed")
def test_mypy_finds_the_errors_of_user_code_and_no_others(tmp_path: Path) -> None:
    command = ["mypy", "--strict", "--allow-empty-bodies", "--cache-dir", str(tmp_path / "cache")]
    command += ["--disable-error-code", "no-untyped-call"]
    assert checked(command, tmp_path, r"^user\.py:(\d+): error:") == EXPECTED


def pyright_runs() -> bool:
    """Whether pyright is installed with all that it downloads at its first run."""
    command = [sys.executable, "-m", "pyright", "--version"]
    return (
        find_spec("pyright") is not None
        and not subprocess.run(command, capture_output=True, check=False, timeout=300).returncode
    )


def test_pyright_finds_the_errors_of_user_code_and_no_others(tmp_path: Path) -> None:
    if not pyright_runs():
        pytest.skip("pyright is not installed")
    settings = f'{{"extraPaths": ["{ROOT}"], "reportReturnType": false}}'
    (tmp_path / "pyrightconfig.json").write_text(settings)
    command = ["pyright", "--pythonpath", sys.executable]
    assert checked(command, tmp_path, r"user\.py:(\d+):\d+ - error:") == EXPECTED


def test_the_names_for_type_checkers_are_those_of_the_tables() -> None:
    assert get_args(sn.ActivationName) == tuple(TABLE)
    assert get_args(MethodName) == tuple(METHODS)
    assert get_args(LossName) == LOSSES
    assert get_args(TransformName) == TRANSFORMS
    assert get_args(PosteriorName) == POSTERIORS
    assert get_args(FunctionName) == tuple(OUTPUTS)


def test_dask_takes_the_methods_that_learn_from_partitions() -> None:
    from slopenet.dask._fit import fit

    annotation = inspect.signature(fit).parameters["method"].annotation
    assert set(re.findall(r"'(\w+)'", annotation)) == set(partitioned())


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(sn.__file__).parent / "py.typed").is_file()
