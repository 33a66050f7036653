"""The cost of values and slopes as a sum of squares.

    f(θ) = ½ ‖r(θ)‖² + ½ l2 Σ_l ‖W[l]‖²

r has √(w_s v_k/N) (H_k(x_s) - y_sk), √(w_s λ_ki/N) (∂H_k/∂x_i - T_ski) and, along directions,
√(w_s μ_mk/N) (v_sm·∇H_k - t_smk), the values of a sample before its
slopes: the same f as `slopenet.training.objective.gradient`, linearised for Gauss-Newton steps.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from slopenet import _core
from slopenet._types import Floats
from slopenet.activations import LayerActivation
from slopenet.dataset.dataset import Data
from slopenet.evaluate.threads import get_num_threads
from slopenet.parameters import weight_mask
from slopenet.training.objective.normal_equations import Dual, Factors, Primal, Products, Ridge

# Entries of J in memory at a time.
_BLOCK = 1 << 20
# N l2 of the biases, which are not penalised, where the matrix must not be singular.
FREE = 1e-3


class LeastSquares:
    """f(θ) of one network shape and data set.

    Parameters
    ----------
    sizes : sequence of int
        n_1, ..., n_L.
    activations : sequence of Activation or Runs
        σ of each layer and its parameter.
    data : Data
    slope_weight : (n_L, n_1)
        λ.
    dydv_weight : (n_L,), optional
        μ.
    l2 : float
        May be changed at any time.
    samples : float, optional
        The number of samples that all rows stand for, each by its share of the weights; unless
        given, each row stands for itself.
    threads : int, optional

    Attributes
    ----------
    samples, residuals, slopes, size : int
        Numbers of samples, of known values and slopes, of slopes alone, and of parameters.
    log_weights : float
        ½ Σ log of all weights, w_s or w_s λ: by so much is the log of a probability density of the
        targets larger than that of their weighted residuals.
    log_shape : float
        The log density of the residuals beyond that of a normal one; 0.
    """

    log_shape = 0.0

    def __init__(
        self,
        sizes: Sequence[int],
        activations: Sequence[LayerActivation],
        data: Data,
        slope_weight: Floats,
        *,
        dydv_weight: Floats | float = 1.0,
        l2: float = 0.0,
        samples: float | None = None,
        threads: int | None = None,
    ) -> None:
        self.sizes = tuple(sizes)
        self.l2 = l2
        self.samples = len(data) if samples is None else samples
        self._threads = threads
        self._P = weight_mask(self.sizes)
        self.size = len(self._P)
        rows: list[Any] = list(activations)
        self._core = _core.Model64(self.sizes, rows, np.zeros_like(self._P))
        self._X, self._V = data.X, _tangents(data)
        values = np.ones(data.y.shape) if data.value_weight is None else data.value_weight
        targets, weights = [data.y], [values]
        self._count = 0
        self._by_input = 0 if data.dydx is None else data.X.shape[1]
        if data.dydx is not None:
            slope_weight = slope_weight if data.slope_weight is None else data.slope_weight
            per_slope = np.broadcast_to(slope_weight, data.dydx.shape)
            targets.append(_in_rows(data.dydx.transpose(0, 2, 1)))
            weights.append(_in_rows(per_slope.transpose(0, 2, 1)))
            self._count += data.X.shape[1]
        if data.directions is not None and data.dydv is not None:
            dydv_weight = dydv_weight if data.dydv_weight is None else data.dydv_weight
            targets.append(_in_rows(data.dydv))
            weights.append(_in_rows(np.broadcast_to(dydv_weight, data.dydv.shape)))
            self._count += data.directions.shape[1]
        target = np.concatenate(targets, axis=1)
        known = ~np.isnan(target)
        self._target = np.where(known, target, 0.0)
        weight = np.concatenate(weights, axis=1)
        if data.sample_weight is not None:
            weight = weight * data.sample_weight[:, None]
        self._even_scale = np.sqrt(np.where(known, weight, 0.0) / len(data))
        self._copies = np.ones((len(data), 1))
        if samples is not None and data.sample_weight is not None:
            self._copies = data.sample_weight[:, None] * (samples / data.sample_weight.sum())
        self._counts = (self._even_scale != 0) * self._copies
        self.residuals = float(self._counts.sum())
        self.slopes = float(self._counts[:, self.sizes[-1] :].sum())
        of_one = np.where(self._counts > 0, weight / self._copies, 1.0)
        self.log_weights = 0.5 * float((self._counts * np.log(of_one)).sum())
        self._balance, self._scale = 1.0, self._even_scale

    @property
    def balance(self) -> float:
        """ρ, by which λ and μ are multiplied; may be changed at any time."""
        return self._balance

    @balance.setter
    def balance(self, value: float) -> None:
        if value == self._balance:
            return
        self._balance = value
        self._set_scale()

    def _set_scale(self) -> None:
        """Set the factor of each residual."""
        self._scale = self._even_scale * np.sqrt(self._factors_of_balance())

    def reweigh(self, theta: Floats) -> None:
        """Take the weights of θ, if they depend on it; they do not here."""

    def _factors_of_balance(self) -> Floats:
        """1 for each value of a sample, ρ for each of its slopes."""
        factors = np.full(self._target.shape[1], self._balance)
        factors[: self.sizes[-1]] = 1.0
        return factors

    def copy(self, *, l2: float, balance: float) -> LeastSquares:
        """The same data with another l2 and ρ."""
        other = copy.copy(self)
        other.l2, other.balance = l2, balance
        return other

    def value(self, theta: Floats) -> float:
        """f(θ)."""
        self._core.set(theta)
        H, Jv, *_ = self._run(slice(None), None, factors=False)
        r = self._weighted(slice(None), H, Jv)
        return 0.5 * float(r @ r) + self._ridge(theta).cost

    def reweighed_value(self, theta: Floats) -> float:
        """f(θ) with the weights of θ."""
        self.reweigh(theta)
        return self.value(theta)

    def judged(self, theta: Floats) -> float:
        """The cost of values and slopes by which different θ are compared; here f without l2."""
        return self.value(theta) - self.penalty(theta)

    def penalty(self, theta: Floats) -> float:
        """½ l2 Σ_l ‖W[l]‖²."""
        return self._ridge(theta).cost

    def linearise(self, theta: Floats) -> Primal | Dual:
        """The Gauss-Newton model at θ, primal or dual, whichever is smaller."""
        self._core.set(theta)
        ridge = self._ridge(theta)
        if self._target.size < theta.size:
            return Dual(*self._factors(), self.sizes, ridge)
        return Primal(lambda: self._blocks(theta), ridge)

    def products(self, theta: Floats) -> Products:
        """The products in the normal equations at θ, without the ridge."""
        return Products.of(self._blocks(theta), theta.size)

    def _ridge(self, theta: Floats) -> Ridge:
        return Ridge(self.l2, self._P, self._P * theta)

    def _run(self, rows: slice, scale: Floats | None, *, factors: bool) -> tuple:  # type: ignore[type-arg]
        threads = get_num_threads() if self._threads is None else self._threads
        V = None if self._V is None else self._V[rows]
        return self._core.gauss_newton(self._X[rows], V, self._count, scale, factors, threads)

    def _missed(self, rows: slice, H: Floats, Jv: Floats) -> Floats:
        found = np.concatenate([H, Jv.reshape(len(H), -1)], axis=1) if self._count else H
        return np.asarray(found - self._target[rows])

    def _weighted(self, rows: slice, H: Floats, Jv: Floats) -> Floats:
        weighted: Floats = (self._scale[rows] * self._missed(rows, H, Jv)).ravel()
        return weighted

    def missed_left_out(self, theta: Floats) -> tuple[Floats, Floats]:
        """What targets are missed by, each sample left out, and the targets: (N, kinds, n_L).

        To first order, as `left_out`. A kind is the value, then the slopes ∂y/∂x_i if any is known;
        NaN where one is missing.
        """
        columns = self._target.shape[1]
        e = self.linearise(theta).residuals_left_out(FREE / self.samples, columns)
        known = self._even_scale > 0
        missed = np.where(known, e / np.where(known, self._scale, 1.0), np.nan)
        targets = np.where(known, self._target, np.nan)
        outputs = self.sizes[-1]
        kinds = 1 + self._by_input
        shape = (len(e), kinds, outputs)
        cut = slice(kinds * outputs)
        return missed[:, cut].reshape(shape), targets[:, cut].reshape(shape)

    def left_out(self, theta: Floats) -> float:
        """Mean cost of the samples, each left out of the fit, to first order.

        The leave-one-out residuals (I - H_ss)⁻¹ r_s of a ridge regression (Allen 1974); a sample's
        values, slopes and copies are left out together, and weighted as if ρ were 1.
        """
        weights = 1 / self._factors_of_balance()
        mean = self.linearise(theta).left_out(FREE / self.samples, weights)
        return mean * (len(self._X) / self.samples)

    def _blocks(self, theta: Floats) -> Iterator[tuple[Floats, Floats]]:
        """R and J of some samples at a time."""
        self._core.set(theta)
        step = max(1, _BLOCK // (self._target.shape[1] * theta.size))
        for first in range(0, len(self._X), step):
            rows = slice(first, first + step)
            H, Jv, J, *_ = self._run(rows, self._scale[rows], factors=False)
            yield self._weighted(rows, H, Jv), J

    def _factors(self) -> tuple[Floats, list[Factors]]:
        """R, and the factors of the rows of J in each layer, scaled like R."""
        H, Jv, _, *layers = self._run(slice(None), None, factors=True)
        scale = self._scale.reshape(*H.shape[:1], -1, H.shape[1])[..., None]
        made = []
        for a, G, tangents, E in zip(*layers, strict=True):
            on_a = np.concatenate([G[:, None], E], axis=1) * scale
            made.append(Factors(a, on_a, tangents, G[:, None] * scale[:, 1:]))
        return self._weighted(slice(None), H, Jv), made


def _in_rows(x: Floats) -> Floats:
    """One row per sample."""
    return x.reshape(len(x), -1)


def _tangents(data: Data) -> Floats | None:
    """Directions of all known slopes (N, M, n_1); None for the unit vectors alone."""
    if data.directions is None or data.dydx is None:
        return data.directions
    units = np.broadcast_to(np.eye(data.X.shape[1]), (len(data), *[data.X.shape[1]] * 2))
    return np.ascontiguousarray(np.concatenate([units, data.directions], axis=1))
