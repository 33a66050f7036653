"""Functions of JAX come in with the values and derivatives of JAX."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import slopenet as sn

jax = pytest.importorskip("jax", reason="jax is not installed")
jnp, nn = jax.numpy, jax.nn

RNG = np.random.default_rng(0)
V, A, B = (RNG.normal(size=shape) / np.sqrt(shape[0]) for shape in ((3, 8), (8, 8), (8, 2)))
v, a, b = RNG.normal(size=8), RNG.normal(size=8), RNG.normal(size=2)
SIGNS = np.array([True, False, True, True, False, False, True, False])


@pytest.fixture(autouse=True)
def double(jax_library: Any) -> None:
    """JAX in float64."""


def residual(x: Any) -> Any:
    h = jnp.tanh(x @ V + v)
    for _ in range(2):
        h = h + nn.silu(h @ A + a)
    return h @ B + b


def dense_net(x: Any) -> Any:
    h = jnp.concatenate([x, jnp.tanh(x @ V)], -1)
    return jnp.concatenate([h, jnp.sin(h @ np.ones((11, 2)) / 3)], -1)


def two_heads(x: Any) -> Any:
    h = jnp.tanh(x @ V)
    return {"mean": (h @ B)[..., 0], "variance": nn.softplus(h @ B)[..., 1:] + 1e-3}


def fourier(x: Any) -> Any:
    p = 2 * jnp.pi * (x @ (V / 5))
    return jnp.tanh(jnp.concatenate([jnp.sin(p), jnp.cos(p), x], -1) @ np.ones((19, 4)) / 4)


def input_convex(x: Any) -> Any:
    z = nn.softplus(x @ V)
    z = nn.softplus(z @ nn.softplus(A) + x @ V + a)
    return z @ jnp.exp(B)


def gathers(x: Any) -> Any:
    h = jnp.tanh(x @ V)
    first = jnp.take(h, jnp.array([0, 3, -1]), axis=-1) + h[..., jnp.array([1, 1, 2])]
    first = first + jnp.flip(h[..., 2:8:2], -1) + jnp.roll(h, 1, -1)[..., :3]
    return first + jax.lax.dynamic_slice_in_dim(h, 4, 3, axis=-1)


def shapes(x: Any) -> Any:
    h = jnp.tanh(x @ V).reshape(*x.shape[:-1], 2, 4)
    h = jnp.pad(jnp.swapaxes(h, -1, -2), [(0, 0)] * (h.ndim - 1) + [(1, 0)])
    parts = jnp.split(h.reshape(*x.shape[:-1], 12), [4, 8], axis=-1)
    return jnp.einsum("...i,ij->...j", sum(parts), A[:4]) + jnp.cumsum(jnp.tile(parts[0], 2), -1)


def changed(x: Any) -> Any:
    h = jnp.sin(x @ V).at[..., 0].set(1.0).at[..., 1].add(x[..., 2])
    return jnp.where(SIGNS, h, 2 * x @ V) + jnp.where(SIGNS, h, 0.5)


def kinks(x: Any) -> Any:
    h = x @ V
    tails = jnp.abs(h) + nn.relu6(h) + nn.hard_sigmoid(h) + jnp.where(h < 0, a * h, h)
    tails = tails + jnp.clip(h, -0.5, 0.7) + jnp.minimum(h, 0) + jax.lax.clamp(-(v**2), h, v**2)
    return tails @ B + jnp.maximum(h[..., :2], h[..., 2:4]) - jnp.minimum(h[..., :2], b)


def functions(x: Any) -> Any:
    h = x @ V
    own = h * nn.sigmoid(h) + jnp.exp(-(h**2)) + h / (1 + jnp.abs(h)) + jnp.log1p(jnp.exp(h))
    own = own + jnp.log(1 + jnp.exp2(h)) + jnp.expm1(h / 3) + 10 ** (h / 5) + jnp.logaddexp(h, 1.0)
    return own + 0.5 * h * jax.lax.erfc(-h / np.sqrt(2)) + h * jax.lax.rsqrt(4.0)


def mirrored(x: Any) -> Any:
    with_constant = jnp.stack([x[..., 0], 2.0 * jnp.ones(x.shape[:-1])], -1)
    return 1 / (1 + jnp.exp(-x @ V - v)) + with_constant @ B.T


def written_twice(x: Any) -> Any:
    return jnp.where(x @ V > 0, x @ V, 0.1 * (x @ V)) * v


@jax.custom_jvp
def own_slope(z: Any) -> Any:
    return jnp.tanh(z)


own_slope.defjvp(lambda z, dz: (own_slope(*z), (1 - own_slope(*z) ** 2) * dz[0]))


@jax.custom_vjp
def own_cotangent(z: Any) -> Any:
    return jnp.sin(z)


own_cotangent.defvjp(lambda z: (jnp.sin(z), z), lambda z, g: (jnp.cos(z) * g,))


def inside_others(x: Any) -> Any:
    h = jax.jit(jax.checkpoint(lambda z: nn.gelu(z @ V)))(x)
    h = jax.lax.cond(True, own_slope, jnp.sin, h)
    return jax.vmap(lambda column: column @ h.T, 1, -1)(A) if h.ndim == 2 else h @ A


def derivative(x: Any) -> Any:
    return jnp.vectorize(jax.grad(lambda z: jnp.sin(2 * z) + jnp.exp(z / 2)))(x)


CASES = {
    "residual": residual,
    "dense net": dense_net,
    "two heads": two_heads,
    "Fourier features": fourier,
    "input convex": input_convex,
    "gathers": gathers,
    "shapes": shapes,
    "changed entries": changed,
    "kinks": kinks,
    "functions": functions,
    "mirrored": mirrored,
    "written twice": written_twice,
    "inside others": inside_others,
    "derivative": derivative,
    "skip of inputs": lambda x: nn.elu(x @ V) @ B + x[..., :2],
    "softmax": lambda x: nn.softmax(jnp.tanh(x @ V) @ A),
    "log-softmax": lambda x: nn.log_softmax(jnp.tanh(x @ V) @ A, axis=-1),
    "logsumexp": lambda x: x - nn.logsumexp(x, axis=-1, keepdims=True),
    "of a batch alone": lambda x: (B.T @ jnp.tanh(x[:, :3] @ V).T).T,
    "of a sample alone": lambda x: jnp.stack([B.T @ jnp.tanh(V.T @ x + v), x[:2] * 3]).ravel(),
    "one number": lambda x: jnp.sum(nn.mish(x @ V), -1),
}  # fmt: skip


def row(output: Any) -> Any:
    """All results of a sample, one below the other."""
    return jnp.concatenate([jnp.ravel(each) for each in jax.tree_util.tree_leaves(output)])


def assert_equal(net: sn.Network, one: Any, inputs: int, limit: float = 1e-12) -> None:
    """Value, Jacobian and Hessian of a function of one sample."""
    X = np.random.default_rng(1).normal(size=(7, inputs))
    functions_ = (one, jax.jacobian(one), jax.hessian(one))
    for got, function in zip(net.value_jacobian_hessian(X), functions_, strict=True):
        right = np.asarray(jax.jit(jax.vmap(function))(X))
        assert np.abs(got - right).max() <= limit * max(1, np.abs(right).max())


@pytest.mark.parametrize("name", CASES)
def test_values_jacobian_and_hessian_are_those_of_jax(name: str) -> None:
    function, batched = CASES[name], name == "of a batch alone"
    said: list[Any] = []
    net = sn.from_jax(function, inputs=3, report=said.append)
    assert said[0].difference < 1e-12
    assert_equal(net, lambda x: row(function(x[None] if batched else x)), 3)


def test_functions_with_their_own_derivative_are_taken_by_their_values() -> None:
    net = sn.from_jax(lambda x: own_cotangent(x @ V), inputs=3)
    assert net.activations == ("sin",)
    assert sn.from_jax(lambda x: jax.lax.stop_gradient(jnp.sin(x @ V)), inputs=3) == net


def test_what_jax_repeats_is_computed_once() -> None:
    assert sn.from_jax(two_heads, inputs=3).sizes == (3, 8, 2, 2)
    assert sn.from_jax(written_twice, inputs=3).sizes == (3, 8, 8)


ACTIVATIONS = (
    "relu relu6 silu softplus elu selu celu leaky_relu mish sigmoid log_sigmoid hard_tanh gelu"
    " hard_sigmoid soft_sign tanh"
)


@pytest.mark.parametrize("name", ACTIVATIONS.split())
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_activations_of_jax_are_one_layer(name: str, dtype: type) -> None:
    W = V.astype(dtype)
    net = sn.from_jax(lambda x: getattr(nn, name)(x @ W) @ B.astype(dtype), inputs=3)
    assert net.sizes == (3, 8, 2)
    assert net.dtype == dtype


@pytest.mark.parametrize("inside", [False, True])
def test_a_factor_near_one_is_kept_in_float32(*, inside: bool) -> None:
    """An activation is recognised by fewer digits than such a factor has."""
    W, near = np.eye(3, dtype=np.float32), np.float32(0.999995)

    def function(x: Any) -> Any:
        return jnp.tanh(near * (x @ W)) if inside else near * jnp.tanh(x @ W)

    net = sn.from_jax(function, inputs=3, dtype="float64")
    x = np.array([0.1, -0.2, 0.3])
    k = float(near)
    assert np.abs(net(x) - (np.tanh(k * x) if inside else k * np.tanh(x))).max() < 1e-15


def test_samples_and_batches_give_the_same_network() -> None:
    by_row = sn.from_jax(residual, example=jnp.zeros(3))
    by_batch = sn.from_jax(residual, example=np.zeros((5, 3)))
    assert by_row == by_batch == sn.from_jax(residual, inputs=3)
    net = sn.from_jax(
        lambda x: jnp.tanh(x.reshape(len(x), -1) @ np.ones((6, 1))), example=jnp.zeros((2, 2, 3))
    )
    assert net.sizes == (6, 1)


def test_several_arguments_are_columns_of_one_after_the_other() -> None:
    def function(x: Any, u: Any) -> Any:
        return {"y": jnp.tanh(jnp.concatenate([x, u], -1) @ V), "z": (u * 2,)}

    net = sn.from_jax(function, example=(jnp.zeros(2), jnp.zeros(1)), check=None)
    assert net.output_names == (*(f"y_{i}" for i in range(1, 9)), "z")
    assert_equal(net, lambda x: row(function(x[:2], x[2:])), 3)


def test_arguments_may_be_numbers() -> None:
    net = sn.from_jax(lambda x, u: jnp.sin(x) + 2 * u, example=(np.float64(0), np.float64(0)))
    assert_equal(net, lambda x: row(jnp.sin(x[0]) + 2 * x[1]), 2)


def test_what_differs_for_samples_and_batches_needs_an_example() -> None:
    def centred(x: Any) -> Any:
        return x - jnp.mean(x, 0)

    with pytest.raises(sn.UnsupportedNetworkError, match=r"mixes the rows.*pass example=") as error:
        sn.from_jax(centred, inputs=3)
    assert str(error.value).startswith("JAX centred: ")
    assert_equal(sn.from_jax(centred, example=jnp.zeros(3)), centred, 3)
    with pytest.raises(sn.UnsupportedNetworkError, match="mixes the rows"):
        sn.from_jax(centred, example=jnp.zeros((2, 3)))
    with pytest.raises(sn.UnsupportedNetworkError, match=r"something else for a sample than"):
        sn.from_jax(lambda x: x * x.ndim, inputs=3)


def test_scalings_names_and_a_witness() -> None:
    scaled = sn.from_jax(
        residual, inputs=3, input_scaling=(1.0, 2.0), input_names=["a", "b", "c"], check=None
    )
    assert scaled.input_names == ("a", "b", "c")
    assert_equal(scaled, lambda x: residual((x - 1) / 2), 3)
    with pytest.raises(sn.UnsupportedNetworkError, match="differ"):
        sn.from_jax(residual, inputs=3, check=lambda X: 2 * residual(X))


def test_the_dtype_is_that_of_the_weights() -> None:
    single = V.astype(np.float32)
    net = sn.from_jax(lambda x: jnp.tanh(x @ single), inputs=3)
    assert net.dtype == np.float32
    assert np.array_equal(net.weights[0], single.T)
    assert sn.from_jax(lambda x: jnp.tanh(2 * x), inputs=3).dtype == np.float64
    jax.config.update("jax_enable_x64", False)  # the fixture sets it as it was
    assert sn.from_jax(lambda x: jnp.tanh(2 * x), inputs=3).dtype == np.float32


def test_flax_linen() -> None:
    linen = pytest.importorskip("flax.linen", reason="flax is not installed")

    class Module(linen.Module):
        @linen.compact
        def __call__(self, x: Any, *, train: bool = False) -> Any:
            dense = functools.partial(linen.Dense, param_dtype=jnp.float64)
            h = linen.tanh(dense(8)(x))
            h = linen.Dropout(0.5, deterministic=not train)(h)
            h = linen.BatchNorm(use_running_average=not train, param_dtype=jnp.float64)(h)
            h = h + linen.PReLU(param_dtype=jnp.float64)(dense(8)(h))
            return dense(2)(h)

    module = Module()
    params = module.init(jax.random.key(0), jnp.zeros((1, 3)))
    params["batch_stats"] = jax.tree_util.tree_map(
        lambda x: jnp.abs(a) + 0.3, params["batch_stats"]
    )
    apply = functools.partial(module.apply, params)
    assert_equal(sn.from_jax(apply, inputs=3), apply, 3)

    def training(x: Any) -> Any:
        keys = {"dropout": jax.random.key(1)}
        return module.apply(params, x, train=True, rngs=keys, mutable=["batch_stats"])[0]

    with pytest.raises(sn.UnsupportedNetworkError, match=r"random_bits.*draws random numbers"):
        sn.from_jax(training, inputs=3)


def test_flax_nnx_in_eval_mode() -> None:
    nnx = pytest.importorskip("flax.nnx", reason="flax is not installed")

    class Module(nnx.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            rngs, linear = nnx.Rngs(0), functools.partial(nnx.Linear, param_dtype=jnp.float64)
            self.first, self.second = linear(3, 8, rngs=rngs), linear(8, 8, rngs=rngs)
            self.last = linear(11, 2, rngs=rngs)
            self.norm = nnx.BatchNorm(8, rngs=rngs, param_dtype=jnp.float64)
            self.dropout = nnx.Dropout(0.5, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            h = jnp.tanh(self.first(x))
            h = self.dropout(self.norm(h + nnx.gelu(self.second(h))))
            return self.last(jnp.concatenate([h, x], -1))

    module = Module()
    module.norm.mean.set_value(jnp.asarray(a))
    module.norm.var.set_value(jnp.asarray(v**2))
    net = sn.from_jax(module, inputs=3)
    assert not module.dropout.deterministic
    module.eval()
    assert_equal(net, module, 3)
    with pytest.raises(ValueError, match="inputs must be given"):
        sn.from_jax(module)


def test_an_equinox_module_with_its_own_call() -> None:
    eqx = pytest.importorskip("equinox", reason="equinox is not installed")

    class Module(eqx.Module):  # type: ignore[misc, name-defined, unused-ignore]
        layers: list[Any]
        dropout: Any
        prelu: Any

        def __init__(self) -> None:
            keys = jax.random.split(jax.random.key(0), 3)
            self.layers = [
                eqx.nn.Linear(3, 8, key=keys[0]),
                eqx.nn.Linear(8, 8, key=keys[1]),
                eqx.nn.MLP(8, 2, 5, 1, key=keys[2]),
            ]
            self.dropout, self.prelu = eqx.nn.Dropout(0.5), eqx.nn.PReLU(jnp.arange(8) * 0.1)

        def __call__(self, x: Any) -> Any:
            first, second, last = self.layers
            h = nn.silu(first(x))
            return last(self.dropout(h + self.prelu(second(h)))) + x[:2]

    module = Module()
    net = sn.from_jax(module, inputs=3)
    assert_equal(net, eqx.nn.inference_mode(module), 3)
    mlp = eqx.nn.MLP(3, 2, 8, 2, activation=jnp.tanh, key=jax.random.key(1))
    assert sn.from_jax(eqx.filter_jit(mlp), inputs=3) == sn.from_jax(mlp)
    with pytest.raises(sn.UnsupportedNetworkError, match="pass inputs=, the number of inputs"):
        sn.from_jax(module)


def layer_norm(x: Any) -> Any:
    h = x @ V
    return (h - h.mean(-1, keepdims=True)) / jnp.sqrt(h.var(-1, keepdims=True) + 1e-5)


def looped(x: Any) -> Any:
    return jax.lax.scan(lambda h, W: (jnp.tanh(h @ W), None), x @ V, jnp.stack([A, A]))[0]


def noisy(x: Any) -> Any:
    return x @ V + jax.random.normal(jax.random.key(0), (8,))


REFUSED = {
    "product": (lambda x: jnp.tanh(x @ V) * (x @ V + a), "mul of two branches is not"),
    "gate": (lambda x: jnp.tanh(x @ V) * nn.sigmoid(x @ (2 * V)), "mul of two branches"),
    "bilinear": (lambda x: jnp.einsum("...i,...j->...ij", x @ V, x), "multiplies|of two branches"),
    "layer norm": (layer_norm, "of two branches|belongs to no activation"),
    "square": (lambda x: (x @ V) ** 2, "Pow here belongs to no activation"),
    "hard silu": (lambda x: nn.hard_silu(x @ V), "operation mul in hard_silu at test_trace_jax.py"),
    "scan": (looped, r"operation scan at test_trace_jax.py:\d+.*a loop of Python"),
    "cond": (lambda x: jax.lax.cond(x[0] > 0, jnp.sin, jnp.cos, x), "operation cond.* it decides"),
    "while": (lambda x: jax.lax.while_loop(lambda h: h[0] < 0, jnp.exp, x), "while.* it decides"),
    "branch of Python": (lambda x: x if x[0] > 0 else -x, "decides by a value"),
    "random": (noisy, "operation random_bits.*draws random numbers"),
    "NumPy": (lambda x: jnp.asarray(np.sin(x)), "leaves JAX for NumPy"),
    "jump": (lambda x: jnp.round(x @ V), "round jumps"),
    "step": (lambda x: (x > 0).astype(x.dtype), "belongs to no activation"),
    "whole numbers": (lambda x: x.astype(int), "makes int64 of values"),
    "fewer digits": (lambda x: x.astype(jnp.float32) @ V, "makes float32 of values"),
    "sorted": (lambda x: jnp.sort(x, -1), "slopenet has no sort"),
    "largest": (lambda x: jnp.max(x @ V, -1), "is the largest number of a row, which no layer is"),
    "largest of groups": (
        lambda x: (x @ V).reshape(*x.shape[:-1], 2, 4).max(-1),
        "slopenet has no reduce_max of parts of a row",
    ),
    "softmax inside": (lambda x: nn.softmax(x @ V) @ B, "softmax must be the end of the network"),
    "softmax of rows": (lambda x: nn.softmax((x @ V).reshape(2, 4)), "of parts of a row"),
    "taken by values": (lambda x: jnp.asarray(A)[jnp.argmax(x, -1)], "slopenet has no argmax"),
    "constant": (lambda x: A, "does not depend on its input"),
    "nothing": (lambda x: (), "returns no array"),
    "text": (lambda x: "no array", "JAX cannot trace it"),
    "wrong shape": (lambda x: x @ A, r"JAX cannot trace it \(TypeError"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_network_is_is_refused_by_name(name: str) -> None:
    function, sentence = REFUSED[name]
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_jax(function, example=jnp.zeros(3))


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda x: x[::-1] @ V, "in another order than the rows"),
        (lambda x: x @ V + len(x), "something else for one row than for a batch"),
        (lambda x: jnp.cumsum(x, 0), "mixes the rows"),
        (lambda x: (x @ V).T, "does not have a row per sample"),
    ],
)
def test_results_depend_on_one_row_alone(function: Any, sentence: str) -> None:
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_jax(function, example=jnp.zeros((2, 3)))


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"inputs must be given.*from_jax\(function, inputs=3\)"):
        sn.from_jax(residual)
    with pytest.raises(ValueError, match="inputs must be a positive number of inputs, got 0"):
        sn.from_jax(residual, inputs=0)
    with pytest.raises(ValueError, match="a function has its own"):
        sn.from_jax(residual, "tanh", inputs=3)
    with pytest.raises(TypeError, match="must be a function if inputs is given, got list"):
        sn.from_jax([(V, v)], inputs=3)
    for example in (3.0, (jnp.zeros(3), jnp.zeros((2, 3))), ()):
        with pytest.raises(ValueError, match="example must be an array"):
            sn.from_jax(residual, example=example)


def test_random_functions_are_equal_or_refused_by_name() -> None:
    from extras.random_functions import outcome

    found = [outcome(seed).partition(":")[0] for seed in range(24)]
    assert found.count("equal") > 12
    assert found.count("refused") > 4
