"""Networks of other libraries: torch, Keras, scikit-learn, JAX and ONNX, in one line each.

Every importer makes the same list of steps, affine maps and activations; one function folds them.
"""

from slopenet.imports._jax import from_jax
from slopenet.imports._keras import from_keras
from slopenet.imports._load import load
from slopenet.imports._onnx import from_onnx
from slopenet.imports._sklearn import from_sklearn
from slopenet.imports._state_dict import from_state_dict
from slopenet.imports._steps import UnsupportedNetworkError
from slopenet.imports._torch import from_torch
from slopenet.imports._verify import Comparison

__all__ = [
    "Comparison",
    "UnsupportedNetworkError",
    "from_jax",
    "from_keras",
    "from_onnx",
    "from_sklearn",
    "from_state_dict",
    "from_torch",
    "load",
]
