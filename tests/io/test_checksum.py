"""Damaged and foreign bytes are refused before anything in them is parsed."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from model_files import (
    DATA,
    header,
    refusal,
    save,
)

from slopenet.io import model_file
from slopenet.io.model_file import ModelFileError


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    raw = path.read_bytes()
    for length in range(len(raw)):
        assert refusal(path, raw[:length]).startswith(str(path))
    assert "checksum" in refusal(path, raw + b"\0")


def test_every_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    raw = path.read_bytes()
    for position in range(len(raw)):
        for bit in range(8):
            flipped = bytearray(raw)
            flipped[position] ^= 1 << bit
            assert refusal(path, bytes(flipped)).startswith(str(path))


def test_upper_case_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    raw = path.read_bytes()
    start = raw.index(b'"checksum":"') + 12
    upper = raw[:start] + raw[start : start + 64].upper() + raw[start + 64 :]
    assert upper != raw
    assert "checksum does not agree" in refusal(path, upper)


def test_checksum_that_reaches_into_the_data_is_refused(tmp_path: Path) -> None:
    text = header()
    text = text[: text.index(b'"checksum":"') + 12]
    raw = len(text).to_bytes(8, "little") + text
    assert "damaged" in refusal(tmp_path / "net.safetensors", raw)
    assert "damaged" in refusal(tmp_path / "net.safetensors", raw + b"0" * 10)


@pytest.mark.parametrize(
    "length", [2**18 + 1, 10**8, 2**31, 2**63 - 1, 2**63, 2**64 - 8, 2**64 - 1]
)
def test_huge_header_lengths_are_refused_unread(tmp_path: Path, length: int) -> None:
    raw = length.to_bytes(8, "little") + header() + DATA
    said = f"header of {length} bytes" if length < 2**40 else "is not a model file"
    assert said in refusal(tmp_path / "net.safetensors", raw)


def test_sparse_giant_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    with path.open("wb") as file:
        file.write((2**40).to_bytes(8, "little"))
        file.truncate(2**41)
    with pytest.raises(ModelFileError, match="not a model file"):
        model_file.read(path)


class Bomb:
    """Says so if it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return exec, ("raise SystemExit('unpickled')",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_under_our_suffix_is_refused(tmp_path: Path, protocol: int) -> None:
    raw = pickle.dumps([Bomb(), *range(1000)], protocol)
    assert "is not a model file" in refusal(tmp_path / "net.safetensors", raw)


@pytest.mark.parametrize("raw", [b"", b"\0" * 7, b"\0" * 8, b"\0" * 1000, b"T,p\n1,2\n", b"{}"])
def test_bytes_of_other_files_are_refused(tmp_path: Path, raw: bytes) -> None:
    assert "is not a model file" in refusal(tmp_path / "net.safetensors", raw)


def test_other_safetensors_are_refused(tmp_path: Path) -> None:
    raw = safetensors.numpy.save({"W2": np.ones((2, 2)), "b2": np.ones(2)})
    assert "no checksum of slopenet" in refusal(tmp_path / "net.safetensors", raw)


def test_a_table_or_a_file_of_another_program_is_told_what_is_read(tmp_path: Path) -> None:
    for raw in (b"pressure,volume\n1,2\n", b"MATLAB 5.0 MAT-file" + bytes(200)):
        assert "nor one of ONNX, Keras (.keras, .h5)" in refusal(tmp_path / "net.mat", raw)
