"""Files of Keras are read without Keras; hostile ones read no other file, and take no memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slopenet as sn

h5py = pytest.importorskip("h5py", reason="h5py is not installed")
RNG = np.random.default_rng(0)
W, V = RNG.normal(size=(3, 5)), RNG.normal(size=(5, 2))
B = RNG.normal(size=5)
X = RNG.normal(size=(9, 3))
NEEDED = np.tanh(X @ W + B) @ V


def dense(name: str, units: int, activation: str, **more: Any) -> dict[str, Any]:
    config = {"name": name, "trainable": True, "units": units, "activation": activation} | more
    return {"class_name": "Dense", "config": config}


MODEL = {
    "class_name": "Sequential",
    "config": {
        "name": "net",
        "layers": [
            {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 3]}},
            dense("first", 5, "tanh"),
            dense("last", 2, "linear", use_bias=False),
        ],
    },
}


def legacy(path: Path, change: Callable[[Any], None] = lambda file: None) -> Path:
    """An .h5 file as Keras writes it."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(MODEL)
        weights = file.create_group("model_weights")
        weights["first/first/kernel:0"], weights["first/first/bias:0"] = W, B
        weights["last/last/kernel:0"] = V
        change(file)
    return path


def zipped(
    path: Path, change: Callable[[Any], None] = lambda file: None, config: Any = MODEL
) -> Path:
    """A .keras file as Keras writes it."""
    weights = path.with_suffix(".weights")
    with h5py.File(weights, "w") as file:
        file["layers/dense/vars/0"], file["layers/dense/vars/1"] = W, B
        file["layers/dense_1/vars/0"] = V
        change(file)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.write(weights, "model.weights.h5")
    return path


@pytest.mark.parametrize("write", [legacy, zipped])
def test_a_keras_file_is_read_without_keras(
    tmp_path: Path, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    path = write(tmp_path / ("net.h5" if write is legacy else "net.keras"))
    said: list[Any] = []
    net = sn.load(path, report=said.append)
    assert np.abs(net(X) - NEEDED).max() < 1e-14
    assert net.activations == ("tanh", "identity")
    assert said[0].difference < 1e-14


def test_functional_models_of_keras_2(tmp_path: Path) -> None:
    layers = [
        {"name": each["config"]["name"], "inbound_nodes": calls} | each
        for each, calls in zip(
            MODEL["config"]["layers"],  # type: ignore[index]
            ([], [[["x", 0, 0, {}]]], [[["first", 0, 0, {}]]]),
            strict=True,
        )
    ]
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["last", 0, 0]]}
    config = {"name": "net", "layers": layers[::-1]} | ends
    model = {"class_name": "Model", "config": config}
    path = legacy(
        tmp_path / "net.h5", lambda file: file.attrs.modify("model_config", json.dumps(model))
    )
    assert np.abs(sn.load(path)(X) - NEEDED).max() < 1e-14
    layers[2]["inbound_nodes"] = [[["first", 0, 0, {}], ["x", 0, 0, {}]]]
    legacy(path, lambda file: file.attrs.modify("model_config", json.dumps(model)))
    with pytest.raises(sn.UnsupportedNetworkError, match="2 branches meet in it"):
        sn.load(path)
    layers[2]["inbound_nodes"] = [[["last", 0, 0, {}]]]
    legacy(path, lambda file: file.attrs.modify("model_config", json.dumps(model)))
    with pytest.raises(sn.ModelFileError, match="runs in a circle"):
        sn.load(path)


def secret(folder: Path) -> Path:
    """A file that the user may read and the model may not."""
    path = folder / "secret"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["kernel"] = W
    with path.open("r+b") as raw:
        raw.write(W.tobytes()[:120])
    return path


def external_storage(group: Any, name: str, folder: Path) -> None:
    place = [(str(secret(folder)), 0, 120)]
    group.create_dataset(name, (3, 5), "f8", external=place)


