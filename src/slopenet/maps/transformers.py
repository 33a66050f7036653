"""Scalers and projections of scikit-learn as affine maps, and as the maps that undo them."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet.maps.affine import Affine, affine, refuse, scaling


def transform(where: str, transformer: Any) -> list[Affine]:
    """The map of a fitted transformer, or of a Pipeline of them."""
    return [there for there, _ in _both(where, transformer)]


def inverse(where: str, transformer: Any) -> list[Affine]:
    """The inverse map of a transformer of y."""
    return [back for _, back in reversed(_both(where, transformer))]


def _both(where: str, transformer: Any) -> list[tuple[Affine, Affine]]:
    """There and back, one pair for each transformer of a Pipeline."""
    from sklearn import pipeline, preprocessing

    if transformer is None or (isinstance(transformer, str) and transformer == "passthrough"):
        return []
    if isinstance(transformer, pipeline.Pipeline):
        return [
            pair
            for name, part in transformer.steps
            for pair in _both(f"{where}, step {name!r} ({type(part).__name__})", part)
        ]
    if getattr(transformer, "clip", False):
        refuse(where, "clip=True cuts its values off, which is not an affine map")
    if isinstance(transformer, preprocessing.FunctionTransformer):
        if transformer.func is not None or transformer.inverse_func is not None:
            refuse(where, "its function may be anything")
        return []
    return [_pair(where, transformer)]


def _pair(where: str, transformer: Any) -> tuple[Affine, Affine]:
    """There and back of a single transformer."""
    from sklearn import decomposition, preprocessing

    match transformer:
        case preprocessing.StandardScaler():
            mean = transformer.mean_ if transformer.with_mean else 0.0
            pair = _scaler(where, mean, transformer.scale_ if transformer.with_std else 1.0)
        case preprocessing.RobustScaler():
            centre = transformer.center_ if transformer.with_centering else 0.0
            pair = _scaler(where, centre, transformer.scale_ if transformer.with_scaling else 1.0)
        case preprocessing.MaxAbsScaler():
            pair = _scaler(where, 0.0, transformer.scale_)
        case preprocessing.MinMaxScaler():
            scale, least = transformer.scale_, transformer.min_
            pair = affine(where, scale, least), scaling(where, least, scale)
        case decomposition.PCA() | decomposition.IncrementalPCA():
            pair = _pca(where, transformer)
        case _:
            refuse(
                where,
                "it is none of the affine maps that are known: StandardScaler, MinMaxScaler,"
                " MaxAbsScaler, RobustScaler, PCA and IncrementalPCA",
            )
    return pair


def _scaler(where: str, mean: Any, spread: Any) -> tuple[Affine, Affine]:
    return scaling(where, mean, spread), affine(where, spread, mean)


def _pca(where: str, pca: Any) -> tuple[Affine, Affine]:
    """V (x - mean), V the components in rows, divided by the standard deviations to whiten."""
    V = np.asarray(pca.components_, np.float64)
    spread = np.ones(len(V))
    if pca.whiten:
        smallest = np.finfo(pca.explained_variance_.dtype).eps
        spread = np.maximum(np.sqrt(pca.explained_variance_), smallest)
    there = V / spread[:, None]
    return affine(where, there, -there @ pca.mean_), affine(
        where, (V * spread[:, None]).T, pca.mean_
    )
