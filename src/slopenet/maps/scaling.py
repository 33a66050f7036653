"""What `input_scaling=` and `output_scaling=` may be, as affine maps.

Both are given in the direction in which they were applied to the data: from raw numbers to those
that the network was trained on. The scaling of inputs is applied before the network, the scaling
of outputs is undone behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.maps import transformers
from slopenet.maps.affine import Affine, affine, joined, scaling, widths
from slopenet.validate import arrays, settings

FORMS = (
    "a fitted scaler of scikit-learn, (mean, std), (low, high, (a, b)), (matrix, offset), or a"
    " mapping of these names: mean, std; low, high, to; scale, offset; matrix, offset"
)
# The parts of each form, and whether a part may have two axes.
PARTS = (
    {"mean": 1, "std": 1},
    {"low": 1, "high": 1, "to": 1},
    {"scale": 1, "offset": 1},
    {"matrix": 2, "offset": 1},
)
_SMALLEST_RECIPROCAL = 1e-12  # of the condition number of a matrix that is inverted


def before(name: str, given: Any, n: int) -> list[Affine]:
    """Maps of raw inputs to the `n` numbers that a network takes, in order."""
    maps = transformers.transform(name, given) if _is_fitted(given) else [_pair(name, given, n)[0]]
    _require_width(name, maps, n, "inputs")
    return maps


def behind(name: str, given: Any, n: int) -> list[Affine]:
    """Maps of the `n` numbers that a network gives to raw outputs, in order."""
    if _is_fitted(given):
        maps = transformers.inverse(name, given)
        _require_width(name, maps[::-1], n, "outputs")
        return maps
    there, back = _pair(name, given, n)
    _require_width(name, [there], n, "outputs")
    if back is None:
        return [_inverted(name, there)]
    return [back]


def mixes(maps: Sequence[Affine]) -> bool:
    """Whether some result depends on more than one of the numbers."""
    return any(each.A.ndim == 2 for each in maps)


def names_of(given: Any) -> tuple[str, ...] | None:
    """The columns that a scaler was fitted on, if they had names."""
    names = getattr(given, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def folded(
    layers: Sequence[tuple[Floats, Floats, Any]],
    first: Sequence[Affine],
    last: Sequence[Affine],
    identity: Any,
) -> list[tuple[Floats, Floats, Any]]:
    """Layers (W, b, σ) with maps before and behind them; products are taken in float64.

    A map becomes a layer with the activation identity where an activation keeps it from the next
    layer, or where a product would be larger than its factors.
    """
    steps: list[Affine | Any] = list(first)
    for W, b, activation in layers:
        steps += [Affine(W, b, "the network"), *([activation] if activation != identity else [])]
    steps += last
    found: list[tuple[Floats, Floats, Any]] = []
    run: Affine | None = None
    width = layers[0][0].shape[1]
    for step in [*steps, identity]:
        if not isinstance(step, Affine):
            if run is not None:
                found.append((*_dense(run, width), step))
                width = len(found[-1][1])
            elif step != identity:
                found.append((np.eye(width), np.zeros(width), step))
            run = None
            continue
        both = step if run is None else joined(step, run)
        if run is not None and both is None:
            found.append((*_dense(run, width), identity))
            width = len(found[-1][1])
        run = step if both is None else both
    return found


def _dense(step: Affine, width: int) -> tuple[Floats, Floats]:
    A = step.A if step.A.ndim == 2 else np.diag(np.broadcast_to(step.A, (width,)))
    return A, np.broadcast_to(step.c, (len(A),))


def _is_fitted(given: Any) -> bool:
    """Whether it is a scaler of scikit-learn, which must be fitted."""
    if isinstance(given, Mapping | Sequence | np.ndarray) or not hasattr(given, "get_params"):
        return False
    from sklearn.utils.validation import check_is_fitted

    if not hasattr(given, "steps"):  # of a Pipeline, each step is checked
        check_is_fitted(given)
    return True


@np.errstate(over="ignore", invalid="ignore")  # `affine` refuses infinities
def _pair(name: str, given: Any, n: int) -> tuple[Affine, Affine | None]:
    """There and back, back None for a matrix."""
    parts = _parts(name, given)
    if "mean" in parts:
        mean, std = parts["mean"], parts["std"]
        if not np.all(std > 0):
            raise ValueError(f"std of {name} must be positive, got {settings.short(std)}")
        std, mean = _wide(name, n, std, mean)
        return scaling(name, mean, std), affine(name, std, mean)
    if "low" in parts:
        low, high, to = parts["low"], parts["high"], parts["to"]
        if to.shape != (2,) or to[0] == to[1]:
            raise ValueError(
                f"the target range of {name} must be two different numbers, got {given!r:.80}"
            )
        low, high = _wide(name, n, low, high)
        if not np.all(high > low):
            raise ValueError(f"high of {name} must be above low, got {settings.short(high)}")
        k = (to[1] - to[0]) / (high - low)
        return affine(name, k, to[0] - low * k), affine(name, 1 / k, low - to[0] / k)
    if "scale" in parts:
        scale, offset = _wide(name, n, parts["scale"], parts["offset"])
        if not np.all(scale):
            raise ValueError(f"scale of {name} must not be 0, got {settings.short(scale)}")
        return affine(name, scale, offset), scaling(name, offset, scale)
    return affine(name, parts["matrix"], parts["offset"]), None


def _wide(name: str, n: int, *given: Floats) -> list[Floats]:
    """Vectors of `n` numbers each."""
    for each in given:
        if each.ndim and len(each) != n:
            raise ValueError(f"{name} must have one number, or {n}, got {len(each)}")
    return [np.broadcast_to(each, (n,)) for each in given]


def _parts(name: str, given: Any) -> dict[str, Floats]:
    """The numbers of any form, by their names."""
    form: dict[str, int] | None = None
    if isinstance(given, Mapping):
        form = next((each for each in PARTS if each.keys() == given.keys()), None)
        values = [] if form is None else [given[part] for part in form]
    elif isinstance(given, tuple | list) and len(given) in (2, 3):
        values = list(given)
        shape = np.shape(_array(name, given[0]))
        matrix = len(given) == 2 and len(shape) == 2
        if matrix and 1 in shape:
            raise ValueError(
                f"{name} may be (mean, std) or (matrix, offset) where the first has the shape"
                f" {shape}; write a mapping, such as {{'matrix': ..., 'offset': ...}}"
            )
        form = PARTS[3] if matrix else PARTS[len(given) - 2]
    if form is None:
        raise TypeError(f"{name} must be {FORMS}; got {settings.short(given)}")
    found = {}
    for (part, axes), value in zip(form.items(), values, strict=True):
        array = _array(f"{part} of {name}", value)
        if part == "matrix" and array.ndim != 2:
            raise ValueError(f"matrix of {name} must have two axes, got shape {array.shape}")
        if array.ndim > axes or not array.size:
            raise ValueError(f"{part} of {name} must be a number or a row, got {array.shape}")
        arrays.require_finite(f"{part} of {name}", array)
        found[part] = array
    return found


def _array(name: str, given: Any) -> Floats:
    if isinstance(given, bool | str | Mapping):
        raise TypeError(f"{name} must be numbers, got {settings.short(given)}")
    return arrays.floats(name, given, np.dtype(np.float64))


def _require_width(name: str, maps: Sequence[Affine], n: int, what: str) -> None:
    """That maps of raw numbers, in order, end in the `n` inputs or outputs of a network."""
    here: int | None = None
    for each in maps:
        taken, given = widths(each)
        if here is not None and taken not in (None, here):
            raise ValueError(f"{name} must chain, got {taken} numbers where {here} come in")
        here = given if given is not None else here
    if here not in (None, n):
        raise ValueError(f"{name} must give {n} numbers, one for each of the {what}, got {here}")


def _inverted(name: str, there: Affine) -> Affine:
    A = there.A
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"matrix of {name} must be square to be undone, got {A.shape}")
    if not 1 / np.linalg.cond(A) > _SMALLEST_RECIPROCAL:
        raise ValueError(f"matrix of {name} must be invertible to be undone")
    inverse = np.linalg.inv(A)
    return affine(name, inverse, -inverse @ there.c if there.c.ndim else -inverse.sum(1) * there.c)
