"""The tensors that a forward returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from slopenet.maps.affine import refuse


def flat_outputs(source: str, output: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Tensors of an output, those of a mapping by their keys."""
    import torch

    if isinstance(output, torch.Tensor):
        yield name, output
    elif isinstance(output, Mapping):
        for key, each in output.items():
            yield from flat_outputs(source, each, f"{name}.{key}" if name else str(key))
    elif isinstance(output, tuple | list):
        names = getattr(output, "_fields", [name] * len(output))
        for key, each in zip(names, output, strict=True):
            yield from flat_outputs(source, each, key)
    elif output is not None:
        refuse(source, f"its forward returns a {type(output).__name__}, not tensors")
