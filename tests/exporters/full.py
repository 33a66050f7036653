"""Every compiler at every level, float64 and float32, ONNX: 20 networks, up to 10,000 points each.

    python tests/exporters/full.py [FIRST LAST]

The tests in this folder do a part of this in a minute; this takes a quarter of an hour. It fails
beyond the promise of the network itself: 1e-13 of the largest entry, 1e-12 for Hessians; in
float32, where inputs far out magnify the rounding of z, ten times 1e-5 and 1e-4.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from exported import EVERYTHING, LIMIT, compilers, errors, inputs, library, mixed_network, results

NETWORKS, POINTS, AT_ONCE = 20, 10_000, 500
ENTRIES = 3_000_000  # of Hessians of a network, which bounds its points
LEVELS = ("-O0", "-O1", "-O2", "-O3")


def onnx_results(path: Path, X: np.ndarray) -> dict[str, np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return dict(zip("yJH", session.run(["y", "jacobian", "hessian"], {"x": X}), strict=True))


def worst(net: Any, runs: dict[str, Any]) -> dict[str, float]:
    """In units of the promise; scales are those of each block of points."""
    size = net.sizes[-1] * net.sizes[0] ** 2
    X = inputs(POINTS, net)[np.random.default_rng(0).permutation(POINTS)]
    found = dict.fromkeys(runs, 0.0)
    for block in np.array_split(X[: max(AT_ONCE, ENTRIES // size)], POINTS // AT_ONCE):
        wanted = net.value_jacobian_hessian(block)
        for way, run in runs.items():
            found[way] = max(found[way], *errors(net, block, run(block), wanted).values())
    return found


def ways(net: Any, path: Path) -> dict[str, Callable[[np.ndarray], dict[str, np.ndarray]]]:
    """Ways to compute the network's results, from the files at `path`."""
    found: dict[str, Any] = {
        f"{name} {level}": partial(
            results, library(path, command, "-std=c99", level), path.stem, net
        )
        for name, command in compilers().items()
        for level in LEVELS
    }
    return found | {"onnxruntime": partial(onnx_results, path.with_suffix(".onnx"))}


def main(first: int = 0, last: int = NETWORKS) -> int:
    found: dict[tuple[str, str], float] = {}
    with TemporaryDirectory() as folder:
        for seed, dtype in product(range(first, last), ("float64", "float32")):
            net = mixed_network(seed, dtype)
            path = Path(folder) / f"net_{seed}_{dtype}.c"
            net.export(path, derivatives=EVERYTHING)
            net.export(path.with_suffix(".onnx"), derivatives=("value", "jacobian", "hessian"))
            for way, error in worst(net, ways(net, path)).items():
                found[way, dtype] = max(found.get((way, dtype), 0.0), error)
    for (way, dtype), error in found.items():
        print(f"{way:<14} {dtype}  {error:.2f} of the promise")
    return int(any(error > LIMIT[dtype] for (_, dtype), error in found.items()))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
