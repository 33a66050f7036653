"""Networks of scikit-learn: MLPRegressor, with the scalers and projections around it folded in."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from numpy.typing import DTypeLike

from slopenet.importers._options import Options
from slopenet.importers._steps import Sigma, Step, sigma
from slopenet.importers._verify import Report
from slopenet.maps.affine import affine, refuse
from slopenet.maps.transformers import inverse, transform
from slopenet.network import Network

_ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
_ACTIVATIONS |= {"softmax": "softmax"}


def from_sklearn(
    estimator: Any,
    *,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_scaling: Any = None,
    output_scaling: Any = None,
    report: Report | None = None,
) -> Network:
    """Import a fitted network of scikit-learn; derivatives come out in the units of X and y.

    Parameters
    ----------
    estimator : estimator
        An MLPRegressor (or SlopeRegressor), alone or at the end of a Pipeline behind
        StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler and PCA, in a
        TransformedTargetRegressor with one of these or a Pipeline of them, or the best of a search.
    dtype : {float64, float32}, optional
        Of the network, instead of the weights'. Folding scalers in float32 may cost digits.
    input_names : sequence of str, optional
        Labels of the inputs; by default the columns that the estimator was fitted on, if they had
        names.
    output_names : sequence of str, optional
    input_scaling, output_scaling : scaling, optional
        Maps that were applied to inputs and outputs before training, and are not part of the
        source; see `Network.scaled`. Names are then those of raw inputs and outputs.
    report : callable, optional
        Called with a `Comparison` of the network and ``estimator.predict`` on random points.

    Raises
    ------
    UnsupportedNetworkError
        If a step is none of those above, which is named, or if the values differ.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    ImportError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.base import BaseEstimator
        from sklearn.utils.validation import check_is_fitted
    except ImportError as error:
        raise ImportError(
            "from_sklearn needs scikit-learn: pip install 'slopenet[sklearn]'"
        ) from error
    if not isinstance(estimator, BaseEstimator):
        raise TypeError(f"estimator must be one of scikit-learn, got {type(estimator).__name__}")
    check_is_fitted(estimator)
    source = f"scikit-learn {type(estimator).__name__}"
    names = getattr(estimator, "feature_names_in_", None) if input_names is None else input_names
    columns = None if names is None else [str(name) for name in names]
    options = Options(dtype, columns, output_names, input_scaling, output_scaling, report)
    network = options.network(source, _regressor(type(estimator).__name__, estimator))

    def values(X: Any) -> Any:
        with warnings.catch_warnings():
            # The names of columns are missing.
            warnings.simplefilter("ignore", UserWarning)
            return _values(estimator, X)

    return options.compared(source, network, values, network.dtype)


def _values(estimator: Any, X: Any) -> Any:
    """Predictions, of a classifier its probabilities: of two classes, that of the second."""
    from sklearn.base import is_classifier

    if not is_classifier(estimator):
        return estimator.predict(X)
    p = estimator.predict_proba(X)
    return p[:, 1] if p.shape[1] == 2 else p


def _regressor(where: str, estimator: Any) -> list[Step]:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import Pipeline

    if hasattr(estimator, "best_estimator_"):
        return _regressor(where, estimator.best_estimator_)
    if isinstance(estimator, Pipeline):
        *before, (name, last) = estimator.steps
        steps: list[Step] = []
        for step, transformer in before:
            steps += transform(f"step {step!r} ({type(transformer).__name__})", transformer)
        return steps + _regressor(f"step {name!r} ({type(last).__name__})", last)
    if isinstance(estimator, TransformedTargetRegressor):
        if estimator.func is not None or estimator.inverse_func is not None:
            refuse(where, "its target goes through functions of your own; a transformer is wanted")
        transformer = f"the target's {type(estimator.transformer_).__name__}"
        return [
            *_regressor(where, estimator.regressor_),
            *inverse(transformer, estimator.transformer_),
        ]
    if isinstance(estimator, MLPRegressor | MLPClassifier):
        return _mlp(where, estimator)
    network = getattr(estimator, "network_", None)
    if not isinstance(network, Network):
        refuse(
            where, "it is not an MLPRegressor, alone or in a Pipeline or TransformedTargetRegressor"
        )
    return _network(where, network)


def _mlp(where: str, mlp: Any) -> list[Step]:
    steps: list[Step] = []
    hidden = [mlp.activation] * (len(mlp.coefs_) - 1)
    for W, b, name in zip(mlp.coefs_, mlp.intercepts_, [*hidden, mlp.out_activation_], strict=True):
        if name not in _ACTIVATIONS:
            refuse(where, f"slopenet has no activation {name!r}")
        steps += [affine(where, W.T, b), sigma(where, _ACTIVATIONS[name])]
    return steps


def _network(where: str, network: Network) -> list[Step]:
    steps: list[Step] = []
    for W, b, activation in zip(*network.chain(), strict=True):
        steps += [affine(where, W, b), Sigma(activation, where)]
    return steps
