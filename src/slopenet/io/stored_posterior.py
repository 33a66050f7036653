"""A posterior in a model file: its kind and finite tensors, which may be hostile when read.

Here names, shapes and sizes are checked; `slopenet.posterior.stored` checks the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.io.contents import StoredPosterior, StoredRival, require

PREFIX = "posterior_"
# The most numbers of all tensors of one posterior, those of its rivals too.
MOST_NUMBERS = 1 << 20
# The kind that may have rivals, and their most.
_RIVALRY, MOST_RIVALS = "laplace", 16

Shape = tuple[str | int, ...]
_UNITS: dict[str, Shape] = {
    "centre": ("n_1",),
    "scale": ("n_1",),
    "scale_of_outputs": ("n_L",),
}
_LOGARITHMS: dict[str, Shape] = {"log_inputs": (2, "n_1"), "log_outputs": (2, "n_L")}
# The tensors of each kind. A letter stands for any number, the same in all of them.
SHAPES: dict[str, dict[str, Shape]] = {
    "process": {
        "points": ("n", "n_1"),
        "counts": ("n",),
        "known": ("g", "n", "t"),
        "length_scales": ("g", "n_1"),
        "relative_noise": ("g", "t"),
        "group": ("n_L",),
        "variance": ("n_L",),
        "inflation": ("n_L",),
        "distance": ("n_L", "kinds"),
    },
    "full": {
        "points": ("n", "n_1"),
        "residual_scale": ("n", "c"),
        "ridge": (3,),
        "noise": ("n_L", "kinds"),
    },
    "laplace": {"root": ("n_L", "m", "r"), "noise": ("n_L", "kinds")},
}
# The names of all tensors in a file, without the number of a network.
TENSORS = frozenset(
    PREFIX + name for shapes in (_UNITS, _LOGARITHMS, *SHAPES.values()) for name in shapes
)


def rival_prefix(i: int) -> str:
    """The beginning of the names of the tensors of rival i."""
    return f"rival{i}."


def restored_posterior(
    kind: Any,
    arrays: Mapping[str, Floats],
    inputs: int,
    outputs: int,
    rivals: Sequence[StoredRival] = (),
) -> StoredPosterior | None:
    """A posterior from an untrusted kind and arrays, by their names in the file; None from None.

    `rivals` are valid in form.

    Raises
    ------
    ModelFileError
        If they are not those of a posterior of a network with so many inputs and outputs.
    """
    require(not rivals or kind == _RIVALRY, "is not valid: its rivals are those of no posterior")
    if kind is None:
        require(not arrays, "is not valid: it has tensors of a posterior, but not its kind")
        return None
    require(
        isinstance(kind, str) and kind in SHAPES,
        f"is not valid: its posterior is not one of {', '.join(SHAPES)}",
    )
    own = {name.removeprefix(PREFIX): array for name, array in arrays.items()}
    wanted = SHAPES[kind] | _UNITS
    wanted |= {name: shape for name, shape in _LOGARITHMS.items() if name in own}
    sizes: dict[str, int] = {"n_1": inputs, "n_L": outputs, "kinds": 1 + inputs}
    require(
        own.keys() == wanted.keys() and all(_fits(own[name], wanted[name], sizes) for name in own),
        "is not valid: the tensors of its posterior have other names or shapes than the network",
    )
    layers = [array for each in rivals for array in (*each.weights, *each.biases)]
    ends = {(each.weights[0].shape[1], len(each.biases[-1])) for each in rivals}
    require(
        ends <= {(inputs, outputs)} and all(array.dtype == np.float64 for array in layers),
        "is not valid: a rival of its posterior is not a network like it, of float64",
    )
    require(
        sum(array.size for array in (*own.values(), *layers)) <= MOST_NUMBERS,
        f"is not valid: its posterior has more than {MOST_NUMBERS} numbers",
    )
    return StoredPosterior(kind, own, tuple(rivals))


def _fits(array: Floats, shape: Shape, sizes: dict[str, int]) -> bool:
    """Whether the array has the shape; a letter that is met for the first time gets its size."""
    if array.ndim != len(shape) or array.dtype != np.float64:
        return False
    lengths = (
        sizes.setdefault(x, n) if isinstance(x, str) else x
        for x, n in zip(shape, array.shape, strict=True)
    )
    return tuple(lengths) == array.shape
