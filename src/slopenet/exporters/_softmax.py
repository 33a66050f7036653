"""softmax and log-softmax in a Python file: functions of the logits, and those made of them."""

from __future__ import annotations

import re

from slopenet.activations import Head

_PROBABILITIES = '''

def softmax(z):
    """p = softmax(z) and log p, (N, n_L)."""
    largest = np.arange(z.shape[1]) == z.argmax(axis=1)[:, None]
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    rest = np.where(largest, 0, e).sum(axis=1, keepdims=True, dtype=z.dtype)
    return e / (1 + rest), z - np.log1p(rest)
'''
_CENTRED = '''

def like(p, a):
    """p with the axes of a."""
    return p.reshape(p.shape + (1,) * (a.ndim - 2))


def centred(p, a):
    """a_k - Σ_m p_m a_m: differences from the output of the largest p first."""
    index = like(p.argmax(axis=1)[:, None], a)
    difference = a - np.take_along_axis(a, index, axis=1)
    return difference - (like(p, a) * difference).sum(axis=1, keepdims=True)
'''
_FUNCTIONS = {
    "value": '''

def value(X):
    """{name}(z), (N, n_L)."""
    return softmax(logits_value(X))[{log}]
''',
    "jacobian": '''

def jacobian(X):
    """∂H/∂x, (N, n_L, n_1): ∇log p_k = ∇z_k - Σ_m p_m ∇z_m."""
    p, _ = softmax(logits_value(X))
    return {scaled}centred(p, logits_jacobian(X))
''',
    "jvp": '''

def jvp(X, v):
    """J v, (N, n_L).  v is (N, n_1) or (n_1,)."""
    p, _ = softmax(logits_value(X))
    return {row_scaled}centred(p, logits_jvp(X, v))
''',
    "vjp": '''

def vjp(X, u):
    """Jᵀ u, (N, n_1).  u is (N, n_L) or (n_L,)."""
    p, _ = softmax(logits_value(X))
    u = np.broadcast_to(np.asarray(u, p.dtype), p.shape)
    return logits_vjp(X, {pulled})
''',
    "hessian": '''

def hessian(X):
    """∇²log p_k = ∇²z_k - Σ_m p_m (∇²z_m + g_m g_mᵀ), g_k = ∇log p_k;  (N, n_L, n_1, n_1)."""
    p, _ = softmax(logits_value(X))
    g = centred(p, logits_jacobian(X))
    squares = g[..., :, None] * g[..., None, :]
    curved = centred(p, logits_hessian(X)) - (like(p, squares) * squares).sum(axis=1, keepdims=True)
    return {curved}
''',
}
# The functions of the logits that each function calls.
_CALLED = {
    "value": ("value",),
    "jacobian": ("value", "jacobian"),
    "jvp": ("value", "jvp"),
    "vjp": ("value", "vjp"),
    "hessian": ("value", "jacobian", "hessian"),
}


def called(derivatives: tuple[str, ...]) -> tuple[str, ...]:
    """The functions of the logits that are needed."""
    wanted = {name for derivative in derivatives for name in _CALLED[derivative]}
    return tuple(name for name in _CALLED if name in wanted)


def of_logits(functions: str) -> str:
    """The functions of a network under names of their own."""
    return re.sub(
        r"^def (value|jacobian|jvp|vjp|hessian)\(", r"def logits_\1(", functions, flags=re.M
    )


def functions(head: Head, derivatives: tuple[str, ...]) -> str:
    """The functions that users call."""
    log = head.name == "log_softmax"
    given = {
        "name": head.name,
        "log": int(log),
        "scaled": "" if log else "p[:, :, None] * ",
        "row_scaled": "" if log else "p * ",
        "pulled": "u - p * u.sum(axis=1, keepdims=True)" if log else "p * centred(p, u)",
        "curved": "curved" if log else "like(p, squares) * (squares + curved)",
    }
    centred = "" if derivatives == ("value",) else _CENTRED
    texts = (_FUNCTIONS[name].format(**given) for name in derivatives)
    return "".join([_PROBABILITIES, centred, *texts])
