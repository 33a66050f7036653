"""A function of JAX as a graph: its jaxpr, operation by operation.

Functions inside of it (jit, custom derivatives, checkpoints) are run in their place. Operations on
constants alone are run by JAX, in its dtype; the others go to `operations`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from slopenet.importers._graph import Node, Start
from slopenet.importers._tensor import Tensor, moved, settled, whole
from slopenet.importers.jax.operation import Operation, run
from slopenet.importers.jax.operations import results_of
from slopenet.importers.jax.softmax import Part, row_of
from slopenet.maps.affine import UnsupportedNetworkError, refuse

_RANDOM = {"random_bits", "rng_bit_generator", "rng_uniform", "threefry2x32", "random_gamma"}
_CALLS = {
    "checkpoint", "closed_call", "core_call", "core_closed_call", "custom_jvp_call",
    "custom_vjp_call", "custom_vjp_call_jaxpr", "jit", "named_call", "pjit", "remat", "remat2",
}  # fmt: skip
_DECIDES = (
    "it decides by a value that depends on the input, so that a network would be one of its"
    " branches alone"
)
_LOOPS = {
    "scan": "a loop of JAX is not a chain of layers; write it as a loop of Python",
    "while": _DECIDES,
    "cond": _DECIDES,
}


def jaxpr_of(source: str, function: Any, shapes: Sequence[Any], dtype: Any) -> tuple[Any, Any]:
    """The jaxpr of a function of arrays of these shapes, and the shapes of its results.

    Raises
    ------
    UnsupportedNetworkError
        If JAX cannot trace it.
    """
    import jax

    try:
        given = [jax.ShapeDtypeStruct(shape, dtype) for shape in shapes]
        closed, results = jax.make_jaxpr(function, return_shape=True)(*given)
    except Exception as error:
        kind, said = type(error).__name__, " ".join(str(error).split())[:200]
        if isinstance(error, jax.errors.TracerArrayConversionError):
            refuse(source, "a value leaves JAX for NumPy, so what is computed then is unknown")
        if isinstance(error, jax.errors.ConcretizationTypeError):
            refuse(source, _DECIDES)
        refuse(source, f"JAX cannot trace it ({kind}: {said})")
    return closed, results


def traced(
    source: str, closed: Any, rows: int | None, dtype: np.dtype[Any]
) -> tuple[Node, list[Start], list[int]]:
    """The graph of a jaxpr: its output, its inputs, and how many numbers each result has.

    Parameters
    ----------
    source : str
    closed : jax.extend.core.ClosedJaxpr
    rows : int or None
        Of the batch, along the first axis of each input; None for one sample.
    dtype : {float64, float32}

    Raises
    ------
    UnsupportedNetworkError
        If an operation is none of a network, which is named with its line.
    """
    shapes = [tuple(x.aval.shape) for x in closed.jaxpr.invars]
    count = rows or 1
    starts = [Start(f"input {i}", int(np.prod(shape)) // count) for i, shape in enumerate(shapes)]
    given = [whole(start, shape, count, dtype) for start, shape in zip(starts, shapes, strict=True)]
    interpreter = _Interpreter(source, count, dtype)
    found = interpreter.run(closed.jaxpr, closed.consts, given)
    parts = []
    for i, x in enumerate(found):
        if isinstance(x, Part):
            refuse(source, f"its result {i} is the {x.what} of a row, which no layer is")
        if not isinstance(x, Tensor):
            refuse(source, f"its result {i} does not depend on its input")
        if rows is not None and (not x.shape or x.shape[0] != rows):
            refuse(source, f"its result of shape {x.shape} does not have a row per sample")
        parts.append(settled(source, x, count))
    if not parts:
        refuse(source, "it returns no array")
    (row,) = moved(
        source,
        lambda *each: np.concatenate([x.reshape(count, -1) for x in each], axis=1),
        parts,
        count,
    )
    if (row_of(row) != np.arange(count)[:, None]).any():
        refuse(source, "its results are in another order than the rows of the batch")
    output = settled(source, row, count).stem.node
    return output, starts, [x.index.size // count for x in parts]


class _Interpreter:
    """Runs jaxprs on tensors of a batch of `rows`."""

    def __init__(self, source: str, rows: int, dtype: np.dtype[Any]) -> None:
        self.rows, self.dtype = rows, dtype
        self.calls: list[str] = []
        self.lines: list[str] = [source]
        self.known: dict[Any, tuple[list[Any], list[Any]]] = {}

    def run(self, jaxpr: Any, constants: Sequence[Any], given: Sequence[Any]) -> list[Any]:
        """The results of a jaxpr: tensors of the graph, parts of a softmax, and constants."""
        values: dict[Any, Any] = dict(zip(jaxpr.constvars, constants, strict=True))
        values.update(zip(jaxpr.invars, given, strict=True))

        def read(variable: Any) -> Any:
            return variable.val if hasattr(variable, "val") else values[variable]

        for equation in _needed(jaxpr):
            found = self.results(equation, [read(x) for x in equation.invars])
            values.update(zip(equation.outvars, found, strict=True))
        return [read(x) for x in jaxpr.outvars]

    def results(self, equation: Any, given: list[Any]) -> list[Any]:
        """The results of one equation; of one that was met before, the same objects."""
        if equation.primitive.name in _CALLS:
            return self.called(equation, given)
        key = (equation.primitive.name, str(equation.params), *map(_identity, given))
        if key not in self.known:
            self.known[key] = given, self.fresh(equation, given)  # operands keep their ids
        return self.known[key][1]

    def called(self, equation: Any, given: list[Any]) -> list[Any]:
        """The results of a function inside."""
        inner = next(_inner(equation))
        self.calls.append(str(equation.params.get("name", "")))
        self.lines.append(_line(equation) or self.lines[-1])
        found = self.run(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), given)
        self.calls.pop()
        self.lines.pop()
        return found

    def fresh(self, equation: Any, given: list[Any]) -> list[Any]:
        """The results of one equation that is none of a function inside."""
        name, where = equation.primitive.name, self.where(equation)
        if _is_random(equation):
            refuse(
                where,
                "it draws random numbers; a network is a function of its inputs alone, so draw"
                " constants before",
            )
        if not any(isinstance(x, Tensor | Part) for x in given):
            return run(equation, given)
        if name == "cond" and not isinstance(given[0], Tensor | Part):
            branch = equation.params["branches"][int(given[0])]
            return self.run(branch.jaxpr, branch.consts, given[1:])
        if name in _LOOPS:
            refuse(where, _LOOPS[name])
        try:
            return results_of(Operation(where, equation, given, self.rows, self.dtype))
        except UnsupportedNetworkError:
            raise
        except Exception as error:
            said = " ".join(str(error).split())[:200]
            refuse(where, f"slopenet cannot take it in ({type(error).__name__}: {said})")

    def where(self, equation: Any) -> str:
        """An operation, the module or function that runs it and its line, as errors name them."""
        modules = str(equation.source_info.name_stack)
        inside = [modules, *(name for name in self.calls if name and not name.startswith("_"))]
        named = "/".join(name for name in inside if name)
        at = _line(equation) or self.lines[-1]
        return f"operation {equation.primitive.name}{f' in {named}' if named else ''} at {at}"


def _needed(jaxpr: Any) -> list[Any]:
    """The equations that the results depend on."""
    wanted = {x for x in jaxpr.outvars if not hasattr(x, "val")}
    found = []
    for equation in reversed(jaxpr.eqns):
        if not wanted.isdisjoint(equation.outvars):
            found.append(equation)
            wanted.update(x for x in equation.invars if not hasattr(x, "val"))
    return found[::-1]


def _inner(equation: Any) -> Iterator[Any]:
    """The jaxprs among the parameters of an equation."""
    for each in equation.params.values():
        for inner in each if isinstance(each, tuple | list) else (each,):
            if hasattr(inner, "eqns"):
                yield inner


def _is_random(equation: Any) -> bool:
    return equation.primitive.name in _RANDOM or any(
        _is_random(each) for inner in _inner(equation) for each in inner.eqns
    )


def _line(equation: Any) -> str:
    """The line that wrote an equation, "" if JAX does not know."""
    from jax.extend import source_info_util

    return PurePath(source_info_util.summarize(equation.source_info)).name


def _identity(x: Any) -> Any:
    """What two operands are the same by: that they are one object, or one number."""
    is_number = isinstance(getattr(x, "dtype", np.dtype(float)), np.dtype)  # a key is none
    if isinstance(x, Tensor | Part) or np.ndim(x) or not is_number:
        return id(x)
    number = np.asarray(x)
    return number.dtype.str, number.tobytes()
