"""OpenMDAO gets exact partials, and its driver gets on as with a complex step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import points, random_network

import slopenet as sn
from slopenet.gradcheck import complex_step

om: Any = pytest.importorskip("openmdao.api", reason="openmdao is not installed")
from slopenet.adapters.openmdao import NetworkComp, NetworkSurrogate  # noqa: E402

NAMES: dict[str, Any] = {"input_names": ["a", "b", "c"], "output_names": ["cost", "stress"]}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenMDAO writes reports and outputs to where it runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENMDAO_REPORTS", "0")


def network(activation: Any = "tanh", **given: Any) -> sn.Network:
    net = random_network((3, 12, 9, 2), activation, output="identity", seed=4)
    return sn.Network(net.weights, net.biases, net.activations, **given)


def problem(component: Any) -> Any:
    model = om.Group()
    model.add_subsystem("net", component, promotes=["*"])
    built = om.Problem(model, reports=False)
    built.setup(force_alloc_complex=True)
    return built


@pytest.mark.parametrize("nodes", [1, 7])
@pytest.mark.parametrize(
    "names", [{}, NAMES, {"input_names": NAMES["input_names"]}], ids=["none", "both", "inputs"]
)
@pytest.mark.parametrize("activation", ["tanh", "gelu", ("elu", 1.7)], ids=str)
def test_partials_are_those_of_a_complex_step(activation: Any, names: Any, nodes: int) -> None:
    net = network(activation, **names)
    prob = problem(NetworkComp(network=net, num_nodes=nodes))
    X = points(nodes, net)
    for i, name in enumerate(net.input_names or ()):
        prob.set_val(name, X[:, i])
    if not names:
        prob.set_val("x", X if nodes > 1 else X[0])
    prob.run_model()
    outputs = net.output_names or ("H",)
    H = np.stack([prob.get_val(name) for name in outputs], axis=-1).reshape(nodes, 2)
    np.testing.assert_array_equal(H, net(X))
    data = prob.check_partials(method="cs", out_stream=None, compact_print=True)
    checked = data["net"]
    assert len(checked) == len(outputs) * len(net.input_names or "x")
    for pair, errors in checked.items():
        exact, stepped = errors["J_fwd"], errors["J_fd"]
        assert np.abs(exact - stepped).max() <= 1e-13 * np.abs(stepped).max(), pair


@pytest.mark.parametrize(("names", "each"), [(NAMES, 1), ({}, 2 * 3)], ids=["named", "vectors"])
def test_partials_of_many_points_are_declared_sparse(names: Any, each: int) -> None:
    """One block per point: num_nodes blocks, not num_nodes² of them."""
    prob = problem(NetworkComp(network=network(**names), num_nodes=50))
    prob.run_model()
    prob.model.run_linearize()
    blocks = {
        (of, wrt): info for (of, wrt), info in prob.model.net._subjacs_info.items() if of != wrt
    }
    assert len(blocks) == 6 / each
    for info in blocks.values():
        assert len(info["rows"]) == len(info["cols"]) == np.size(info["val"]) == 50 * each


class Stepped(NetworkComp):
    """The same component, whose partials come from the complex step."""

    def compute_partials(self, inputs: Any, partials: Any) -> None:
        X = self._points(inputs).real
        J = complex_step.along_axes(self.options["network"].chain(), X)[0][0]
        for k, of in enumerate(NAMES["output_names"]):
            for i, wrt in enumerate(NAMES["input_names"]):
                partials[of, wrt] = J[k, i]


def optimise(component: Any) -> Any:
    """Min cost, stress >= -2.9, |a|, |b|, |c| <= 2."""
    prob = problem(component)
    prob.driver = om.ScipyOptimizeDriver(optimizer="SLSQP", tol=1e-10, disp=False)
    for name in NAMES["input_names"]:
        prob.model.add_design_var(name, lower=-2, upper=2)
    prob.model.add_objective("cost")
    prob.model.add_constraint("stress", lower=-2.9)
    prob.setup()
    for name, value in zip(NAMES["input_names"], (0.3, -0.2, 0.1), strict=True):
        prob.set_val(name, value)
    result = prob.run_driver()
    assert result.success
    return prob


def test_slsqp_converges_as_with_a_complex_step_to_the_same_optimum() -> None:
    net = network(**NAMES)
    ours, theirs = optimise(NetworkComp(network=net)), optimise(Stepped(network=net))
    assert abs(ours.driver.iter_count - theirs.driver.iter_count) <= 1
    for name in (*NAMES["input_names"], *NAMES["output_names"]):
        assert ours.get_val(name) == pytest.approx(theirs.get_val(name), abs=1e-9)
    assert ours.get_val("cost") < net([0.3, -0.2, 0.1])[0] - 0.1
    assert ours.get_val("stress") == pytest.approx(-2.9, abs=1e-8)  # it is active


def branin(x: np.ndarray) -> np.ndarray:
    a = x[..., 1] - 5.1 / (4 * np.pi**2) * x[..., 0] ** 2 + 5 / np.pi * x[..., 0] - 6
    return a**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x[..., 0]) + 10


@pytest.mark.parametrize("vec_size", [1, 3])
def test_a_metamodel_trains_the_surrogate_and_gets_its_exact_slopes(vec_size: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform([-5, 0], [10, 15], (60, 2))
    surrogate = NetworkSurrogate(hidden=(10,), epochs=60, rng=0)
    metamodel = om.MetaModelUnStructuredComp(default_surrogate=surrogate, vec_size=vec_size)
    many = (vec_size,) if vec_size > 1 else ()
    metamodel.add_input("x", np.zeros((*many, 2)), training_data=X)
    metamodel.add_output("y", np.zeros((*many, 1)), training_data=branin(X)[:, None])
    prob = problem(metamodel)
    at = rng.uniform([-5, 0], [10, 15], (vec_size, 2))
    prob.set_val("x", at.reshape(*many, 2))
    prob.run_model()
    trained = prob.model.net._metadata("y")["surrogate"]
    wanted = sn.fit(X, branin(X), hidden=(10,), epochs=60, rng=0)
    assert trained.network == wanted.network
    assert trained.reason == wanted.reason
    np.testing.assert_array_equal(prob.get_val("y").reshape(-1, 1), [wanted.network(x) for x in at])
    J = prob.compute_totals(of=["y"], wrt=["x"])["y", "x"]
    blocks = J.reshape(vec_size, 1, vec_size, 2)
    for i in range(vec_size):
        for j in range(vec_size):
            block = wanted.network.jacobian(at[i]) if i == j else np.zeros((1, 2))
            np.testing.assert_array_equal(blocks[i, :, j], block)


def test_a_metamodel_gets_deviations_of_the_posterior() -> None:
    X = np.random.default_rng(0).uniform([-5, 0], [10, 15], (20, 2))
    surrogate = NetworkSurrogate(method="kriging", hidden=(64,), rng=0, eval_rmse=True)
    metamodel = om.MetaModelUnStructuredComp(default_surrogate=surrogate)
    metamodel.add_input("x", np.zeros(2), training_data=X)
    metamodel.add_output("y", np.zeros(1), training_data=branin(X)[:, None])
    prob = problem(metamodel)
    prob.set_val("x", [1.0, 2.0])
    prob.run_model()
    data = prob.model.net._metadata("y")
    net = data["surrogate"].network
    np.testing.assert_array_equal(data["rmse"], net.std([1.0, 2.0]))
    np.testing.assert_array_equal(prob.get_val("y"), net([1.0, 2.0]))


def test_bounds_of_design_variables_are_the_ranges_of_the_training_data() -> None:
    card = sn.Card((sn.Range(-1, 1), sn.Range(0, 2), sn.Range()), (sn.Range(),) * 2, rows=5)
    net = network()
    named = sn.Network(net.weights, net.biases, net.activations, card=card, **NAMES)
    assert NetworkComp(network=named).bounds("b") == {"lower": [0], "upper": [2]}
    found = NetworkComp(network=net.with_card(card), num_nodes=2).bounds("x")
    np.testing.assert_array_equal(found["upper"], [[1, 2, np.inf]] * 2)
    with pytest.raises(ValueError, match="name must be one of a, b, c, got 'd'"):
        NetworkComp(network=named).bounds("d")


def test_wrong_arguments_of_a_component_are_a_clear_error() -> None:
    with pytest.raises(RuntimeError, match="NetworkSurrogate has not been trained"):
        NetworkSurrogate().predict(np.zeros(2))
    with pytest.raises(KeyError, match="epoch"):
        NetworkSurrogate(epoch=3)
    with pytest.raises(TypeError, match="option 'network' has type 'int'"):
        NetworkComp(network=3)
    for setting in ("hidden", "activation", "method", "l2", "rng"):
        assert setting in NetworkSurrogate().options
