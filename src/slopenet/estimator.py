"""`fit` as an estimator of scikit-learn: pipelines, searches, and slopes that follow the folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from slopenet.activations import ActivationSpec
from slopenet.training.checks import PosteriorName, TransformName
from slopenet.training.fit import fit
from slopenet.training.methods import LossName, MethodName
from slopenet.training.settings import Auto
from slopenet.validate import frames

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "SlopeRegressor needs scikit-learn 1.6 or later: pip install 'slopenet[sklearn]'"
    ) from error

_SEEDS = 2**31  # the number of seeds to draw from


class SlopeRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc, unused-ignore]
    """A network fitted by `slopenet.fit`, as an estimator of scikit-learn.

    Parameters
    ----------
    hidden, activation, ..., validation
        The settings of `slopenet.fit`, with the same meanings and defaults.
    column_transform : "auto", "log" or "none"
        The setting `transform` of `slopenet.fit`; an estimator with an attribute of that name would
        be a transformer of scikit-learn.
    warm_start : bool
        Whether `fit` starts from the network of the call before, if there was one, as ``start`` of
        `slopenet.fit` does.
    random_state : int, RandomState or None
        An int gives the same network in every call, that of `slopenet.fit` with
        ``rng=random_state``. A RandomState (for None, NumPy's global one) gives one draw per call.

    Attributes
    ----------
    network_ : Network
        In the units of X and y.
    ensemble_ : Ensemble
        The networks of all starts. With the parameter `ensemble` predictions are their mean.
    history_, reason_ : dict, str
        ``.history`` and ``.reason`` of `slopenet.Fit`.
    errors_, violations_ : FitErrors, tuple of Violation
        ``.errors`` and ``.violations`` of `slopenet.Fit`.
    n_iter_ : int
        Epochs that were run.
    n_features_in_ : int
        n_1.
    feature_names_in_ : (n_1,)
        Columns of X, if it was a data frame whose column names are all strings.

    Notes
    -----
    Slopes are with respect to the inputs that `fit` is given. In a pipeline these are the
    results of the steps before it: behind a ``StandardScaler``, which a SlopeRegressor does not
    need, dydx must be multiplied by its ``scale_``, and `predict_jacobian` divided by it. Arrays in
    `validation` do not pass through these steps either.

    `fit` takes dydx by its name. Cross-validation and searches pass it on, split into the same
    folds as X and y, after ``sklearn.set_config(enable_metadata_routing=True)`` and
    ``set_fit_request(dydx=True)``.
    """

    def __init__(
        self,
        *,
        hidden: Sequence[int] | int | Auto = "auto",
        activation: ActivationSpec | Auto = "auto",
        output: ActivationSpec = "identity",
        method: MethodName | Auto = "auto",
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        momentum: float | None = None,
        l2: float | Auto = "auto",
        slope_weight: Any = "auto",
        loss: LossName = "squared",
        column_transform: TransformName | None = "auto",
        posterior: PosteriorName | None = "auto",
        monotone: Any = None,
        convex: Any = None,
        concave: Any = None,
        slope_bounds: Any = None,
        validation: Any = None,
        restarts: int | None = None,
        ensemble: int | None = None,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        # Exactly the parameters above, so that one that is added there reaches `fit` as it is.
        self.__dict__.update({name: given for name, given in locals().items() if name != "self"})

    def fit(
        self,
        X: Any,
        y: Any,
        dydx: Any = None,
        sample_weight: Any = None,
        *,
        y_std: Any = None,
        dydx_std: Any = None,
    ) -> Self:
        """Fit the network on values and, where given, slopes.

        Parameters
        ----------
        X : (N, n_1)
        y : (N, n_L), or (N,) for one output
            NaN is an unknown value, as in `slopenet.fit`.
        dydx : (N, n_L, n_1), or (N, n_1) for one output, optional
            Slopes ∂y_k/∂x_i; NaN is a missing slope.
        sample_weight : (N,), or a number for all rows, optional
            Number of rows that each row counts as, not negative: a weight of 2 is the row given
            twice, 0 leaves it out.
        y_std, dydx_std : as y and dydx, or a number, optional
            Standard deviations of their noise, as in `slopenet.fit`.

        Returns
        -------
        SlopeRegressor
            Itself.

        Raises
        ------
        ValueError, TypeError
            If an array does not fit or a parameter is out of range, as in `slopenet.fit`.
        """
        output_names = frames.labels(y)
        y, unknown = _known(y)
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        if unknown is not None:
            y = np.where(unknown, np.nan, y)
        settings = self.get_params(deep=False)
        start = getattr(self, "network_", None) if settings.pop("warm_start") else None
        result = fit(
            X,
            y,
            dydx,
            sample_weight=sample_weight,
            y_std=y_std,
            dydx_std=dydx_std,
            start=start,
            rng=_seed(settings.pop("random_state")),
            transform=settings.pop("column_transform"),
            input_names=getattr(self, "feature_names_in_", None),
            output_names=output_names,
            **settings,
        )
        self.network_, self.ensemble_ = result.network, result.ensemble
        self.history_ = result.history
        self.reason_, self.errors_ = result.reason, result.errors
        self.violations_ = result.violations
        self.n_iter_ = len(result.history["epoch"])
        self._flat = y.ndim == 1
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """H(x): (N, n_L), or (N,) if y was (N,); with `return_std` also its deviation.

        That is `Network.std`, or, with an ensemble, the spread of its networks.

        Raises
        ------
        ValueError
            With `return_std`, if the network has no posterior and there is no ensemble.
        """
        points = self._points(X)
        mean = self._drop(self._model(points))
        if not return_std:
            return mean
        deviation = self.network_.std if self.ensemble is None else self.ensemble_.spread
        return mean, self._drop(deviation(points))

    def predict_jacobian(self, X: Any) -> Any:
        """∂H/∂x: (N, n_L, n_1), or (N, n_1) if y was (N,)."""
        return self._drop(self._model.jacobian(self._points(X)))

    @property
    def _model(self) -> Any:
        return self.network_ if self.ensemble is None else self.ensemble_

    def _drop(self, result: Any) -> Any:
        """A result (N, n_L, ...) without its n_L, if y was (N,)."""
        return result[:, 0] if self._flat else result

    def _points(self, X: Any) -> Any:
        """X as scikit-learn checks it: as many columns as in `fit`, with the same names."""
        check_is_fitted(self)
        return validate_data(self, X, dtype=np.float64, reset=False)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _known(y: Any) -> tuple[Any, Any]:
    """Y with 0 in place of NaN, and where NaN was: None if y is not an array that has any."""
    try:
        numbers = np.asarray(y)
    except (TypeError, ValueError):
        return y, None  # refused later
    if numbers.dtype.kind != "f":
        return y, None
    unknown = np.isnan(numbers)
    return (np.where(unknown, 0.0, numbers), unknown) if unknown.any() else (y, None)


def _seed(random_state: Any) -> Any:
    """The `rng` for `slopenet.fit`: an int itself, or a seed drawn from anything else."""
    if isinstance(random_state, int | np.integer):
        return random_state
    return check_random_state(random_state).randint(_SEEDS)
