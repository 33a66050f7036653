"""Operations of JAX on tensors of a graph: entries move, mix, or change each on their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet.importers._graph import After
from slopenet.importers._tensor import Tensor, fresh, linear, moved, same, settled, spread
from slopenet.importers.jax.elementwise import is_elementwise
from slopenet.importers.jax.entrywise import cast, entrywise
from slopenet.importers.jax.moves import MOVES
from slopenet.importers.jax.operation import Operation, run, weights_of
from slopenet.importers.jax.softmax import Part, largest, part_or_head
from slopenet.maps.affine import affine, refuse

# Operations that leave values as they are.
_NOTHING = {"copy", "copy_p", "mlir_copy", "name", "sharding_constraint", "stop_gradient"}
_NOTHING |= {"optimization_barrier", "reshard"}
# Operations that only move entries, to places that constants tell.
_PLACED = {"gather", "dynamic_slice"}
# Operations that are linear in each tensor, or in all of them together.
LINEAR = {
    "concatenate", "conv_general_dilated", "cumsum", "dot_general", "dynamic_update_slice", "pad",
    "reduce_sum", "reduce_window_sum", "scatter", "scatter-add", "scatter-sub", "scatter_add",
    "stack", "triangular_solve",
}  # fmt: skip


def results_of(operation: Operation) -> list[Any]:  # noqa: PLR0911
    """Tensors of the graph for each result, or what may become one.

    Raises
    ------
    UnsupportedNetworkError
        If the operation is none of a network.
    """
    name, given = operation.name, operation.given
    if name in _NOTHING:
        return given
    if name == "select_n" and not isinstance(given[0], Tensor):
        return [_selected(operation)]
    if any(isinstance(x, Part) for x in given):
        return [part_or_head(operation)]
    if name == "convert_element_type":
        return [cast(operation)]
    if name in MOVES and len(operation.tensors) == len(given):
        return list(_moved(operation))
    if name in _PLACED:
        return [_placed(operation)]
    if name == "ne" and len(operation.tensors) == 2 and _equal(*given):
        return [np.zeros(operation.shape, bool)]  # only NaN differs from itself
    if name == "reduce_max":
        return [largest(operation, given[0])]
    if name in LINEAR:
        return [_dense(operation) or _linear(operation)]
    if not is_elementwise(name):
        refuse(operation.where, f"slopenet has no {name}")
    return [entrywise(operation)]


def _equal(a: Tensor, b: Tensor) -> bool:
    return same(a, b) and a.f is b.f


def _moved(operation: Operation) -> list[Tensor]:
    def function(*indices: Any) -> Any:
        return MOVES[operation.name](list(indices), operation.settings)

    return moved(operation.where, function, operation.tensors, operation.rows)


def _placed(operation: Operation) -> Tensor:
    """Entries of the first operand; the others tell where they are."""
    x, *others = operation.given
    if not isinstance(x, Tensor) or any(isinstance(each, Tensor) for each in others):
        refuse(operation.where, "where it takes its numbers from depends on the input")
    settings = {"fill_value": -1} if operation.name == "gather" else {}

    def function(index: Any) -> Any:
        operands = [index.astype(np.int32), *others]
        found = np.asarray(run(operation.equation, operands, **settings)[0])
        if found.min(initial=0) < 0:
            refuse(operation.where, "it takes numbers from beyond the end")
        return found

    return moved(operation.where, function, [x], operation.rows)[0]


def _selected(operation: Operation) -> Any:
    """One of several operands for each entry, which a constant tells."""
    which, *cases = operation.given
    chosen = np.broadcast_to(np.asarray(which).astype(int), operation.shape)
    used = np.unique(chosen).tolist()
    if len(used) == 1:
        case = cases[used[0]]
        return spread(case, operation.shape) if isinstance(case, Tensor) else case
    if len(operation.tensors) < len(cases):
        return _linear(operation)
    return moved(
        operation.where,
        lambda *indices: np.choose(chosen, indices),
        operation.tensors,
        operation.rows,
    )[0]


def _linear(operation: Operation) -> Tensor:
    rng = np.random.default_rng(0)
    kinds = [operation.kind(i) for i, x in enumerate(operation.given) if isinstance(x, Tensor)]

    def function(*values: Any) -> Any:
        arrays = [np.asarray(x, kind) for x, kind in zip(values, kinds, strict=True)]
        return np.asarray(run(operation.equation, operation.filled(arrays))[0], np.float64)

    points = [
        rng.standard_normal(x.shape).astype(kind)
        for x, kind in zip(operation.tensors, kinds, strict=True)
    ]
    return linear(operation.where, function, operation.tensors, points, operation.rows)


def _dense(operation: Operation) -> Tensor | None:
    """x W or W x, by far the most frequent case, without unit vectors."""
    if operation.name != "dot_general" or len(operation.tensors) != 1:
        return None
    (along, of_batch), rows = operation.settings["dimension_numbers"], operation.rows
    first = isinstance(operation.given[0], Tensor)
    x, W = operation.given if first else operation.given[::-1]
    axes, summed = along if first else along[::-1]
    if any(of_batch) or np.ndim(W) != 2 or axes != (len(x.shape) - 1,):
        return None
    x = settled(operation.where, x, rows)
    if int(np.prod(x.shape[:-1])) != rows or (x.index.ravel() != np.arange(x.index.size)).any():
        return None
    A = weights_of(W) if summed == (1,) else weights_of(W).T
    node = After(x.stem.node, affine(operation.where, A))
    index = np.arange(rows * len(A)).reshape(*x.shape[:-1], len(A))
    return fresh(node, len(A), index if first else np.moveaxis(index, -1, 0), x.dtype)
