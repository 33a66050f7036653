"""Reading a model file takes at most twice its size and 16 MiB, whatever its contents."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from model_files import (
    DATA,
    MIB,
    header,
    save,
    signed,
    tensor,
)

from slopenet.io import model_file
from slopenet.io.model_file import ModelFileError


def test_file_beyond_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.safetensors"
    save(path)

    def no_memory(_: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr(safetensors, "deserialize", no_memory)
    with pytest.raises(ModelFileError, match="more memory than there is"):
        model_file.read(path)


def widest(limit: int, unit: str) -> str:
    return "[" + unit * ((limit - 2) // len(unit) - 1) + unit.rstrip(",") + "]"


ROOM = 2**18 - 1000
LAYERS = 1820
CHAIN = {
    f"{letter}{i + 2}": tensor(
        [1] * dimensions, 16 * i + 16 - 8 * dimensions, 16 * i + 24 - 8 * dimensions
    )
    for i in range(LAYERS)
    for letter, dimensions in (("W", 2), ("b", 1))
}
HUNGRY = {
    "lists in the header": header()[:-1] + b',"a":' + widest(ROOM, "[],").encode() + b"}",
    "objects in the header": header()[:-1] + b',"a":' + widest(ROOM, "{},").encode() + b"}",
    "numbers in the header": header()[:-1] + b',"a":' + widest(ROOM, "1,").encode() + b"}",
    "lists in the activations": header({"activations": widest(ROOM, "[],")}),
    "wide characters": header({"input_names": "x" * (ROOM - 8) + "y"}).replace(
        b"y", "\U0001f600".encode()
    ),
    "wide names": header({"input_names": '["x"]'}).replace(
        b'[\\"x\\"]', widest(ROOM * 7 // 9, '\\"Āā\\",').encode()
    ),
    "a card": header({"version": "2", "card": widest(ROOM, "[],")}),
    "networks": header(
        {
            "format": "slopenet ensemble",
            "version": "2",
            "networks": widest(ROOM, "{},"),
            "activations": None,
            "input_names": None,
            "output_names": None,
        }
    ),
    "tensors": header()[:-1]
    + b"".join(b',"%05d":{"dtype":"F64","shape":[0],"data_offsets":[0,0]}' % i for i in range(4500))
    + b"}",
    "layers": header({"activations": json.dumps([["", []]] * LAYERS)}, **CHAIN),
}


def hungry(name: str) -> bytes:
    return signed(HUNGRY[name], bytes(16 * LAYERS) if name == "layers" else DATA)


@pytest.mark.parametrize("name", HUNGRY)
def test_hungry_headers_stay_within_the_memory_promised(tmp_path: Path, name: str) -> None:
    raw = hungry(name)
    assert 0.95 * 2**18 < len(HUNGRY[name]) <= 2**18
    path = tmp_path / "net.safetensors"
    path.write_bytes(raw)
    assert peak(path) <= 2 * len(raw) + 16 * MIB


def test_hungry_layers_are_a_model(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(hungry("layers"))
    assert len(model_file.read(path).weights) == LAYERS


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_large_model_takes_twice_its_size(tmp_path: Path, dtype: type[np.floating[Any]]) -> None:
    path = tmp_path / "net.safetensors"
    size = 96 * MIB
    W = np.ones((size // 1024, 1024 // np.dtype(dtype).itemsize), dtype)
    b = np.ones(len(W), dtype)
    save(
        path,
        weights=[W],
        biases=[b],
        activations=[("sin", ())],
        input_names=None,
        output_names=None,
    )
    assert path.stat().st_size > size
    assert peak(path) <= 2 * path.stat().st_size + MIB


def peak(path: Path) -> int:
    """Return the bytes that reading takes at most, by Python's count."""
    tracemalloc.start()
    try:
        model_file.read(path)
    except ModelFileError:
        pass
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux to count for us")
def test_memory_promised_holds_for_the_whole_process(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from slopenet.io import model_file

def peak_kib():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

def read(path):
    try:
        model_file.read(path)
    except model_file.ModelFileError:
        pass

read(sys.argv[1])
before = peak_kib()
read(sys.argv[2])
print(peak_kib() - before)
"""
    save(tmp_path / "small")
    W = np.ones((4 * MIB, 2))
    save(
        tmp_path / "large",
        weights=[W],
        biases=[W[:, 0]],
        activations=[("sin", ())],
        input_names=None,
        output_names=None,
    )
    for name in HUNGRY:
        (tmp_path / name).write_bytes(hungry(name))
    for name in ["large", *HUNGRY]:
        paths = [str(tmp_path / "small"), str(tmp_path / name)]
        arguments = [sys.executable, "-c", program, *paths]
        kib = int(subprocess.run(arguments, capture_output=True, check=True).stdout)
        assert kib * 1024 <= 2 * (tmp_path / name).stat().st_size + 16 * MIB
