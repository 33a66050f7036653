"""Units and names of a component's variables, and complex inputs of the surrogate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import slopenet as sn

om: Any = pytest.importorskip("openmdao.api", reason="OpenMDAO is not installed")
from slopenet.adapters.openmdao import NetworkComp, NetworkSurrogate  # noqa: E402

NET = sn.Network.random((2, 6, 1), rng=0, input_names=["T", "p"], output_names=["rho"])


def problem(**options: Any) -> Any:
    made = om.Problem(reports=False)
    made.model.add_subsystem("steam", NetworkComp(network=NET, **options), promotes=["*"])
    made.setup(force_alloc_complex=True)
    return made


def test_variables_have_other_names_and_units_which_openmdao_converts() -> None:
    p = problem(names={"T": "temperature"}, units={"T": "degK", "rho": "kg/m**3"})
    p.set_val("temperature", 20.0, units="degC")
    p.set_val("p", 0.5)
    p.run_model()
    H = NET([293.15, 0.5])[0]
    assert p.get_val("rho")[0] == pytest.approx(H, rel=1e-14)
    assert p.get_val("rho", units="g/cm**3")[0] == pytest.approx(H / 1000, rel=1e-14)
    J = p.compute_totals(of=["rho"], wrt=["temperature", "p"])
    np.testing.assert_allclose(J["rho", "temperature"][0], NET.jacobian([293.15, 0.5])[0, 0])


def test_partials_of_renamed_variables_are_those_of_the_complex_step() -> None:
    p = problem(names={"T": "a", "p": "b", "rho": "c"}, num_nodes=3)
    p.set_val("a", [0.1, 0.2, 0.3])
    p.run_model()
    worst = p.check_partials(method="cs", out_stream=None)["steam"]
    for pair in worst.values():
        assert np.abs(pair["J_fwd"] - pair["J_fd"]).max() < 1e-14
    assert set(p.model.steam.bounds("a")) == {"lower", "upper"}
    with pytest.raises(ValueError, match="name must be one of a, b, got 'T'"):
        p.model.steam.bounds("T")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"names": {"q": "x"}}, "names must be of T, p, rho, got 'q'"),
        ({"units": {"q": "m"}}, "units must be of T, p, rho, got 'q'"),
        ({"names": {"T": "p"}}, "names must leave all variables different"),
    ],
)
def test_unknown_and_double_names_are_errors(options: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        problem(**options)


def test_the_surrogate_takes_complex_points() -> None:
    """As a metamodel inside a model under complex step gives them."""
    x = np.linspace(-1, 1, 12)[:, None]
    surrogate = NetworkSurrogate(hidden=(5,), activation="tanh", rng=0, epochs=20)
    surrogate.train(x, np.sin(x))
    step = surrogate.predict(np.array([0.3 + 1e-20j]))
    assert step.real == pytest.approx(surrogate.predict(np.array([0.3])), rel=1e-14)
    slope = surrogate.linearize(np.array([0.3 + 1e-20j]))
    assert slope.dtype == np.float64
    assert step.imag[0] / 1e-20 == pytest.approx(slope[0, 0], rel=1e-12)