def external_link(group: Any, name: str, folder: Path) -> None:
    group[name] = h5py.ExternalLink(str(secret(folder)), "kernel")


def virtual(group: Any, name: str, folder: Path) -> None:
    layout = h5py.VirtualLayout((3, 5), "f8")
    layout[:] = h5py.VirtualSource(str(secret(folder)), "kernel", (3, 5))
    group.create_virtual_dataset(name, layout)


def soft_link(group: Any, name: str, folder: Path) -> None:
    del folder
    group.file["elsewhere"] = W
    group[name] = h5py.SoftLink("/elsewhere")


def unwritten(group: Any, name: str, folder: Path) -> None:
    del folder
    group.create_dataset(name, (3, 10**12), "f8", chunks=(3, 1000), fillvalue=1.0)


def compressed(group: Any, name: str, folder: Path) -> None:
    del folder
    group.create_dataset(name, data=np.zeros((3, 10**6)), compression="gzip")


def circle(group: Any, name: str, folder: Path) -> None:
    del folder
    group[name] = group.parent


def texts(group: Any, name: str, folder: Path) -> None:
    del folder
    group.create_dataset(name, data=["a", "b"], dtype=h5py.string_dtype())


HOSTILE = {
    external_storage: "lies in another file",
    external_link: r"has a link, '(kernel:)?0' \(ExternalLink\), that is not read",
    virtual: "is made of parts of other files",
    soft_link: r"has a link, '(kernel:)?0' \(SoftLink\), that is not read",
    unwritten: "bytes large, and has fewer",
    compressed: "is compressed",
    circle: "groups",
    texts: "has no real numbers",
}


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("attack", HOSTILE)
def test_numbers_outside_a_keras_file_are_not_read(
    tmp_path: Path, attack: Any, suffix: str
) -> None:
    def change(file: Any) -> None:
        place = "model_weights/first/first/kernel:0" if suffix == ".h5" else "layers/dense/vars/0"
        del file[place]
        group, _, name = place.rpartition("/")
        attack(file[group], name, tmp_path)

    path = (legacy if suffix == ".h5" else zipped)(tmp_path / f"net{suffix}", change)
    with pytest.raises(sn.ModelFileError, match=HOSTILE[attack]):
        sn.load(path)


@pytest.mark.parametrize(
    "group", ["model_weights", "model_weights/first", "model_weights/first/first"]
)
def test_a_group_that_is_a_link_is_refused(tmp_path: Path, group: str) -> None:
    other = legacy(tmp_path / "other.h5")

    def change(file: Any) -> None:
        del file[group]
        file[group] = h5py.ExternalLink(str(other), group)

    path = legacy(tmp_path / "net.h5", change)
    with pytest.raises(sn.ModelFileError, match=r"has a link, .* \(ExternalLink\)"):
        sn.load(path)


