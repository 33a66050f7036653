"""Pyomo's grey box gives PyNumero the network's values, Jacobian and Hessian."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import points, random_network
from scipy.optimize import minimize
from scipy.sparse import isspmatrix_coo

import slopenet as sn

pyo: Any = pytest.importorskip("pyomo.environ", reason="pyomo is not installed")
from pyomo.contrib.pynumero.asl import AmplInterface  # noqa: E402
from pyomo.contrib.pynumero.interfaces.external_grey_box import (  # noqa: E402
    ExternalGreyBoxBlock,
)
from pyomo.contrib.pynumero.interfaces.pyomo_grey_box_nlp import (  # noqa: E402
    PyomoNLPWithGreyBoxBlocks,
)

from slopenet.adapters.pyomo import GreyBox  # noqa: E402
from slopenet.adapters.scipy import objective  # noqa: E402

needs_asl = pytest.mark.skipif(
    not AmplInterface.available(),
    reason="PyNumero's ASL library, which no wheel has, is missing; see docs/adapters.md",
)


def network() -> sn.Network:
    net = random_network((3, 12, 9, 2), "tanh", output="identity", seed=4)
    names: dict[str, Any] = {
        "input_names": ["span", "sweep", "chord"],
        "output_names": ["drag", "mass"],
    }
    return sn.Network(net.weights, net.biases, net.activations, **names)


def test_evaluation_methods_give_the_networks_numbers() -> None:
    net = network()
    box, u = GreyBox(net), np.array([2.0, -1.0])
    assert box.input_names() == ["span", "sweep", "chord"]
    assert box.output_names() == ["drag", "mass"]
    assert (box.n_inputs(), box.n_outputs(), box.n_equality_constraints()) == (3, 2, 0)
    box.set_output_constraint_multipliers(u)
    for x in points(3, net):
        given = x.copy()
        box.set_input_values(given)
        given[:] = 99  # the solver's own array goes on to change
        np.testing.assert_array_equal(box.evaluate_outputs(), net(x))
        J, H = box.evaluate_jacobian_outputs(), box.evaluate_hessian_outputs()
        assert isspmatrix_coo(J)
        assert isspmatrix_coo(H)
        np.testing.assert_array_equal(J.toarray(), net.jacobian(x))
        np.testing.assert_array_equal(H.toarray(), np.tril(net.weighted_hessian(x, u)))


def test_the_structure_stays_where_entries_are_zero() -> None:
    """Solvers take it once: a dead relu must not drop its entries."""
    net = sn.Network([np.ones((2, 2))], [np.array([-9.0, 0.5])], "relu")
    box = GreyBox(net)
    assert box.input_names() == ["x1", "x2"]
    assert box.output_names() == ["y1", "y2"]
    box.set_input_values(np.zeros(2))
    box.set_output_constraint_multipliers(np.ones(2))
    assert box.evaluate_jacobian_outputs().nnz == 4
    assert box.evaluate_hessian_outputs().nnz == 3
    np.testing.assert_array_equal(box.evaluate_jacobian_outputs().toarray(), [[0, 0], [1, 1]])


def model() -> Any:
    m = pyo.ConcreteModel()
    m.wing = ExternalGreyBoxBlock(external_model=GreyBox(network()))
    for name in ("span", "sweep", "chord"):
        m.wing.inputs[name].setlb(-2)
        m.wing.inputs[name].setub(2)
        m.wing.inputs[name].set_value(0.1)
    m.light = pyo.Constraint(expr=m.wing.outputs["mass"] >= -2.9)
    m.least = pyo.Objective(expr=m.wing.outputs["drag"])
    return m


def test_a_block_has_variables_of_the_networks_names() -> None:
    m = model()
    assert list(m.wing.inputs) == ["span", "sweep", "chord"]
    assert list(m.wing.outputs) == ["drag", "mass"]


def test_inputs_are_bounded_by_the_ranges_of_the_training_data() -> None:
    card = sn.Card((sn.Range(-0.5, 0.5), sn.Range(0, 1), sn.Range()), (sn.Range(),) * 2, rows=5)
    m = pyo.ConcreteModel()
    for name, more in (("known", {}), ("free", {"bounded": False})):
        box = GreyBox(network().with_card(card), **more)
        m.add_component(name, ExternalGreyBoxBlock(external_model=box))
    assert [x.bounds for x in m.known.inputs.values()] == [(-0.5, 0.5), (0, 1), (None, None)]
    assert {x.bounds for x in m.free.inputs.values()} == {(None, None)}


@needs_asl
def test_pynumero_assembles_the_jacobian_and_the_hessian_of_the_lagrangian() -> None:
    nlp = PyomoNLPWithGreyBoxBlocks(model())
    assert nlp.evaluate_jacobian().shape[1] == nlp.n_primals()
    assert nlp.evaluate_hessian_lag().shape == (nlp.n_primals(), nlp.n_primals())


@needs_asl
def test_cyipopt_solves_a_model_with_a_network() -> None:
    pytest.importorskip("cyipopt", reason="cyipopt-wheels is not installed")
    m = model()
    result = pyo.SolverFactory("cyipopt").solve(m)
    pyo.assert_optimal_termination(result)
    net, found = network(), [pyo.value(x) for x in m.wing.inputs.values()]
    f, start = objective(net, "drag"), np.full(3, 0.1)
    light = {
        "type": "ineq",
        "fun": lambda x: net(x)[1] + 2.9,
        "jac": lambda x: net.jacobian(x)[1],
    }
    tight = {"bounds": [(-2, 2)] * 3, "constraints": light, "options": {"ftol": 1e-14}}
    best = minimize(f.fun, start, jac=f.jac, **tight)
    np.testing.assert_allclose(found, best.x, rtol=0, atol=1e-3)
    assert pyo.value(m.least) == pytest.approx(best.fun, abs=1e-6)


def test_wrong_arguments_of_a_pyomo_block_are_a_clear_error() -> None:
    with pytest.raises(TypeError, match="network must be a Network"):
        GreyBox(3)
    box = GreyBox(network())
    with pytest.raises(ValueError, match=r"input_values must have shape \(3,\), got \(2,\)"):
        box.set_input_values([1.0, 2.0])
    with pytest.raises(ValueError, match=r"multiplier_values must have shape \(2,\), got \(3,\)"):
        box.set_output_constraint_multipliers(np.ones(3))
