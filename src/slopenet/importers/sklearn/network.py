"""Networks of scikit-learn: MLPRegressor, with the scalers and projections around it folded in."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet.importers._graph import Start
from slopenet.importers._options import Options
from slopenet.importers._verify import Report
from slopenet.importers.sklearn.regressors import predicted
from slopenet.network import Network


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
        An MLPRegressor (or SlopeRegressor), or a linear model, or a VotingRegressor,
        BaggingRegressor, MultiOutputRegressor or StackingRegressor of these; alone or at the end of
        a Pipeline behind scalers, PCA, TruncatedSVD, FastICA, random projections, selectors,
        ColumnTransformer, FeatureUnion, PolynomialFeatures(1), PowerTransformer,
        FunctionTransformer of a known function and SimpleImputer; in a TransformedTargetRegressor
        with a scaler, a PowerTransformer or a known function; or the best of a search. A
        SimpleImputer is left out: the network gives NaN where an input is NaN, and is the estimator
        where all are known.
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

    Notes
    -----
    A PowerTransformer becomes layers of logarithms and exponentials. Those of Yeo-Johnson have the
    value, slope and curvature of both pieces at 0. Values have the digits of (x^λ - 1)/λ as it
    stands: an exponent of 1e-3 costs three of sixteen.
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
    start = Start("input", getattr(estimator, "n_features_in_", None))
    output = predicted(type(estimator).__name__, estimator, start)
    network = options.network_of_graph(source, output, [start])

    def values(X: Any) -> Any:
        with warnings.catch_warnings():
            # The names of columns are missing.
            warnings.simplefilter("ignore", UserWarning)
            warnings.simplefilter("ignore", RuntimeWarning)  # a log of negative numbers
            return _values_by_row(estimator, X, network.sizes[-1])

    return options.compared(source, network, values, network.dtype)


def _values_by_row(estimator: Any, X: Any, n: int) -> Any:
    """Predictions, NaN for rows that the estimator refuses, as outside the domain of a log."""
    of_rows = _predictor(estimator, n)

    def predict(X: Any) -> Any:
        return of_rows(_framed(estimator, X))

    try:
        return predict(X)
    except ValueError:
        found = []
        for row in X:
            try:
                found.append(np.ravel(predict(row[None])))
            except ValueError:
                found.append(np.array([np.nan]))
        wide = max(len(each) for each in found)
        return np.array([np.broadcast_to(each, (wide,)) for each in found])


def _framed(estimator: Any, X: Any) -> Any:
    """X as a frame if the estimator was fitted on one; it may know its columns by name alone."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return X
    try:
        import pandas as pd
    except ImportError:  # fitted on a frame of another library
        return X
    return pd.DataFrame(X, columns=names)


def _predictor(estimator: Any, n: int) -> Any:
    """`predict`, or `n` probabilities of a classifier: of two classes, that of the second."""
    from sklearn.base import is_classifier

    def probabilities(X: Any) -> Any:
        p = estimator.predict_proba(X)
        return p[:, 1] if p.shape[1] == 2 and n == 1 else p

    return probabilities if is_classifier(estimator) else estimator.predict
