"""The methods of a network at points: values, and first and second derivatives."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy import ndarray

from slopenet._types import Floats, ForeignT, Points
from slopenet.derivation import Chain
from slopenet.evaluate import array_api
from slopenet.evaluate.plan import Plan
from slopenet.validate import arrays
from slopenet.validate.frames import Names


class Derivatives:
    """Values and derivatives of a network H at points X, (N, n_1), or one point (n_1,).

    For a single point, the shapes below have no N. For NumPy input, each method also accepts

    out : array, or tuple of arrays if there are several results
        Arrays to write to and return: C-contiguous, of the network's dtype and the result's shape,
        without shared memory with the input.
    threads : int
        The maximum number of threads of this call, instead of that of `set_num_threads`.

    Arrays of torch, JAX and CuPy are computed in their own library.
    """

    __slots__ = ()
    _core: Any
    _dtype: np.dtype[Any]
    _input_names: tuple[str, ...] | None
    _output_names: tuple[str, ...] | None

    # The core accepts arrays that need no conversion and returns None for others, so that a single
    # point costs no more than its arithmetic. Others than ndarrays do not reach it, because
    # torch.compile cannot trace it.

    @overload
    def __call__(self, X: Points, *, out: Any = None, threads: int | None = None) -> Floats: ...
    @overload
    def __call__(self, X: ForeignT, *, out: Any = None, threads: int | None = None) -> ForeignT: ...
    def __call__(self, X: Any, *, out: Any = None, threads: int | None = None) -> Any:
        """H(x): (N, n_L)."""
        H = self._core.values(X, out, threads) if type(X) is ndarray else None
        return self._converted("values", X, out, threads) if H is None else H

    @overload
    def jacobian(self, X: Points, *, out: Any = None, threads: int | None = None) -> Floats: ...
    @overload
    def jacobian(self, X: ForeignT, *, out: Any = None, threads: int | None = None) -> ForeignT: ...
    def jacobian(self, X: Any, *, out: Any = None, threads: int | None = None) -> Any:
        """∂H/∂x = D[L] W[L] ··· D[2] W[2]: (N, n_L, n_1), multiplied in the order of `plan`."""
        J = self._core.jacobian(X, out, threads) if type(X) is ndarray else None
        return self._converted("jacobian", X, out, threads) if J is None else J

    @overload
    def value_and_jacobian(
        self, X: Points, *, out: Any = None, threads: int | None = None
    ) -> tuple[Floats, Floats]: ...
    @overload
    def value_and_jacobian(
        self, X: ForeignT, *, out: Any = None, threads: int | None = None
    ) -> tuple[ForeignT, ForeignT]: ...
    def value_and_jacobian(
        self, X: Any, *, out: Any = None, threads: int | None = None
    ) -> tuple[Any, Any]:
        """H(x) (N, n_L) and ∂H/∂x (N, n_L, n_1), in one sweep."""
        both: tuple[Any, Any] | None = (
            self._core.value_and_jacobian(X, out, threads) if type(X) is ndarray else None
        )
        return both or self._converted("value_and_jacobian", X, out, threads)

    @overload
    def jvp(self, X: Points, v: Any, *, out: Any = None, threads: int | None = None) -> Floats: ...
    @overload
    def jvp(
        self, X: ForeignT, v: Any, *, out: Any = None, threads: int | None = None
    ) -> ForeignT: ...
    def jvp(self, X: Any, v: Any, *, out: Any = None, threads: int | None = None) -> Any:
        """J v (N, n_L): the change of H along v, (N, n_1) or one direction (n_1,) for all."""
        Jv = self._core.jvp(X, v, out, threads) if type(X) is ndarray else None
        return self._along_x("jvp", X, v, out, threads) if Jv is None else Jv

    @overload
    def vjp(self, X: Points, u: Any, *, out: Any = None, threads: int | None = None) -> Floats: ...
    @overload
    def vjp(
        self, X: ForeignT, u: Any, *, out: Any = None, threads: int | None = None
    ) -> ForeignT: ...
    def vjp(self, X: Any, u: Any, *, out: Any = None, threads: int | None = None) -> Any:
        """Jᵀ u (N, n_1): the gradient of u·H; u is (N, n_L), or (n_L,) for all points."""
        uJ = self._core.vjp(X, u, out, threads) if type(X) is ndarray else None
        return self._along_H("vjp", X, u, out, threads) if uJ is None else uJ

    @overload
    def hessian(self, X: Points, *, out: Any = None, threads: int | None = None) -> Floats: ...
    @overload
    def hessian(self, X: ForeignT, *, out: Any = None, threads: int | None = None) -> ForeignT: ...
    def hessian(self, X: Any, *, out: Any = None, threads: int | None = None) -> Any:
        """∇²H_k = Σ_l Z'[l]ᵀ diag(c[l]_k ∘ σ''(z[l])) Z'[l]: (N, n_L, n_1, n_1).

        Exactly symmetric. c[l]_k = ∂H_k/∂a[l], Z'[l] = ∂z[l]/∂x.
        """
        hessian = self._core.hessian(X, out, threads) if type(X) is ndarray else None
        return self._converted("hessian", X, out, threads) if hessian is None else hessian

    @overload
    def hvp(self, X: Points, v: Any, *, out: Any = None, threads: int | None = None) -> Floats: ...
    @overload
    def hvp(
        self, X: ForeignT, v: Any, *, out: Any = None, threads: int | None = None
    ) -> ForeignT: ...
    def hvp(self, X: Any, v: Any, *, out: Any = None, threads: int | None = None) -> Any:
        """∇²H_k v (N, n_L, n_1) without the Hessian, v (N, n_1) or one direction (n_1,) for all."""
        product = self._core.hvp(X, v, out, threads) if type(X) is ndarray else None
        return self._along_x("hvp", X, v, out, threads) if product is None else product

    @overload
    def weighted_hessian(
        self, X: Points, u: Any, *, out: Any = None, threads: int | None = None
    ) -> Floats: ...
    @overload
    def weighted_hessian(
        self, X: ForeignT, u: Any, *, out: Any = None, threads: int | None = None
    ) -> ForeignT: ...
    def weighted_hessian(
        self, X: Any, u: Any, *, out: Any = None, threads: int | None = None
    ) -> Any:
        """Σ_k u_k ∇²H_k (N, n_1, n_1), at about the cost of one output; u (N, n_L) or (n_L,).

        This is the Hessian of a Lagrangian u·H, as solvers of nonlinear programs need it.
        """
        total = self._core.weighted_hessian(X, u, out, threads) if type(X) is ndarray else None
        return self._along_H("weighted_hessian", X, u, out, threads) if total is None else total

    @overload
    def laplacian(self, X: Points, *, out: Any = None, threads: int | None = None) -> Floats: ...
    @overload
    def laplacian(
        self, X: ForeignT, *, out: Any = None, threads: int | None = None
    ) -> ForeignT: ...
    def laplacian(self, X: Any, *, out: Any = None, threads: int | None = None) -> Any:
        """ΔH_k = tr ∇²H_k = Σ_l Σ_j c[l]_kj σ''(z[l]_j) ‖Z'[l]_j‖²: (N, n_L).

        No second derivative is stored, so it needs no more memory than first derivatives.
        """
        laplacian = self._core.laplacian(X, out, threads) if type(X) is ndarray else None
        return self._converted("laplacian", X, out, threads) if laplacian is None else laplacian

    @overload
    def value_jacobian_hessian(
        self, X: Points, *, out: Any = None, threads: int | None = None
    ) -> tuple[Floats, Floats, Floats]: ...
    @overload
    def value_jacobian_hessian(
        self, X: ForeignT, *, out: Any = None, threads: int | None = None
    ) -> tuple[ForeignT, ForeignT, ForeignT]: ...
    def value_jacobian_hessian(
        self, X: Any, *, out: Any = None, threads: int | None = None
    ) -> tuple[Any, Any, Any]:
        """H(x), ∂H/∂x and ∇²H in one sweep, as second-order optimisers need them."""
        three: tuple[Any, Any, Any] | None = (
            self._core.value_jacobian_hessian(X, out, threads) if type(X) is ndarray else None
        )
        return three or self._converted("value_jacobian_hessian", X, out, threads)

    @overload
    def value_jacobian_laplacian(
        self, X: Points, *, out: Any = None, threads: int | None = None
    ) -> tuple[Floats, Floats, Floats]: ...
    @overload
    def value_jacobian_laplacian(
        self, X: ForeignT, *, out: Any = None, threads: int | None = None
    ) -> tuple[ForeignT, ForeignT, ForeignT]: ...
    def value_jacobian_laplacian(
        self, X: Any, *, out: Any = None, threads: int | None = None
    ) -> tuple[Any, Any, Any]:
        """H(x), ∂H/∂x and ΔH in one sweep, as residuals of differential equations need them."""
        three: tuple[Any, Any, Any] | None = (
            self._core.value_jacobian_laplacian(X, out, threads) if type(X) is ndarray else None
        )
        return three or self._converted("value_jacobian_laplacian", X, out, threads)

    @property
    def plan(self) -> Plan:
        """The multiplication order of the chain ∂H/∂x, with its operation count."""
        return Plan.of(self._core.brackets, self._core.multiplications)

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_1, ..., n_L."""
        raise NotImplementedError

    def chain(self) -> Chain:
        """W[l], b[l] and σ of every layer."""
        raise NotImplementedError

    def _chain_as(self, xp: Any, dtype: Any, device: Any) -> Chain:
        """The chain with arrays of another library."""
        return array_api.copied(self.chain(), xp, dtype, device)

    # A constant of the graphs of torch.compile, as torch.compiler.assume_constant_result marks it.
    _chain_as._dynamo_marked_constant = True  # type: ignore[attr-defined]

    def _points(self, X: Any) -> Floats:
        return arrays.points("X", X, self.sizes[0], self._dtype, self._input_names)

    def _converted(self, name: str, X: Any, out: Any, threads: int | None) -> Any:
        if arrays.is_foreign(X):
            _require_none(out=out, threads=threads)
            return array_api.evaluate(getattr(array_api, name), self._chain_as, X)
        return getattr(self._core, name)(self._points(X), out, threads)

    def _along_x(self, name: str, X: Any, v: Any, out: Any, threads: int | None) -> Any:
        return self._along(name, X, ("v", v, 0, self._input_names), out, threads)

    def _along_H(self, name: str, X: Any, u: Any, out: Any, threads: int | None) -> Any:
        return self._along(name, X, ("u", u, -1, self._output_names), out, threads)

    def _along(
        self,
        name: str,
        X: Any,
        vector: tuple[str, Any, int, Names],
        out: Any,
        threads: int | None,
    ) -> Any:
        label, given, end, names = vector
        if arrays.is_foreign(X):
            _require_none(out=out, threads=threads)
            function = getattr(array_api, name)
            return array_api.evaluate(function, self._chain_as, X, (label, given, end))
        points = self._points(X)
        wanted = (*points.shape[:-1], self.sizes[end])
        array = arrays.directions(label, given, wanted, self._dtype, names)
        return getattr(self._core, name)(points, array, out, threads)


def _require_none(**given: Any) -> None:
    """Raise TypeError for `out` or `threads`, which only the core supports."""
    for name, value in given.items():
        if value is not None:
            raise TypeError(f"{name} is for NumPy input only, not for arrays of other libraries")
