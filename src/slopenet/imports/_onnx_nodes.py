"""Nodes of an ONNX graph: what each makes of the chain of steps that comes in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from slopenet.arrays import Floats
from slopenet.imports._onnx_constant import Attributes, axes_of, constant
from slopenet.imports._onnx_scalar import ARITHMETIC, Expression, Z, compose, steps_of
from slopenet.imports._steps import (
    Affine,
    Step,
    UnsupportedNetworkError,
    affine,
    batch_normalisation,
    refuse,
)

_REAL = (1, 10, 11, 16)  # float32, float16, float64, bfloat16
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
}
_SELU = (1.6732632423543772, 1.0507009873554805)  # alpha and gamma


@dataclass(frozen=True, eq=False)
class Trunk:
    """What is known to be the network up to here: steps behind those of `before`."""

    before: Trunk | None
    steps: list[Step]

    def all_steps(self) -> list[Step]:
        """The steps from the input on."""
        parts, trunk = [], self
        while trunk.before is not None:
            parts.append(trunk.steps)
            trunk = trunk.before
        return [step for part in reversed(parts) for step in part]


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor (N, width) of the graph: `f`, number by number, of what comes out of `trunk`.

    `flat`: the same numbers, in the same order, in a single column or axis, as skl2onnx leaves the
    outputs of MLPRegressor. `product`: the value and the row of factors that this is made of.
    """

    trunk: Trunk
    f: Expression
    width: int | None
    flat: bool = False
    product: tuple[Value, Affine] | None = None


@dataclass(frozen=True)
class Node:
    """One operation: what it is called in errors, its inputs, absent ones None, its attributes."""

    where: str
    op: str
    inputs: list[Value | Floats | None]
    attributes: Attributes
    dtype: np.dtype[Any]

    def constant(self, i: int, what: str) -> Floats | None:
        """Input i, which must be a constant or absent."""
        given = self.inputs[i] if i < len(self.inputs) else None
        if isinstance(given, Value):
            refuse(self.where, f"its {what} is computed from the input of the network")
        return given

    def numbers(self, i: int, what: str) -> Floats:
        """Input i, which must be a constant."""
        given = self.constant(i, what)
        if given is None:
            refuse(self.where, f"its {what} is missing")
        return given


def output_of(node: Node) -> Value | Floats:
    """What comes out of a node.

    Raises
    ------
    UnsupportedNetworkError
        If that cannot be part of a chain of affine maps and activations.
    """
    given = node.inputs
    if node.op == "Constant":
        return _constant(node)
    if not any(isinstance(x, Value) for x in given):
        present = [x for x in given if isinstance(x, np.ndarray)]
        return constant(node.where, node.op, present, node.attributes)
    if node.op in _MIXING:
        x = given[0]
        if not isinstance(x, Value):
            refuse(node.where, "its first input is a constant and its second is not")
        if x.flat:
            refuse(node.where, "its input has lost the shape (N, n)")
        return _MIXING[node.op](node, x)
    if node.op in _UNCHANGED:
        x = given[0]
        if not isinstance(x, Value):
            refuse(node.where, "its first input is a constant and another one is not")
        return _UNCHANGED[node.op](node, x)
    return _elementwise(node)


def _constant(node: Node) -> Floats:
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if node.attributes.get(name) is not None:
            return np.asarray(node.attributes[name])
    raise UnsupportedNetworkError(f"{node.where}: it holds no numbers")


def steps_to(value: Value, dtype: np.dtype[Any]) -> list[Step]:
    """Every step from the input to a value."""
    return _closed(value, dtype).all_steps()


def _closed(value: Value, dtype: np.dtype[Any]) -> Trunk:
    """The trunk with what `f` is made of behind it."""
    if value.f is Z:
        return value.trunk
    return Trunk(value.trunk, steps_of(value.f, dtype))


def _behind(node: Node, x: Value, *steps: Affine) -> Value:
    """x with affine maps behind it."""
    width = x.width
    for step in steps:
        if step.A.ndim == 2:
            if width not in (None, step.A.shape[1]):
                refuse(node.where, f"it takes {step.A.shape[1]} numbers, and {width} come in")
            width = step.A.shape[0]
        elif step.A.ndim or step.c.ndim:
            n = max(step.A.size, step.c.size)
            if width not in (None, n):
                refuse(node.where, f"its constants are for {n} numbers, and {width} come in")
            width = n
    return Value(Trunk(_closed(x, node.dtype), list(steps)), Z, width)


