"""Pathwise values and slopes of an option: two cases of Huge & Savine (2020).

Spots after a year are simulated with 1.5 times the volatility, then one step of another year. y is
the payoff of a call and dy/dx its pathwise derivative, both the mean of an antithetic pair; closed
forms are the truth. Their network is 4 x 20 softplus, trained by Adam for 100 epochs of 16 batches;
JAX does the same here, in turns with slopenet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter, sleep
from typing import Any

import numpy as np

import slopenet as sn
from benchmarks.clock import PAUSE
from benchmarks.training.contenders import jax as with_jax
from benchmarks.training.functions import Numbers
from benchmarks.training.verdict import Outcome, Plan, Verdict, median

STRIKE, VOLATILITY, WIDER = 1.1, 0.2, 1.5
EPOCHS, BATCHES, HIDDEN = 100, 16, (20,) * 4
TITLE = "Pathwise values and slopes of a call, RMS errors x 100"
# Their learning rate, at these shares of the steps.
AT, RATES = (0.0, 0.2, 0.6, 0.9, 1.0), (1e-8, 0.1, 0.01, 1e-6, 1e-6)
Sample = tuple[Numbers, Numbers, Numbers]
Model = Callable[[Numbers], tuple[Numbers, Numbers]]


def black_scholes(rows: int) -> tuple[Sample, Sample]:
    """Rows to train on, and spots with price and delta, where both steps are lognormal."""
    first, second = _normals(8923, rows)
    v = WIDER * VOLATILITY
    spot = np.exp(-0.5 * v**2 + v * first)
    pair = [np.exp(-0.5 * VOLATILITY**2 + VOLATILITY * z) for z in (second, -second)]
    x = np.linspace(0.35, 1.65, 100)
    d = (np.log(x / STRIKE) + 0.5 * VOLATILITY**2) / VOLATILITY
    price = x * _cdf(d) - STRIKE * _cdf(d - VOLATILITY)
    return _payoff(spot, [spot * r for r in pair], pair), (x[:, None], price, _cdf(d))


def bachelier(rows: int) -> tuple[Sample, Sample]:
    """The same where both steps are normal."""
    first, second = _normals(4652, rows)
    spot = 1 + WIDER * VOLATILITY * first
    ends = [spot + VOLATILITY * z for z in (second, -second)]
    x = np.random.default_rng(0).uniform(0.5, 1.5, 4096)
    z = (x - STRIKE) / VOLATILITY
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    price = (x - STRIKE) * _cdf(z) + VOLATILITY * density
    return _payoff(spot, ends, [np.ones(rows)] * 2), (x[:, None], price, _cdf(z))


def _normals(seed: int, rows: int) -> Numbers:
    return np.random.RandomState(seed).normal(size=(rows, 2)).T


def _cdf(z: Numbers) -> Numbers:
    from scipy.stats import norm

    return np.asarray(norm.cdf(z))


def _payoff(spot: Numbers, ends: list[Numbers], slopes: list[Numbers]) -> Sample:
    y = np.mean([np.maximum(end - STRIKE, 0) for end in ends], axis=0)
    rises = [(end > STRIKE) * slope for end, slope in zip(ends, slopes, strict=True)]
    return spot[:, None], y, np.mean(rises, axis=0)[:, None]


@dataclass(frozen=True)
class Case:
    """A case with its published errors of value and delta, by the number of rows."""

    name: str
    sample: Callable[[int], tuple[Sample, Sample]]
    published: dict[int, tuple[float, float]]


CASES = (
    Case("Black-Scholes", black_scholes, {1024: (0.12, 0.94), 8192: (0.09, 0.68)}),
    Case("Bachelier", bachelier, {1024: (0.12, 0.58), 8192: (0.10, 0.58)}),
)


def _own(train: Sample, seed: int, settings: dict[str, Any]) -> Model:
    net = sn.fit(*train, rng=seed, **settings).network

    def model(x: Numbers) -> tuple[Numbers, Numbers]:
        H, J = net.value_and_jacobian(x)
        return H[:, 0], J[:, 0, 0]

    return model


def _jax_trainer(train: Sample) -> Callable[[int], Model]:
    """Their training in JAX, compiled, as a function of the seed."""
    with_jax.use_cpu()
    import jax
    import jax.numpy as jnp

    X, y, T = train
    m_x, s_x, m_y, s_y = X.mean(), X.std(), y.mean(), y.std()
    data = [
        jnp.asarray(each) for each in ((X[:, 0] - m_x) / s_x, (y - m_y) / s_y, T[:, 0] * s_x / s_y)
    ]
    size = jnp.sqrt((data[2] ** 2).mean())

    def H(layers: Any, x: Any) -> Any:
        a = x[None]
        for W, b in layers[:-1]:
            a = jax.nn.softplus(W @ a + b)
        return (layers[-1][0] @ a + layers[-1][1])[0]

    both = jax.vmap(jax.value_and_grad(H, 1), (None, 0))

    def cost(layers: Any, x: Any, y: Any, t: Any) -> Any:
        h, j = both(layers, x)
        return 0.5 * ((h - y) ** 2).mean() + 0.5 * (((j - t) / size) ** 2).mean()

    def step(state: Any, batch: Any) -> Any:
        rate, rows = batch
        layers, m, v, t = state
        g = jax.grad(cost)(layers, *(each[rows] for each in data))
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        eta = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        layers = jax.tree.map(lambda p, m, v: p - eta * m / (jnp.sqrt(v) + 1e-8), layers, m, v)
        return (layers, m, v, t), None

    run = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches)[0])
    rates = np.interp(np.arange(EPOCHS * BATCHES) / (EPOCHS * BATCHES), AT, RATES)

    def fit(seed: int) -> Model:
        rng = np.random.default_rng(seed)
        widths = (1, *HIDDEN, 1)
        layers = [
            (jnp.asarray(rng.normal(size=(n, m)) / np.sqrt(m)), jnp.zeros(n))
            for m, n in pairwise(widths)
        ]
        zero = jax.tree.map(jnp.zeros_like, layers)
        order = np.concatenate([rng.permutation(len(X)) for _ in range(EPOCHS)])
        batches = jnp.asarray(rates), jnp.asarray(order.reshape(EPOCHS * BATCHES, -1))
        trained = jax.block_until_ready(run((layers, zero, zero, jnp.zeros(())), batches)[0])

        def model(x: Numbers) -> tuple[Numbers, Numbers]:
            h, j = both(trained, jnp.asarray((x[:, 0] - m_x) / s_x))
            return np.asarray(h) * s_y + m_y, np.asarray(j) * s_y / s_x

        return model

    fit(0)
    return fit


def _errors(model: Model, test: Sample) -> tuple[float, float]:
    x, price, delta = test
    value, slope = model(x)
    rms = [100 * float(np.sqrt(np.mean(e**2))) for e in (value - price, slope - delta)]
    return rms[0], rms[1]


def _verdicts(plan: Plan, case: Case, rows: int) -> list[Verdict]:
    train, test = case.sample(rows)
    ways: dict[str, Callable[[int], Model]] = {
        "fit()": lambda seed: _own(train, seed, {}),
        'fit(method="adam")': lambda seed: _own(train, seed, {"method": "adam"}),
    }
    if plan.has("JAX"):
        ways["JAX"] = _jax_trainer(train)
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for seed in range(plan.count(5)):
        for name, way in ways.items():
            sleep(PAUSE)
            start = perf_counter()
            model = way(seed)
            seconds = perf_counter() - start
            found[name].append((*_errors(model, test), seconds))
            plan.say(f"  {case.name}, {rows} rows, seed {seed}, {name}: " + _text(found[name][-1:]))
    limits, jax = case.published[rows], found.pop("JAX", [])
    verdicts = []
    for name, runs in found.items():
        value, slope, seconds = _medians(runs)
        verdicts.append(
            Verdict(
                f"{case.name}, {rows} rows, {name}: errors at most {limits[0]} and {limits[1]},"
                " in less time than JAX",
                _text(runs) + (f"; JAX {_text(jax)}" if jax else "; JAX took no part"),
                (value <= limits[0] and slope <= limits[1] and seconds < _medians(jax)[2])
                if jax
                else None,
            )
        )
    return verdicts


def _medians(runs: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    value, slope, seconds = (median(column) for column in zip(*runs, strict=True))
    return value, slope, seconds


def _text(runs: list[tuple[float, float, float]]) -> str:
    return "{:.3f} and {:.3f} in {:.2f} s".format(*_medians(runs))


def run(plan: Plan) -> Outcome:
    """Medians over seeds of the first weights and batches; the rows are those of the paper."""
    verdicts = [
        verdict
        for case in CASES
        for rows in case.published
        for verdict in _verdicts(plan, case, rows)
    ]
    return Outcome(TITLE, verdicts)
