"""PowerTransformer before a regressor and around a target: values, slopes and curvatures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import slopenet as sn

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from sklearn import compose, linear_model, pipeline
from sklearn import preprocessing as pre

RNG = np.random.default_rng(0)
X = RNG.uniform(0.5, 2, (150, 3))
SIGNED = X - 1.1
y = np.exp(np.sin(X[:, 0]) * X[:, 1]) + X[:, 2]


def power(method: str, lambdas: Any, *, standardize: bool = True) -> Any:
    """A transformer with these exponents, not those that suit the data best."""
    given = X if method == "box-cox" else SIGNED
    transformer = pre.PowerTransformer(method=method, standardize=standardize).fit(given)
    transformer.lambdas_ = np.array(lambdas)
    if standardize:
        transformer._scaler.fit(pre.PowerTransformer.transform(with_exponents(transformer), given))
    return transformer


def with_exponents(transformer: Any) -> Any:
    """The same one without scales."""
    bare = pre.PowerTransformer(method=transformer.method, standardize=False)
    bare.lambdas_, bare.n_features_in_ = transformer.lambdas_, transformer.n_features_in_
    return bare


def network_of(transformer: Any) -> sn.Network:
    """The transformer alone: a linear model that passes its columns follows."""
    model = linear_model.LinearRegression()
    model.coef_, model.intercept_, model.n_features_in_ = np.eye(3), np.zeros(3), 3
    return sn.from_sklearn(pipeline.make_pipeline(transformer, model))


def central(function: Any, x: np.ndarray) -> np.ndarray:
    h = 1e-6
    return np.stack(
        [(function(x + h * e) - function(x - h * e)) / (2 * h) for e in np.eye(x.shape[1])], axis=2
    )


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize(
    ("method", "lambdas"),
    [
        ("box-cox", [0.3, -1.2, 2.0]),
        ("box-cox", [0.0, 0.5, 1.0]),
        ("box-cox", [0.0, 0.0, 0.0]),
        ("yeo-johnson", [0.3, -1.2, 3.0]),
        ("yeo-johnson", [0.0, 2.0, 1.0]),
    ],
)
def test_values_and_slopes_are_those_of_scikit_learn(
    method: str, lambdas: Any, standardize: bool
) -> None:
    transformer = power(method, lambdas, standardize=standardize)
    net = network_of(transformer)
    given = X if method == "box-cox" else SIGNED
    wanted = transformer.transform(given)
    assert np.abs(net(given) - wanted).max() < 1e-13 * np.abs(wanted).max()
    J = central(transformer.transform, given)
    assert np.abs(net.jacobian(given) - J).max() < 1e-8 * np.abs(J).max()


@pytest.mark.parametrize("lam", [0.3, 0.0, 2.0, 1.0, -0.7])
def test_yeo_johnson_at_zero_has_the_slope_and_the_curvature_of_both_sides(lam: float) -> None:
    net = network_of(power("yeo-johnson", [lam] * 3, standardize=False))
    origin = np.zeros(3)
    assert np.abs(net(origin)).max() < 1e-15
    assert np.abs(net.jacobian(origin) - np.eye(3)).max() < 1e-15
    H = net.hessian(origin)
    for i in range(3):
        wanted = np.zeros((3, 3))
        wanted[i, i] = lam - 1  # of ((1 + x)^λ - 1)/λ at 0, and of the piece below
        assert np.abs(H[i] - wanted).max() < 1e-14
    inverse = sn.from_sklearn(around("yeo-johnson", lam, standardize=False))
    at = -OFFSET * SLOPES / (SLOPES @ SLOPES)
    assert abs(inverse(at)[0]) < 1e-14
    assert np.abs(inverse.jacobian(at)[0] - SLOPES).max() < 1e-13


SLOPES, OFFSET = np.array([0.5, -0.25, 0.75]), 0.25


def around(method: str, lam: float, *, standardize: bool) -> Any:
    """A linear model in a TransformedTargetRegressor with a transformer of this exponent."""
    transformer = pre.PowerTransformer(method=method, standardize=standardize)
    model = compose.TransformedTargetRegressor(
        linear_model.LinearRegression(), transformer=transformer
    )
    model.fit(X, y)
    model.regressor_.coef_, model.regressor_.intercept_ = SLOPES, OFFSET
    model.transformer_.lambdas_ = np.array([lam])
    return model


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("method", ["box-cox", "yeo-johnson"])
@pytest.mark.parametrize("lam", [0.3, 0.0, 2.0, -0.1])
def test_the_target_is_transformed_back(method: str, lam: float, standardize: bool) -> None:
    model = around(method, lam, standardize=standardize)
    net = sn.from_sklearn(model)
    wanted = model.predict(X)
    assert np.isfinite(wanted).all()
    assert np.abs(net(X)[:, 0] - wanted).max() < 1e-13 * np.abs(wanted).max()
    J = central(lambda x: model.predict(x)[:, None], X)
    assert np.abs(net.jacobian(X) - J).max() < 1e-7 * np.abs(J).max()


def test_what_box_cox_has_no_value_of_is_nan() -> None:
    net = network_of(power("box-cox", [0.5, 0.0, 2.0]))
    assert np.isnan(net([-1.0, 1.0, 1.0])[0])
    assert np.isnan(net.jacobian([-1.0, 1.0, 1.0])[0, 0])
    inverse = sn.from_sklearn(around("box-cox", 2.0, standardize=False))
    assert np.isnan(inverse([-9.0, 0.0, 0.0])[0])


def test_powers_of_some_columns() -> None:
    columns = compose.ColumnTransformer(
        [("power", pre.PowerTransformer(method="box-cox"), [2, 0])], remainder="passthrough"
    )
    model = pipeline.make_pipeline(columns, pre.PowerTransformer(), linear_model.Ridge()).fit(X, y)
    net = sn.from_sklearn(model)
    wanted = model.predict(X)
    assert np.abs(net(X)[:, 0] - wanted).max() < 1e-12 * np.abs(wanted).max()
    J = central(lambda x: model.predict(x)[:, None], X)
    assert np.abs(net.jacobian(X) - J).max() < 1e-7 * np.abs(J).max()


@pytest.mark.parametrize(
    ("transformer", "sentence"),
    [
        (pre.QuantileTransformer(n_quantiles=9), r"\(QuantileTransformer\): its slope jumps at"),
        (pre.SplineTransformer(), r"\(SplineTransformer\): .* polynomials; fit without it"),
        (pre.KBinsDiscretizer(), r"\(KBinsDiscretizer\): it makes steps, .*; fit on the numbers"),
        (pre.OneHotEncoder(), r"\(OneHotEncoder\): its categories are not numbers; code them"),
        (pre.Normalizer(), r"\(Normalizer\): it divides by the norm of a row; divide before"),
    ],
)
def test_a_refused_transformer_says_what_to_do(transformer: Any, sentence: str) -> None:
    model = pipeline.make_pipeline(transformer, linear_model.Ridge()).fit(X, y)
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_sklearn(model)
    if not isinstance(transformer, pre.QuantileTransformer):
        return
    target = compose.TransformedTargetRegressor(linear_model.Ridge(), transformer=transformer)
    with pytest.raises(sn.UnsupportedNetworkError, match="QuantileTransformer: its slope jumps"):
        sn.from_sklearn(target.fit(X, y))
