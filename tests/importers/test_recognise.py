"""A function of one number is recognised by its values, whatever its name."""

from __future__ import annotations

import numpy as np
import pytest
from networks import ACTIVATIONS
from scipy.special import erf

from slopenet.activations import TABLE, ActivationSpec, normalise, sigma
from slopenet.importers._recognise import activation_of


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("spec", [*ACTIVATIONS, *TABLE, ("softplus", 3.0), ("elu", 0.3)], ids=str)
def test_every_row_of_the_table_is_found(spec: ActivationSpec, dtype: type) -> None:
    with np.errstate(all="ignore"):  # z beyond the domain of exp and log
        found = activation_of(lambda z: sigma(normalise(spec), z).astype(dtype), np.dtype(dtype))
    assert found is not None
    assert normalise(found) == normalise(spec)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda z: z / (1 + np.exp(-z)), "silu"),
        (lambda z: 0.5 * z * (1 + erf(z / np.sqrt(2))), "gelu"),
        (lambda z: np.log(1 + np.exp(z)), "softplus"),
        (lambda z: z * np.tanh(np.log1p(np.exp(z))), "mish"),
        (lambda z: np.maximum(z, 0), "relu"),
        (lambda z: np.maximum(z, z.dtype.type(0.3) * z), ("leaky_relu", 0.3)),
        (lambda z: np.where(z > 20, z, np.log1p(np.exp(z))), "softplus"),
        (lambda z: z / (np.abs(z) + 1), "softsign"),
        (np.exp, "exp"),
        (lambda z: 1 / np.exp(-z), "exp"),
        (np.log, "log"),
        (np.cos, "cos"),
        (lambda z: np.clip(z, -1, 1), "clip"),
        (lambda z: np.clip(z, 0, 6), ("clip", 0.0, 6.0)),
        (lambda z: np.minimum(np.maximum(z, 0), 5000), ("clip", 0.0, 5000.0)),
        (lambda z: -np.log(1 / z), "log"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_other_spellings_are_found(function, name: ActivationSpec, dtype: type) -> None:
    assert activation_of(function, np.dtype(dtype)) == name


@pytest.mark.parametrize(
    "function",
    [
        lambda z: np.clip(z, -1, 1) + 0.5,
        lambda z: np.where(np.abs(z) < 6, z, 0),
        lambda z: np.minimum(z, 6),
        lambda z: np.clip(z, -9000, 6),
        np.exp2,
        lambda z: np.exp(z) - 1,
        lambda z: z**3,
        np.log10,
        np.sqrt,
        lambda z: np.log(np.abs(z)),
        lambda z: np.where(z > 5000, 0, np.log(z)),
        lambda z: z - np.tanh(z),
        lambda z: np.tanh(z) * 1.001,
        lambda z: np.where(np.abs(z) < 0.5, 0, z),
        lambda z: z / (1 + np.exp(-1.702 * z)),
        lambda z: np.tanh(z)[:3],
    ],
)
def test_others_are_not(function) -> None:
    for dtype in (np.float64, np.float32):
        assert activation_of(function, np.dtype(dtype)) is None


def test_a_parameter_beyond_its_limits_is_none() -> None:
    """softplus(β) has the value log 2/β at 0, which 1e308 would be of a β that is too small."""
    assert activation_of(lambda z: np.abs(z) + 1e308, np.dtype(np.float64)) is None
