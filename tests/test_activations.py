"""One parser: every spelling of activations means the same at every entry point."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from networks import ACTIVATIONS, random_network

import slopenet as sn
from slopenet.activations import TABLE, Activation, Runs, normalise, normalise_layer, sigma
from slopenet.cli import cli

LEAKY = ("leaky_relu", 0.2)
SIZES = (2, 4, 3, 1)  # two hidden layers and the output

# Activations as given for the two hidden layers, and their meaning.
SPELLINGS: dict[str, tuple[Any, tuple[Any, Any]]] = {
    "name": ("tanh", ("tanh", "tanh")),
    "pair": (LEAKY, (LEAKY, LEAKY)),
    "pair with the preset": (("leaky_relu", 0.01), ("leaky_relu", "leaky_relu")),
    "Activation": (Activation("leaky_relu", 0.2), (LEAKY, LEAKY)),
    "Activation without a parameter": (normalise("tanh"), ("tanh", "tanh")),
    "list of names": (["tanh", "sin"], ("tanh", "sin")),
    "tuple of names": (("tanh", "sin"), ("tanh", "sin")),
    "list with a pair": (["tanh", LEAKY], ("tanh", LEAKY)),
    "tuple with a pair last": (("tanh", LEAKY), ("tanh", LEAKY)),
    "tuple with a pair first": ((LEAKY, "tanh"), (LEAKY, "tanh")),
    "tuple of pairs": ((LEAKY, ("elu", 2.0)), (LEAKY, ("elu", 2.0))),
    "tuple of Activations": ((normalise("sin"), normalise(LEAKY)), ("sin", LEAKY)),
    "NumPy array of names": (np.array(["tanh", "sin"]), ("tanh", "sin")),
}
WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "unknown name": ("tan", ValueError, "unknown activation 'tan'"),
    "parameter of none": (("tanh", 0.5), ValueError, "activation 'tanh' has no parameter"),
    "number": (3, TypeError, "must be a sequence with one entry per layer, got 3"),
    "list of name and number": (["elu", 2.0], TypeError, "is a name or a pair"),
    "too many": (["tanh"] * 5, ValueError, "must be one, or one for each of"),
    "not a number": (("elu", None, 1), ValueError, "must be one, or one for each of"),
    "parameter out of range": (("softplus", -1.0), ValueError, "must be positive"),
}


def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    net = random_network(SIZES)
    return list(zip(net.weights, net.biases, strict=True))


def by_network(given: Any) -> sn.Network:
    """The hidden layers alone: `Network` takes all layers, so the last one is left out."""
    W, b = zip(*pairs()[:-1], strict=True)
    return sn.Network(W, b, given)


def by_random(given: Any) -> sn.Network:
    return sn.Network.random(SIZES, hidden=given, rng=0)


def by_state_dict(given: Any) -> sn.Network:
    tensors = {}
    for i, (W, b) in enumerate(pairs()):
        tensors |= {f"{i}.weight": W, f"{i}.bias": b}
    return sn.from_state_dict(tensors, given)


def by_jax(given: Any) -> sn.Network:
    return sn.from_jax(pairs(), given)


ENTRIES: list[Callable[[Any], sn.Network]] = [by_network, by_random, by_state_dict, by_jax]


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_activations_means_the_same_everywhere(
    spelling: str, entry: Callable[[Any], sn.Network]
) -> None:
    given, meant = SPELLINGS[spelling]
    assert entry(given).activations[:2] == meant


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("spelling", WRONG)
def test_wrong_activations_are_refused_in_the_same_words_everywhere(
    spelling: str, entry: Callable[[Any], sn.Network]
) -> None:
    given, kind, message = WRONG[spelling]
    with pytest.raises(kind, match=message):
        entry(given)


@pytest.mark.parametrize("given", ["sin", LEAKY, normalise("sin"), normalise(LEAKY)], ids=repr)
def test_fit_takes_every_spelling_of_one_activation(given: Any) -> None:
    X = np.linspace(-1, 1, 12)[:, None]
    net = sn.fit(X, X**2, hidden=3, activation=given, output=given, epochs=2, rng=0).network
    assert net.activations == (normalise(given).written(),) * 2 + ("identity",) * (
        len(net.activations) - 2
    )


def test_fit_refuses_one_activation_per_layer() -> None:
    X = np.linspace(-1, 1, 12)[:, None]
    with pytest.raises((TypeError, ValueError), match="activation"):
        sn.fit(X, X**2, hidden=(3, 3), activation=["sin", "tanh"], epochs=1)


@pytest.mark.parametrize(("text", "meant"), [("sin", "sin"), ("leaky_relu:0.2", LEAKY)])
def test_the_command_line_spells_the_parameter_behind_a_colon(
    tmp_path: Path, text: str, meant: Any
) -> None:
    rows = "\n".join(f"{x},{x * x}" for x in np.linspace(-1, 1, 12))
    table, model = tmp_path / "t.csv", tmp_path / "m.safetensors"
    table.write_text(f"x,y\n{rows}\n")
    arguments = ["fit", str(table), "--inputs", "x", "--outputs", "y", "-o", str(model)]
    arguments += ["--hidden", "3", "--epochs", "2", "--activation", text]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    assert sn.load(model).activations[0] == meant


@pytest.mark.parametrize("given", ACTIVATIONS, ids=str)
def test_activations_come_back_from_the_model_file_and_from_a_pickle(
    tmp_path: Path, given: Any
) -> None:
    net = sn.Network([np.ones((1, 1))], [np.zeros(1)], given)
    net.save(tmp_path / "net.safetensors")
    assert sn.load(tmp_path / "net.safetensors").activations == (given,)
    assert pickle.loads(pickle.dumps(net)) == net
    assert normalise(normalise(given)) == normalise(given)


def test_an_activation_prints_its_parameter_unless_it_is_the_preset() -> None:
    assert [str(normalise(x)) for x in ("tanh", "elu", ("elu", 0.5))] == ["tanh", "elu", "elu(0.5)"]
    assert {normalise(name).parameters for name in TABLE} == {(), (0.01,), (1.0,), (-1.0, 1.0)}
    assert [name for name in TABLE if normalise(name).linear] == ["identity"]


@pytest.mark.parametrize(
    ("given", "runs"),
    [
        (["tanh", "identity", "identity"], (("tanh", 1), ("identity", 2))),
        ([("tanh", 1), ("identity", 2)], (("tanh", 1), ("identity", 2))),
        ((("tanh", 2), "sin"), (("tanh", 2), ("sin", 1))),
        ([("elu", 2.0), "elu", ("elu", 1.0)], ((("elu", 2.0), 1), (("elu", 1.0), 2))),
        ([(("elu", 2.0), 2), ("tanh", 1)], ((("elu", 2.0), 2), ("tanh", 1))),
        (["sin", ("sin", 2)], "sin"),
        ([("elu", 2.0)] * 3, ("elu", 2.0)),
        ("sin", "sin"),
        (("elu", 2.0), ("elu", 2.0)),
        (("clip", 0, 6), ("clip", 0.0, 6.0)),
        ([("clip", 0, 6), "clip", "clip"], ((("clip", 0.0, 6.0), 1), (("clip", -1.0, 1.0), 2))),
        ([(("clip", 0, 6), 2), "relu"], ((("clip", 0.0, 6.0), 2), ("relu", 1))),
    ],
)
def test_runs_in_every_spelling(given: Any, runs: Any) -> None:
    layer = normalise_layer(given, 3)
    assert layer.written() == runs
    assert normalise_layer(layer, 3) == layer
    assert normalise_layer(layer.written(), 3) == layer
    assert isinstance(layer, Activation | Runs)
    assert sum(count for _, count in layer.runs(3)) == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["tanh", "sin"], "must be of its 3 units, got those of 2"),
        ([("tanh", 4)], "must be of its 3 units, got those of 4"),
        ([("elu", 1), ("tanh", 2)], r"write \('elu', 1.0\) or \(\('elu', 1.0\), 1\)"),
        ([("tanh", 0), ("sin", 3)], r"a run must have at least one unit, got \('tanh', 0\)"),
        ([("tanh", -1), ("sin", 4)], "at least one unit"),
        (["tan"] * 3, "unknown activation 'tan'"),
        ([], "must be of its 3 units, got those of 0"),
        ([5, 5, 5], "an activation is a name or a pair"),
        ([("tanh", 2.0), "sin", "sin"], "'tanh' has no parameter, got 2.0"),
        (("clip", 2, 1), r"low of 'clip' must be below high, got \('clip', 2, 1\)"),
        (("clip", 1.0), "activation 'clip' has 2 parameters, low, high, got"),
        (("elu", 1.0, 2.0), "activation 'elu' has one parameter, alpha, got"),
        (("clip", np.nan, 1), "low of 'clip' must be finite, got nan"),
        ([["tanh", "sin"], "sin", "sin"], "an activation is a name or a pair"),
    ],
)
def test_runs_that_cannot_be_say_why(given: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        normalise_layer(given, 3)


def test_sigma_of_runs_goes_over_units() -> None:
    z = np.random.default_rng(0).normal(size=(4, 5, 3))
    layer = normalise_layer([("tanh", 2), ("elu", 2.0)], 3)
    for order in range(3):
        wanted = [sigma(normalise("tanh"), z[..., :2], order)]
        wanted.append(sigma(normalise(("elu", 2.0)), z[..., 2:], order))
        assert np.array_equal(sigma(layer, z, order), np.concatenate(wanted, axis=-1))
    with pytest.raises(ValueError, match="runs of 3 units cannot be those of a layer of 4"):
        sigma(layer, np.zeros((2, 4)))
    assert str(layer) == "[2 tanh, 1 elu(2)]"
    assert layer.has_second_derivative
    assert not normalise_layer(["relu", "identity"], 2).has_second_derivative


def test_many_runs_are_printed_in_short() -> None:
    layer = normalise_layer(["tanh", "sin"] * 50, 100)
    assert str(layer) == f"[{', '.join(['1 tanh', '1 sin'] * 4)}, 92 more]"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_outside_its_domain_log_and_all_its_derivatives_are_nan(dtype: type) -> None:
    net = sn.Network([[[1.0]], [[2.0]]], [[0.0], [1.0]], ["log", "identity"], dtype=dtype)
    x = np.array([[-1.0], [-1e-30], [-1e30]], dtype)
    for result in (net(x), net.jacobian(x), net.hessian(x), net.vjp(x, [1.0]), net.laplacian(x)):
        assert np.isnan(result).all()
    value, J, H = net.value_jacobian_hessian([0.0])
    assert (value[0], J[0, 0], H[0, 0, 0]) == (-np.inf, np.inf, -np.inf)
