"""The derivation evaluated at fifty digits: what every float64 result is held against.

Nothing here is shared with the package. The formulas stand once, in `SIGMA` and `_derive`, for two
kinds of numbers: python-flint's balls, whose radii prove how many digits are right, and mpmath's,
which are slow and there to check the others.
"""

import contextlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import flint
import mpmath
import numpy as np

DIGITS = 50
_BITS = 166  # of them
_PRECISIONS = (300, 1200, 4800)
DEFAULTS = {"leaky_relu": (0.01,), "elu": (1.0,), "softplus": (1.0,)}

Activation = str | tuple[Any, ...]


@dataclass(frozen=True)
class Exact:
    """Results rounded once, to float64; index i of every field is layer l = i + 2.

    Without y there are no delta, dW and db; second derivatives are there if asked for.
    """

    z: tuple[np.ndarray, ...]  # (n_l,)
    a: tuple[np.ndarray, ...]  # (n_l,)
    D: tuple[np.ndarray, ...]  # (n_l,), the diagonal
    da_dx: tuple[np.ndarray, ...]  # (n_l, n_1)
    delta: tuple[np.ndarray, ...]  # (n_l,)
    dW: tuple[np.ndarray, ...]  # (n_l, n_{l-1})
    db: tuple[np.ndarray, ...]  # (n_l,)
    d2a_dx2: tuple[np.ndarray, ...]  # (n_l, n_1, n_1)
    laplacians: tuple[np.ndarray, ...]  # (n_l,), the traces

    @property
    def H(self) -> np.ndarray:
        """H(x) of shape (n_L,)."""
        return self.a[-1]

    @property
    def jacobian(self) -> np.ndarray:
        """∂H/∂x of shape (n_L, n_1)."""
        return self.da_dx[-1]

    @property
    def hessian(self) -> np.ndarray:
        """∇²H_k of shape (n_L, n_1, n_1)."""
        return self.d2a_dx2[-1]

    @property
    def laplacian(self) -> np.ndarray:
        """ΔH_k of shape (n_L,)."""
        return self.laplacians[-1]


def evaluate(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Activation | Sequence[Activation],
    x: np.ndarray,
    y: np.ndarray | None = None,
    *,
    second: bool = False,
    library: Literal["flint", "mpmath"] = "flint",
) -> Exact:
    """Evaluate a network at one point, and with y the gradient of C = ½ ‖y - H(x)‖².

    `second` asks for second derivatives with respect to x too.

    `activations` are one name for all layers or a list with one a layer, each a name or
    (name, parameter); a float32 array counts as the numbers that it holds.
    """
    layers = len(weights)
    each = [activations] * layers if isinstance(activations, str) else list(activations)
    arguments = (weights, biases, [_named(activation) for activation in each], x, y, second)
    return _by_flint(*arguments) if library == "flint" else _by_mpmath(*arguments)


def sensitivity(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Activation | Sequence[Activation],
    x: np.ndarray,
    y: np.ndarray | None = None,
    *,
    exact: Exact | None = None,
    draws: int = 4,
    seed: int = 0,
) -> Exact:
    """Change of every result when W, b and x move by one ulp each, the largest of several draws.

    Every number moves up or down at random, by an ulp of its own dtype; y stays. `exact` is
    `evaluate` of the same arguments, if the caller has it; second derivatives are moved if it has
    them. Overflow counts as no change.
    """
    rng = np.random.default_rng(seed)
    second = exact is not None and bool(exact.d2a_dx2)

    def moved(array: np.ndarray) -> np.ndarray:
        signs = rng.choice(np.array([-1, 1], array.dtype), array.shape)
        return np.asarray(array + signs * np.spacing(np.abs(array)))

    if exact is None:
        exact = evaluate(weights, biases, activations, x, y)
    changed = [
        evaluate(
            [moved(W) for W in weights],
            [moved(b) for b in biases],
            activations,
            moved(x),
            y,
            second=second,
        )
        for _ in range(draws)
    ]
    return Exact(
        *(
            tuple(
                np.max([_distance(base, other) for other in others], axis=0)
                for base, *others in zip(
                    *(getattr(result, field.name) for result in (exact, *changed)), strict=True
                )
            )
            for field in fields(Exact)
        )
    )


def sigma(name: str, parameters: Iterable[float], z: float, order: int) -> mpmath.mpf:
    """σ (order 0), σ' (1) or σ'' (2) at z, right to fifty digits; no parameters: the defaults."""
    context = mpmath.MPContext()
    context.dps = DIGITS + 40  # room for z next to a root of σ' or σ''
    value = SIGMA[name](_Mpmath(context), context.mpf(z), *_named((name, *parameters))[1])[order]
    with mpmath.workdps(DIGITS):
        return +mpmath.mpf(value)


