"""slopenet: feed-forward networks whose derivatives are exact, fast, and yours to take away.

    import slopenet as sn

    net = sn.fit(X, y, dydx).network    # learn from values, and from slopes where there are any
    H, J = net.value_and_jacobian(X)    # (N, n_L) and (N, n_L, n_1), in the units of X and y

X is (N, n_1), samples in rows; a single point (n_1,) works everywhere and drops the N.
`SlopeRegressor` is the same for scikit-learn, `slopenet.dask` for data that no machine holds; each
is loaded when it is first asked for.
"""

from importlib import import_module as _import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING

from slopenet import derivation
from slopenet.activations import ActivationSpec
from slopenet.dataset.slope_diagnosis import SlopeWarning
from slopenet.evaluate.page import Derivation
from slopenet.evaluate.threads import get_num_threads, set_num_threads
from slopenet.exporters import Export
from slopenet.gradcheck.check import Check, check_derivatives
from slopenet.importers import (
    UnsupportedNetworkError,
    from_jax,
    from_keras,
    from_onnx,
    from_sklearn,
    from_state_dict,
    from_torch,
    load,
)
from slopenet.io.checkpoint import CheckpointError
from slopenet.io.model_file import ModelFileError
from slopenet.network import Network
from slopenet.training.backprop import Backprop, backprop
from slopenet.training.ensemble import Ensemble
from slopenet.training.fit import Fit, fit
from slopenet.training.higham import Descent, sgd
from slopenet.training.session import Interrupted

__version__ = _version("slopenet")

__all__ = [
    "ActivationSpec",
    "Backprop",
    "Check",
    "CheckpointError",
    "Derivation",
    "Descent",
    "Ensemble",
    "Export",
    "Fit",
    "Interrupted",
    "ModelFileError",
    "Network",
    "SlopeWarning",
    "UnsupportedNetworkError",
    "backprop",
    "check_derivatives",
    "derivation",
    "fit",
    "from_jax",
    "from_keras",
    "from_onnx",
    "from_sklearn",
    "from_state_dict",
    "from_torch",
    "get_num_threads",
    "load",
    "set_num_threads",
    "sgd",
]

if TYPE_CHECKING:
    from slopenet import dask as dask
    from slopenet.estimator import SlopeRegressor as SlopeRegressor
else:

    def __getattr__(name: str) -> object:
        """Load what few need; it is not in __all__, so that a star does not."""
        if name == "dask":
            return _import_module("slopenet.dask")
        if name != "SlopeRegressor":
            raise AttributeError(f"module 'slopenet' has no attribute {name!r}")
        from slopenet.estimator import SlopeRegressor

        return SlopeRegressor
