"""The cost of values and slopes as a sum of squares.

    f(θ) = ½ ‖r(θ)‖² + ½ l2 Σ_l ‖W[l]‖²

r has √(w_s/N) (H_k(x_s) - y_sk), √(w_s λ_ki/N) (∂H_k/∂x_i - T_ski) and, along directions,
√(w_s μ_mk/N) (v_sm·∇H_k - t_smk), the values of a sample before its
slopes: the same f as `slopenet.training.objective.gradient`, linearised for Gauss-Newton steps.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np

from slopenet import _core
from slopenet._types import Floats
from slopenet.dataset.dataset import Data
from slopenet.evaluate.threads import get_num_threads
from slopenet.parameters import weight_mask
from slopenet.training.objective.normal_equations import Dual, Factors, Primal, Products, Ridge

# Entries of J that are held at a time.
_BLOCK = 1 << 20
# N l2 of the biases, which are not penalised, where a singular matrix will not do.
_FREE = 1e-3


class LeastSquares:
    """f(θ) of one network shape and data set.

    Parameters
    ----------
    sizes : sequence of int
        n_1, ..., n_L.
    activations : sequence of (str, float)
        σ of each layer and its parameter.
    data : Data
    slope_weight : (n_L, n_1)
        λ.
    along_weight : (n_L,), optional
        μ.
    l2 : float
        May be changed at any time.
    threads : int, optional
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activations: Sequence[tuple[str, float]],
        data: Data,
        slope_weight: Floats,
        *,
        along_weight: Floats | float = 1.0,
        l2: float = 0.0,
        threads: int | None = None,
    ) -> None:
        self.sizes = tuple(sizes)
        self.l2 = l2
        self.samples = len(data)
        self._threads = threads
        self._P = weight_mask(self.sizes)
        self.size = len(self._P)
        self._core = _core.Model64(self.sizes, list(activations), np.zeros_like(self._P))
        self._X, self._V = data.X, _tangents(data)
        target, square = [data.y], [np.ones(data.y.shape)]
        self._count = 0
        if data.dydx is not None:
            own = slope_weight if data.slope_weight is None else data.slope_weight
            target.append(_in_rows(data.dydx.transpose(0, 2, 1)))
            square.append(_in_rows(np.broadcast_to(own, data.dydx.shape).transpose(0, 2, 1)))
            self._count += data.X.shape[1]
        if data.directions is not None and data.along is not None:
            each = along_weight if data.along_weight is None else data.along_weight
            target.append(_in_rows(data.along))
            square.append(_in_rows(np.broadcast_to(each, data.along.shape)))
            self._count += data.directions.shape[1]
        T = np.concatenate(target, axis=1)
        known = ~np.isnan(T)
        self._target = np.where(known, T, 0.0)
        weight = np.concatenate(square, axis=1)
        if data.weight is not None:
            weight = weight * data.weight[:, None]
        self._fair = np.sqrt(np.where(known, weight, 0.0) / len(data))
        self.residuals = int(np.count_nonzero(self._fair))
        self.slopes = self.residuals - int(np.count_nonzero(self._fair[:, : self.sizes[-1]]))
        self._balance, self._scale = 1.0, self._fair

    @property
    def balance(self) -> float:
        """ρ, by which λ and μ are multiplied; may be changed at any time."""
        return self._balance

    @balance.setter
    def balance(self, value: float) -> None:
        if value == self._balance:
            return
        self._balance = value
        self._scale = self._fair * np.sqrt(self._shares())

    def _shares(self) -> Floats:
        """What a sample's residuals are multiplied by, squared."""
        shares = np.full(self._target.shape[1], self._balance)
        shares[: self.sizes[-1]] = 1.0
        return shares

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
        """What the normal equations at θ are made of, the ridge left out."""
        return Products.of(self._blocks(theta), theta.size)

    def _ridge(self, theta: Floats) -> Ridge:
        return Ridge(self.l2, self._P, self._P * theta)

    def _run(self, rows: slice, scale: Floats | None, *, factors: bool) -> tuple:  # type: ignore[type-arg]
        threads = get_num_threads() if self._threads is None else self._threads
        V = None if self._V is None else self._V[rows]
        return self._core.gauss_newton(self._X[rows], V, self._count, scale, factors, threads)

    def _weighted(self, rows: slice, H: Floats, Jv: Floats) -> Floats:
        found = np.concatenate([H, Jv.reshape(len(H), -1)], axis=1) if self._count else H
        weighted: Floats = (self._scale[rows] * (found - self._target[rows])).ravel()
        return weighted

    def left_out(self, theta: Floats) -> float:
        """Mean over the samples of what each would cost, to first order, had it been left out.

        The leave-one-out residuals (I - H_ss)⁻¹ r_s of a ridge regression (Allen 1974), a sample's
        values and slopes left out together; as if ρ were 1.
        """
        return self.linearise(theta).left_out(_FREE / self.samples, 1 / self._shares())

    def _blocks(self, theta: Floats) -> Iterator[tuple[Floats, Floats]]:
        """R and J of some samples at a time."""
        self._core.set(theta)
        step = max(1, _BLOCK // (self._target.shape[1] * theta.size))
        for first in range(0, self.samples, step):
            rows = slice(first, first + step)
            H, Jv, J, *_ = self._run(rows, self._scale[rows], factors=False)
            yield self._weighted(rows, H, Jv), J

    def _factors(self) -> tuple[Floats, list[Factors]]:
        """R, and what the rows of J are made of in each layer, their scales included."""
        H, Jv, _, *layers = self._run(slice(None), None, factors=True)
        scale = self._scale.reshape(*H.shape[:1], -1, H.shape[1])[..., None]
        made = []
        for a, G, along, E in zip(*layers, strict=True):
            first = np.concatenate([G[:, None], E], axis=1) * scale
            made.append(Factors(a, first, along, G[:, None] * scale[:, 1:]))
        return self._weighted(slice(None), H, Jv), made


def _in_rows(x: Floats) -> Floats:
    """One row a sample."""
    return x.reshape(len(x), -1)


def _tangents(data: Data) -> Floats | None:
    """Along what slopes are learned (N, M, n_1); None for the unit vectors alone."""
    if data.directions is None or data.dydx is None:
        return data.directions
    units = np.broadcast_to(np.eye(data.X.shape[1]), (len(data), *[data.X.shape[1]] * 2))
    return np.ascontiguousarray(np.concatenate([units, data.directions], axis=1))
