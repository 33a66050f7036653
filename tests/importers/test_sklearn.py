"""scikit-learn's networks come in with their scalers, in the units of X and y."""

from __future__ import annotations

import subprocess
import sys
import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import slopenet as sn

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVR

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 5)) * [1, 10, 100, 0.1, 3] + [300, 0, 5, 1, 2]
Y = np.c_[X[:, 0] * X[:, 1], X[:, 2] - 1e3]

SCALERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    MinMaxScaler((-1, 2)),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False, with_scaling=False),
    PCA(3),
    PCA(3, whiten=True),
    make_pipeline(StandardScaler(), PCA(4), "passthrough", FunctionTransformer(), MinMaxScaler()),
    "passthrough",
]


def mlp(activation: str = "tanh", **settings: Any) -> MLPRegressor:
    """Not trained to the end: the values of its weights do not matter."""
    return MLPRegressor(
        hidden_layer_sizes=(9, 7), activation=activation, random_state=0, max_iter=3, **settings
    )


def slopes(predict: Any, x: np.ndarray) -> np.ndarray:
    """∂y_k/∂x_i by Richardson's extrapolation of central differences, to about ten digits."""
    scale = X.std(axis=0)

    def central(h: float) -> np.ndarray:
        steps = np.diag(h * scale)
        return (predict(x + steps) - predict(x - steps)).reshape(5, -1).T / (2 * h * scale)

    tables = [central(h) for h in (0.02, 0.01, 0.005)]
    for power in (4, 16):
        tables = [(power * fine - coarse) / (power - 1) for coarse, fine in pairwise(tables)]
    return tables[0]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
