"""Which versions of Keras may open a file."""

import sys
from types import SimpleNamespace

import pytest

import slopenet as sn


def fake(version, opened):
    """A Keras of some version that only notes which file it is to open."""

    def load_model(path, **settings):
        opened.append((path, settings))
        raise OSError("opened")

    return SimpleNamespace(__version__=version, models=SimpleNamespace(load_model=load_model))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    return path


BAD = ["2.15.0", "3.11.3", "3.12.0", "3.12.3", "3.13.2", "3.14.0", "3.14.9", "3.15.0"]
BAD += ["3.12.4rc1", "3.15.1.dev20260101", "3.15", "unknown"]


@pytest.mark.parametrize("version", BAD)
@pytest.mark.parametrize("load", [sn.load, sn.from_keras], ids=["load", "from_keras"])
def test_a_keras_that_hostile_files_abuse_opens_none(monkeypatch, file, load, version):
    opened = []
    monkeypatch.setitem(sys.modules, "keras", fake(version, opened))
    with pytest.raises(ImportError) as refusal:
        load(file)
    assert opened == []
    assert f"Keras {version} is installed" in str(refusal.value)
    assert "pip install 'keras>=3.15.1'" in str(refusal.value)


@pytest.mark.parametrize("version", ["3.12.4", "3.12.10", "3.15.1", "3.16.0", "3.16.0rc1", "4.0.0"])
def test_a_safe_keras_opens_files_in_its_safe_mode(monkeypatch, file, version):
    opened = []
    monkeypatch.setitem(sys.modules, "keras", fake(version, opened))
    with pytest.raises(sn.ModelFileError, match="opened"):
        sn.load(file)
    assert opened == [(file, {"compile": False, "safe_mode": True})]
