"""A function of JAX as a network: traced, compiled, and compared with itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._options import Options
from slopenet.importers._verify import compare
from slopenet.importers.jax.trace import jaxpr_of, traced
from slopenet.maps.affine import UnsupportedNetworkError, refuse
from slopenet.network import Network

_ROWS = (3, 2, 1)  # of the batches that it is traced at
_ADVICE = "pass example=, an array of the axes (n,) or (N, n), instead of inputs="


@dataclass(frozen=True)
class Function:
    """A function of JAX, its name in errors, the shape of a sample of each input, its dtype."""

    source: str
    call: Callable[..., Any]
    shapes: Sequence[tuple[int, ...]]
    dtype: np.dtype[Any]

    def jaxpr(self, rows: int | None) -> tuple[Any, Any]:
        """The jaxpr of a batch of so many rows, or of one sample, and the shapes of results."""
        batch = () if rows is None else (rows,)
        return jaxpr_of(self.source, self.call, [batch + each for each in self.shapes], self.dtype)

    def network(self, rows: int | None, options: Options) -> Network:
        """The network of a batch of so many rows, or of one sample."""
        closed, results = self.jaxpr(rows)
        output, starts, widths = traced(self.source, closed, rows, self.dtype)
        named = options.named(list(zip(_names(results), widths, strict=True)))
        return named.network_of_graph(self.source, output, starts, dtype=self.dtype)

    def imported(self, options: Options, *, batched: bool) -> Network:
        """The network of one sample, or of batches of some sizes, for which it must be the same."""
        networks = [self.network(rows, options) for rows in (_ROWS if batched else (None,))]
        if any(network != networks[0] for network in networks):
            refuse(self.source, "it computes something else for one row than for a batch")
        return networks[0]

    def values(self, X: Floats, *, batched: bool) -> Floats:
        """Values (N, n_L) at X (N, n_1), of the batch or sample by sample."""
        import jax

        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        parts = np.split(X.astype(self.dtype), ends[:-1], axis=1)
        given = [
            jax.numpy.asarray(part).reshape(len(X), *shape)
            for part, shape in zip(parts, self.shapes, strict=True)
        ]
        found = (self.call if batched else jax.vmap(self.call))(*given)
        leaves = [np.asarray(each) for each in jax.tree_util.tree_leaves(found)]
        return np.concatenate([each.reshape(len(X), -1) for each in leaves], axis=1)


def network_of_function(
    source: str, call: Callable[..., Any], inputs: int | None, example: Any, options: Options
) -> Network:
    """The network of a function of one sample (n,) or of a batch (N, n), compared with it.

    Parameters
    ----------
    source : str
    call : callable
    inputs : int, optional
        How many numbers a sample has.
    example : array, or sequence of arrays, optional
        Arguments of `call`: one axis each for a sample, more for a batch.
    options : Options

    Raises
    ------
    UnsupportedNetworkError
        If an operation is none of a network, or results depend on the number of rows.
    """
    shapes, batched = _of_inputs(inputs) if example is None else _of_example(example)
    function = _in_own_dtype(Function(source, call, shapes, _default_dtype()), batched)
    ways = _ways(function) if batched is None else [batched]
    if len(ways) == 1:
        network = function.imported(options, batched=ways[0])
    else:
        network = _of_both(function, options)
    return options.compared(
        source, network, lambda X: function.values(X, batched=ways[0]), function.dtype
    )


def _of_both(function: Function, options: Options) -> Network:
    """The network of a function that JAX traces for batches and samples; both must be the same."""
    try:
        network = function.imported(options, batched=True)
    except UnsupportedNetworkError as error:
        try:
            function.imported(options, batched=False)
        except UnsupportedNetworkError:
            raise error from None
        refuse(
            function.source,
            f"of a batch it is no network ({error}), of one sample it is; {_ADVICE}",
        )

    def values(X: Floats) -> Floats:
        return function.values(X, batched=False)

    try:
        return compare(function.source, network, values, function.dtype, None)
    except UnsupportedNetworkError:
        refuse(
            function.source, f"it computes something else for a sample than for a batch; {_ADVICE}"
        )


def _ways(function: Function) -> list[bool]:
    """Whether JAX can trace it for batches (True), for one sample (False), or both."""
    found, refused = [], []
    for batched in (True, False):
        try:
            found += [batched] if _is_traced(function, batched=batched) else []
        except UnsupportedNetworkError as error:
            refused.append(str(error))
    if not found:
        *batch, sample = refused
        if batch and batch != [sample]:
            sample += f"; of a batch, {batch[0].removeprefix(f'{function.source}: ')}"
        raise UnsupportedNetworkError(sample)
    return found


def _is_traced(function: Function, *, batched: bool) -> bool:
    """Whether JAX can trace it for samples; or for batches, each result with a row per sample."""
    import jax

    traced = {rows: function.jaxpr(rows)[1] for rows in (_ROWS if batched else (None,))}
    return not batched or all(
        leaf.shape[:1] == (rows,)
        for rows, results in traced.items()
        for leaf in jax.tree_util.tree_leaves(results)
    )


def _of_inputs(inputs: int | None) -> tuple[list[tuple[int, ...]], None]:
    if isinstance(inputs, bool) or not isinstance(inputs, int | np.integer) or inputs < 1:
        raise ValueError(f"inputs must be a positive number of inputs, got {inputs!r}")
    return [(int(inputs),)], None


def _of_example(example: Any) -> tuple[list[tuple[int, ...]], bool]:
    """The shape of a sample of each argument, and whether they are batches."""
    given = list(example) if isinstance(example, tuple | list) else [example]
    known = bool(given) and all(hasattr(each, "shape") for each in given)
    batches = {len(each.shape) > 1 for each in given} if known else set()
    if len(batches) != 1:
        raise ValueError(
            "example must be an array (n,) or (N, ...), or a sequence of arrays that are all of one"
            " axis, or all of more"
        )
    (batched,) = batches
    return [tuple(each.shape[batched:]) for each in given], batched


def _default_dtype() -> np.dtype[Any]:
    """float64 if JAX has it."""
    import jax

    return np.dtype(np.float64 if jax.config.jax_enable_x64 else np.float32)


def _in_own_dtype(function: Function, batched: bool | None) -> Function:
    """The function in the dtype of its weights, JAX's own if it has none."""
    import jax

    constants: list[Any] = []
    for rows in ((2,) if batched else (None,)) if batched is not None else (None, 2):
        try:
            constants += function.jaxpr(rows)[0].consts
        except UnsupportedNetworkError:
            continue
    weights = [
        each.dtype
        for each in constants
        if np.ndim(each) and jax.numpy.issubdtype(each.dtype, jax.numpy.inexact)
    ]
    if weights and all(dtype.itemsize <= np.dtype(np.float32).itemsize for dtype in weights):
        return replace(function, dtype=np.dtype(np.float32))
    return function


def _names(results: Any) -> list[str]:
    """The name of each result: its keys, joined by dots; "" without any."""
    import jax

    paths, _ = jax.tree_util.tree_flatten_with_path(results)
    return [
        ".".join(
            str(getattr(key, "key", getattr(key, "name", "")))
            for key in path
            if not hasattr(key, "idx")
        )
        for path, _ in paths
    ]
