"""Regressors of scikit-learn as parts of a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from slopenet.importers._graph import After, Node, stacked, total
from slopenet.importers._steps import Sigma, sigma
from slopenet.importers.sklearn.transformers import selected, transformed, undone
from slopenet.maps.affine import UnsupportedNetworkError, affine, refuse
from slopenet.network import Network

_ACTIVATIONS = {
    "identity": "identity",
    "logistic": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "exp": "exp",
    "softmax": "softmax",
}
_KNOWN = (
    "an MLPRegressor, a linear model, or one of VotingRegressor, BaggingRegressor,"
    " MultiOutputRegressor and StackingRegressor with these, alone or in a Pipeline or"
    " TransformedTargetRegressor"
)


def predicted(where: str, estimator: Any, x: Node) -> Node:
    """The value of a fitted regressor.

    Raises
    ------
    UnsupportedNetworkError
        If it is none that a network can be.
    """
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import Pipeline

    if hasattr(estimator, "best_estimator_"):
        return predicted(where, estimator.best_estimator_, x)
    if isinstance(estimator, Pipeline):
        *before, (name, last) = estimator.steps
        for step, transformer in before:
            x = transformed(f"step {step!r} ({type(transformer).__name__})", transformer, x)
        return predicted(f"step {name!r} ({type(last).__name__})", last, x)
    if isinstance(estimator, TransformedTargetRegressor):
        transformer = f"the target's {type(estimator.transformer_).__name__}"
        y = predicted(where, estimator.regressor_, x)
        return undone(transformer, estimator.transformer_, y)
    rule = _rule(estimator)
    if rule is not None:
        return rule(where, estimator, x)
    network = getattr(estimator, "network_", None)
    if not isinstance(network, Network):
        refuse(where, f"it is not {_KNOWN}")
    return _network(where, network, x)


def _rule(estimator: Any) -> Callable[[str, Any, Node], Node] | None:
    from sklearn import cross_decomposition, ensemble, linear_model, multioutput, svm
    from sklearn.base import is_regressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    rules: list[tuple[Any, Callable[[str, Any, Node], Node]]] = [
        ((MLPRegressor, MLPClassifier), _mlp),
        (ensemble.VotingRegressor, _voting),
        (ensemble.BaggingRegressor, _bagging),
        (ensemble.StackingRegressor, _stacking),
        (multioutput.MultiOutputRegressor, _each_output),
        (cross_decomposition.PLSRegression, _partial_least_squares),
        (cross_decomposition.PLSCanonical, _partial_least_squares),
        (linear_model.RANSACRegressor, lambda w, e, x: predicted(w, e.estimator_, x)),
        (
            (linear_model.PoissonRegressor, linear_model.GammaRegressor),
            lambda w, e, x: After(_linear(w, e, x), sigma(w, "exp")),
        ),
        (linear_model.TweedieRegressor, _tweedie),
        (svm.LinearSVR, _linear),
    ]
    for kind, rule in rules:
        if isinstance(estimator, kind):
            return rule
    is_linear = type(estimator).__module__.startswith("sklearn.linear_model")
    return (
        _linear if is_linear and is_regressor(estimator) and hasattr(estimator, "coef_") else None
    )


def _mlp(where: str, mlp: Any, x: Node) -> Node:
    hidden = [mlp.activation] * (len(mlp.coefs_) - 1)
    for W, b, name in zip(mlp.coefs_, mlp.intercepts_, [*hidden, mlp.out_activation_], strict=True):
        if name not in _ACTIVATIONS:
            refuse(where, f"slopenet has no activation {name!r}")
        x = After(After(x, affine(where, W.T, b)), sigma(where, _ACTIVATIONS[name]))
    return x


def _network(where: str, network: Network, x: Node) -> Node:
    for W, b, activation in zip(*network.chain(), strict=True):
        x = After(After(x, affine(where, W, b)), Sigma(activation, where))
    return x


def _linear(where: str, model: Any, x: Node) -> Node:
    W = model.coef_.toarray() if hasattr(model.coef_, "toarray") else model.coef_
    W = np.atleast_2d(np.asarray(W, np.float64))
    b = np.broadcast_to(np.asarray(model.intercept_, np.float64).ravel(), (len(W),))
    return After(x, affine(where, W, b))


def _tweedie(where: str, model: Any, x: Node) -> Node:
    link = model.link if model.link != "auto" else "identity" if model.power <= 0 else "log"
    y = _linear(where, model, x)
    return y if link == "identity" else After(y, sigma(where, "exp"))


def _partial_least_squares(where: str, model: Any, x: Node) -> Node:
    W = np.atleast_2d(np.asarray(model.coef_, np.float64))
    b = np.asarray(model.intercept_, np.float64) - W @ model._x_mean
    return After(x, affine(where, W, b))


def _members(where: str, estimators: Sequence[Any], x: Node) -> list[Node]:
    return [
        predicted(f"{where}, member {i} ({type(each).__name__})", each, x)
        for i, each in enumerate(estimators)
    ]


def _voting(where: str, model: Any, x: Node) -> Node:
    weights = model._weights_not_none
    shares = np.ones(len(model.estimators_)) if weights is None else np.asarray(weights, float)
    parts = _members(where, model.estimators_, x)
    return total(where, list(zip(shares / shares.sum(), parts, strict=True)))


def _bagging(where: str, model: Any, x: Node) -> Node:
    share = 1 / len(model.estimators_)
    parts = [
        (share, predicted(f"{where}, member {i}", each, selected(where, x, places)))
        for i, (each, places) in enumerate(
            zip(model.estimators_, model.estimators_features_, strict=True)
        )
    ]
    return total(where, parts)


def _each_output(where: str, model: Any, x: Node) -> Node:
    return stacked(where, _members(where, model.estimators_, x))


def _stacking(where: str, model: Any, x: Node) -> Node:
    if set(model.stack_method_) != {"predict"}:
        raise UnsupportedNetworkError(f"{where}: its members do not predict")
    parts = _members(where, model.estimators_, x)
    if model.passthrough:
        parts.append(x)
    last = model.final_estimator_
    return predicted(f"{where}, its last step ({type(last).__name__})", last, stacked(where, parts))
