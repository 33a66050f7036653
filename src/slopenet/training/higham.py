"""Stochastic gradient descent as in Higham & Higham: one sample per step, with replacement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.evaluate.threads import get_num_threads
from slopenet.network import Network
from slopenet.parameters import flatten, unflatten
from slopenet.validate import arrays, settings
from slopenet.validate.settings import RandomSource


@dataclass(frozen=True, eq=False)
class Descent:
    """The course of a descent.

    Attributes
    ----------
    network : Network
        After the last step.
    steps : (R,)
        Numbers of steps at which the cost was recorded, 0 first.
    costs : (R,)
        Mean over the samples of C = ½ ‖y - H(x)‖² there.
    """

    network: Network
    steps: Floats
    costs: Floats


def sgd(
    net: Network,
    X: Any,
    y: Any,
    *,
    steps: int,
    learning_rate: float | Callable[[Floats], Any] = 0.05,
    rng: RandomSource = None,
    record_every: int | None = None,
) -> Descent:
    """Train by single-sample gradient steps p[l] ← p[l] - η ∂C/∂p[l], all in the compiled core.

    Each step draws one sample with replacement and applies the paper's equations to it: forward,
    δ[l] backward, W[l] ← W[l] - η δ[l] a[l-1]ᵀ, b[l] ← b[l] - η δ[l].

    Parameters
    ----------
    net : Network
        Where to start; it is not changed.
    X : (N, n_1)
    y : (N, n_L), or (N,) for one output
    steps : int
    learning_rate : float or function
        η, or a function that gives it for an array of step numbers 1, 2, ...
    rng : numpy Generator or seed, optional
        Draws the samples.
    record_every : int, optional
        Number of steps between two records of the cost over all samples; a hundredth of `steps`
        unless given.

    Returns
    -------
    Descent

    Raises
    ------
    ValueError, TypeError
        If an array or a setting is out of range.
    FloatingPointError
        If the weights are no longer finite, naming the step by which that happened.

    References
    ----------
    Higham & Higham, "Deep Learning: An Introduction for Applied Mathematicians", SIAM Review 61
    (2019), sections 4 to 6.
    """
    points = arrays.points("X", X, net.sizes[0], net.dtype, net.input_names)
    if points.ndim != 2 or points.shape[0] == 0:
        raise ValueError(f"X must have shape (N, {net.sizes[0]}), N at least 1, got {points.shape}")
    arrays.require_finite("X", points)
    n = points.shape[0]
    values = arrays.targets("y", y, (n, net.sizes[-1]), net.dtype, net.output_names)
    steps = settings.count("steps", steps, least=0)
    every = max(1, steps // 100)
    if record_every is not None:
        every = settings.count("record_every", record_every)
    if not callable(learning_rate):
        learning_rate = settings.number("learning_rate", learning_rate, closed=True)
    generator = settings.generator(rng)
    theta = flatten(net.weights, net.biases)
    core = net.core_copy()
    task = core.task(points, values)

    def cost() -> float:
        core.set(theta)
        value, _, _, _ = core.backprop(
            task, want_theta=False, want_delta=False, threads=get_num_threads()
        )
        return float(value / n)

    taken, costs = [0], [cost()]
    while taken[-1] < steps:
        stretch = np.arange(taken[-1] + 1, min(taken[-1] + every, steps) + 1)
        rates = learning_rate(stretch) if callable(learning_rate) else learning_rate
        rates = arrays.one_or_each("learning_rate(steps)", rates, stretch.shape, net.dtype)
        order = generator.integers(n, size=stretch.size, dtype=np.int32)
        theta = core.descend(theta, points, values, order, rates)
        if not np.isfinite(theta).all():
            raise FloatingPointError(
                f"the weights were no longer finite by step {stretch[-1]}: lower the learning rate"
            )
        taken.append(int(stretch[-1]))
        costs.append(cost())
    weights, biases = unflatten(theta, net.sizes)
    trained = Network(
        weights,
        biases,
        net.activations,
        input_names=net.input_names,
        output_names=net.output_names,
    )
    return Descent(trained, np.array(taken), np.array(costs))
