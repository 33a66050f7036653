"""Random networks of torch with runs of activations, skips and branches: equal to torch.func.

python -m tests.extras.random_branches 200
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import torch
from torch import nn

if __name__ == "__main__":
    sys.path.insert(0, "tests")
from extras.random_forwards import UNARY
from same_bits import assert_same, everything

import slopenet as sn

LIMIT = 1e-12  # of the largest entry
ROWS = 17  # that are computed together
COMPARED = 5  # with torch
SKIPS = ("residual", "dense", "input skip")
BRANCHES = ("sum of branches", "concatenated branches", "largest of branches")


class RandomBranches(nn.Module):
    """Blocks in random order: runs of activations, a skip, branches, and up to two more."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        self.inputs = int(rng.integers(2, 6))
        self.first = nn.Linear(self.inputs, int(rng.integers(4, 9)))
        kinds = ["runs", str(rng.choice(SKIPS)), str(rng.choice(BRANCHES))]
        kinds += rng.choice(["runs", "prelu", *SKIPS, *BRANCHES], rng.integers(3)).tolist()
        self.kinds = [str(kind) for kind in rng.permutation(kinds)]
        self.chosen = [rng.choice(len(UNARY), 3, replace=False).tolist() for _ in kinds]
        width = self.first.out_features
        self.blocks = nn.ModuleList()
        for kind in self.kinds:
            own = width if kind in {"residual", "prelu"} else int(rng.integers(4, 9))
            left, right = nn.Linear(width, own), nn.Linear(width, own)
            self.blocks.append(
                nn.ModuleList([left, right, nn.Linear(self.inputs, own), nn.PReLU(own)])
            )
            width = {"dense": width + own, "concatenated branches": 2 * own}.get(kind, own)
        self.last = nn.Linear(width, int(rng.integers(2, 5)))
        self.double().eval()
        with torch.no_grad():
            for each in self.parameters():
                each.mul_(2)  # so that the layers are far from linear

    def forward(self, x: Any) -> Any:
        h = torch.tanh(self.first(x))
        for kind, chosen, (left, right, entry, prelu) in zip(
            self.kinds, self.chosen, self.blocks, strict=True
        ):
            f, g, k = (UNARY[i] for i in chosen)
            match kind:
                case "runs":
                    z = left(h)
                    h = torch.cat([f(z[:, :1]), g(z[:, 1:3]), k(z[:, 3:])], 1)
                case "prelu":
                    h = prelu(left(h))
                case "residual":
                    h = h + f(left(h))
                case "dense":
                    h = torch.cat([h, f(left(h))], 1)
                case "input skip":
                    h = f(left(h) + entry(x))
                case "sum of branches":
                    h = f(left(h)) - 0.5 * g(right(h))
                case "concatenated branches":
                    h = torch.cat([f(left(h)), right(h)], 1)
                case "largest of branches":
                    h = torch.maximum(f(left(h)), g(right(h)))
        y = self.last(h)
        return torch.cat([y[:, :1], nn.functional.softplus(y[:, 1:])], 1)


def differences(seed: int) -> dict[str, float]:
    """Of value, Jacobian and Hessian, relative to the largest entry.

    Raises
    ------
    AssertionError
        If a result depends on the rows with it or on the threads, or a difference is beyond 1e-12.
    """
    module = RandomBranches(seed)
    example = torch.zeros(2, module.inputs, dtype=torch.float64)
    net = sn.from_torch(module, example=example)
    assert any(isinstance(activation, tuple) for activation in net.activations)
    X = torch.randn(ROWS, module.inputs, dtype=torch.float64)

    def one(x: Any) -> Any:
        return module(x[None])[0]

    batch = everything(net, X.numpy(), threads=1)
    assert_same(batch, everything(net, X.numpy(), threads=2))
    for row in (0, ROWS - 1):
        alone = everything(net, X[row : row + 1].numpy(), threads=1)
        assert_same(alone, [result[row : row + 1] for result in batch])
    found = {}
    names = ("value", "Jacobian", "Hessian")
    # Row by row, since vmap of jacrev fails in torch's PReLU.
    jacrev = torch.func.jacrev
    functions = (one, jacrev(one), jacrev(jacrev(one)))
    for name, got, function in zip(
        names, net.value_jacobian_hessian(X[:COMPARED].numpy()), functions, strict=True
    ):
        right = torch.stack([function(x) for x in X[:COMPARED]]).detach().numpy()
        found[name] = float(np.abs(got - right).max() / np.abs(right).max())
        assert found[name] <= LIMIT, f"seed {seed}: {name} differs by {found[name]:.1e}"
    return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    warnings.simplefilter("ignore")
    found = []
    for seed in range(count):
        found.append(differences(seed))
        if seed % 20 == 19:
            print(f"{seed + 1} networks are equal", flush=True)
    for name in found[0]:
        print(f"{name:9} differs by at most {max(each[name] for each in found):.1e}")


if __name__ == "__main__":
    main()
