"""Tensors of torch as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats


def numpy_of(tensor: Any) -> Floats:
    """A tensor's numbers; of less than float32, as float32, which holds them exactly."""
    import torch

    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.dtype != torch.float64:
        tensor = tensor.float()
    return np.asarray(tensor.numpy())
