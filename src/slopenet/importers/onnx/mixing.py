"""Nodes of an ONNX graph that mix the entries of a tensor: linear maps of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from slopenet._types import Floats
from slopenet.importers import _tensor as tensors
from slopenet.importers._graph import After
from slopenet.importers._steps import sigma
from slopenet.importers._tensor import Tensor, added, by_entry, linear, spread
from slopenet.importers.onnx.value import Node, number_of, whole_of
from slopenet.maps.affine import affine, refuse

Given: TypeAlias = Tensor | Floats | None


def numbers(node: Node, given: Any) -> Any:
    """The entries of a constant."""
    if not isinstance(given, np.ndarray):
        refuse(node.where, "its settings depend on the input")
    return np.ravel(given)


def mixed(node: Node, given: Sequence[Given], rows: int, function: Callable[..., Any]) -> Tensor:
    """A linear function of tensors, constants in their places."""
    mixing = [x for x in given if isinstance(x, Tensor)]
    rng = np.random.default_rng(0)

    def filled(*values: Any) -> Any:
        left = iter(values)
        return function(*(next(left) if isinstance(x, Tensor) else x for x in given))

    points = [rng.standard_normal(x.shape) for x in mixing]
    size = sum(x.index.size for x in mixing)
    node.budget.spend(8 * size * np.size(filled(*points)), node.where)
    return linear(node.where, filled, mixing, points, rows)


def _matmul(node: Node, given: Sequence[Given], rows: int) -> Tensor:
    x, W = given[:2]
    if isinstance(x, Tensor) and isinstance(W, np.ndarray) and W.ndim == 2 and len(x.shape) == 2:
        return _dense(node, x, W.T, 0.0, rows)
    if isinstance(x, Tensor) and isinstance(W, Tensor):
        refuse(node.where, "it multiplies two values that depend on the input")
    return mixed(node, given, rows, np.matmul)


def _gemm(node: Node, given: Sequence[Given], rows: int) -> Tensor:
    x, W, C = [*given, None][:3]
    alpha, beta = (number_of(node, name, 1.0) for name in ("alpha", "beta"))
    a, b = (whole_of(node, name, 0) for name in ("transA", "transB"))
    if isinstance(x, Tensor) and isinstance(W, Tensor):
        refuse(node.where, "it multiplies two values that depend on the input")
    if isinstance(x, Tensor) and isinstance(W, np.ndarray) and W.ndim == 2 and not a:
        M = W if b else W.T
        y = _dense(node, x, M if alpha == 1 else alpha * M.astype(np.float64), 0.0, rows)
    else:
        y = mixed(node, [x, W], rows, lambda A, B: alpha * ((A.T if a else A) @ (B.T if b else B)))
    if C is None:
        return y
    if isinstance(C, Tensor):
        wide = spread(C, y.shape)
        return added(node.where, [(1.0, y), (beta, wide)], rows)
    return by_entry(node.where, y, 1.0, np.broadcast_to(beta * C, y.shape), rows)


def _dense(node: Node, x: Tensor, W: Floats, offset: Any, rows: int) -> Tensor:
    """x Wᵀ, the weights in their dtype where each row of x is a row of the batch."""
    x = tensors.settled(node.where, x, rows)
    if x.shape[0] != rows or (x.index.ravel() != np.arange(x.index.size)).any():
        return mixed(node, [x, W.T], rows, np.matmul)
    node.budget.spend(8 * W.size, node.where)
    made = After(x.stem.node, affine(node.where, W, offset))
    return tensors.whole(made, (rows, len(W)), rows, x.dtype)


def _batch_norm(node: Node, given: Sequence[Given], rows: int) -> Tensor:
    x, *rest = given
    if whole_of(node, "training_mode", 0):
        refuse(node.where, "it is in training mode, where a value depends on the whole batch")
    if not isinstance(x, Tensor) or not all(isinstance(each, np.ndarray) for each in rest):
        refuse(node.where, "its statistics depend on the input")
    gamma, beta, mean, variance = (np.asarray(each, np.float64) for each in rest)
    A = gamma / np.sqrt(variance + number_of(node, "epsilon", 1e-5))
    shape = [1, -1, *[1] * (len(x.shape) - 2)]
    factor, offset = (
        np.broadcast_to(each.reshape(shape), x.shape) for each in (A, beta - mean * A)
    )
    return by_entry(node.where, x, factor, offset, rows)


def _scaler(node: Node, given: Sequence[Given], rows: int) -> Tensor:
    x = given[0]
    if not isinstance(x, Tensor):
        refuse(node.where, "its input is a constant")
    offset, scale = (
        np.asarray(node.attributes.get(name, [preset]), np.float64)
        for name, preset in (("offset", 0.0), ("scale", 1.0))
    )
    factor, shift = (np.broadcast_to(each, x.shape) for each in (scale, -offset * scale))
    return by_entry(node.where, x, factor, shift, rows)


def _reduce(node: Node, given: Sequence[Given], rows: int) -> Tensor:
    axes = numbers(node, given[1]) if len(given) > 1 else node.attributes.get("axes")
    along = None if axes is None else tuple(int(axis) for axis in axes)
    keep = bool(node.attributes.get("keepdims", 1))
    mean = node.op == "ReduceMean"

    def reduced(x: Floats) -> Any:
        return (np.mean if mean else np.sum)(x, axis=along, keepdims=keep)

    return mixed(node, given[:1], rows, reduced)


def _pad(node: Node, given: Sequence[Given], rows: int) -> Tensor:
    x, pads, value, axes = [*given, None, None, None][:4]
    if node.attributes.get("mode", b"constant") != b"constant" or not isinstance(x, Tensor):
        refuse(node.where, "it does something else than to add constants")
    widths = np.asarray(
        node.attributes.get("pads", []) if pads is None else numbers(node, pads), int
    )
    along = range(len(x.shape)) if axes is None else [int(axis) for axis in numbers(node, axes)]
    half = len(widths) // 2
    amounts = [(0, 0)] * len(x.shape)
    for i, axis in enumerate(along):
        amounts[axis] = int(widths[i]), int(widths[half + i])
    size = np.prod([float(n + sum(more)) for n, more in zip(x.shape, amounts, strict=True)])
    node.budget.spend(8 * int(size), node.where)
    filler = node.attributes.get("value", 0.0) if value is None else numbers(node, value)[0]
    return mixed(node, [x], rows, lambda y: np.pad(y, amounts, constant_values=filler))


def _head(node: Node, given: Sequence[Given], rows: int) -> Tensor:
    """softmax or log-softmax of each row."""
    x = given[0]
    if not isinstance(x, Tensor) or whole_of(node, "axis", -1) not in (-1, len(x.shape) - 1):
        refuse(node.where, "its axis is not that of the columns")
    if int(np.prod(x.shape[:-1])) != rows:
        refuse(node.where, "it is of parts of a row")
    x = tensors.settled(node.where, x, rows)
    head = sigma(node.where, "log_softmax" if node.op == "LogSoftmax" else "softmax")
    return tensors.fresh(After(x.stem.node, head), x.stem.width, x.index, x.dtype)


RULES: dict[str, Callable[[Node, Sequence[Given], int], Tensor]] = {
    "ai.onnx.ml.Scaler": _scaler,
    "BatchNormalization": _batch_norm,
    "Gemm": _gemm,
    "LogSoftmax": _head,
    "MatMul": _matmul,
    "Pad": _pad,
    "ReduceMean": _reduce,
    "ReduceSum": _reduce,
    "Softmax": _head,
}
