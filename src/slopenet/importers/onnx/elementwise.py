"""Nodes of an ONNX graph that act on each number alone: activations and their operations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import SELU_ALPHA, SELU_SCALE
from slopenet.importers import _shrink
from slopenet.importers._expression import ARITHMETIC, Expression, compose, shortened
from slopenet.importers.onnx.value import Node, Value, behind, number_of, row_of
from slopenet.maps.affine import UnsupportedNetworkError, affine, refuse

# Activations that are one node: name in the table, attribute of its parameter and its preset.
_ACTIVATIONS: dict[str, tuple[str, str | None, float]] = {
    "Sigmoid": ("sigmoid", None, 0),
    "Tanh": ("tanh", None, 0),
    "Relu": ("relu", None, 0),
    "LeakyRelu": ("leaky_relu", "alpha", 0.01),
    "Elu": ("elu", "alpha", 1.0),
    "Softplus": ("softplus", None, 0),
    "Mish": ("mish", None, 0),
    "Softsign": ("softsign", None, 0),
    "Sin": ("sin", None, 0),
    "Cos": ("cos", None, 0),
}
_LARGEST = float(np.finfo(np.float32).max)
_SELU = (SELU_ALPHA, SELU_SCALE)  # the attributes alpha and gamma
_ARITY = dict.fromkeys(
    ("Neg", "Abs", "Reciprocal", "Exp", "Expm1", "Log", "Log1p", "Sqrt", "Sign", "Erf"), 1
)
_ARITY |= {"Where": 3, "Cos": 1}
_KNOWN = ARITHMETIC.keys() | _ACTIVATIONS.keys()
_KNOWN |= {"Celu", "Clip", "Gelu", "HardSigmoid", "PRelu", "Selu", "Shrink", "Swish"}
_KNOWN |= {"ThresholdedRelu"}


def elementwise(node: Node) -> Value:
    """A node that acts on each number alone."""
    values = [x for x in node.inputs if isinstance(x, Value)]
    first = values[0]
    require_known(node)
    if node.op == "Mul" and len(values) == 2:
        moved = _row_moved_out(node, *values) or _row_moved_out(node, *reversed(values))
        if moved is not None:
            return moved
    if any(x.trunk is not first.trunk for x in values):
        refuse(node.where, f"{node.op} of two branches is not a layer; only sums of branches are")
    if any(x.flat != first.flat for x in values):
        refuse(node.where, "its inputs have different shapes")
    if any(x is None for x in node.inputs):
        return _with_absent(node, first)
    rows = {i: row_of(node, x) for i, x in enumerate(node.inputs) if isinstance(x, np.ndarray)}
    if any(row.ndim for row in rows.values()):
        return _with_row(node, first, rows)
    arguments = [x.f if isinstance(x, Value) else float(rows[i]) for i, x in enumerate(node.inputs)]
    f = shortened(_expression(node, arguments), shared=node.shared)
    return replace(first, f=f, product=None)


def require_known(node: Node) -> None:
    """Refuse an operation that is none of those that act on each number alone."""
    if node.op not in _KNOWN:
        why = ", which is a parabola in the middle" if node.op == "HardSwish" else ""
        refuse(node.where, f"slopenet has no {node.op}{why}")


def _with_absent(node: Node, first: Value) -> Value:
    """A node of which some input is absent, as the lower limit of Clip may be."""
    if node.op != "Clip" or node.inputs[0] is not first:
        refuse(node.where, "one of its inputs is absent")
    limits = [-np.inf, np.inf]
    given = [
        x if x is not None else np.array(y) for x, y in zip(node.inputs[1:], limits, strict=False)
    ]
    return elementwise(replace(node, inputs=[first, *given]))


def _row_moved_out(node: Node, scaled: Value, other: Value) -> Value | None:
    """(c ∘ x) y as c ∘ (x y), x and y of one trunk: tf2onnx moves a row c into z sigmoid(z)."""
    if scaled.product is None or scaled.product[0].trunk is not other.trunk or other.flat:
        return None
    x, row = scaled.product
    both = replace(other, f=_expression(node, [x.f, other.f]), product=None)
    return replace(behind(node, both, row), product=(both, row))


def _with_row(node: Node, x: Value, rows: dict[int, Floats]) -> Value:
    """x + c, x - c, c - x, x c or x / c, where c is a row (n,)."""
    if len(node.inputs) != 2 or len(rows) != 1 or x.flat:
        refuse(
            node.where, "it does something else than +, -, * and / with constants of each column"
        )
    ((i, c),) = rows.items()
    if x.width not in (None, len(c)):
        refuse(node.where, f"its constants are for {len(c)} numbers, and {x.width} come in")
    match node.op, i:
        case "Add", _:
            step = affine(node.where, 1.0, c)
        case "Sub", 1:
            step = affine(node.where, 1.0, -c.astype(np.float64))
        case "Sub", 0:
            step = affine(node.where, -1.0, c)
        case "Mul", _:
            step = affine(node.where, c)
        case "Div", 1 if np.all(c):
            step = affine(node.where, 1 / c.astype(np.float64))
        case _:
            refuse(node.where, f"{node.op} with constants of each column is not an affine map")
    made = behind(node, x, step)
    return made if step.A.ndim == 0 else replace(made, product=(x, step))


def expression_of(node: Node, arguments: list[Expression | float | None]) -> Expression:
    """A node as an expression of its arguments, absent ones None."""
    if node.op == "Clip":
        return _clipped(node, arguments)
    if any(x is None for x in arguments):
        refuse(node.where, "one of its inputs is absent")
    return _expression(node, [x for x in arguments if x is not None])


def _clipped(node: Node, arguments: list[Expression | float | None]) -> Expression:
    """A number between limits, which may be absent."""
    x, *rest = arguments
    if not isinstance(x, Expression) or any(isinstance(each, Expression) for each in rest):
        refuse(node.where, "its limits depend on the input")
    low, high = _limits(node, rest)
    if not low < high:
        refuse(node.where, "its limits are no interval")
    if low == 0 and high >= _LARGEST:
        return compose(node.where, "relu", x)
    if low > -_LARGEST and high < _LARGEST:
        return compose(node.where, "clip", x, parameter=(low, high))
    for op, limit in (("Max", low), ("Min", high)):
        if abs(limit) < _LARGEST:
            x = compose(node.where, op, x, limit)
    return x


def _limits(node: Node, given: list[Any]) -> tuple[float, float]:
    """The limits of Clip, inputs or attributes: infinite where absent, NaN where not a number."""
    limits = []
    for i, (name, preset) in enumerate((("min", -np.inf), ("max", np.inf))):
        limit = given[i] if len(given) > i else node.attributes.get(name)
        limit = preset if limit is None else limit
        limits.append(_shortest(node, limit) if isinstance(limit, int | float) else np.nan)
    return limits[0], limits[1]


def _shortest(node: Node, limit: float) -> float:
    """The shortest decimal that rounds to a number of the graph's dtype, as for attributes."""
    return float(str(node.dtype.type(limit)))