def _named(activation: Activation) -> tuple[str, tuple[float, ...]]:
    if isinstance(activation, str):
        return activation, DEFAULTS.get(activation, ())
    name, *parameters = activation
    return name, tuple(map(float, parameters)) or DEFAULTS.get(name, ())


def _distance(base: np.ndarray, other: np.ndarray) -> np.ndarray:
    finite = np.isfinite(base) & np.isfinite(other)
    return np.asarray(np.abs(np.subtract(other, base, where=finite, out=np.zeros_like(base))))


# The activations: (σ, σ', σ'') of one number z, in forms that keep their digits in both tails.


def _logistic(m: Any, z: Any) -> tuple[Any, Any]:
    """1/(1 + exp(-z)) and 1/(1 + exp(z))."""
    e = m.exp(-abs(z))
    large = 1 / (1 + e)
    return (large, e * large) if float(z) >= 0 else (e * large, large)


def _identity(_: Any, z: Any) -> tuple[Any, Any, Any]:
    return z, 1, 0


def _sigmoid(m: Any, z: Any) -> tuple[Any, Any, Any]:
    s, t = _logistic(m, z)
    return s, s * t, -s * t * m.tanh(z / 2)


def _tanh(m: Any, z: Any) -> tuple[Any, Any, Any]:
    s, t = _logistic(m, 2 * z)
    a = m.tanh(z)
    return a, 4 * s * t, -8 * a * s * t


def _relu(m: Any, z: Any) -> tuple[Any, Any, Any]:
    return (z, 1, 0) if m.sign(z) > 0 else (0, 0, 0)


def _leaky_relu(m: Any, z: Any, slope: float) -> tuple[Any, Any, Any]:
    return (z, 1, 0) if m.sign(z) > 0 else (slope * z, slope, 0)


def _elu(m: Any, z: Any, alpha: float) -> tuple[Any, Any, Any]:
    if m.sign(z) > 0:
        return z, 1, 0
    e = alpha * m.exp(z)
    return alpha * m.expm1(z), e, e


def _selu(m: Any, z: Any) -> tuple[Any, Any, Any]:
    scale = m.number(10507009873554804934193349852946) / 10**31
    alpha = m.number(16732632423543772848170429916717) / 10**31
    return tuple(scale * value for value in _elu(m, z, alpha))


def _softplus(m: Any, z: Any, beta: float) -> tuple[Any, Any, Any]:
    s, t = _logistic(m, beta * z)
    tail = m.log1p(m.exp(-abs(beta * z))) / beta
    return (z + tail if float(beta * z) >= 0 else tail), s, beta * s * t


def _silu(m: Any, z: Any) -> tuple[Any, Any, Any]:
    s, t = _logistic(m, z)
    return z * s, s * (1 + z * t), s * t * (2 - z * m.tanh(z / 2))


def _gelu(m: Any, z: Any) -> tuple[Any, Any, Any]:
    Phi = m.erfc(-z / m.sqrt(m.number(2))) / 2
    phi = m.exp(-z * z / 2) / m.sqrt(2 * m.pi)
    return z * Phi, Phi + z * phi, phi * (2 - z * z)


def _gelu_tanh(m: Any, z: Any) -> tuple[Any, Any, Any]:
    # (1 + tanh u) / 2 is the logistic function at p = 2 u.
    c = 2 * m.sqrt(2 / m.pi)
    k = m.number(44715) / 10**6
    p, dp, ddp = c * (z + k * z**3), c * (1 + 3 * k * z**2), 6 * c * k * z
    s, t = _logistic(m, p)
    return z * s, s * (1 + z * dp * t), s * t * (2 * dp + z * (ddp - dp**2 * m.tanh(p / 2)))


def _mish(m: Any, z: Any) -> tuple[Any, Any, Any]:
    # tanh(log(1 + exp(z))) and its derivative, as fractions in e = exp(-|z|)
    s, t = _logistic(m, z)
    e = m.exp(-abs(z))
    if float(z) >= 0:
        below = 1 + 2 * e + 2 * e * e
        tau, dtau = (1 + 2 * e) / below, 4 * e * e * (1 + e) / below**2
    else:
        below = 2 + 2 * e + e * e
        tau, dtau = e * (2 + e) / below, 4 * e * (1 + e) / below**2
    return z * tau, tau + z * dtau, dtau * (2 + z * (t - 2 * tau * s))


