"""Transformers of scikit-learn as parts of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._expression import Expression, compose
from slopenet.importers._graph import After, Node, require_width, stacked, total
from slopenet.importers._lower import lowered
from slopenet.importers.sklearn.functions import function_of
from slopenet.importers.sklearn.powers import powered, unpowered
from slopenet.maps import transformers
from slopenet.maps.affine import affine, refuse

_CODES = "its categories are not numbers; code them before, and fit on the coded columns"
_REFUSED = {
    "QuantileTransformer": "its slope jumps at every quantile; a PowerTransformer comes in",
    "SplineTransformer": "its splines are polynomials; fit without it, as hidden layers bend",
    "KBinsDiscretizer": "it makes steps, of which every slope is 0; fit on the numbers themselves",
    "Binarizer": "it makes steps, of which every slope is 0; fit on the numbers themselves",
    "Normalizer": "it divides by the norm of a row; divide before, and fit on the result",
    "OneHotEncoder": _CODES,
    "OrdinalEncoder": _CODES,
    "TargetEncoder": _CODES,
    "KNNImputer": "it takes numbers from other rows; SimpleImputer comes in",
    "IterativeImputer": "it predicts what is missing; SimpleImputer comes in",
}


def _refuse_known(where: str, transformer: Any) -> None:
    """Refuse a transformer of which it is known what to do instead."""
    name = type(transformer).__name__
    if name in _REFUSED and type(transformer).__module__.startswith("sklearn."):
        refuse(where, _REFUSED[name])


def transformed(  # noqa: PLR0911
    where: str, transformer: Any, x: Node
) -> Node:
    """The value of a fitted transformer.

    Raises
    ------
    UnsupportedNetworkError
        If it is none that a network can be.
    """
    from sklearn import compose as columns
    from sklearn import pipeline, preprocessing

    match transformer:
        case None | "passthrough":
            return x
        case pipeline.Pipeline():
            for name, part in transformer.steps:
                x = transformed(f"{where}, step {name!r} ({type(part).__name__})", part, x)
            return x
        case columns.ColumnTransformer():
            return _columns(where, transformer, x)
        case pipeline.FeatureUnion():
            return _union(where, transformer, x)
        case preprocessing.FunctionTransformer():
            return function_of(where, transformer.func, transformer.kw_args, x)
        case preprocessing.PowerTransformer():
            return powered(where, transformer, x)
        case preprocessing.MinMaxScaler() if transformer.clip:
            inside = After(x, affine(where, transformer.scale_, transformer.min_))
            return _clipped(where, inside, *transformer.feature_range)
    return _single(where, transformer, x)


def _single(  # noqa: PLR0911
    where: str, transformer: Any, x: Node
) -> Node:
    """A transformer that is one matrix."""
    from sklearn import decomposition, feature_selection, impute, preprocessing, random_projection

    match transformer:
        case feature_selection.SelectorMixin():
            return selected(where, x, transformer.get_support(indices=True))
        case impute.SimpleImputer():
            return _imputed(where, transformer, x)
        case decomposition.TruncatedSVD():
            return After(x, affine(where, transformer.components_))
        case decomposition.FastICA():
            A = np.asarray(transformer.components_, np.float64)
            mean = transformer.mean_ if transformer.whiten else np.zeros(A.shape[1])
            return After(x, affine(where, A, -A @ mean))
        case random_projection.GaussianRandomProjection():
            return After(x, affine(where, transformer.components_))
        case random_projection.SparseRandomProjection():
            return After(x, affine(where, transformer.components_.toarray()))
        case preprocessing.PolynomialFeatures():
            return _polynomial(where, transformer, x)
    _refuse_known(where, transformer)
    for step in transformers.transform(where, transformer):
        x = After(x, step)
    return x


def undone(where: str, transformer: Any, y: Node) -> Node:
    """The inverse of a transformer of the target."""
    from sklearn import pipeline, preprocessing

    match transformer:
        case pipeline.Pipeline():
            for name, part in reversed(transformer.steps):
                y = undone(f"{where}, step {name!r} ({type(part).__name__})", part, y)
            return y
        case preprocessing.FunctionTransformer():
            return function_of(where, transformer.inverse_func, transformer.inv_kw_args, y)
        case preprocessing.PowerTransformer():
            return unpowered(where, transformer, y)
    _refuse_known(where, transformer)
    for step in transformers.inverse(where, transformer):
        y = After(y, step)
    return y


def selected(where: str, x: Node, places: Any) -> Node:
    """Some of the numbers of a value, in this order."""
    n = require_width(where, x)
    places = np.asarray(places, int)
    if not len(places):
        refuse(where, "it leaves out every column")
    if np.array_equal(places, np.arange(n)):
        return x
    A = np.zeros((len(places), n))
    A[np.arange(len(places)), places] = 1.0
    return After(x, affine(where, A))


def _columns(where: str, transformer: Any, x: Node) -> Node:
    """Each transformer at its columns, the results next to each other."""
    places = transformer._transformer_to_input_indices
    weights = transformer.transformer_weights or {}
    parts = []
    for name, part, _ in transformer.transformers_:
        here = f"{where}, columns of {name!r} ({type(part).__name__})"
        if isinstance(part, str) and part == "drop":
            continue
        if len(places[name]):
            value = transformed(here, part, selected(here, x, places[name]))
            parts.append(_weighted(here, weights, name, value))
    if not parts:
        refuse(where, "it leaves out every column")
    return stacked(where, parts)


def _weighted(where: str, weights: Mapping[str, float], name: str, value: Node) -> Node:
    """The value of one transformer among several, with its weight."""
    weight = weights.get(name, 1.0)
    return value if weight == 1 else After(value, affine(where, weight))


def _union(where: str, union: Any, x: Node) -> Node:
    weights = union.transformer_weights or {}
    parts = []
    for name, part in union.transformer_list:
        here = f"{where}, {name!r} ({type(part).__name__})"
        if isinstance(part, str) and part == "drop":
            continue
        parts.append(_weighted(here, weights, name, transformed(here, part, x)))
    if not parts:
        refuse(where, "it leaves out every column")
    return stacked(where, parts)


def _imputed(where: str, imputer: Any, x: Node) -> Node:
    """Nothing where no number is missing; columns that were never known are left out."""
    missing = imputer.missing_values
    if imputer.add_indicator or not (missing is None or missing != missing):  # noqa: PLR0124
        refuse(where, "it changes rows without NaN")
    statistics = np.asarray(imputer.statistics_, np.float64)
    if imputer.strategy == "constant" or imputer.keep_empty_features:
        return x
    return selected(where, x, np.flatnonzero(~np.isnan(statistics)))


def _polynomial(where: str, features: Any, x: Node) -> Node:
    powers: Floats = np.asarray(features.powers_, np.float64)
    if (powers.sum(axis=1) > 1).any():
        refuse(where, "products of inputs are no layer; PolynomialFeatures(1) is one")
    constant = (powers.sum(axis=1) == 0).astype(np.float64)
    return total(where, [(powers, x)], constant)


def _clipped(where: str, x: Node, low: float, high: float) -> Node:
    z = Expression("z")
    f = compose(where, "Min", compose(where, "Max", z, float(low)), float(high))
    return lowered(f, z, x, np.dtype(np.float64), {})
