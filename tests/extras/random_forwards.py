"""Random forwards of torch: each is equal to torch, or refused by name.

python -m tests.extras.random_forwards 2000
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import slopenet as sn
from tests.extras.random_sources import refusal, report, require_near


def softplus(z: Any) -> Any:
    """As the formula has it; torch takes z itself beyond its threshold of 20."""
    return F.softplus(z, threshold=700)


def hardsigmoid(z: Any) -> Any:
    """As the formula has it; the derivative of torch's own rounds 1/6 to float32."""
    return (z / 6 + 0.5).clamp(0, 1)


UNARY: list[Any] = [
    torch.tanh, torch.sigmoid, torch.sin, torch.cos, torch.relu, F.silu, F.gelu, F.mish,
    softplus, F.softsign, F.selu, F.elu, F.celu, F.logsigmoid, F.hardtanh, F.relu6,
    hardsigmoid, F.softshrink, F.tanhshrink, torch.abs,
    lambda z: F.leaky_relu(z, 0.2), lambda z: z.clamp(-0.5, 0.7), lambda z: z * torch.sigmoid(z),
    lambda z: torch.exp(-(z**2)), lambda z: torch.where(z > 0, z, 0.1 * z), lambda z: 1 - 2 * z,
    lambda z: torch.exp(-softplus(z)), lambda z: torch.log(2 + torch.sin(z)), lambda z: -z / 3,
]  # fmt: skip
SHAPES: list[Any] = [
    lambda z: z.flip(1), lambda z: z[:, ::2], lambda z: z[:, -1:], lambda z: F.pad(z, (1, 2)),
    lambda z: z.roll(1, 1), lambda z: z.T.contiguous().T, lambda z: z.mean(1, keepdim=True),
    lambda z: z.cumsum(1), lambda z: torch.stack([z, z], 2).flatten(1),
    lambda z: z.repeat(1, 2), lambda z: z.unsqueeze(1).expand(-1, 2, -1).reshape(len(z), -1),
    lambda z: z - z.sum(1, keepdim=True), lambda z: torch.cat([z, torch.ones_like(z)], 1),
]  # fmt: skip
UNSUPPORTED: list[Any] = [
    lambda z: z.softmax(1), lambda z: F.layer_norm(z, z.shape[1:]), lambda z: z * z.flip(1),
    lambda z: z**2, lambda z: z.sort(1).values, lambda z: z - z.mean(0), lambda z: z.cumprod(1),
    lambda z: F.dropout(z, 0.5, True), lambda z: z + torch.randn(z.shape[1]), F.hardswish,
    lambda z: z if z.sum() > 0 else -z, lambda z: z.amax(1, keepdim=True), torch.round,
    lambda z: z / z.norm(dim=1, keepdim=True), lambda z: z * float(z[0, 0]), torch.atan,
    lambda z: z @ z.T @ z, lambda z: torch.tensor(np.sin(z.detach().numpy())) + z,
    lambda z: z[torch.arange(len(z)).flip(0)], lambda z: z + len(z), lambda z: z.sinh(),
]  # fmt: skip


class RandomForward(nn.Module):
    """A forward of some ten random operations; `hostile` adds those that no network is."""

    def __init__(self, seed: int, *, hostile: bool) -> None:
        super().__init__()
        self.seed, self.hostile = seed, hostile
        self.inputs = int(np.random.default_rng(seed).integers(2, 5))
        self.layers = nn.ModuleDict()
        self.double()
        with torch.no_grad():
            self(torch.zeros(2, self.inputs, dtype=torch.float64))  # makes the layers
        self.eval()

    def layer(self, name: str, make: Any) -> Any:
        if name not in self.layers:
            torch.manual_seed(self.seed)
            self.layers[name] = make().double().eval()
        return self.layers[name]

    def forward(self, x: Any) -> Any:
        rng = np.random.default_rng(self.seed)
        rng.integers(2, 5)
        values = [x]
        for step in range(rng.integers(3, 11)):
            a, b = (values[-1 - i % len(values)] for i in rng.integers(0, 3, 2))
            name, width = f"l{step}", int(rng.integers(1, 7))
            match rng.integers(9):
                case 0 | 1:
                    values.append(
                        self.layer(name, lambda a=a, w=width: nn.Linear(a.shape[1], w))(a)
                    )
                case 2 | 3:
                    values.append(UNARY[rng.integers(len(UNARY))](a))
                case 4:
                    values.append(torch.cat([a, b], 1)[:, :12])
                case 5:
                    n = min(a.shape[1], b.shape[1])
                    values.append(a[:, :n] + float(rng.normal()) * b[:, -n:])
                case 6:
                    values.append(SHAPES[rng.integers(len(SHAPES))](a)[:, :12])
                case 7:
                    kind = nn.PReLU if rng.integers(2) else nn.BatchNorm1d
                    make = functools.partial(kind, a.shape[1])
                    values.append(self.layer(name, make)(a))
                case 8:
                    n = min(a.shape[1], b.shape[1])
                    values.append(torch.maximum(a[:, :n], b[:, :n]))
        if self.hostile:
            values.append(UNSUPPORTED[rng.integers(len(UNSUPPORTED))](values[-1]))
        return self.layer("end", lambda: nn.Linear(values[-1].shape[1], 2))(values[-1])


def outcome(seed: int) -> str:
    """`equal`, or `refused: ...`; AssertionError if a network differs from torch.

    Every third forward has an operation that no network is, so that it may well be refused.
    """
    module = RandomForward(seed, hostile=seed % 3 == 0)
    example = torch.zeros(2, module.inputs, dtype=torch.float64)
    try:
        net = sn.from_torch(module, example=example)
    except sn.UnsupportedNetworkError as error:
        return refusal(seed, error, ("module ", "torch "))
    torch.manual_seed(seed)
    X = torch.randn(40, module.inputs, dtype=torch.float64)
    wanted = module(X).detach().numpy()
    require_near(seed, "values", net(X.numpy()), wanted, 1e-11)
    J = torch.autograd.functional.jacobian(lambda x: module(x[None])[0], X[0]).numpy()
    require_near(seed, "slopes", net.jacobian(X[0].numpy()), J, 1e-10)
    return "equal"


if __name__ == "__main__":
    report(outcome, 2000, "forwards")
