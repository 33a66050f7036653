"""Networks of other libraries and programs, such as torch, ONNX and n2p2, in one line each.

Every importer makes the same list of steps, affine maps and activations; one function folds them.
"""

from slopenet.importers._load import load
from slopenet.importers._state_dict import from_state_dict
from slopenet.importers._verify import Comparison
from slopenet.importers.jax.network import from_jax
from slopenet.importers.keras.network import from_keras
from slopenet.importers.n2p2.network import from_n2p2
from slopenet.importers.onnx.network import from_onnx
from slopenet.importers.sklearn.network import from_sklearn
from slopenet.importers.torch.network import from_torch
from slopenet.maps.affine import UnsupportedNetworkError

__all__ = [
    "Comparison",
    "UnsupportedNetworkError",
    "from_jax",
    "from_keras",
    "from_n2p2",
    "from_onnx",
    "from_sklearn",
    "from_state_dict",
    "from_torch",
    "load",
]