def _gemm(node: Node, x: Value) -> Value:
    W = node.numbers(1, "matrix")
    if node.attributes.get("transA", 0):
        refuse(node.where, "it multiplies the transposed batch")
    if W.ndim != 2:
        refuse(node.where, f"its matrix has the shape {W.shape}")
    maps = [affine(node.where, W if node.attributes.get("transB", 0) else W.T)]
    alpha, beta = (_attribute(node, name, 1.0) for name in ("alpha", "beta"))
    if alpha != 1:
        maps.append(affine(node.where, alpha))
    C = node.constant(2, "offset")
    if C is not None:
        maps.append(affine(node.where, 1.0, beta * _row(node, C)))
    return _behind(node, x, *maps)


def _matmul(node: Node, x: Value) -> Value:
    W = node.numbers(1, "matrix")
    if W.ndim != 2:
        refuse(node.where, f"its matrix has the shape {W.shape}")
    return _behind(node, x, affine(node.where, W.T))


def _batch_norm(node: Node, x: Value) -> Value:
    if node.attributes.get("training_mode", 0):
        refuse(node.where, "it is in training mode, where a value depends on the whole batch")
    names = ("scale", "offset", "mean", "variance")
    gamma, beta, mean, variance = (node.numbers(i, what) for i, what in enumerate(names, 1))
    epsilon = _attribute(node, "epsilon", 1e-5)
    step = batch_normalisation(node.where, mean, variance.astype(np.float64) + epsilon, gamma, beta)
    return _behind(node, x, step)


def _scaler(node: Node, x: Value) -> Value:
    offset = _row(node, np.asarray(node.attributes.get("offset", [0.0]), np.float32))
    scale = _row(node, np.asarray(node.attributes.get("scale", [1.0]), np.float32))
    maps = affine(node.where, 1.0, -offset), affine(node.where, scale)
    return _behind(node, x, *maps)


def _row(node: Node, constant: Floats) -> Floats:
    """A constant that is the same for all samples: (n,) or, of one number, ()."""
    if constant.size == 1 and constant.ndim <= 2:
        return constant.reshape(())
    if constant.ndim == 1 or (constant.ndim == 2 and constant.shape[0] == 1):
        return constant.reshape(-1)
    raise UnsupportedNetworkError(
        f"{node.where}: its constant of shape {constant.shape} is no row for all samples"
    )


def _same(node: Node, x: Value) -> Value:
    del node
    return x


def _cast(node: Node, x: Value) -> Value:
    if node.attributes.get("to") not in _REAL:
        refuse(node.where, "it casts to no real numbers")
    return x


def _dropout(node: Node, x: Value) -> Value:
    training = node.constant(2, "training mode")
    if training is not None and training.any():
        refuse(node.where, "it is in training mode, where values are random")
    return x


def _flatten(node: Node, x: Value) -> Value:
    if x.flat or node.attributes.get("axis", 1) not in (1, -1):
        refuse(node.where, "it flattens the samples too")
    return x


def _reshape(node: Node, x: Value) -> Value:
    shape = [int(n) for n in np.ravel(node.numbers(1, "shape"))]
    match shape:
        case [0 | -1, n] if n > 0 and n == x.width and (shape[0] or not x.flat):
            return replace(x, flat=False, product=None)
        case [0, -1] if not x.flat:
            return x
        case [-1] | [-1, 1]:
            return replace(x, flat=True, product=None)
    raise UnsupportedNetworkError(
        f"{node.where}: it makes (N, {x.width or 'n'}) the shape {tuple(shape)}"
    )


def _squeeze(node: Node, x: Value) -> Value:
    axes = axes_of(
        [x, *([node.numbers(1, "axes")] if len(node.inputs) > 1 else [])], node.attributes
    )
    if x.flat or x.width != 1 or axes not in ([1], [-1]):
        refuse(node.where, "it takes away an axis other than that of a single column")
    return replace(x, flat=True, product=None)


def _unsqueeze(node: Node, x: Value) -> Value:
    axes = axes_of(
        [x, *([node.numbers(1, "axes")] if len(node.inputs) > 1 else [])], node.attributes
    )
    if not x.flat or x.width != 1 or axes not in ([1], [-1]):
        refuse(node.where, "it adds an axis other than that of a single column")
    return replace(x, flat=False, product=None)


