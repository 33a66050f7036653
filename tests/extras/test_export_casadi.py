"""CasADi's external() takes an exported C file, and its derivatives are the network's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import compilers, library
from networks import random_network

casadi = pytest.importorskip("casadi", reason="casadi is not installed")
COMMAND = next(iter(compilers().values()), [])
pytestmark = pytest.mark.skipif(not COMMAND, reason="there is no C compiler")


def external(net: Any, path: Path, *derivatives: str) -> Any:
    net.export(path, derivatives=derivatives, casadi=True)
    return casadi.external(path.stem, library(path, COMMAND, "-O2")._name)


@pytest.mark.parametrize("derivatives", [("value", "jacobian"), ("jacobian",)], ids=str)
def test_value_and_jacobian(tmp_path: Path, derivatives: tuple[str, ...]) -> None:
    net, x = random_network((3, 7, 5, 2)), np.array([0.3, -1.0, 2.0])
    f = external(net, tmp_path / "net.c", *derivatives)
    np.testing.assert_allclose(f(x).full().ravel(), net(x), rtol=1e-13)
    np.testing.assert_allclose(f.jacobian()(x, 0).full(), net.jacobian(x), rtol=1e-12)
    np.testing.assert_allclose(f(0).full().ravel(), net(np.zeros(3)), rtol=1e-13)


def test_the_hessian_of_a_lagrangian(tmp_path: Path) -> None:
    net, x, u = random_network((3, 7, 5, 2)), np.array([0.3, -1.0, 2.0]), [1.5, -0.5]
    f = external(net, tmp_path / "net.c", "value", "jacobian", "hessian")
    X = casadi.MX.sym("x", 3)
    hessian, gradient = casadi.hessian(casadi.dot(casadi.DM(u), f(X)), X)
    found = casadi.Function("F", [X], [hessian, gradient])(x)
    np.testing.assert_allclose(found[0].full(), net.weighted_hessian(x, u), atol=1e-13)
    np.testing.assert_allclose(found[1].full().ravel(), net.vjp(x, u), rtol=1e-12)


def test_ipopt_finds_the_minimum(tmp_path: Path) -> None:
    net = random_network((2, 8, 1), "tanh", seed=3)
    f = external(net, tmp_path / "net.c", "value", "jacobian", "hessian")
    X = casadi.MX.sym("x", 2)
    quiet = {"print_time": False, "ipopt.print_level": 0, "ipopt.sb": "yes", "ipopt.tol": 1e-10}
    problem = {"x": X, "f": f(X) + casadi.dot(X, X)}
    solution = casadi.nlpsol("s", "ipopt", problem, quiet)(x0=[0, 0])
    x = solution["x"].full().ravel()
    np.testing.assert_allclose(net.jacobian(x)[0] + 2 * x, 0, atol=1e-9)
