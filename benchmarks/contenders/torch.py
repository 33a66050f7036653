"""PyTorch: torch.func's vmap of jacrev or jacfwd, on the CPU.

The value is the auxiliary result of the same transformation, so it is computed once. A batch is a
tensor already; a single point crosses the border both ways.
"""

from __future__ import annotations

from typing import Any

from benchmarks.cases import Problem
from benchmarks.contenders.contender import Call, Contender


def jacobian(problem: Problem) -> dict[str, Call]:
    """H and ∂H/∂x."""
    import torch

    layers = [
        (torch.from_numpy(W), torch.from_numpy(b))
        for W, b in zip(problem.weights, problem.biases, strict=True)
    ]

    def H(x: Any) -> Any:
        for W, b in layers[:-1]:
            x = torch.tanh(torch.nn.functional.linear(x, W, b))
        value = torch.nn.functional.linear(x, *layers[-1])
        return value, value

    def call(transform: Any) -> Call:
        slope = transform(H, has_aux=True)
        if problem.single:

            def there_and_back() -> tuple[Any, ...]:
                J, value = slope(torch.from_numpy(problem.X))
                return value.numpy(), J.numpy()

            return there_and_back
        batch, X = torch.func.vmap(slope), torch.from_numpy(problem.X)

        def both() -> tuple[Any, ...]:
            J, value = batch(X)
            return value, J

        return both

    return {"reverse": call(torch.func.jacrev), "forward": call(torch.func.jacfwd)}


CONTENDER = Contender("PyTorch", "torch", {"jacobian": jacobian})