def _expression(  # noqa: PLR0911
    node: Node, arguments: list[Expression | float]
) -> Expression:
    """A node as an expression of its arguments."""
    where, op = node.where, node.op
    if op in _ACTIVATIONS and len(arguments) == 1:
        name, attribute, preset = _ACTIVATIONS[op]
        parameter = None if attribute is None else number_of(node, attribute, preset)
        return compose(where, name, *arguments, parameter=parameter)
    match op, arguments:
        case "Gelu", [x]:
            approximate = node.attributes.get("approximate", b"none")
            if not isinstance(approximate, bytes):
                refuse(where, "its approximate is not a text")
            tanh = approximate == b"tanh"
            return compose(where, "gelu_tanh" if tanh else "gelu", x)
        case "Swish", [x]:
            alpha = number_of(node, "alpha", 1.0)
            return compose(
                where, "Mul", x, compose(where, "sigmoid", compose(where, "Mul", x, alpha))
            )
        case "Celu", [x]:
            alpha = number_of(node, "alpha", 1.0)
            if alpha <= 0:
                refuse(where, f"its alpha is {alpha}")
            inner = compose(where, "elu", compose(where, "Div", x, alpha))
            return compose(where, "Mul", inner, alpha)
        case "Selu", [x]:
            alpha, gamma = (
                number_of(node, n, v) for n, v in zip(("alpha", "gamma"), _SELU, strict=True)
            )
            if np.allclose((alpha, gamma), _SELU, rtol=1e-7, atol=0):
                return compose(where, "selu", x)
            return compose(where, "Mul", compose(where, "elu", x, parameter=alpha), gamma)
        case "PRelu", [Expression() as x, float(slope)]:
            return compose(where, "leaky_relu", x, parameter=slope)
        case "HardSigmoid", [x]:
            alpha, beta = (number_of(node, n, v) for n, v in (("alpha", 0.2), ("beta", 0.5)))
            alpha = 1 / 6 if np.float32(alpha) == np.float32(1 / 6) else alpha  # as torch writes it
            return compose(where, "clip", compose(where, "line", x, alpha, beta), parameter=(0, 1))
        case "Shrink" | "ThresholdedRelu", [Expression() as x]:
            return _with_kinks(node, x)
    if op in ARITHMETIC and len(arguments) == _ARITY.get(op, 2):
        return compose(where, op, *arguments)
    raise UnsupportedNetworkError(f"{where}: {op} of {len(arguments)} inputs is unknown")


def _with_kinks(node: Node, x: Expression) -> Expression:
    """Shrink: x ± bias beyond ±lambd, 0 between; ThresholdedRelu: x above alpha, 0 below."""
    where = node.where
    if node.op == "ThresholdedRelu":
        return _shrink.threshold(where, x, number_of(node, "alpha", 1.0), 0.0)
    limit, bias = number_of(node, "lambd", 0.5), number_of(node, "bias", 0.0)
    if bias == 0:
        return _shrink.hard_shrink(where, x, limit)
    if bias != limit:
        refuse(where, f"it jumps unless its bias and its lambd are equal, got {bias:g}, {limit:g}")
    return _shrink.soft_shrink(where, x, limit)