def _softsign(m: Any, z: Any) -> tuple[Any, Any, Any]:
    below = 1 + abs(z)
    return z / below, 1 / below**2, -2 * m.sign(z) / below**3


def _sin(m: Any, z: Any) -> tuple[Any, Any, Any]:
    return m.sin(z), m.cos(z), -m.sin(z)


def _gaussian(m: Any, z: Any) -> tuple[Any, Any, Any]:
    e = m.exp(-z * z)
    return e, -2 * z * e, (4 * z * z - 2) * e


SIGMA: dict[str, Callable[..., tuple[Any, Any, Any]]] = {
    "identity": _identity,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "softplus": _softplus,
    "silu": _silu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "mish": _mish,
    "softsign": _softsign,
    "sin": _sin,
    "gaussian": _gaussian,
}


def _derive(
    m: Any,
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[tuple[str, tuple[float, ...]]],
    x: np.ndarray,
    y: np.ndarray | None,
    second: bool,
) -> dict[str, list[Any]]:
    """Fill the fields of `Exact` with matrices of m, vectors as columns, Hessians as rows."""
    W = [m.matrix(array) for array in weights]
    a = [m.matrix(np.reshape(x, (-1, 1)))]  # a[l-1] at index i, as x is before the first layer
    z: list[Any] = []
    D: list[Any] = []
    da_dx: list[Any] = []
    delta: list[Any] = []
    d2a_dx2: list[Any] = []
    for i, (b, (name, parameters)) in enumerate(zip(biases, activations, strict=True)):
        z.append(W[i] * a[i] + m.matrix(np.reshape(b, (-1, 1))))
        columns = zip(*(SIGMA[name](m, zj, *parameters) for zj in m.entries(z[i])), strict=True)
        values, slopes, bends = map(list, columns)
        a.append(m.build(len(values), 1, values))
        D.append(m.build(len(slopes), 1, slopes))
        DW = _scaled_rows(m, slopes, W[i])
        if second:
            dz_dx = W[i] * da_dx[-1] if i else W[i]
            bend = _scaled_rows(m, bends, _squares(m, dz_dx))
            d2a_dx2.append(bend + DW * d2a_dx2[-1] if i else bend)
        da_dx.append(DW * da_dx[-1] if i else DW)
    if y is not None:
        error = a[-1] - m.matrix(np.reshape(y, (-1, 1)))
        delta = [_scaled_rows(m, m.entries(D[-1]), error)]
        for i in range(len(W) - 2, -1, -1):
            back = m.transposed(W[i + 1]) * delta[0]
            delta.insert(0, _scaled_rows(m, m.entries(D[i]), back))
    dW = [d * m.transposed(before) for d, before in zip(delta, a, strict=False)]
    first = {"z": z, "a": a[1:], "D": D, "da_dx": da_dx, "delta": delta, "dW": dW, "db": delta}
    return first | {"d2a_dx2": d2a_dx2, "laplacians": [_traces(m, h) for h in d2a_dx2]}


def _squares(m: Any, matrix: Any) -> Any:
    """Row j of the result is (row j)ᵀ (row j), n² entries in a row."""
    rows, n = m.shape(matrix)
    entries = m.entries(matrix)
    each = [entries[j * n : (j + 1) * n] for j in range(rows)]
    return m.build(rows, n * n, [p * q for row in each for p in row for q in row])


def _traces(m: Any, matrix: Any) -> Any:
    """The trace of every row, which is an n by n matrix in a row."""
    rows, square = m.shape(matrix)
    n, entries = math.isqrt(square), m.entries(matrix)
    starts = range(0, rows * square, square)
    return m.build(rows, 1, [sum(entries[j : j + square : n + 1]) for j in starts])


def _scaled_rows(m: Any, factors: Sequence[Any], matrix: Any) -> Any:
    """diag(factors) · matrix."""
    rows, columns = m.shape(matrix)
    entries = m.entries(matrix)
    scaled = [
        factor * entry
        for i, factor in enumerate(factors)
        for entry in entries[i * columns : (i + 1) * columns]
    ]
    return m.build(rows, columns, scaled)


def _rounded(m: Any, results: dict[str, list[Any]]) -> Exact:
    def array(field: str, matrix: Any) -> np.ndarray:
        rounded = np.array(m.floats(matrix))
        if field == "d2a_dx2":
            n = math.isqrt(m.shape(matrix)[1])
            return rounded.reshape(-1, n, n)
        return rounded.reshape(m.shape(matrix)) if field in {"da_dx", "dW"} else rounded

    return Exact(
        **{key: tuple(array(key, matrix) for matrix in row) for key, row in results.items()}
    )


