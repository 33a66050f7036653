"""Operations of JAX that only move entries, as functions of arrays and their parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Move = Callable[[list[Any], Mapping[str, Any]], Any]


def _broadcast(given: list[Any], settings: Mapping[str, Any]) -> Any:
    (x,), shape = given, settings["shape"]
    wide = [1] * len(shape)
    for axis, n in zip(settings["broadcast_dimensions"], x.shape, strict=True):
        wide[axis] = n
    return np.broadcast_to(x.reshape(wide), shape)


def _slice(given: list[Any], settings: Mapping[str, Any]) -> Any:
    starts, ends = settings["start_indices"], settings["limit_indices"]
    steps = settings["strides"] or [1] * len(starts)
    return given[0][tuple(map(slice, starts, ends, steps))]


def _split(given: list[Any], settings: Mapping[str, Any]) -> Any:
    return np.split(given[0], np.cumsum(settings["sizes"])[:-1], settings["axis"])


MOVES: dict[str, Move] = {
    "broadcast_in_dim": _broadcast,
    "concatenate": lambda given, settings: np.concatenate(given, settings["dimension"]),
    "expand_dims": lambda given, settings: np.expand_dims(given[0], settings["dimensions"]),
    "reshape": lambda given, settings: given[0].reshape(settings["new_sizes"]),
    "rev": lambda given, settings: np.flip(given[0], settings["dimensions"]),
    "slice": _slice,
    "split": _split,
    "stack": lambda given, settings: np.stack(given, settings["axis"]),
    "squeeze": lambda given, settings: np.squeeze(given[0], settings["dimensions"]),
    "tile": lambda given, settings: np.tile(given[0], settings["reps"]),
    "transpose": lambda given, settings: given[0].transpose(settings["permutation"]),
    "unstack": lambda given, settings: list(np.moveaxis(given[0], settings["axis"], 0)),
}
