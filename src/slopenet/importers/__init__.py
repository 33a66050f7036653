"""Networks of other libraries: torch, Keras, scikit-learn, JAX and ONNX, in one line each.

Every importer makes the same list of steps, affine maps and activations; one function folds them.
"""

from slopenet.importers._jax import from_jax
from slopenet.importers._load import load
from slopenet.importers._state_dict import from_state_dict
from slopenet.importers._verify import Comparison
from slopenet.importers.keras.network import from_keras
from slopenet.importers.onnx.network import from_onnx
from slopenet.importers.sklearn.network import from_sklearn
from slopenet.importers.torch.network import from_torch
from slopenet.maps.affine import UnsupportedNetworkError

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
