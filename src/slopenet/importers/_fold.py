"""Folds steps into a network: adjacent affine maps become one layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.activations import Head, LayerActivation, normalise
from slopenet.importers._budget import Budget
from slopenet.importers._steps import Step
from slopenet.maps.affine import Affine, joined, refuse, widths
from slopenet.network import Network
from slopenet.validate import layers

# Entries of all identity matrices between two activations: 128 MiB of them.
_MOST_OF_IDENTITIES = 2**24


def network_of(
    source: str,
    steps: Iterable[Step],
    *,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    budget: Budget | None = None,
    width: int | None = None,
) -> Network:
    """Fold steps into a network.

    A run of affine maps is one layer W, b, multiplied in float64 and rounded once, to the network's
    dtype. At the end, after an activation, it is a layer with the activation identity, and a layer
    with W = I separates two adjacent activations. A product of two matrices that is larger than
    both is not formed: the narrow place between them stays, as a layer with the activation
    identity.

    Parameters
    ----------
    source : str
        Name of the source, for errors.
    steps : iterable of Step
    dtype : {float64, float32}, optional
        Of the network; float32 if all matrices of the source are of float32 or less, else float64.
    input_names, output_names : sequence of str, optional
        Labels of the network.
    width : int, optional
        How many inputs there are, where no step tells.
    budget : Budget, optional
        Of the memory for matrices that the source does not have, such as identities.

    Raises
    ------
    ModelFileError
        If the budget is too small.
    UnsupportedNetworkError
        If widths do not chain, no step has a width, or the result is too large.
    """
    identity = normalise("identity")
    steps = [step for step in steps if isinstance(step, Affine) or not step.activation.linear]
    for step in steps[:-1]:
        if not isinstance(step, Affine) and isinstance(step.activation, Head):
            refuse(step.where, f"{step.activation} must be the end of the network")
    width = _input_width(source, steps) if width is None else width
    folded: list[tuple[Affine, int, LayerActivation]] = []
    run: Affine | None = None
    here = width  # of the output of `run`
    for step in steps:
        if isinstance(step, Affine):
            taken, given = widths(step)
            if taken not in (None, here):
                refuse(step.where, f"it takes {taken} numbers, and {here} come from before it")
            both = None if run is None else joined(step, run)
            if run is not None and both is None:
                folded.append((run, here, identity))
            run = both or step
            here = given or here
        else:
            folded.append((run or _unit(step.where), here, step.activation))
            run = None
    if run is not None:
        folded.append((run, here, identity))
    if not folded:
        refuse(source, "it has no layers")
    if len(folded) > layers.MAX_LAYERS:
        refuse(source, f"{len(folded)} layers are too many; {layers.MAX_LAYERS} can be built")
    kind = layers.common_dtype([np.empty(0, kind_of(steps))], dtype)
    W, b = _dense(folded, kind, budget)
    return Network(
        W,
        b,
        [activation.written() for *_, activation in folded],
        input_names=input_names,
        output_names=output_names,
        dtype=kind,
    )


def _input_width(source: str, steps: list[Step]) -> int:
    known = (widths(step)[0] for step in steps if isinstance(step, Affine))
    width = next((n for n in known if n is not None), None)
    if width is None:
        refuse(source, "it has no weights, so how many inputs it takes is unknown")
    return width


def kind_of(steps: Iterable[Step]) -> type[np.float32 | np.float64]:
    """The dtype of the matrices; other numbers, such as a scale, do not count."""
    arrays = [step.A for step in steps if isinstance(step, Affine)]
    counted = [A for A in arrays if A.ndim == 2] or arrays
    single = all(A.dtype.kind == "f" and A.dtype.itemsize <= 4 for A in counted)
    return np.float32 if single else np.float64


def _unit(where: str) -> Affine:
    return Affine(np.array(1.0), np.array(0.0), where)


def _dense(
    folded: Sequence[tuple[Affine, int, Any]],
    kind: np.dtype[np.floating],
    budget: Budget | None,
) -> tuple[list[Floats], list[Floats]]:
    """W[l] (n_l, n_{l-1}) and b[l] (n_l,) of each layer."""
    identities = 0
    W, b = [], []
    for step, width, _ in folded:
        A = step.A
        if A.ndim < 2:
            identities += width**2
            if identities > _MOST_OF_IDENTITIES:
                refuse(step.where, f"a layer without weights that is {width} wide is too large")
            if budget is not None:
                budget.spend(8 * width**2, step.where)
            A = np.diag(np.broadcast_to(A, (width,)))
        c = np.broadcast_to(step.c, (width,))
        for numbers in (A, c):
            if not np.abs(numbers).max() <= np.finfo(kind).max:  # NaN neither
                refuse(step.where, f"its weights are too large for {kind} where maps are folded")
        W.append(A)
        b.append(c)
    return W, b
