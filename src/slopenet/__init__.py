"""slopenet: feed-forward networks whose derivatives are exact, fast, and yours to take away.

    import slopenet as sn

    net = sn.fit(X, y, dydx).network    # learn from values, and from slopes where there are any
    H, J = net.value_and_jacobian(X)    # (N, n_L) and (N, n_L, n_1), in the units of X and y

X is (N, n_1), samples in rows; a single point (n_1,) works everywhere and drops the N.
`SlopeRegressor` is the same for scikit-learn, `slopenet.dask` for data that no machine holds.
Every name is loaded when it is first used.
"""

from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from typing import TYPE_CHECKING

# Loaded at once, so that threadpoolctl finds the core.
from slopenet.evaluate.instruction_set import instruction_set
from slopenet.evaluate.threads import get_num_threads, set_num_threads

if TYPE_CHECKING:
    from slopenet import adapters as adapters
    from slopenet import dask as dask
    from slopenet import derivation
    from slopenet import optimize as optimize
    from slopenet import plot as plot
    from slopenet import progress as progress
    from slopenet.activations import ActivationName, ActivationSpec
    from slopenet.composition import compose
    from slopenet.dataset.answers import errors
    from slopenet.dataset.slope_diagnosis import SlopeWarning
    from slopenet.estimator import SlopeRegressor as SlopeRegressor
    from slopenet.evaluate.page import Derivation
    from slopenet.exporters import Export
    from slopenet.gradcheck.check import Check, check_derivatives
    from slopenet.importers import (
        UnsupportedNetworkError,
        from_jax,
        from_keras,
        from_n2p2,
        from_onnx,
        from_sklearn,
        from_state_dict,
        from_torch,
        load,
    )
    from slopenet.io.card import Card, Range
    from slopenet.io.checkpoint import CheckpointError
    from slopenet.io.model_file import ModelFileError
    from slopenet.network import Network
    from slopenet.training.backprop import Backprop, backprop
    from slopenet.training.checks import PosteriorName, TransformName
    from slopenet.training.ensemble import Ensemble
    from slopenet.training.fit import fit
    from slopenet.training.higham import Descent, sgd
    from slopenet.training.methods import LossName, MethodName
    from slopenet.training.outcome import Fit
    from slopenet.training.quality import FitWarning
    from slopenet.training.session import Interrupted

    __version__: str

__all__ = [
    "ActivationName",
    "ActivationSpec",
    "Backprop",
    "Card",
    "Check",
    "CheckpointError",
    "Derivation",
    "Descent",
    "Ensemble",
    "Export",
    "Fit",
    "FitWarning",
    "Interrupted",
    "LossName",
    "MethodName",
    "ModelFileError",
    "Network",
    "PosteriorName",
    "Range",
    "SlopeWarning",
    "TransformName",
    "UnsupportedNetworkError",
    "backprop",
    "check_derivatives",
    "compose",
    "derivation",
    "errors",
    "fit",
    "from_jax",
    "from_keras",
    "from_n2p2",
    "from_onnx",
    "from_sklearn",
    "from_state_dict",
    "from_torch",
    "get_num_threads",
    "instruction_set",
    "load",
    "set_num_threads",
    "sgd",
]

# The module of each name that is loaded on first use.
_HOMES = {
    "ActivationName": "activations",
    "ActivationSpec": "activations",
    "Backprop": "training.backprop",
    "Card": "io.card",
    "Check": "gradcheck.check",
    "CheckpointError": "io.checkpoint",
    "Derivation": "evaluate.page",
    "Descent": "training.higham",
    "Ensemble": "training.ensemble",
    "Export": "exporters",
    "Fit": "training.outcome",
    "FitWarning": "training.quality",
    "Interrupted": "training.session",
    "LossName": "training.methods",
    "MethodName": "training.methods",
    "ModelFileError": "io.model_file",
    "Network": "network",
    "PosteriorName": "training.checks",
    "Range": "io.card",
    "SlopeRegressor": "estimator",
    "SlopeWarning": "dataset.slope_diagnosis",
    "TransformName": "training.checks",
    "UnsupportedNetworkError": "importers",
    "backprop": "training.backprop",
    "check_derivatives": "gradcheck.check",
    "compose": "composition",
    "errors": "dataset.answers",
    "fit": "training.fit",
    "from_jax": "importers",
    "from_keras": "importers",
    "from_n2p2": "importers",
    "from_onnx": "importers",
    "from_sklearn": "importers",
    "from_state_dict": "importers",
    "from_torch": "importers",
    "load": "importers",
    "sgd": "training.higham",
}
_MODULES = {"adapters", "dask", "derivation", "optimize", "plot", "progress"}
# Public, but not in __all__: a star must work without these packages.
_NEEDS = {"SlopeRegressor": "sklearn", "dask": "dask"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load a public name, and keep it."""
        if name == "__version__":
            from importlib.metadata import version

            value: object = version("slopenet")
        elif name in _MODULES:
            return _import_module(f"slopenet.{name}")
        elif name in _HOMES:
            value = getattr(_import_module(f"slopenet.{_HOMES[name]}"), name)
        else:
            raise AttributeError(f"module 'slopenet' has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Return the public names, without those whose package is not installed."""
    public = {*__all__, *_HOMES, *_MODULES, "__version__"}
    return sorted(n for n in public if n not in _NEEDS or _is_installed(_NEEDS[n]))


def _is_installed(package: str) -> bool:
    spec = _find_spec(package)
    return spec is not None and spec.has_location  # a folder of that name is not the package
