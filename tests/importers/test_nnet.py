"""NNet's text files: ReLU networks in the units of their header; hostile ones are refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import slopenet as sn

RNG = np.random.default_rng(0)
SIZES = (5, 8, 8, 3)
WEIGHTS = [RNG.normal(size=(m, n)) for n, m in pairwise(SIZES)]
BIASES = [RNG.normal(size=m) for m in SIZES[1:]]
MEAN, RANGE = RNG.normal(size=6), RNG.uniform(1, 3, 6)
LOW, HIGH = np.full(5, -9.0), np.full(5, 9.0)


def row(numbers: np.ndarray | list[int]) -> str:
    return "".join(f"{x!r}," for x in np.asarray(numbers).tolist())


def text() -> str:
    lines = [
        "// Neural Network File Format by Kyle Julian, Stanford 2016",
        "3,5,3,8,",
        row([*SIZES]),
    ]
    lines += ["0,", row(LOW), row(HIGH), row(MEAN), row(RANGE)]
    for W, b in zip(WEIGHTS, BIASES, strict=True):
        lines += [row(w) for w in W] + [f"{x!r}," for x in b.tolist()]
    return "\n".join(lines) + "\n"


def evaluate_network(inputs: np.ndarray) -> np.ndarray:
    """As in NNet's nnet.py, one sample."""
    norm = np.zeros(5)
    for i in range(5):
        inside = min(max(inputs[i], LOW[i]), HIGH[i])
        norm[i] = (inside - MEAN[i]) / RANGE[i]
    for layer in range(2):
        norm = np.maximum(np.dot(WEIGHTS[layer], norm) + BIASES[layer], 0)
    outputs = np.dot(WEIGHTS[-1], norm) + BIASES[-1]
    for i in range(3):
        outputs[i] = outputs[i] * RANGE[-1] + MEAN[-1]
    return outputs


def saved(folder: Path, content: str | bytes) -> Path:
    path = folder / "net.nnet"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_values_are_those_of_nnet(tmp_path: Path) -> None:
    net = sn.load(saved(tmp_path, text()), expect=sn.Network, input_names=list("abcde"))
    assert net.sizes == SIZES
    assert net.input_names == tuple("abcde")
    X = RNG.uniform(-9, 9, (50, 5))
    wanted = np.array([evaluate_network(x) for x in X])
    np.testing.assert_allclose(net(X), wanted, rtol=1e-12, atol=1e-12)
    old = saved(tmp_path, text().replace(",\n", "\n").replace("\n", "\r\n"))
    assert sn.load(old).sizes == SIZES


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("3,5,3,8,", "3,5,3,", "line 2 has 3 numbers, not 4"),
        ("3,5,3,8,", "999999999,5,3,8,", "it says that it has 999999999 layers"),
        ("3,5,3,8,", "2.5,5,3,8,", "a size is not a whole number"),
        ("5,8,8,3,", "5,8,9,3,", "contradict its first line"),
        ("5,8,8,3,", "5,8,-8,3,", "contradict its first line"),
        ("5,8,8,3,", "5,8,7,3,", "numbers, not"),
        ("0,\n", "nan,\n", "line 4 has 'nan'"),
        ("0,\n", "1_0,\n", "line 4 has '1_0'"),
        ("-9.0,", "99.0,", "a minimum of its inputs is above the maximum"),
        (row(RANGE), row(-RANGE), "a range of its header is not positive"),
        (row(MEAN), "1e999,", "a number out of range"),
        ("0,\n", "é,\n", "not ASCII"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    path = saved(tmp_path, text().replace(old, new, 1))
    with pytest.raises(sn.ModelFileError, match=f"net.nnet is damaged.*{sentence}"):
        sn.load(path)


def test_a_range_whose_inverse_overflows_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, text().replace(row(RANGE), "1e-320," * 6, 1))
    with pytest.raises(sn.UnsupportedNetworkError, match="the header: its numbers are not all fin"):
        sn.load(path)


def test_files_with_too_few_and_too_many_lines_are_refused(tmp_path: Path) -> None:
    with pytest.raises(sn.ModelFileError, match="it ends early"):
        sn.load(saved(tmp_path, text()[:-30]))
    with pytest.raises(sn.ModelFileError, match="is behind its last bias"):
        sn.load(saved(tmp_path, text() + "0.5,\n"))
    with pytest.raises(sn.ModelFileError, match="it ends early"):
        sn.load(saved(tmp_path, "1,1000000,1000000,1000000,\n1000000,1000000,\n"))


def test_mutants_are_networks_or_refused(tmp_path: Path) -> None:
    """Bytes changed, lines lost or doubled at random: no other error, no warning."""
    rng, whole = np.random.default_rng(1), text().encode()
    for _ in range(1000):
        mutant = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(len(mutant)))
            match rng.integers(4):
                case 0:
                    mutant[at] = int(rng.integers(256))
                case 1:
                    del mutant[at : at + int(rng.integers(1, 40))]
                case 2:
                    mutant[at:at] = b"0123456789e-.,\n"[: int(rng.integers(15))]
                case _:
                    mutant[at] = b"0123456789e-.,\n"[int(rng.integers(15))]
        try:
            net = sn.load(saved(tmp_path, bytes(mutant)), expect=sn.Network)
        except (sn.ModelFileError, sn.UnsupportedNetworkError):
            continue
        assert net.sizes[0] >= 1
