"""Nodes of an ONNX graph that mix the numbers of a sample, or leave them as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from slopenet._types import Floats
from slopenet.importers._steps import UnsupportedNetworkError, affine, batch_normalisation, refuse
from slopenet.importers.onnx import shapes
from slopenet.importers.onnx.constant import axes_of
from slopenet.importers.onnx.file import REAL
from slopenet.importers.onnx.value import Node, Value, behind, number_of, row_of, whole_of


def _gemm(node: Node, x: Value) -> Value:
    W = node.numbers(1, "matrix")
    if whole_of(node, "transA", 0):
        refuse(node.where, "it multiplies the transposed batch")
    if W.ndim != 2:
        refuse(node.where, f"its matrix has the shape {W.shape}")
    maps = [affine(node.where, W if whole_of(node, "transB", 0) else W.T)]
    alpha, beta = (number_of(node, name, 1.0) for name in ("alpha", "beta"))
    if alpha != 1:
        maps.append(affine(node.where, alpha))
    C = node.constant(2, "offset")
    if C is not None:
        maps.append(affine(node.where, 1.0, beta * row_of(node, C)))
    return behind(node, x, *maps)


def _matmul(node: Node, x: Value) -> Value:
    W = node.numbers(1, "matrix")
    if W.ndim != 2:
        refuse(node.where, f"its matrix has the shape {W.shape}")
    if x.axes is None:
        return behind(node, x, affine(node.where, W.T))
    if x.axes[-1] != x.width:
        refuse(node.where, "the numbers of a sample are not its last axis")
    made = behind(node, x, affine(node.where, W.T))
    return shapes.shaped(node, made, (*x.axes[:-1], W.shape[1]))


def matrix_first(node: Node, x: Value) -> Value:
    """MatMul(W, x), where each sample is a column."""
    W = node.numbers(0, "matrix")
    if W.ndim != 2:
        refuse(node.where, f"its matrix has the shape {W.shape}")
    axes = x.axes or ()
    column = axes[-2:] == (x.width, 1)
    if not column and axes != (x.width,):
        refuse(node.where, "its first input is a constant, and the second is not a column")
    made = behind(node, x, affine(node.where, W))
    after = (*axes[:-2], W.shape[0], 1) if column else (W.shape[0],)
    return shapes.shaped(node, made, after)


def _batch_norm(node: Node, x: Value) -> Value:
    if whole_of(node, "training_mode", 0):
        refuse(node.where, "it is in training mode, where a value depends on the whole batch")
    names = ("scale", "offset", "mean", "variance")
    gamma, beta, mean, variance = (node.numbers(i, what) for i, what in enumerate(names, 1))
    if any(x.ndim != 1 or x.shape != mean.shape for x in (gamma, beta, mean, variance)):
        shapes = ", ".join(str(x.shape) for x in (gamma, beta, mean, variance))
        refuse(node.where, f"its constants have the shapes {shapes}; one for all is wanted")
    epsilon = number_of(node, "epsilon", 1e-5)
    step = batch_normalisation(node.where, mean, variance.astype(np.float64) + epsilon, gamma, beta)
    return behind(node, x, step)


def _scaler(node: Node, x: Value) -> Value:
    offset, scale = _row(node, "offset", 0.0), _row(node, "scale", 1.0)
    maps = affine(node.where, 1.0, -offset), affine(node.where, scale)
    return behind(node, x, *maps)


def _row(node: Node, name: str, preset: float) -> Floats:
    try:
        return row_of(node, np.asarray(node.attributes.get(name, [preset]), np.float32))
    except (TypeError, ValueError) as error:
        if isinstance(error, UnsupportedNetworkError):
            raise
        refuse(node.where, f"its {name} is not a row of numbers")


def _same(node: Node, x: Value) -> Value:
    del node
    return x


def _cast(node: Node, x: Value) -> Value:
    if whole_of(node, "to", 0) not in REAL:
        refuse(node.where, "it casts to no real numbers")
    return x


def _dropout(node: Node, x: Value) -> Value:
    training = node.constant(2, "training mode")
    if training is not None and training.any():
        refuse(node.where, "it is in training mode, where values are random")
    return x


def _flatten(node: Node, x: Value) -> Value:
    if x.axes is not None:
        return shapes.flattened(node, x)
    if x.flat or whole_of(node, "axis", 1) not in (1, -1):
        refuse(node.where, "it flattens the samples too")
    return x


def _reshape(node: Node, x: Value) -> Value:
    shape = [int(n) for n in np.ravel(node.numbers(1, "shape"))]
    if x.axes is not None:
        return shapes.reshaped(node, x)
    match shape:
        case [0 | -1, n] if n > 0 and n == x.width and (shape[0] or not x.flat):
            return replace(x, flat=False, product=None)
        case [0, -1] if not x.flat:
            return x
        case [-1] | [-1, 1]:
            return replace(x, flat=True, product=None)
    if x.width is None or x.flat:
        raise UnsupportedNetworkError(
            f"{node.where}: it makes (N, {x.width or 'n'}) the shape {tuple(shape)}"
        )
    return shapes.reshaped(node, x)


def _squeeze(node: Node, x: Value) -> Value:
    if x.axes is not None:
        return shapes.squeezed(node, x)
    axes = axes_of(
        [x, *([node.numbers(1, "axes")] if len(node.inputs) > 1 else [])], node.attributes
    )
    if x.flat or x.width != 1 or axes not in ([1], [-1]):
        refuse(node.where, "it takes away an axis other than that of a single column")
    return replace(x, flat=True, product=None)


def _unsqueeze(node: Node, x: Value) -> Value:
    if not x.flat and x.width is not None:
        return shapes.unsqueezed(node, x)
    axes = axes_of(
        [x, *([node.numbers(1, "axes")] if len(node.inputs) > 1 else [])], node.attributes
    )
    if not x.flat or x.width != 1 or axes not in ([1], [-1]):
        refuse(node.where, "it adds an axis other than that of a single column")
    return replace(x, flat=False, product=None)


MIXING: dict[str, Callable[[Node, Value], Value]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "BatchNormalization": _batch_norm,
    "ai.onnx.ml.Scaler": _scaler,
}
UNCHANGED: dict[str, Callable[[Node, Value], Value]] = {
    "Identity": _same,
    "Cast": _cast,
    "CastLike": _same,
    "Dropout": _dropout,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Transpose": shapes.transposed,
    "Unsqueeze": _unsqueeze,
}
