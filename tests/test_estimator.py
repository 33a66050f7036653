"""SlopeRegressor is an estimator of scikit-learn, and slopes follow the folds."""

from __future__ import annotations

import inspect
import pickle
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.settings import FitSettings

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_sample_weight_equivalence_on_dense_data,
    parametrize_with_checks,
)

QUICK: dict[str, Any] = {"hidden": (8,), "epochs": 100, "random_state": 0}
SHORT: dict[str, Any] = QUICK | {"epochs": 20}  # before roundings have grown

CHECKED = sn.SlopeRegressor(hidden=(4,), epochs=30, random_state=0)


@parametrize_with_checks([CHECKED])
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize(
    "estimator",
    [
        sn.SlopeRegressor(),
        *(sn.SlopeRegressor(method=name, epochs=50) for name in ("lbfgs", "adam", "sgd")),
    ],
    ids=["default", "lbfgs", "adam", "sgd"],
)
def test_scikit_learns_weights_are_counts_of_rows(estimator: Any) -> None:
    check_sample_weight_equivalence_on_dense_data("SlopeRegressor", estimator)


def wave(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X (n, 2), values (n,) and slopes (n, 2) of a smooth function, inputs in unlike units."""
    X = np.random.default_rng(seed).uniform([0, 100], [3, 300], (n, 2))
    u, v = 2 * X[:, 0], X[:, 1] / 100
    return X, np.sin(u) * v, np.stack([2 * np.cos(u) * v, np.sin(u) / 100], axis=1)


X, Y, T = wave(40)


def differences(predict: Any, X: np.ndarray) -> np.ndarray:
    """Slopes (N, ..., n_1) of `predict` by central differences."""
    steps = 1e-5 * X.std(axis=0)
    columns = [(predict(X + h) - predict(X - h)) / (2 * h.sum()) for h in np.diag(steps)]
    return np.stack(columns, axis=-1)


def test_parameters_are_those_of_fit_with_the_same_defaults() -> None:
    def defaults(function: Any) -> dict[str, Any]:
        return {p.name: p.default for p in inspect.signature(function).parameters.values()}

    with_fit = {field.name: field.default for field in fields(FitSettings)}
    for name in ("callback", "progress", "log", "checkpoint", "checkpoint_seconds"):  # of one run
        del with_fit[name]
    with_fit["random_state"] = with_fit.pop("rng")
    with_fit["column_transform"] = with_fit.pop("transform")  # a name of scikit-learn
    with_fit["warm_start"] = False
    assert defaults(sn.SlopeRegressor) == with_fit
    assert sn.SlopeRegressor().get_params() == with_fit


def test_every_parameter_reaches_fit() -> None:
    given: dict[str, Any] = {
        "hidden": [5, 4],
        "activation": "softplus",
        "output": ("leaky_relu", 0.5),
        "method": "sgd",
        "epochs": 7,
        "batch_size": 16,
        "learning_rate": 3e-3,
        "momentum": 0.5,
        "l2": 1e-2,
        "slope_weight": 0.3,
        "loss": "squared",
        "posterior": "none",
        "validation": 0.2,
        "restarts": 2,
    }
    model = sn.SlopeRegressor(**given, random_state=3).fit(X, Y, dydx=T)
    wanted = sn.fit(X, Y, T, **given, rng=3)
    assert model.network_ == wanted.network
    assert (model.history_, model.reason_) == (wanted.history, wanted.reason)
    assert model.n_iter_ == 7
    others = {"random_state", "ensemble", "column_transform", "warm_start"}
    shape = {"monotone", "convex", "concave", "slope_bounds"}
    assert set(given) | others | shape == set(model.get_params())


def test_constraints_reach_fit_and_hold_after_a_warm_start() -> None:
    asked: dict[str, Any] = {"monotone": {0: 1}, "slope_bounds": {1: (-0.01, 0.02)}}
    model = sn.SlopeRegressor(**SHORT, **asked, warm_start=True).fit(X, Y)
    for _ in range(2):
        slopes = model.predict_jacobian(X)
        assert slopes[:, 0].min() >= 0
        assert -0.01 <= slopes[:, 1].min() <= slopes[:, 1].max() <= 0.02
        assert model.violations_ == ()
        model.fit(X, Y)
    assert sn.SlopeRegressor(**SHORT).fit(X, Y).predict_jacobian(X)[:, 0].min() < 0


def test_scikit_learns_checks_of_clones_pass_with_constraints() -> None:
    model = sn.SlopeRegressor(**SHORT, monotone={"a": 1}, concave=["b"])
    assert clone(model).get_params()["monotone"] == {"a": 1}


def test_an_ensemble_predicts_its_mean_and_how_far_it_agrees() -> None:
    model = sn.SlopeRegressor(**SHORT, ensemble=3).fit(X, Y, dydx=T)
    assert len(model.ensemble_) == 3
    mean, spread = model.predict(X, return_std=True)
    each = np.stack([net(X)[:, 0] for net in model.ensemble_])
    np.testing.assert_array_equal(mean, each.mean(axis=0))
    np.testing.assert_array_equal(spread, each.std(axis=0, ddof=1))
    slopes = np.stack([net.jacobian(X)[:, 0] for net in model.ensemble_])
    np.testing.assert_array_equal(model.predict_jacobian(X), slopes.mean(axis=0))


def test_a_network_predicts_the_deviations_of_its_posterior() -> None:
    model = sn.SlopeRegressor(**SHORT, method="lm").fit(X, Y, dydx=T)
    np.testing.assert_array_equal(model.predict(X, return_std=True)[1], model.network_.std(X)[:, 0])
    model = sn.SlopeRegressor(**SHORT, posterior="none").fit(X, Y)
    with pytest.raises(ValueError, match="this network has no posterior"):
        model.predict(X, return_std=True)


def test_random_state_is_drawn_from_as_scikit_learn_does() -> None:
    def network(random_state: Any) -> sn.Network:
        model = sn.SlopeRegressor(hidden=(3,), epochs=2, random_state=random_state)
        return model.fit(X, Y).network_

    state = np.random.RandomState(0)
    assert network(5) == network(np.int64(5))
    assert network(state) != network(state)
    assert network(np.random.RandomState(0)) == network(np.random.RandomState(0))
    before = np.random.get_state()  # noqa: NPY002
    try:
        nets = []
        for _ in range(2):
            np.random.seed(0)  # noqa: NPY002
            nets += [network(None), network(None)]
    finally:
        np.random.set_state(before)  # noqa: NPY002
    assert nets[:2] == nets[2:]
    assert nets[0] != nets[1]
    with pytest.raises(ValueError, match="cannot be used to seed"):
        network("seven")


@pytest.mark.parametrize("outputs", [(), (1,), (2,)])
def test_predictions_have_the_shape_of_y_and_slopes_are_those_of_predictions(outputs: Any) -> None:
    y, dydx = Y.reshape(-1, *[1 for _ in outputs]), T.reshape(-1, *[1 for _ in outputs], 2)
    if outputs == (2,):
        y, dydx = np.hstack([y, -2 * y]), np.concatenate([dydx, -2 * dydx], axis=1)
    model = sn.SlopeRegressor(**QUICK).fit(X, y, dydx)
    J = model.predict_jacobian(X)
    assert model.predict(X).shape == y.shape
    assert J.shape == dydx.shape
    np.testing.assert_array_equal(J.reshape(len(X), -1, 2), model.network_.jacobian(X))
    np.testing.assert_allclose(J, differences(model.predict, X), rtol=1e-5, atol=1e-7)
    assert model.score(X, y) > 0.9


def test_clones_and_pickles_predict_the_same() -> None:
    """A validation set among the parameters is copied with them."""
    model = sn.SlopeRegressor(**QUICK, validation=wave(10, 1)).fit(X, Y, T)
    again = clone(model)
    assert not hasattr(again, "network_")
    for other in (again.fit(X, Y, T), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
        np.testing.assert_array_equal(other.predict_jacobian(X), model.predict_jacobian(X))


def test_a_row_of_weight_zero_is_as_if_it_were_not_there() -> None:
    weight = np.ones(len(X))
    weight[::3] = 0
    there, y = weight > 0, np.where(weight, Y, 1e9)
    with_zeros = sn.SlopeRegressor(**SHORT).fit(X, y, T, sample_weight=weight)
    without = sn.SlopeRegressor(**SHORT).fit(X[there], y[there], T[there])
    np.testing.assert_allclose(with_zeros.predict(X), without.predict(X), rtol=1e-6)


def test_deviations_reach_fit() -> None:
    stds = {"y_std": np.linspace(0.1, 1, 40), "dydx_std": np.linspace(1, 0.1, 80).reshape(40, 2)}
    model = sn.SlopeRegressor(**SHORT).fit(X, Y, T, **stds)
    wanted = sn.fit(X, Y, T, **stds, hidden=(8,), epochs=20, rng=0)
    assert model.network_ == wanted.network != sn.SlopeRegressor(**SHORT).fit(X, Y, T).network_


def test_a_warm_start_goes_on_from_the_last_network() -> None:
    X = np.random.default_rng(0).uniform(-1, 1, (40, 2))
    y = np.sin(2 * X[:, 0]) * X[:, 1]
    model = sn.SlopeRegressor(**QUICK | {"epochs": 5, "method": "lbfgs"}, warm_start=True)
    first = model.fit(X, y).network_
    again = sn.fit(X, y, start=first, method="lbfgs", hidden=(8,), epochs=5, rng=0).network
    assert model.fit(X, y).network_ == again
    assert again != first
    assert model.set_params(warm_start=False).fit(X, y).network_ == first
    with pytest.raises(ValueError, match=r"^start has 2 inputs"):
        model.set_params(warm_start=True).fit(X[:, :1], y)


def test_unknown_values_reach_fit() -> None:
    X = np.random.default_rng(0).uniform(-1, 1, (30, 1))
    y, dydx = np.where(np.arange(30) == 4, np.sin(X[:, 0]), np.nan), np.cos(X)
    model = sn.SlopeRegressor(**QUICK).fit(X, y, dydx)
    np.testing.assert_allclose(model.predict(X), np.sin(X[:, 0]), atol=0.01)
    with pytest.raises(ValueError, match=r"^y\[:, 0\] has neither a known value nor a known slope"):
        model.fit(X, np.full(30, np.nan))


def test_columns_of_data_frames_must_keep_their_names_and_order() -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame, y = pd.DataFrame(X, columns=["u", "v"]), pd.Series(Y, name="y")
    model = sn.SlopeRegressor(**QUICK).fit(frame, y, T)
    assert model.feature_names_in_.tolist() == ["u", "v"]
    assert (model.network_.input_names, model.network_.output_names) == (("u", "v"), ("y",))
    np.testing.assert_array_equal(model.predict(frame), model.network_(X)[:, 0])
    for ask in (model.predict, model.predict_jacobian):
        with pytest.raises(ValueError, match="must be in the same order"):
            ask(frame[["v", "u"]])
    slopes = pd.DataFrame(T[:, ::-1], columns=["dy/dv", "dy/du"])
    assert model.network_ == clone(model).fit(frame, y, slopes).network_


def test_each_fold_gets_its_own_slopes() -> None:
    folds = KFold(4, shuffle=True, random_state=0)
    with config_context(enable_metadata_routing=True):
        model = sn.SlopeRegressor(**SHORT).set_fit_request(dydx=True)
        params, given = {"dydx": T}, {"cv": folds, "return_estimator": True}
        models = cross_validate(model, X, Y, params=params, **given)["estimator"]
        with pytest.raises(UnsetMetadataPassedError, match="dydx"):
            cross_validate(sn.SlopeRegressor(**SHORT), X, Y, params=params, **given)
    for (rows, _), each in zip(folds.split(X), models, strict=True):
        wanted = sn.SlopeRegressor(**SHORT).fit(X[rows], Y[rows], T[rows])
        assert each.network_ == wanted.network_


def test_a_search_does_better_with_slopes() -> None:
    few, unseen = slice(12), wave(200, 9)
    with config_context(enable_metadata_routing=True):
        model = sn.SlopeRegressor(**QUICK | {"hidden": (16,)}).set_fit_request(dydx=True)
        search = GridSearchCV(model, {"slope_weight": [0.3, 1.0]}, cv=3)
        without = clone(search).fit(X[few], Y[few])
        search.fit(X[few], Y[few], dydx=T[few])
    assert search.best_estimator_.reason_.startswith("Levenberg-Marquardt")
    missed = [1 - s.score(*unseen[:2]) for s in (search, without)]
    assert missed[0] < missed[1] / 2
    assert 1 - search.best_score_ < (1 - without.best_score_) / 2


def test_slopes_in_a_pipeline_are_with_respect_to_the_transformed_X() -> None:
    scaler = StandardScaler().fit(X)
    model = make_pipeline(StandardScaler(), sn.SlopeRegressor(**SHORT))
    model.fit(X, Y, sloperegressor__dydx=T * scaler.scale_)
    J = model[-1].predict_jacobian(scaler.transform(X)) / scaler.scale_
    np.testing.assert_allclose(J, differences(model.predict, X), rtol=1e-5, atol=1e-7)
    plain = sn.SlopeRegressor(**SHORT).fit(X, Y, T)
    np.testing.assert_allclose(model.predict(X), plain.predict(X), rtol=1e-6)
    with config_context(enable_metadata_routing=True):
        routed = make_pipeline(
            StandardScaler(), sn.SlopeRegressor(**SHORT).set_fit_request(dydx=True)
        )
        routed.fit(X, Y, dydx=T * scaler.scale_)
    assert routed[-1].network_ == model[-1].network_