BOMB = """
import resource, sys
import slopenet as sn
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
import h5py
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    sn.load(sys.argv[1])
except sn.ModelFileError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
@pytest.mark.parametrize("lies", [False, True])
def test_zip_bombs_are_refused_before_they_are_unpacked(
    tmp_path: Path, member: str, lies: bool
) -> None:
    path = tmp_path / "net.keras"
    size = 400 << 20
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("config.json", "model.weights.h5"):
            with archive.open(name, "w") as file:
                for _ in range(400 if name == member else 0):
                    file.write(b" " * (1 << 20))
    raw = path.read_bytes()
    assert len(raw) < 500_000
    if lies:
        path.write_bytes(raw.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    code = [sys.executable, "-c", BOMB, str(path)]
    said = subprocess.run(code, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "net.keras" in said[0]
    assert int(said[1]) < 48 * 1024  # KiB


def test_models_in_each_other_do_not_multiply(tmp_path: Path) -> None:
    """A model of two copies of a model of two copies: 2 to the 30 layers of a small file."""

    def functional(name: str, inside: dict[str, Any]) -> dict[str, Any]:
        entry = {"class_name": "InputLayer", "config": {"name": "x"}, "inbound_nodes": []}
        calls = [[["x", 0, 0, {}]], [["inside", 0, 0, {}]]]
        layers = [entry, inside | {"name": "inside", "inbound_nodes": calls}]
        ends = {"input_layers": [["x", 0, 0]], "output_layers": [["inside", 1, 0]]}
        config = {"name": name, "layers": layers} | ends
        return {"class_name": "Functional", "config": config}

    config = {"name": "inside", "activation": "tanh", "trainable": True}
    model: dict[str, Any] = {"class_name": "Activation", "config": config}
    for _ in range(30):
        model = functional("inside", model)
    path = zipped(tmp_path / "net.keras", config=model)
    with pytest.raises(sn.ModelFileError, match="more than 10000 layers"):
        sn.load(path)


def mutants(raw: bytes, rng: np.random.Generator) -> Any:
    """Truncations, other bytes, and pieces left out."""
    yield from (raw[: int(n)] for n in rng.integers(len(raw), size=100))
    for _ in range(900):
        changed = bytearray(raw)
        for position in rng.integers(len(raw), size=rng.integers(1, 9)):
            changed[position] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)])
        yield bytes(changed)


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_mutants_of_keras_files_end_in_a_network_or_in_a_documented_error(
    tmp_path: Path, suffix: str
) -> None:
    path = (legacy if suffix == ".h5" else zipped)(tmp_path / f"net{suffix}")
    raw = path.read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ends = {"network": 0, "ModelFileError": 0, "UnsupportedNetworkError": 0}
    for mutant in mutants(raw, np.random.default_rng(0)):
        path.write_bytes(mutant)
        try:
            sn.from_keras(path)
            ends["network"] += 1
        except (sn.ModelFileError, sn.UnsupportedNetworkError) as error:
            ends[type(error).__name__] += 1
    assert ends["network"] > 10
    assert ends["ModelFileError"] > 100
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


def changed(index: int, **settings: Any) -> dict[str, Any]:
    model = json.loads(json.dumps(MODEL))
    layer = model["config"]["layers"][index]
    layer["config"] |= settings
    for key in ("class_name", "module", "registered_name"):
        if key in settings:
            layer[key] = settings[key]
    return dict(model)


@pytest.mark.parametrize(
    ("config", "error", "sentence"),
    [
        (changed(1, activation="glu"), sn.UnsupportedNetworkError, "no activation like 'glu'"),
        (changed(1, activation={"config": 3}), sn.UnsupportedNetworkError, "is not a function of"),
        (changed(1, class_name="Lambda"), sn.UnsupportedNetworkError, r"\(Lambda\): it is neither"),
        (changed(1, module="os"), sn.UnsupportedNetworkError, "it is not a layer of Keras itself"),
        (
            changed(1, registered_name="a>Dense"),
            sn.UnsupportedNetworkError,
            "it is not a layer of Keras itself",
        ),
        (changed(0, batch_shape=[None, 3, 3]), sn.UnsupportedNetworkError, "it has 3 axes"),
        (changed(1, units=7), sn.UnsupportedNetworkError, r"its kernel has the shape \(3, 5\)"),
        (changed(1, use_bias=False), sn.ModelFileError, "has 2 arrays of layer 'first'"),
        (changed(2, use_bias=True), sn.ModelFileError, "has 1 arrays of layer 'last'"),
        ({"class_name": "Sequential"}, sn.ModelFileError, "has no class, or no settings"),
        ({"class_name": "Net", "config": {}}, sn.UnsupportedNetworkError, "not a Sequential or"),
        ([], sn.ModelFileError, "the description of its layers is none"),
    ],
)
def test_a_keras_layer_that_slopenet_has_not_is_named(
    tmp_path: Path, config: Any, error: type[Exception], sentence: str
) -> None:
    path = zipped(tmp_path / "net.keras", config=config)
    with pytest.raises(error, match=sentence):
        sn.load(path)
