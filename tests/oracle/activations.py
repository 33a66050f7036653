"""The activations: (σ, σ', σ'') of one number z, in forms that keep their digits in both tails."""

from collections.abc import Callable
from typing import Any

DEFAULTS = {"leaky_relu": (0.01,), "elu": (1.0,), "softplus": (1.0,), "clip": (-1.0, 1.0)}
Activation = str | tuple[Any, ...]


def named(activation: Activation) -> tuple[str, tuple[float, ...]]:
    if isinstance(activation, str):
        return activation, DEFAULTS.get(activation, ())
    name, *parameters = activation
    return name, tuple(map(float, parameters)) or DEFAULTS.get(name, ())


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


def _cos(m: Any, z: Any) -> tuple[Any, Any, Any]:
    return m.cos(z), -m.sin(z), -m.cos(z)


def _clip(m: Any, z: Any, low: float, high: float) -> tuple[Any, Any, Any]:
    """At a kink, the left derivative."""
    if m.sign(z - low) <= 0:
        return low, 0, 0
    return (high, 0, 0) if m.sign(z - high) > 0 else (z, 1, 0)


def _gaussian(m: Any, z: Any) -> tuple[Any, Any, Any]:
    e = m.exp(-z * z)
    return e, -2 * z * e, (4 * z * z - 2) * e


def _exp(m: Any, z: Any) -> tuple[Any, Any, Any]:
    e = m.exp(z)
    return e, e, e


def _log(m: Any, z: Any) -> tuple[Any, Any, Any]:
    """For z > 0."""
    return m.log(z), 1 / z, -1 / (z * z)


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
    "cos": _cos,
    "clip": _clip,
    "gaussian": _gaussian,
    "exp": _exp,
    "log": _log,
}
