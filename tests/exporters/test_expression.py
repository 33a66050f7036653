"""Traced expressions agree with the table of activations, also with operations replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
from networks import ACTIVATIONS, in_domain

from slopenet.activations import ActivationSpec, normalise, sigma
from slopenet.exporters import _functions
from slopenet.exporters._expression import Expression, Trace, in_order, traced

Z = np.concatenate([-np.logspace(-8, 2.5, 400), [0.0], np.logspace(-8, 2.5, 400)])
OPERATIONS: dict[str, Callable[..., Any]] = {
    "neg": np.negative, "add": np.add, "sub": np.subtract, "mul": np.multiply,
    "div": np.divide, "abs": np.abs, "min": np.minimum, "max": np.maximum, "exp": np.exp,
    "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "tanh": np.tanh, "sin": np.sin,
    "cos": np.cos, "erfc": scipy.special.erfc, "where": np.where,
    "positive": lambda x: x > 0, "not_positive": lambda x: x <= 0,
}  # fmt: skip


def evaluate(results: tuple[Expression, ...], z: np.ndarray) -> list[np.ndarray]:
    known: dict[int, Any] = {}
    for x in in_order(results):
        if x.op == "z":
            known[id(x)] = z
        elif x.op == "number":
            known[id(x)] = x.value
        else:
            known[id(x)] = OPERATIONS[x.op](*(known[id(a)] for a in x.args))
    return [np.broadcast_to(known[id(x)], z.shape) for x in results]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_a_trace_computes_the_activations_of_the_table(activation: ActivationSpec) -> None:
    """The same bits but for powers, which are products here."""
    spec, z = normalise(activation), in_domain(activation, Z)
    for order, got in enumerate(evaluate(traced(spec, 2), z)):
        np.testing.assert_array_max_ulp(got, sigma(spec, z, order), 2)


@pytest.mark.parametrize(
    ("replace", "exact", "z"),
    [
        (_functions.tanh_by_exp, np.tanh, Z),
        (_functions.expm1_by_tanh, np.expm1, Z[Z <= 0]),
        (_functions.log1p_by_atanh, np.log1p, np.logspace(-300, 0, 500)),
        (_functions.erfc_by_mills, scipy.special.erfc, Z[np.abs(Z) < 26]),
    ],
)
def test_replacements_keep_their_digits(replace: Any, exact: Any, z: np.ndarray) -> None:
    trace = Trace()
    (got,) = evaluate((replace(trace, trace.z),), z)
    # the square in exp(-x²) is rounded, which x² magnifies
    np.testing.assert_allclose(
        got, exact(z), rtol=4e-15 if exact is not scipy.special.erfc else 5e-13
    )


def test_equal_operations_are_one() -> None:
    trace = Trace()
    assert trace.exp(-trace.z) is trace.exp(-trace.z)
    assert trace.where(trace.z <= 0, -trace.z, trace.z) is trace.node("abs", trace.z)
    assert (0 * trace.z).op == "number"
    assert 1 * trace.z is trace.z


def test_an_unknown_function_is_refused_by_name() -> None:
    with pytest.raises(AttributeError, match="σ calls arctan, which no export knows"):
        _ = Trace().arctan
