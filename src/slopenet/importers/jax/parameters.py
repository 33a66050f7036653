"""Plain weights of JAX: params of Flax and haiku, and lists of (W, b)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._state_dict import dense_layers
from slopenet.importers._steps import Step
from slopenet.maps.affine import affine, refuse


def layers_of(model: Any, *, alphabet: bool) -> list[Step]:
    """The layers of a mapping or a list; `alphabet` as in `dense_layers`."""
    if isinstance(model, Mapping):
        return dense_layers(dict(leaves(model)), alphabet=alphabet)
    return _listed(model)


def leaves(tree: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Arrays of a tree of mappings by their path, the collection ``params`` left out of it."""
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from leaves(value, "" if path == "params" else path)
        else:
            yield path, value


def _listed(model: Sequence[Any]) -> list[Step]:
    """Layers of a list of pairs or of mappings; empty ones are stax's layers without weights."""
    layers = [each for each in model if not (isinstance(each, list | tuple) and len(each) == 0)]
    if any(isinstance(each, Mapping) for each in layers):
        tensors: dict[str, Any] = {}
        for i, each in enumerate(layers):
            if not isinstance(each, Mapping):
                raise TypeError(f"model has mappings and, at {i}, {type(each).__name__}")
            tensors |= {f"{i}.{key}": value for key, value in each.items()}
        return dense_layers(tensors)
    return _pairs(layers)


def _pairs(model: Sequence[Any]) -> list[Step]:
    """Layers of a list of (W, b), all of W as (n_l, n_{l-1}) or all transposed."""
    pairs: list[tuple[Floats, Floats]] = []
    for i, pair in enumerate(model):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise TypeError(f"model[{i}] must be a pair (W, b), got {type(pair).__name__}")
        W, b = np.asarray(pair[0]), np.asarray(pair[1])
        if W.ndim != 2 or b.ndim != 1:
            refuse(f"layer {i}", f"W {W.shape} and b {b.shape} make no dense layer")
        pairs.append((W, b))
    transposed = not _fits(pairs) and _fits([(W.T, b) for W, b in pairs])
    return [affine(f"layer {i}", W.T if transposed else W, b) for i, (W, b) in enumerate(pairs)]


def _fits(pairs: list[tuple[Floats, Floats]]) -> bool:
    """Whether W[l] are (n_l, n_{l-1})."""
    chains = all(here.shape[1] == below.shape[0] for (below, _), (here, _) in pairwise(pairs))
    return chains and all(len(W) == len(b) for W, b in pairs)
