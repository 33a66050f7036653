"""A model file comes back as it was written, to the bit, and its bytes are always the same."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from model_files import (
    ACTIVATIONS,
    DATA,
    INPUT_NAMES,
    OUTPUT_NAMES,
    arrays,
    header,
    save,
    signed,
)

from slopenet.io import model_file
from slopenet.io.model_file import ModelFileError


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_contents_of_a_model_file_are_read_as_they_were_written(
    tmp_path: Path, dtype: type[np.floating[Any]]
) -> None:
    path = tmp_path / "net.safetensors"
    weights, biases = arrays(dtype=dtype)
    save(path, weights=weights, biases=biases)
    contents = model_file.read(path)
    for got, put in zip(contents.weights + contents.biases, weights + biases, strict=True):
        assert got.dtype == dtype
        assert np.array_equal(got, put)
        assert not got.flags.writeable
    assert contents.activations == ACTIVATIONS
    assert contents.input_names == INPUT_NAMES
    assert contents.output_names == OUTPUT_NAMES


def test_names_in_a_model_file_may_be_absent_and_parameters_keep_every_bit(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    activations = (("elu", (0.1 + 0.2,)), ("softplus", (5e-324, 1e308)))
    save(path, activations=activations, input_names=None, output_names=None)
    contents = model_file.read(path)
    assert contents.activations == activations
    assert contents.input_names is None
    assert contents.output_names is None


def test_plain_safetensors_reads_a_model_file(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    weights, biases = arrays()
    tensors = safetensors.numpy.load_file(path)
    assert sorted(tensors) == ["W2", "W3", "b2", "b3"]
    assert np.array_equal(tensors["W2"], weights[0])
    assert np.array_equal(tensors["b3"], biases[1])


def test_layout_of_arrays_does_not_matter(tmp_path: Path) -> None:
    weights, biases = arrays()
    save(tmp_path / "a", weights=weights, biases=biases)
    save(
        tmp_path / "b",
        weights=[np.asfortranarray(W) for W in weights],
        biases=[np.repeat(b, 2)[::2] for b in biases],
    )
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_same_network_gives_same_bytes_in_every_process(tmp_path: Path) -> None:
    save(tmp_path / "here")
    program = (
        "import pickle, sys; from slopenet.io import model_file;"
        "model_file.write(sys.argv[1], *pickle.load(sys.stdin.buffer))"
    )
    fields = pickle.dumps((*arrays(), ACTIVATIONS, INPUT_NAMES, OUTPUT_NAMES))
    for seed in "12":
        subprocess.run(
            [sys.executable, "-c", program, tmp_path / seed],
            input=fields,
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
        )
        assert (tmp_path / seed).read_bytes() == (tmp_path / "here").read_bytes()


def test_forged_model_files_are_read_if_nothing_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(signed(header(), DATA))
    contents = model_file.read(path)
    assert contents.activations == (("tanh", ()), ("identity", ()))
    assert np.array_equal(contents.weights[0], [[0, 1], [2, 3], [4, 5]])


def test_reading_opens_one_file_and_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    program = """
import sys
from slopenet.io import model_file
model_file.read(sys.argv[1])
events = []
sys.addaudithook(lambda event, arguments: events.append((event, arguments)))
model_file.read(sys.argv[1])
seen = list(events)
assert [a[0] for e, a in seen if e == "open" and isinstance(a[0], str)] == [sys.argv[1]], seen
kinds = {event for event, _ in seen} - {"open"}
assert not [kind for kind in kinds if not kind.startswith(("object.", "cpython."))], kinds
"""
    subprocess.run([sys.executable, "-c", program, path], check=True)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"biases": [np.ones(3), np.full(1, np.nan)]}, "b3 holds NaN"),
        ({"activations": [("elu", (np.inf,)), ("sin", ())]}, "activations cannot be read"),
        ({"input_names": ["\ud800", "p"]}, "half a character"),
        ({"input_names": ["T" * 2**18, "p"]}, "long names"),
        ({"input_names": ["T"]}, "1 input_names for 2 columns"),
    ],
)
def test_contents_that_could_not_be_read_are_not_written(
    tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    old = path.read_bytes()
    with pytest.raises(ModelFileError, match="cannot save") as caught:
        save(path, **changed)
    assert sentence in str(caught.value)
    assert path.read_bytes() == old