class TestFitted:
    """Every estimator here is fitted for three epochs."""

    @pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
    @pytest.mark.parametrize("scaler", SCALERS, ids=str)
    def test_values_agree_to_rounding(self, scaler: Any, activation: str) -> None:
        model = make_pipeline(scaler, mlp(activation)).fit(X, Y)
        said: list[Any] = []
        net = sn.from_sklearn(model, report=said.append)
        assert said[0].difference < 1e-12
        assert said[0].network is net
        wanted = model.predict(X)
        assert np.abs(net(X) - wanted).max() < 1e-12 * np.abs(wanted).max()

    @pytest.mark.parametrize("target", [s for s in SCALERS if not isinstance(s, PCA)], ids=str)
    def test_scaler_projection_network_and_scaler_of_the_target(self, target: Any) -> None:
        if target == "passthrough":
            target = None
        elif isinstance(target, Pipeline):
            target = make_pipeline(StandardScaler(), PCA(2, whiten=True), MinMaxScaler())
        inner = make_pipeline(StandardScaler(), PCA(4, whiten=True), mlp())
        model = TransformedTargetRegressor(inner, transformer=target).fit(X, Y)
        net = sn.from_sklearn(model)
        assert net.sizes == (5, 9, 7, 2)
        wanted = model.predict(X)
        assert np.abs(net(X) - wanted).max() < 1e-12 * np.abs(wanted).max()
        J = slopes(model.predict, X[0])
        assert np.abs(net.jacobian(X[0]) - J).max() < 1e-8 * np.abs(J).max()

    def test_one_output_has_one_dimension_less_there(self) -> None:
        model = make_pipeline(StandardScaler(), mlp()).fit(X, Y[:, 0])
        assert np.allclose(sn.from_sklearn(model)(X)[:, 0], model.predict(X), rtol=1e-12)

    def test_columns_of_a_data_frame_are_the_names_of_the_inputs(self) -> None:
        pd = pytest.importorskip("pandas", reason="pandas is not installed")
        frame = pd.DataFrame(X, columns=list("abcde"))
        net = sn.from_sklearn(make_pipeline(StandardScaler(), mlp()).fit(frame, Y))
        assert net.input_names == tuple("abcde")
        model = mlp().fit(frame, Y)
        assert sn.from_sklearn(model, input_names=list("vwxyz")).input_names == tuple("vwxyz")

    def test_the_best_of_a_search(self) -> None:
        search = GridSearchCV(mlp(), {"alpha": [1e-4, 1e-2]}, cv=2).fit(X, Y)
        net = sn.from_sklearn(search)
        assert np.array_equal(net.weights[0], search.best_estimator_.coefs_[0].T)

    def test_a_slope_regressor_behind_a_projection(self) -> None:
        inner = sn.SlopeRegressor(hidden=4, epochs=2, restarts=1, random_state=0)
        model = make_pipeline(PCA(2), inner).fit(X, Y)
        assert sn.from_sklearn(model).sizes == (5, 4, 2)

    def test_float32_stays_unless_digits_are_asked_for(self) -> None:
        small = X.astype(np.float32)
        model = make_pipeline(StandardScaler(), mlp()).fit(small, Y.astype(np.float32))
        assert sn.from_sklearn(model).dtype == np.float32
        wide = sn.from_sklearn(model, dtype="float64")
        wanted = model.predict(X)
        assert np.abs(wide(X) - wanted).max() < 1e-12 * np.abs(wanted).max()

    @pytest.mark.parametrize(
        ("model", "sentence"),
        [
            (
                make_pipeline(QuantileTransformer(n_quantiles=10), mlp()),
                r"\(QuantileTransformer\): its slope jumps",
            ),
            (
                make_pipeline(FunctionTransformer(np.square), mlp()),
                "FunctionTransformer.*'square' is none that slopenet knows",
            ),
            (make_pipeline(PCA(2), SVR()), "'svr'.*it is not an MLPRegressor"),
            (
                TransformedTargetRegressor(mlp(), func=np.sqrt, inverse_func=np.square),
                "'square' is none that slopenet knows",
            ),
            (make_pipeline(PolynomialFeatures(2), mlp()), "products of inputs are no layer"),
            (make_pipeline(SimpleImputer(add_indicator=True), mlp()), "rows without NaN"),
            (make_pipeline(Normalizer(), mlp()), r"\(Normalizer\): it divides"),
        ],
    )
    def test_a_transformer_that_is_not_affine_is_refused_by_name(
        self, model: Any, sentence: str
    ) -> None:
        model.fit(X, np.abs(Y[:, 0]))
        with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
            sn.from_sklearn(model)

    def test_a_network_that_does_not_agree_is_refused(self) -> None:
        class Shifted(MLPRegressor):
            def predict(self, X: Any) -> Any:
                return super().predict(X) + 1e-3

        model = Shifted(hidden_layer_sizes=3, max_iter=3, random_state=0).fit(X, Y[:, 1])
        with pytest.raises(sn.UnsupportedNetworkError, match="computes more than its layers show"):
            sn.from_sklearn(model)


def test_an_estimator_that_is_not_fitted_is_named() -> None:
    with pytest.raises(NotFittedError):
        sn.from_sklearn(mlp())
    with pytest.raises(TypeError, match="must be one of scikit-learn, got int"):
        sn.from_sklearn(3)


def test_without_scikit_learn_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None; import slopenet\n"
        "try: slopenet.from_sklearn(3)\n"
        "except ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == ("from_sklearn needs scikit-learn: pip install 'slopenet[sklearn]'\n")


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_classifier_of_two_labels_gives_the_probability_of_each() -> None:
    labels = np.stack([X[:, 0] > 300, X[:, 1] > X[:, 1].mean()], axis=1).astype(int)
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((5,), max_iter=20)).fit(X, labels)
    assert np.abs(sn.from_sklearn(pipeline)(X) - pipeline.predict_proba(X)).max() < 1e-13


def test_classifiers_give_probabilities() -> None:
    classes = np.digitize(X[:, 0], [299, 300, 301])
    for target, head in ((classes, "softmax"), (classes > 1, "sigmoid")):
        pipeline = make_pipeline(StandardScaler(), MLPClassifier((8, 5), max_iter=40))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pipeline.fit(X, target)
        net = sn.from_sklearn(pipeline)
        assert net.activations[-1] == head
        p = pipeline.predict_proba(X)
        got = net(X)
        assert np.abs(got - (p if head == "softmax" else p[:, 1:])).max() < 1e-13
        assert sn.check_derivatives(net, X[:5]).passed
