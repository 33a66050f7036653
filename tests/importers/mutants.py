"""Mutants of files in every format that is new: each ends in a network or in a documented error.

    python tests/importers/mutants.py [COUNT] [KIND ...]

tries COUNT of them, 10,000 unless given, the same number of each kind. The tests try a part.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
from networks import random_network

import slopenet as sn
from slopenet.cli._scaling import read_scaling

FOREVER = 20  # seconds of the processor; no mutant takes a tenth of it

NNET = """// A network
2,2,1,3,
2,3,1,
0,
-9.0,-8.5,
9.0,8.25,
0.5,-0.25,1.5,
1.0,2.0,3.0,
0.5,-1.5,
0.25,1e-1,
2.0,0.125,
0.1,
-0.2,
0.3,
1.0,-2.0,0.75,
0.5,
"""
WEIGHTS = """# value t index l_s n_s l_e n_e
 1.25E+00 a 1 0 1 1 1
-5.00E-01 a 2 0 1 1 2
 2.50E-01 a 3 0 2 1 1
 7.50E-01 a 4 0 2 1 2
 1.00E-01 b 5 1 1
-1.00E-01 b 6 1 2
 3.00E+00 a 7 1 1 2 1
-2.00E+00 a 8 1 2 2 1
 5.00E-01 b 9 2 1
