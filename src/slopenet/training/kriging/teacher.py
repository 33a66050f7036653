"""A network of sines that learns the mean of a process.

The process is known everywhere, so the network is taught at points of its own, with slopes, and
cannot learn anything between the rows that the process does not say. The last layer is the
solution of a linear least-squares problem; where few sines are too far from the process, L-BFGS
moves their frequencies too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import normalise
from slopenet.dataset.dataset import Data
from slopenet.parameters import unflatten
from slopenet.training.kriging.problem import widths_of
from slopenet.training.kriging.process import Process
from slopenet.training.kriging.processes import Processes
from slopenet.training.kriging.sines import Layer, points, solve, solve_normal
from slopenet.training.objective.gradient import Objective
from slopenet.training.optimizers.lbfgs import LBFGS

# Points to learn from, and the most values and slopes at them together; points to judge by.
_POINTS, _MOST, _JUDGED = 1024, 1 << 14, 256
# The least size of a frequency: slower sines are hardly told from straight lines by 53 bits.
_SLOWEST = 0.1
# The steps of L-BFGS.
_STEPS = 150
# A residual of so much of the standard deviation of the process is enough.
_ENOUGH = 0.05
# Entries of a design that are computed at a time.
_BLOCK = 1 << 22


class Teacher:
    """The mean of a process at quasi-random points among its rows.

    Parameters
    ----------
    process : Process or Processes
    p : (P,)
        log ℓ and log ν.
    given : Posterior, or one per group of outputs
    rng : numpy Generator
        Draws the points.
    threads : int, optional
    """

    def __init__(
        self,
        process: Process | Processes,
        p: Floats,
        given: Any,
        rng: np.random.Generator,
        threads: int | None,
    ) -> None:
        d = process.X.shape[1]
        n = int(np.clip(_MOST // (1 + d), _JUDGED, _POINTS))
        scales = np.atleast_2d(process.scales(p))
        slowest = np.sqrt(np.sum(scales**-2.0, axis=1, keepdims=True)) / _SLOWEST
        self._scales = scales * np.minimum(1.0, slowest)
        self._threads = threads
        self._Q, self._judged = among(process.X, n, rng), among(process.X, _JUDGED, rng)
        self._Y = process.mean(p, given, self._Q)
        self._truth = process.mean(p, given, self._judged)
        slopes = float(np.mean(self._Y[:, 1:] ** 2)) * d
        self._directions = _directions(self._Q, self._Y[:, 1:])
        self._weights = np.r_[1.0, np.full(d, 1 / slopes if slopes > 0 else 1.0)]
        self.deviation = float(np.sqrt(np.mean(process.variance(p, given, self._judged))))

    def taught(self, width: int, rng: np.random.Generator, *, train: bool) -> tuple[Floats, float]:
        """θ of a network of so many sines, and its RMS distance from the process.

        Parameters
        ----------
        train : bool
            Whether to train the frequencies too.
        """
        layer = Layer.drawn(width, self._scales, rng).with_slow(self._directions)
        theta = layer.theta(self._last(layer))
        found = theta, self.distance(layer, theta)
        if not train:
            return found
        sizes = (self._Q.shape[1], width, self._Y.shape[2])
        weights = np.broadcast_to(self._weights[1:], (sizes[2], sizes[0]))
        objective = Objective(sizes, [normalise("sin"), normalise("identity")], np.array(weights))
        slopes = np.ascontiguousarray(self._Y[:, 1:].transpose(0, 2, 1))
        problem = objective.on(Data(self._Q, self._Y[:, 0].copy(), slopes), self._threads)
        optimizer = LBFGS()
        state = optimizer.start(theta, problem)
        for _ in range(_STEPS):
            if state.done:
                break
            state = optimizer.step(state, problem)
        (W, _), (b, _) = unflatten(state.theta, sizes)
        layer = Layer(W, b)
        theta = layer.theta(self._last(layer))
        return min(found, (theta, self.distance(layer, theta)), key=lambda pair: pair[1])

    def distance(self, layer: Layer, theta: Floats) -> float:
        """RMS difference between the values of the network and of the process."""
        return float(np.sqrt(np.mean(self._differences(layer, theta)[:, 0] ** 2)))

    def distances(self, theta: Floats) -> Floats:
        """RMS differences of the value and of each slope from the process: (1 + n_1, n_L)."""
        outputs, inputs = self._Y.shape[2], self._Q.shape[1]
        (W, _), (b, _) = unflatten(theta, widths_of(theta, inputs, outputs))
        differences = self._differences(Layer(W, b), theta)
        return np.asarray(np.sqrt(np.mean(differences**2, axis=0)))

    def _differences(self, layer: Layer, theta: Floats) -> Floats:
        sizes = (self._Q.shape[1], len(layer.b), self._Y.shape[2])
        (_, C), (_, c) = unflatten(theta, sizes)
        last = np.concatenate([C.T, c[None]])
        return np.asarray(layer.design(self._judged) @ last - self._truth)

    def _last(self, layer: Layer) -> Floats:
        """[C c]ᵀ by least squares."""
        m = len(layer.b) + 1
        scale = np.sqrt(self._weights)[:, None]
        A = layer.design(self._Q)
        A *= scale
        Y = (self._Y * scale).reshape(-1, self._Y.shape[2])
        return solve(A.reshape(-1, m), Y, _ENOUGH * self.deviation)


def among(X: Floats, n: int, rng: np.random.Generator) -> Floats:
    """Points: a quarter at rows, a quarter between two rows, half in a box around all rows."""
    at = X[rng.permutation(len(X))[: n // 4]]
    ends = rng.integers(len(X), size=(2, n // 4))
    share = rng.random((n // 4, 1))
    between = share * X[ends[0]] + (1 - share) * X[ends[1]]
    low, high = X.min(axis=0), X.max(axis=0)
    margin = (high - low) / len(X)  # the extreme rows lie that far inside the region they sample
    box = points(n - len(at) - len(between), X.shape[1], rng)
    return np.concatenate([at, between, low - margin + (high - low + 2 * margin) * box])


def _directions(X: Floats, slopes: Floats) -> Floats:
    """Orthogonal directions (n_1, n_1) that make the mean Hessian of each output nearly diagonal.

    The mean Hessian A_k is that of the quadratic function nearest to the slopes (n, n_1, n_L) at X;
    the directions are the eigenvectors of Σ_k A_k².
    """
    change = np.linalg.lstsq(X - X.mean(axis=0), (slopes - slopes.mean(axis=0)).reshape(len(X), -1))
    hessians = change[0].reshape(X.shape[1], X.shape[1], -1).transpose(2, 0, 1)
    hessians = hessians + hessians.transpose(0, 2, 1)
    return np.linalg.eigh((hessians @ hessians).sum(axis=0))[1].T


def regression(process: Process | Processes, p: Floats, layer: Layer) -> Floats:
    """θ of the network of these sines whose last layer is the most probable given all targets."""
    last = np.zeros((len(layer.b) + 1, process.targets.shape[2]))
    if isinstance(process, Process):
        return layer.theta(_most_probable(process, p, layer))
    for outputs, one, own in process.each(p):
        last[:, outputs] = _most_probable(one, own, layer)
    return layer.theta(last)


def _most_probable(process: Process, p: Floats, layer: Layer) -> Floats:
    """[C c]ᵀ of outputs that are known at the same rows."""
    m = len(layer.b) + 1
    normal, right = np.zeros((m, m)), np.zeros((m, process.targets.shape[2]))
    kinds = process.targets.shape[1]
    noise = process.noise_of_kinds(p)
    step = max(1, _BLOCK // (kinds * m))
    for i in range(0, len(process), step):
        rows = slice(i, i + step)
        t = process.targets[rows]
        known = ~np.isnan(t).any(axis=2)
        scale = np.sqrt(np.where(known, process.counts[rows, None] / noise, 0.0))[..., None]
        A = (layer.design(process.X[rows])[:, :kinds] * scale).reshape(-1, m)
        y = (np.nan_to_num(t) * scale).reshape(len(A), -1)
        normal += A.T @ A
        right += A.T @ y
    normal.flat[: m * m - 1 : m + 1] += len(layer.b) / 2  # the variance of an entry of C is 2/m
    return solve_normal(normal, right)