def _elementwise(node: Node) -> Value:
    """A node that acts on each number alone."""
    values = [x for x in node.inputs if isinstance(x, Value)]
    first = values[0]
    if node.op == "Mul" and len(values) == 2:
        moved = _row_moved_out(node, *values) or _row_moved_out(node, *reversed(values))
        if moved is not None:
            return moved
    if any(x.trunk is not first.trunk for x in values):
        refuse(node.where, "two branches meet in it; a chain of layers has one")
    if any(x.flat != first.flat for x in values):
        refuse(node.where, "its inputs have different shapes")
    rows = {i: _row(node, x) for i, x in enumerate(node.inputs) if isinstance(x, np.ndarray)}
    if any(row.ndim for row in rows.values()):
        return _with_row(node, first, rows)
    arguments = [x.f if isinstance(x, Value) else float(rows[i]) for i, x in enumerate(node.inputs)]
    return replace(first, f=_expression(node, arguments), product=None)


def _row_moved_out(node: Node, scaled: Value, other: Value) -> Value | None:
    """(c ∘ x) y as c ∘ (x y), x and y of one trunk: tf2onnx moves a row c into z sigmoid(z)."""
    if scaled.product is None or scaled.product[0].trunk is not other.trunk or other.flat:
        return None
    x, row = scaled.product
    both = replace(other, f=_expression(node, [x.f, other.f]), product=None)
    return replace(_behind(node, both, row), product=(both, row))


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
            refuse(node.where, f"{node.op} with constants of each column is no affine map")
    made = _behind(node, x, step)
    return made if step.A.ndim == 0 else replace(made, product=(x, step))


def _expression(  # noqa: PLR0911
    node: Node, arguments: list[Expression | float]
) -> Expression:
    """A node as an expression of its arguments."""
    where, op = node.where, node.op
    if op in _ACTIVATIONS and len(arguments) == 1:
        name, attribute, preset = _ACTIVATIONS[op]
        parameter = None if attribute is None else _attribute(node, attribute, preset)
        return compose(where, name, *arguments, parameter=parameter)
    match op, arguments:
        case "Gelu", [x]:
            tanh = node.attributes.get("approximate", b"none") == b"tanh"
            return compose(where, "gelu_tanh" if tanh else "gelu", x)
        case "Swish", [x]:
            alpha = _attribute(node, "alpha", 1.0)
            return compose(
                where, "Mul", x, compose(where, "sigmoid", compose(where, "Mul", x, alpha))
            )
        case "Celu", [x]:
            alpha = _attribute(node, "alpha", 1.0)
            if alpha <= 0:
                refuse(where, f"its alpha is {alpha}")
            inner = compose(where, "elu", compose(where, "Div", x, alpha))
            return compose(where, "Mul", inner, alpha)
        case "Selu", [x]:
            alpha, gamma = (
                _attribute(node, n, v) for n, v in zip(("alpha", "gamma"), _SELU, strict=True)
            )
            if np.allclose((alpha, gamma), _SELU, rtol=1e-7, atol=0):
                return compose(where, "selu", x)
            return compose(where, "Mul", compose(where, "elu", x, parameter=alpha), gamma)
        case "PRelu", [Expression() as x, float(slope)]:
            return compose(where, "leaky_relu", x, parameter=slope)
        case "Clip", [x] | [x, float()] if _is_relu(node, arguments):
            return compose(where, "relu", x)
    if op in ARITHMETIC and len(arguments) == _ARITY.get(op, 2):
        return compose(where, op, *arguments)
    raise UnsupportedNetworkError(f"{where}: slopenet has no {op}")


_ARITY = {"Neg": 1, "Abs": 1, "Reciprocal": 1, "Exp": 1, "Log": 1, "Sqrt": 1, "Erf": 1, "Where": 3}


def _attribute(node: Node, name: str, preset: float) -> float:
    """A number of a node: the shortest decimal that rounds to it, as attributes are float32."""
    return float(str(np.float32(node.attributes.get(name, preset))))


def _is_relu(node: Node, arguments: list[Expression | float]) -> bool:
    """Whether Clip has the lower bound 0 and no upper one."""
    low = arguments[1] if len(arguments) > 1 else node.attributes.get("min")
    high = node.attributes.get("max", np.inf)
    return low == 0 and high >= np.finfo(np.float32).max


_MIXING: dict[str, Callable[[Node, Value], Value]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "BatchNormalization": _batch_norm,
    "ai.onnx.ml.Scaler": _scaler,
}
_UNCHANGED: dict[str, Callable[[Node, Value], Value]] = {
    "Identity": _same,
    "Cast": _cast,
    "CastLike": _same,
    "Dropout": _dropout,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
}
