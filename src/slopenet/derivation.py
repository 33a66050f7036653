"""The derivation, equation by equation, over the array API standard.

Layers l = 2..L; Python index i of every list is layer l = i + 2. Samples are rows: x is (..., n_1),
z[l] and a[l] are (..., n_l), and a matrix belonging to each sample is (..., rows, columns). W[l]
is (n_l, n_{l-1}), b[l] is (n_l,), and D[l] = diag(σ'(z[l])) is kept as its diagonal (..., n_l). The
same lines run on NumPy, torch, JAX and CuPy arrays; the compiled core must match them.

    z[l] = W[l] a[l-1] + b[l],   a[l] = σ(z[l]),   a[1] = x,   H(x) = a[L]
    ∂H/∂x = D[L] W[L] · D[L-1] W[L-1] ··· D[2] W[2]

After Higham & Higham, "Deep Learning: An Introduction for Applied Mathematicians", SIAM Review 61
(2019). The last line is not in the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from array_api_compat import array_namespace, device

from slopenet import softmax
from slopenet.activations import Array, Head, LayerActivation, sigma

Arrays = Sequence[Array]


class Chain(NamedTuple):
    """A network for the equations: W[l], b[l] and σ of every layer."""

    W: Arrays
    b: Arrays
    activations: Sequence[LayerActivation]


class Sweep(NamedTuple):
    """The results of a forward sweep: x = a[1], and z[l], a[l] of every layer."""

    x: Array
    z: list[Array]
    a: list[Array]

    def below(self, i: int) -> Array:
        """a[l-1] of layer l = i + 2."""
        return self.x if i == 0 else self.a[i - 1]


def _times(W: Array, a: Array) -> Array:
    """W a of every sample."""
    return a @ W.T


def _transposed_times(W: Array, d: Array) -> Array:
    """Wᵀ d of every sample."""
    return d @ W


def forward(chain: Chain, x: Array) -> Sweep:
    """z[l] = W[l] a[l-1] + b[l],  a[l] = σ(z[l])."""
    sweep = Sweep(x, [], [])
    for i, (W, b, activation) in enumerate(zip(*chain, strict=True)):
        z = _times(W, sweep.below(i)) + b
        sweep.z.append(z)
        if isinstance(activation, Head):
            sweep.a.append(softmax.value(z, log=activation.name == "log_softmax"))
        else:
            sweep.a.append(sigma(activation, z))
    return sweep


def D(chain: Chain, sweep: Sweep) -> list[Array]:
    """D[l] = diag(σ'(z[l])), its diagonal."""
    return [
        sigma(activation, z, 1) for activation, z in zip(chain.activations, sweep.z, strict=True)
    ]


def S(chain: Chain, sweep: Sweep) -> list[Array]:
    """S[l] = diag(σ''(z[l])), its diagonal."""
    return [
        sigma(activation, z, 2) for activation, z in zip(chain.activations, sweep.z, strict=True)
    ]


def cost(H: Array, y: Array) -> Array:
    """C = ½ ‖y - H(x)‖² of every sample."""
    xp = array_namespace(H)
    return 0.5 * xp.sum((y - H) ** 2, axis=-1)


def delta(chain: Chain, sweep: Sweep, y: Array) -> list[Array]:
    """δ[L] = σ'(z[L]) ∘ (a[L] - y),  δ[l] = σ'(z[l]) ∘ (W[l+1]ᵀ δ[l+1]);  δ[l] = ∂C/∂z[l]."""
    return pull_delta(chain, D(chain, sweep), sweep.a[-1] - y)


def pull_delta(
    chain: Chain, D: list[Array], a_bar: Array, S_e: list[Array] | None = None
) -> list[Array]:
    """δ[l] = D[l] ā[l] + S_e[l],  ā[l-1] = W[l]ᵀ δ[l], from ā[L]; S_e[l] = 0 unless given."""
    deltas: list[Array] = []
    for i in range(len(chain.W) - 1, -1, -1):
        d = D[i] * a_bar
        if S_e is not None:
            d = d + S_e[i]
        a_bar = _transposed_times(chain.W[i], d)
        deltas.insert(0, d)
    return deltas


def dC_db(deltas: list[Array]) -> list[Array]:
    """∂C/∂b[l] = δ[l] of every sample."""
    return deltas


def dC_dW(deltas: list[Array], sweep: Sweep) -> list[Array]:
    """∂C/∂W[l] = δ[l] a[l-1]ᵀ of every sample, (..., n_l, n_{l-1})."""
    return [d[..., :, None] * sweep.below(i)[..., None, :] for i, d in enumerate(deltas)]


def partial_products(chain: Chain, D: list[Array]) -> list[Array]:
    """A'[l] = ∂a[l]/∂x = D[l] W[l] ··· D[2] W[2] for every l, (..., n_l, n_1)."""
    products = [D[0][..., :, None] * chain.W[0]]
    for W, d in zip(chain.W[1:], D[1:], strict=True):
        products.append(d[..., :, None] * (W @ products[-1]))
    return products


def dH_dx(chain: Chain, D: list[Array]) -> Array:
    """∂H/∂x = D[L] W[L] · D[L-1] W[L-1] ··· D[2] W[2], (..., n_L, n_1), from the narrower end."""
    n_1, n_L = chain.W[0].shape[1], chain.W[-1].shape[0]
    if n_1 < n_L:
        return partial_products(chain, D)[-1]
    return reverse(chain, D).c[0]


class Reverse(NamedTuple):
    """c[l]_k = ∂H_k/∂a[l] for l = 1..L (index i is layer i + 1) and G[l]_k = ∂H_k/∂z[l]."""

    c: list[Array]
    G: list[Array]


def reverse(chain: Chain, D: list[Array]) -> Reverse:
    """c[L] = I,  G[l] = c[l] D[l],  c[l-1] = G[l] W[l];  c[1] = ∂H/∂x. Row k belongs to H_k."""
    xp = array_namespace(D[-1])
    n_L = D[-1].shape[-1]
    identity = xp.eye(n_L, dtype=D[-1].dtype, device=device(D[-1]))
    result = Reverse([identity + xp.zeros_like(D[-1])[..., None, :]], [])
    for W, d in zip(reversed(chain.W), reversed(D), strict=True):
        result.G.insert(0, result.c[0] * d[..., None, :])
        result.c.insert(0, result.G[0] @ W)
    return result


def jvp(chain: Chain, D: list[Array], v: Array) -> Array:
    """J v:  t[1] = v,  t[l] = D[l] W[l] t[l-1],  (..., n_L)."""
    for W, d in zip(chain.W, D, strict=True):
        v = d * _times(W, v)
    return v


def vjp(chain: Chain, D: list[Array], u: Array) -> Array:
    """Jᵀ u:  c[L] = u,  c[l-1] = W[l]ᵀ D[l] c[l],  (..., n_1)."""
    for W, d in zip(reversed(chain.W), reversed(D), strict=True):
        u = _transposed_times(W, d * u)
    return u


def hvp(chain: Chain, D: list[Array], S: list[Array], v: Array) -> Array:
    """∇²H_k v of every k, (..., n_L, n_1): the derivative of c[1]_k along v.

    s[l] = W[l] t[l-1],  t[l] = D[l] s[l],  t[1] = v
    ċ[L] = 0,  ċ[l-1]_k = W[l]ᵀ (D[l] ċ[l]_k + σ''(z[l]) ∘ s[l] ∘ c[l]_k)
    """
    xp = array_namespace(v)
    c = reverse(chain, D).c
    s = []
    for W, d in zip(chain.W, D, strict=True):
        s.append(_times(W, v))
        v = d * s[-1]
    c_dot = xp.zeros_like(c[-1])
    for i in range(len(chain.W) - 1, -1, -1):
        S_s = S[i] * s[i]
        c_dot = (D[i][..., None, :] * c_dot + S_s[..., None, :] * c[i + 1]) @ chain.W[i]
    return c_dot


def pre_activation_slopes(chain: Chain, D: list[Array]) -> list[Array]:
    """Z'[l] = ∂z[l]/∂x = W[l] A'[l-1],  A'[l] = D[l] Z'[l],  A'[1] = I;  (..., n_l, n_1).

    Z'[2] = W[2] for every sample, and stays (n_2, n_1).
    """
    slopes = [chain.W[0]]
    for W, d in zip(chain.W[1:], D[:-1], strict=True):
        slopes.append(W @ (d[..., :, None] * slopes[-1]))
    return slopes


def hessian(chain: Chain, D: list[Array], S: list[Array]) -> Array:
    """∇²H_k = Σ_l Z'[l]ᵀ diag(c[l]_k ∘ σ''(z[l])) Z'[l] of every k, (..., n_L, n_1, n_1)."""
    return _curvature_terms(chain, D, S, reverse(chain, D).c)


def weighted_hessian(chain: Chain, D: list[Array], S: list[Array], u: Array) -> Array:
    """Σ_k u_k ∇²H_k, (..., n_1, n_1): the Hessian's formula with the one row c[L] = u."""
    c = [u + array_namespace(u).zeros_like(D[-1])]
    for W, d in zip(reversed(chain.W), reversed(D), strict=True):
        c.insert(0, _transposed_times(W, d * c[0]))
    return _curvature_terms(chain, D, S, [row[..., None, :] for row in c])[..., 0, :, :]


def _curvature_terms(chain: Chain, D: list[Array], S: list[Array], c: list[Array]) -> Array:
    """Σ_l Z'[l]ᵀ diag(c[l]_k ∘ σ''(z[l])) Z'[l] of every row k of c, the same above and below."""
    xp = array_namespace(c[-1])
    n_1 = chain.W[0].shape[1]
    total = xp.zeros((*c[-1].shape[:-1], n_1, n_1), dtype=c[-1].dtype, device=device(c[-1]))
    for activation, Z, s, row in zip(
        chain.activations, pre_activation_slopes(chain, D), S, c[1:], strict=True
    ):
        if activation.has_second_derivative:
            weight = (row * s[..., None, :])[..., :, None]
            each = Z[..., None, :, :]
            total = total + xp.matrix_transpose(each) @ (weight * each)
    return (total + xp.matrix_transpose(total)) / 2


def laplacian(chain: Chain, D: list[Array], S: list[Array]) -> Array:
    """ΔH_k = tr ∇²H_k = Σ_l Σ_j c[l]_kj σ''(z[l]_j) ‖Z'[l]_j‖² of every k, (..., n_L)."""
    xp = array_namespace(D[-1])
    c = reverse(chain, D).c
    total = xp.zeros_like(D[-1])
    for activation, Z, s, row in zip(
        chain.activations, pre_activation_slopes(chain, D), S, c[1:], strict=True
    ):
        if activation.has_second_derivative:
            weight = s * xp.sum(Z * Z, axis=-1)
            total = total + xp.sum(row * weight[..., None, :], axis=-1)
    return total


class CostGradient(NamedTuple):
    """δ[l], ∂/∂W[l] and ∂/∂b[l] of every sample, of C or of C + C'."""

    delta: list[Array]
    dW: list[Array]
    db: list[Array]


def slope_cost(J: Array, T: Array, weight: Array | float) -> Array:
    """C' = ½ Σ_k Σ_i λ_ki (∂H_k/∂x_i - T_ki)² of every sample; a missing T_ki is NaN."""
    xp = array_namespace(J)
    r = xp.where(xp.isnan(T), xp.zeros_like(J), J - T)
    return 0.5 * xp.sum(weight * r**2, axis=(-2, -1))


def along_cost(J: Array, v: Array, t: Array, weight: Array | float) -> Array:
    """½ Σ_m Σ_k μ_mk (v_m·∇H_k - t_mk)² of every sample, v (..., M, n_1); a missing t_mk is NaN.

    Its cotangent on ∂H_k/∂x is Σ_m μ_mk (v_m·∇H_k - t_mk) v_m; one on v_m·∇H itself goes back along
    the tangents Z'[l], A'[l] of v_m:  q[L] = r,  p[l] = D[l] q[l],  q[l-1] = W[l]ᵀ p[l],
    e[l] = Σ_m q_m[l] ∘ Z'_m[l],  and Σ_m p_m[l] A'_m[l-1]ᵀ adds to ∂/∂W[l].
    """
    xp = array_namespace(J)
    Jv = v @ xp.matrix_transpose(J)
    r = xp.where(xp.isnan(t), xp.zeros_like(Jv), Jv - t)
    return 0.5 * xp.sum(weight * r**2, axis=(-2, -1))


def cotangent_gradient(chain: Chain, x: Array, a_bar: Array, r: Array) -> CostGradient:
    """Backpropagate cotangents ā[L] (..., n_L) on H and r (..., n_L, n_1) on ∂H/∂x.

    t_k[1] = r_k,  s_k[l] = W[l] t_k[l-1],  t_k[l] = D[l] s_k[l]
    e[l] = Σ_k s_k[l] ∘ c[l]_k
    δ[l] = D[l] ā[l] + S[l] e[l],                         ā[l-1] = W[l]ᵀ δ[l]
    ∂/∂W[l] = δ[l] a[l-1]ᵀ + Σ_k G[l]_k t_k[l-1]ᵀ,        ∂/∂b[l] = δ[l]

    With r = 0 this is plain backpropagation.
    """
    xp = array_namespace(x)
    sweep = forward(chain, x)
    d, s_2 = D(chain, sweep), S(chain, sweep)
    c, G = reverse(chain, d)
    t = r  # row k is t_k
    S_e, through_slopes = [], []
    for i, W in enumerate(chain.W):
        s = t @ W.T
        through_slopes.append(xp.matrix_transpose(G[i]) @ t)
        e = xp.sum(s * c[i + 1], axis=-2)
        S_e.append(s_2[i] * e)
        t = d[i][..., None, :] * s
    deltas = pull_delta(chain, d, a_bar, S_e)
    dW = [p + q for p, q in zip(dC_dW(deltas, sweep), through_slopes, strict=True)]
    return CostGradient(deltas, dW, dC_db(deltas))
