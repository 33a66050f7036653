"""JENN: its forward sweep of value and partials, float64 batches only, in blocks of samples.

In mode `call`, a trained model is called as its users do. In mode `cache`, the function below that
call gets preallocated arrays, where the call allocates new ones. JENN stores samples as columns:
points are laid out that way before the clock starts, and results are views of its arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.cases import Problem
from benchmarks.contenders.contender import Call, Contender

BLOCK = 512


def _model(problem: Problem) -> Any:
    """Return a model with the problem's parameters, as if it had been trained."""
    import jenn

    sizes = [problem.X.shape[-1], *(len(b) for b in problem.biases)]
    model = jenn.NeuralNet(sizes, hidden_activation="tanh", output_activation="linear")
    model.parameters.initialize()
    for i, (W, b) in enumerate(zip(problem.weights, problem.biases, strict=True)):
        model.parameters.W[i + 1][:] = W
        model.parameters.b[i + 1][:] = b[:, None]
    return model


def jacobian(problem: Problem) -> dict[str, Call]:
    """H and ∂H/∂x."""
    if problem.single or problem.X.dtype != np.float64:
        return {}
    from jenn.core.cache import Cache
    from jenn.core.propagation import model_partials_forward

    model, X = _model(problem), np.ascontiguousarray(problem.X.T)
    parameters = model.parameters
    starts = range(0, X.shape[1], BLOCK)
    blocks = [np.ascontiguousarray(X[:, start : start + BLOCK]) for start in starts]
    caches = {x.shape[1]: Cache(parameters.layer_sizes, m=x.shape[1]) for x in blocks}

    def call(evaluate: Any) -> Call:
        def both() -> tuple[Any, ...]:
            H = np.empty((parameters.n_y, X.shape[1]))
            J = np.empty((parameters.n_y, parameters.n_x, X.shape[1]))
            for start, x in zip(starts, blocks, strict=True):
                columns = slice(start, start + BLOCK)
                H[:, columns], J[:, :, columns] = evaluate(x)
            return H.T, J.transpose(2, 0, 1)

        return both

    return {
        "call": call(model),
        "cache": call(lambda x: model_partials_forward(x, parameters, caches[x.shape[1]])),
    }


CONTENDER = Contender("JENN", "jenn", {"jacobian": jacobian})