# The two kinds of numbers.


class _Mpmath:
    """Numbers of an mpmath context: without a radius, so with many more digits than are wanted."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.number = context.mpf
        self.exp, self.expm1, self.log1p = context.exp, context.expm1, context.log1p
        self.tanh, self.sin, self.cos = context.tanh, context.sin, context.cos
        self.sqrt, self.sign = context.sqrt, context.sign

    @property
    def pi(self) -> Any:
        return +self.context.pi

    def erfc(self, z: Any) -> Any:
        if z < 10**100:
            return self.context.erfc(z)
        return self.exp(-z * z) / (z * self.sqrt(self.pi))  # mpmath overflows here

    def matrix(self, array: np.ndarray) -> Any:
        return self.context.matrix(np.asarray(array, np.float64).tolist())

    def build(self, rows: int, columns: int, entries: Sequence[Any]) -> Any:
        return self.context.matrix([entries[i * columns : (i + 1) * columns] for i in range(rows)])

    def entries(self, matrix: Any) -> list[Any]:
        return list(matrix)

    def shape(self, matrix: Any) -> tuple[int, int]:
        return matrix.rows, matrix.cols

    def transposed(self, matrix: Any) -> Any:
        return matrix.T

    def floats(self, matrix: Any) -> list[float]:
        return [float(entry) for entry in matrix]


def _by_mpmath(*arguments: Any) -> Exact:
    context = mpmath.MPContext()
    context.dps = 350 + DIGITS  # 1 - a may be as small as the least subnormal number
    m = _Mpmath(context)
    return _rounded(m, _derive(m, *arguments))


class _UnsettledError(ArithmeticError):
    """Some ball is too wide at this precision."""


class _Flint:
    """Balls at the precision that is set; they know how wrong they may be."""

    number = flint.arb
    exp = staticmethod(flint.arb.exp)
    expm1 = staticmethod(flint.arb.expm1)
    log1p = staticmethod(flint.arb.log1p)
    tanh = staticmethod(flint.arb.tanh)
    sin = staticmethod(flint.arb.sin)
    cos = staticmethod(flint.arb.cos)
    erfc = staticmethod(flint.arb.erfc)
    sqrt = staticmethod(flint.arb.sqrt)

    def __init__(self, *, last: bool) -> None:
        self.last = last  # the highest precision: what is still unsettled here is zero

    @property
    def pi(self) -> Any:
        return flint.arb.pi()

    def sign(self, z: Any) -> int:
        if z > 0:
            return 1
        if z < 0:
            return -1
        if z == 0 or self.last:
            return 0
        raise _UnsettledError

    def matrix(self, array: np.ndarray) -> Any:
        rows, columns = array.shape
        return self.build(rows, columns, np.asarray(array, np.float64).ravel().tolist())

    def build(self, rows: int, columns: int, entries: Sequence[Any]) -> Any:
        return flint.arb_mat(rows, columns, entries)

    def entries(self, matrix: Any) -> list[Any]:
        return list(matrix.entries())

    def shape(self, matrix: Any) -> tuple[int, int]:
        return matrix.nrows(), matrix.ncols()

    def transposed(self, matrix: Any) -> Any:
        return matrix.transpose()

    def floats(self, matrix: Any) -> list[float]:
        entries = matrix.entries()
        if min(map(flint.arb.rel_accuracy_bits, entries)) >= _BITS:
            return [float(entry) for entry in entries]
        largest = max(entry.abs_upper() for entry in entries)
        return [self._float(entry, largest) for entry in entries]

    def _float(self, entry: Any, largest: Any) -> float:
        if entry.rel_accuracy_bits() >= _BITS:
            return float(entry)
        if entry.abs_upper() < flint.arb(2) ** -1100:
            return 0.0
        if self.last and entry.rad() <= largest / 2**_BITS:  # cancelled, down to nothing maybe
            return 0.0 if entry.contains(0) else float(entry)
        raise _UnsettledError


def _by_flint(*arguments: Any) -> Exact:
    for precision in _PRECISIONS:
        with contextlib.suppress(_UnsettledError), flint.ctx.workprec(precision):
            m = _Flint(last=precision == _PRECISIONS[-1])
            return _rounded(m, _derive(m, *arguments))
    message = "the network is too ill-conditioned for the oracle"
    raise ArithmeticError(message)
