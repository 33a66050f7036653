"""`load` detects the kind of a file, and opens none that could run code."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from networks import random_network

import slopenet as sn


def test_a_network_of_ours_whatever_its_name(tmp_path: Path) -> None:
    net = random_network((2, 3, 1))
    for name in ("net.safetensors", "net", "net.model"):
        net.save(tmp_path / name)
        assert sn.load(tmp_path / name) == net


def test_another_kind_of_model_than_expected_is_refused(tmp_path: Path) -> None:
    net = random_network((2, 3, 1))
    both = sn.Ensemble([net, net])
    net.save(tmp_path / "net.safetensors")
    both.save(tmp_path / "both.safetensors")
    assert sn.load(tmp_path / "net.safetensors", expect=sn.Network) == net
    assert len(sn.load(tmp_path / "both.safetensors", expect=sn.Ensemble)) == 2
    with pytest.raises(sn.ModelFileError, match=r"both\.safetensors has a model of class Ensemble"):
        sn.load(tmp_path / "both.safetensors", expect=sn.Network)
    with pytest.raises(sn.ModelFileError, match="class Network, but expect=Ensemble"):
        sn.load(tmp_path / "net.safetensors", expect=sn.Ensemble)


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('a pickle was opened')",)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("net.pt", "weights_only=True"),
        ("net.pkl", "pickle.load"),
        ("net.joblib", "joblib.load"),
        ("net.safetensors", "pickle.load"),
        ("net", "pickle.load"),
    ],
)
def test_a_pickle_is_not_opened(tmp_path: Path, name: str, advice: str) -> None:
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(sn.ModelFileError, match=f"may run code, so it is not opened.*{advice}"):
        sn.load(path)


def test_a_file_that_is_not_a_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "net.dat"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    with pytest.raises(sn.ModelFileError, match=r"if it is of Keras, name it \.h5"):
        sn.load(path)
    path.write_bytes(b"PK\x03\x04" + b"\0" * 100)
    with pytest.raises(sn.ModelFileError):
        sn.load(path)
    with pytest.raises(FileNotFoundError):
        sn.load(tmp_path / "nothing.onnx.gz")