"""
NUMBERS = "1.25\n-0.5\n0.25\n0.75\n0.1\n-0.1\n3.0\n-2.0\n0.5\n"
SETTINGS = """elements O H # Å
global_hidden_layers_short 1
global_nodes_short 2
global_activation_short t l
element_activation_short H s l
scale_symmetry_functions
scale_min_short -1.0
scale_max_short 1.0
mean_energy -25.5
conv_energy 242.5
conv_length 5.8
atom_energy O -74.9
"""
RANGES = """# e_index sf_index min max mean sigma
1 1 0.0 2.0 0.5 0.1
2 1 0.1 2.5 0.7 0.2
2 2 0.0 1.5 0.6 0.3
-7.5 -2.5
"""
SCALINGS: list[dict[str, Any]] = [
    {
        "input_scaling": {"mean": [1.0, 2.5], "std": 2.0},
        "output_scaling": {"low": 0, "high": 5.5, "to": [-1, 1]},
    },
    {
        "input_scaling": {"matrix": [[1.0, 0.5], [0.25, 2.0]], "offset": [0.5, -1.0]},
        "output_scaling": {"scale": [2.5], "offset": -1},
    },
]
VALUES: list[Any] = [
    0,
    -1,
    1e-320,
    1e308,
    -1e308,
    10**400,
    True,
    None,
    "x",
    [],
    {},
    [[]],
    [1, 2, 3],
]
VALUES += [[[1, 2], [2, 4]], [[0, 1], [1, 0]], [[1.0]], float("nan"), float("inf"), [0, 0], [1, 1]]

Attempt = Callable[[Any], Any]
"""One attempt to read a mutant."""


def changed(raw: bytes, rng: np.random.Generator, alphabet: bytes) -> bytes:
    """One to three times, bytes lost, put in or replaced, pieces doubled, or a line replaced."""
    found = bytearray(raw)
    for _ in range(rng.integers(1, 4)):
        at, other = (int(i) for i in rng.integers(len(found) + 1, size=2))
        piece = bytes(rng.choice(list(alphabet), rng.integers(1, 5)).tolist())
        match rng.integers(6):
            case 0:
                found[at : at + 1] = bytes([rng.integers(256)])
            case 1:
                del found[at : at + int(rng.integers(1, 40))]
            case 2:
                found[at:at] = piece
            case 3:
                found[at : at + len(piece)] = piece
            case 4:
                found[other:other] = found[at : at + int(rng.integers(1, 60))]
            case _:
                lines = found.splitlines(keepends=True)
                if lines:
                    lines[rng.integers(len(lines))] = lines[rng.integers(len(lines))]
                found = bytearray(b"".join(lines))
    return bytes(found)


def of_files(files: dict[str, str], read: str, alphabet: bytes) -> Callable[..., Iterator[Attempt]]:
    """Mutants of one of these files, of which `read` is loaded."""

    def mutants(rng: np.random.Generator, folder: Path) -> Iterator[Attempt]:
        while True:
            for name in files:
                for each, text in files.items():
                    raw = text.encode()
                    other = changed(raw, rng, alphabet) if each == name else raw
                    (folder / each).write_bytes(other)
                yield lambda: sn.load(folder / read, expect=sn.Network)

    return mutants


def toml(given: dict[str, dict[str, Any]]) -> str:
    parts = [
        "\n".join([f"[{table}]", *(f"{name} = {value}" for name, value in each.items())])
        for table, each in given.items()
    ]
    return "\n".join(parts)


def scalings(rng: np.random.Generator, folder: Path) -> Iterator[Attempt]:
    """Numbers of a scaling replaced by others, names by names, and bytes of its file changed."""
    net = random_network((2, 3, 1))
    while True:
        for given in SCALINGS:
            for write, path in ((json.dumps, folder / "s.json"), (toml, folder / "s.toml")):
                other = json.loads(json.dumps(given))
                table = other[rng.choice(list(other))]
                part = rng.choice(list(table))
                table[part] = VALUES[rng.integers(len(VALUES))]
                if rng.integers(4) == 0:
                    names = ["mean", "std", "low", "high", "to", "matrix", "scale", "offset", "x"]
                    table[str(rng.choice(names))] = table.pop(part)
                alphabet = b'0123456789e+-."[]{},:=#\n'
                for raw in (write(other).encode(), changed(write(given).encode(), rng, alphabet)):
                    path.write_bytes(raw)
                    yield lambda path=path: net.scaled(**read_scaling(path))


def graph_of_branches() -> Any:
    """Every node that branches need."""
    from onnx_graphs import RNG, Graph, helper

    V, U, row = RNG.normal(size=(5, 5)), RNG.normal(size=(10, 2)), RNG.uniform(0.1, 1, 5)
    g = Graph()
    h = g("Tanh", g("MatMul", g("Flatten", "x", axis=1), RNG.normal(size=(3, 5))))
    h = g("PRelu", g("Add", h, g("Sin", g("MatMul", h, V))), row)
    g.nodes.append(helper.make_node("Split", [h], ["a", "b"], axis=1, num_outputs=2))
    a = g("Pad", g("Clip", "a", -0.5, 0.75), np.array([0, 1, 0, 1]), 0.5)
    b = g("Gather", "b", np.array([1, 0, 1]), axis=1)
    c = g("Slice", h, np.array([1]), np.array([9]), np.array([1]), np.array([2]))
    z = g("Concat", a, b, c, g("Max", g("HardSigmoid", "b", alpha=0.5), 0.1), axis=1)
    z = g("Sub", z, g("ReduceMean", z, np.array([1]), keepdims=1))
    z = g("Exp", g("MatMul", g("Cos", g("Slice", z, np.array([0]), np.array([10]), [1])), U))
    return g.model(g("Softmax", g("Log", g("Add", z, 1.0)), axis=1))


def graphs(rng: np.random.Generator, folder: Path) -> Iterator[Attempt]:
    """Parts of an ONNX graph changed, and bytes of its file."""
    from importers.test_onnx_mutants import mutants

    model = graph_of_branches()
    assert isinstance(sn.from_onnx(model), sn.Network)
    raw, path = model.SerializeToString(), folder / "net.onnx"
    for start in range(7):  # a seventh of all each time
        for mutant in islice(mutants(model), start, None, 7):
            yield lambda mutant=mutant: sn.from_onnx(mutant)
            path.write_bytes(changed(raw, rng, bytes([0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF])))
            yield lambda: sn.load(path)


def text(read: str, **files: str) -> Callable[..., Iterator[Attempt]]:
    named = {name.replace("_", "."): content for name, content in files.items()}
    return of_files(named, read, b"0123456789+-.eEab,# \n\t")


KINDS: dict[str, Callable[[np.random.Generator, Path], Iterator[Attempt]]] = {
    "nnet": text("net.nnet", net_nnet=NNET),
    "n2p2": text(
        "weights.008.data", weights_008_data=WEIGHTS, input_nn=SETTINGS, scaling_data=RANGES
    ),
    "runner": text(
        "weights.008.data", weights_008_data=NUMBERS, input_nn=SETTINGS, scaling_data=RANGES
    ),
    "scaling": scalings,
    "onnx": graphs,
}


def outcomes(kind: str, count: int, folder: Path, seed: int = 0) -> tuple[Counter[str], list[str]]:
    """How many of so many mutants end in a network and in each documented error; and the others.

    A warning is an error too, and so is a mutant that takes too long.
    """
    found: Counter[str] = Counter()
    others = []
    attempts = KINDS[kind](np.random.default_rng(seed), folder)
    for number, attempt in enumerate(islice(attempts, count)):
        start, end = time.process_time(), "network"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                attempt()
        except Exception as error:
            end = type(error).__name__
            documented = isinstance(error, sn.ModelFileError | sn.UnsupportedNetworkError)
            # `Network.scaled` refuses a wrong scaling by a plain ValueError.
            if not documented and (kind, type(error)) != ("scaling", ValueError):
                others.append(f"{kind} {number}: {error!r}")
        found[end] += 1
        if time.process_time() - start > FOREVER:
            others.append(f"{kind} {number}: it takes too long")
    return found, others


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 10_000
    kinds = arguments[1:] or list(KINDS)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            found, others = outcomes(kind, -(-count // len(kinds)), Path(folder))
            print(
                f"{kind:8} {found.total():6} mutants: {dict(found)}", *others, sep="\n", flush=True
            )
            failed += len(others)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
