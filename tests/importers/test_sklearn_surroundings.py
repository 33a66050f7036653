"""What stands before, around and behind networks of scikit-learn comes in with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import slopenet as sn

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from sklearn import compose, cross_decomposition, decomposition, ensemble, linear_model, multioutput
from sklearn import feature_selection as selection
from sklearn import preprocessing as pre
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from sklearn.svm import LinearSVR

RNG = np.random.default_rng(0)
X = RNG.uniform(0.5, 2, (150, 4))
y = np.sin(X[:, 0]) * X[:, 1] + X[:, 2] ** 2
Y = np.stack([y, -2 * y + X[:, 3]], 1)


def mlp(**settings: Any) -> MLPRegressor:
    given = {"hidden_layer_sizes": (6,), "activation": "tanh", "max_iter": 40, "random_state": 0}
    return MLPRegressor(**given | settings)


def power(z: np.ndarray) -> np.ndarray:
    return 10.0**z


def swish(z: np.ndarray) -> np.ndarray:
    return z / (1 + np.exp(-z))


SCALED = ("scaled", pre.StandardScaler(), [2, 0])
BEFORE = {
    "columns and the rest": compose.ColumnTransformer([SCALED], remainder="passthrough"),
    "columns alone": compose.ColumnTransformer(
        [SCALED, ("off", "drop", [1]), ("range", pre.MinMaxScaler(), [3])]
    ),
    "columns with weights": compose.ColumnTransformer(
        [SCALED, ("range", pre.MinMaxScaler(), [3])], transformer_weights={"scaled": 3.0}
    ),
    "columns of a mask": compose.ColumnTransformer(
        [("log", pre.FunctionTransformer(np.log), np.array([True, False, True, False]))],
        remainder=pre.RobustScaler(),
    ),
    "variance": selection.VarianceThreshold(0.1),
    "best": selection.SelectKBest(selection.f_regression, k=2),
    "imputer": make_pipeline(SimpleImputer(), pre.StandardScaler()),
    "pca in parts": decomposition.IncrementalPCA(2, whiten=True),
    "svd": decomposition.TruncatedSVD(3),
    "ica": decomposition.FastICA(3, random_state=0),
    "ica as it is": decomposition.FastICA(whiten=False, random_state=0),
    "random": GaussianRandomProjection(3, random_state=0),
    "sparse": SparseRandomProjection(3, random_state=0),
    "union": FeatureUnion(
        [("a", pre.StandardScaler()), ("b", decomposition.PCA(2))], transformer_weights={"b": 3}
    ),
    "clipped": pre.MinMaxScaler(clip=True),
    "log": pre.FunctionTransformer(np.log),
    "log1p": pre.FunctionTransformer(np.log1p),
    "own function": pre.FunctionTransformer(swish),
    "linear features": pre.PolynomialFeatures(1),
}


def central(model: Any, x: np.ndarray) -> np.ndarray:
    """∂y/∂x of a model at one row, by central differences."""
    h = 1e-6 * np.eye(4)
    return np.stack(
        [np.ravel(model.predict(x + e) - model.predict(x - e)) / 2e-6 for e in h], axis=1
    )


def agrees(model: Any) -> sn.Network:
    net = sn.from_sklearn(model)
    wanted = np.reshape(model.predict(X), (len(X), -1))
    assert np.abs(net(X) - wanted).max() < 1e-12 * np.abs(wanted).max()
    J = central(model, X[3:4])
    assert np.abs(net.jacobian(X[3]) - J).max() < 1e-6 * np.abs(J).max()
    return net


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer", "ignore:FastICA did not converge")
class TestFitted:
    """Estimators are fitted for a few epochs alone."""

    @pytest.mark.parametrize("name", BEFORE)
    def test_transformers(self, name: str) -> None:
        agrees(make_pipeline(BEFORE[name], mlp()).fit(X, y))

    @pytest.mark.parametrize(
        "columns", [["c", "a"], compose.make_column_selector("a|d")], ids=["names", "selector"]
    )
    def test_columns_of_a_frame_by_name(self, columns: Any) -> None:
        pandas = pytest.importorskip("pandas", reason="pandas is not installed")
        frame = pandas.DataFrame(X, columns=list("abcd"))
        transformer = compose.ColumnTransformer(
            [("scaled", pre.StandardScaler(), columns)], remainder="passthrough"
        )
        model = make_pipeline(transformer, mlp()).fit(frame, y)
        net = sn.from_sklearn(model)
        assert net.input_names == tuple("abcd")
        wanted = model.predict(frame)
        assert np.abs(net(X)[:, 0] - wanted).max() < 1e-12 * np.abs(wanted).max()

    @pytest.mark.parametrize(
        "model",
        [
            compose.TransformedTargetRegressor(mlp(), func=np.log, inverse_func=np.exp),
            compose.TransformedTargetRegressor(mlp(), func=np.log1p, inverse_func=np.expm1),
            compose.TransformedTargetRegressor(
                mlp(), func=np.log10, inverse_func=power, check_inverse=False
            ),
            compose.TransformedTargetRegressor(
                mlp(), transformer=make_pipeline(pre.FunctionTransformer(np.log, np.exp),
                                                 pre.StandardScaler())
            ),
            mlp(loss="poisson"),
        ],
    )  # fmt: skip
    def test_logarithms_of_the_target(self, model: Any) -> None:
        if getattr(model, "loss", "poisson") != "poisson":
            pytest.skip("an older scikit-learn")
        agrees(model.fit(X, y))

    @pytest.mark.parametrize(
        "model",
        [
            ensemble.VotingRegressor([("a", mlp()), ("b", linear_model.Ridge())], weights=[1, 3]),
            ensemble.BaggingRegressor(mlp(), 3, max_features=0.5, random_state=0),
            ensemble.StackingRegressor(
                [("a", mlp()), ("b", mlp(activation="relu"))], linear_model.RidgeCV(), cv=2
            ),
            ensemble.StackingRegressor(
                [("a", mlp())], linear_model.LinearRegression(), cv=2, passthrough=True
            ),
            multioutput.MultiOutputRegressor(mlp()),
        ],
    )
    def test_several_networks_are_one(self, model: Any) -> None:
        agrees(model.fit(X, Y if isinstance(model, multioutput.MultiOutputRegressor) else y))

    def test_members_are_blocks_of_one_layer(self) -> None:
        model = multioutput.MultiOutputRegressor(mlp()).fit(X, Y)
        assert sn.from_sklearn(model).sizes == (4, 12, 2)


@pytest.mark.parametrize(
    "model",
    [
        linear_model.LinearRegression(),
        linear_model.Lasso(0.01),
        linear_model.ElasticNetCV(cv=3),
        linear_model.HuberRegressor(),
        linear_model.BayesianRidge(),
        linear_model.RANSACRegressor(random_state=0),
        linear_model.PoissonRegressor(),
        linear_model.TweedieRegressor(power=0),
        linear_model.TweedieRegressor(power=1.5),
        LinearSVR(random_state=0, max_iter=100_000),
        cross_decomposition.PLSRegression(2),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_linear_model_is_one_layer(model: Any) -> None:
    net = agrees(make_pipeline(pre.StandardScaler(), model).fit(X, y))
    assert net.sizes == (4, 1)


def test_a_linear_model_of_several_targets() -> None:
    assert agrees(linear_model.Ridge().fit(X, Y)).sizes == (4, 2)
    assert agrees(cross_decomposition.PLSRegression(2).fit(X, Y)).sizes == (4, 2)
