"""Operations of JAX on each entry of tensors of a graph, and sums of branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet.activations import ActivationSpec
from slopenet.importers._arithmetic import of_branches, refuse_branches, with_constant
from slopenet.importers._expression import compose
from slopenet.importers._graph import After
from slopenet.importers._steps import sigmas
from slopenet.importers._tensor import Tensor, fresh, same, settled, spread
from slopenet.importers.jax.elementwise import SAME, expression_of
from slopenet.importers.jax.operation import Operation, numbers_of
from slopenet.maps.affine import Affine, refuse


def entrywise(operation: Operation) -> Tensor:
    """An operation on each entry alone; a sum of any, or a product with constants.

    Raises
    ------
    UnsupportedNetworkError
        If it is none that slopenet has.
    """
    where, name = operation.where, operation.name
    given = [_spread(x, operation.shape) for x in operation.given]
    values = [x for x in given if isinstance(x, Tensor)]
    first = values[0]
    if any(isinstance(x, np.ndarray) for x in given):
        found = _with_constants(operation, given)
    elif all(same(x, first) for x in values):
        arguments = [x.f if isinstance(x, Tensor) else x for x in given]
        f = expression_of(where, name, arguments, dict(operation.settings))
        found = None if f is None else Tensor(first.stem, f, first.index, first.dtype)
    else:
        found = _of_branches(operation, values)
    if found is None:
        refuse(where, f"slopenet has no {name} like this")
    return found


def cast(operation: Operation) -> Tensor:
    """A tensor in another dtype: truth values as 0 and 1, or numbers of no fewer digits."""
    (x,), new = operation.given, np.dtype(operation.settings["new_dtype"])
    if operation.kind(0) == np.bool_:
        f = compose(operation.where, "Where", x.f, 1.0, 0.0)
        return Tensor(x.stem, f, x.index, x.dtype)
    if new not in (np.float32, np.float64) or new.itemsize < operation.dtype.itemsize:
        refuse(operation.where, f"it makes {new} of values that depend on the input")
    return Tensor(x.stem, x.f, x.index, x.dtype)


def _spread(x: Any, shape: tuple[int, ...]) -> Any:
    """An operand in a shape; a constant of equal entries is a number."""
    if isinstance(x, Tensor):
        return spread(x, shape)
    array = numbers_of(x)
    if array.size and (array == array.flat[0]).all():
        return float(array.flat[0])
    return np.broadcast_to(array, shape)


def _of_branches(operation: Operation, values: list[Tensor]) -> Tensor:
    """An operation on entries of different tensors."""
    found = None
    if operation.name == "select_n" and len(values) == 3:
        found = _prelu(operation, *values)
    elif len(values) == len(operation.given) == 2:
        a, b = values
        found = of_branches(operation.where, SAME.get(operation.name, ""), a, b, operation.rows)
    if found is None:
        refuse_branches(operation.where, operation.name)
    return found


def _prelu(operation: Operation, which: Tensor, below: Tensor, above: Tensor) -> Tensor | None:
    """x where x > 0, else c x, with one constant c for each entry."""
    if which.f.op in ("Less", "LessOrEqual"):
        below, above = above, below
    elif which.f.op not in ("Greater", "GreaterOrEqual"):
        return None
    x, line = settled(operation.where, above, operation.rows), below.stem.node
    if (
        not same(which, above)
        or which.f.arguments != (above.f, 0.0)
        or not isinstance(line, After)
        or not isinstance(line.step, Affine)
        or line.before is not x.stem.node
        or below.f is not below.stem.z
        or line.step.A.ndim != 1
        or line.step.c.any()
        or not np.array_equal(x.index, below.index)
    ):
        return None
    slopes: list[ActivationSpec] = [("leaky_relu", float(slope)) for slope in line.step.A]
    node = After(x.stem.node, sigmas(operation.where, slopes))
    return fresh(node, x.stem.width, x.index, x.dtype)


def _with_constants(operation: Operation, given: list[Any]) -> Tensor | None:
    """An operation with one constant for each entry."""
    where, rows = operation.where, operation.rows
    if operation.name == "clamp":
        low, x, high = given
        if isinstance(low, Tensor) or not isinstance(x, Tensor) or isinstance(high, Tensor):
            return None
        low, high = (np.broadcast_to(limit, operation.shape) for limit in (low, high))
        raised = with_constant(where, "Max", x, low, rows, swapped=False)
        return raised and with_constant(where, "Min", raised, high, rows, swapped=False)
    if len(given) != 2:
        return None
    x, constant = given if isinstance(given[0], Tensor) else given[::-1]
    op = SAME.get(operation.name, "")
    swapped = given[0] is not x
    return with_constant(where, op, x, constant, rows, swapped=swapped)
