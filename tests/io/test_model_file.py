"""The model file comes back as it was written, and nothing else comes in through it."""

import errno
import hashlib
import json
import os
import pickle
import signal
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from slopenet.io import model_file
from slopenet.io.model_file import ModelFileError

SIZES = (2, 3, 1)
ACTIVATIONS = (("leaky_relu", (0.2,)), ("identity", ()))
INPUT_NAMES = ("T", 'a "checksum":"' + "0" * 64 + '" °C \\ \n')
OUTPUT_NAMES = ("ρ",)

MIB = 2**20


def arrays(
    sizes: tuple[int, ...] = SIZES, dtype: type[np.floating[Any]] = np.float64
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(n, m)).astype(dtype) for m, n in pairwise(sizes)]
    biases = [rng.normal(size=n).astype(dtype) for n in sizes[1:]]
    return weights, biases


def save(path: Path, **changed: Any) -> None:
    weights, biases = arrays()
    fields = {
        "weights": weights,
        "biases": biases,
        "activations": ACTIVATIONS,
        "input_names": INPUT_NAMES,
        "output_names": OUTPUT_NAMES,
    }
    model_file.write(path, **(fields | changed))


def signed(text: bytes, data: bytes = b"") -> bytes:
    """Put together a file with a checksum that agrees, whatever the rest is."""
    raw = len(text).to_bytes(8, "little") + text + data
    digest = hashlib.sha256(raw).hexdigest().encode()
    return raw.replace(b'"checksum":"' + b"0" * 64, b'"checksum":"' + digest, 1)


def header(metadata: dict[str, Any] | None = None, **tensors: Any) -> bytes:
    """Write the header of the small network, with changes; None takes an entry away."""
    entries = {
        "format": "slopenet",
        "version": "1",
        "activations": '[["tanh",[]],["identity",[]]]',
        "input_names": "null",
        "output_names": "null",
        "checksum": "0" * 64,
    } | (metadata or {})
    parts: dict[str, Any] = {
        "__metadata__": {key: value for key, value in entries.items() if value is not None},
        "W2": {"dtype": "F64", "shape": [3, 2], "data_offsets": [0, 48]},
        "b2": {"dtype": "F64", "shape": [3], "data_offsets": [48, 72]},
        "W3": {"dtype": "F64", "shape": [1, 3], "data_offsets": [72, 96]},
        "b3": {"dtype": "F64", "shape": [1], "data_offsets": [96, 104]},
    } | tensors
    parts = {key: value for key, value in parts.items() if value is not None}
    return json.dumps(parts, separators=(",", ":")).encode()


def tensor(shape: list[Any], begin: int, end: int, dtype: str = "F64") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


DATA = np.arange(13.0).tobytes()


def refusal(path: Path, raw: bytes) -> str:
    """Return the sentence with which the bytes are refused."""
    path.write_bytes(raw)
    with pytest.raises(ModelFileError) as caught:
        model_file.read(path)
    return str(caught.value)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_read_is_what_was_written(tmp_path: Path, dtype: type[np.floating[Any]]) -> None:
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


def test_names_may_be_absent_and_parameters_keep_every_bit(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    activations = (("elu", (0.1 + 0.2,)), ("softplus", (5e-324, 1e308)))
    save(path, activations=activations, input_names=None, output_names=None)
    contents = model_file.read(path)
    assert contents.activations == activations
    assert contents.input_names is None
    assert contents.output_names is None


def test_plain_safetensors_reads_it(tmp_path: Path) -> None:
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


def test_forged_files_of_these_tests_are_read_if_nothing_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(signed(header(), DATA))
    contents = model_file.read(path)
    assert contents.activations == (("tanh", ()), ("identity", ()))
    assert np.array_equal(contents.weights[0], [[0, 1], [2, 3], [4, 5]])


def numbers(position: int, value: float) -> bytes:
    values = np.arange(13.0)
    values[position] = value
    return values.tobytes()


TABLE = "table of tensors"
FLOAT32 = [tensor([3, 2], 0, 24, "F32"), tensor([3], 24, 36, "F32"), tensor([1, 3], 36, 48, "F32")]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        pytest.param(signed(header(b3=tensor([1], 88, 96)), DATA), TABLE, id="overlap"),
        pytest.param(signed(header(b3=tensor([1], 104, 112)), DATA + b"\0" * 8), TABLE, id="gap"),
        pytest.param(signed(header(), DATA + b"\0" * 8), TABLE, id="bytes of no tensor"),
        pytest.param(signed(header(), DATA[:-8]), TABLE, id="too few bytes"),
        pytest.param(signed(header(b3=tensor([1], 104, 96)), DATA), TABLE, id="end before begin"),
        pytest.param(
            signed(header(W2=tensor([2**40, 2**40], 0, 48)), DATA), TABLE, id="product overflows"
        ),
        pytest.param(
            signed(header(W2=tensor([2**32, 2**29 + 1], 0, 48)), DATA), TABLE, id="bytes overflow"
        ),
        pytest.param(signed(header(W2=tensor([2**70, 1], 0, 48)), DATA), TABLE, id="huge number"),
        pytest.param(signed(header(W2=tensor([-3, -2], 0, 48)), DATA), TABLE, id="negative shape"),
        pytest.param(signed(header(W2=tensor([3.0, 2], 0, 48)), DATA), TABLE, id="shape of floats"),
        pytest.param(signed(header(W2=tensor(["3"], 0, 48)), DATA), TABLE, id="shape of texts"),
        pytest.param(signed(header(W2=[1]), DATA), TABLE, id="tensor that is no object"),
        pytest.param(signed(header(W2=tensor([6], 0, 48)), DATA), "W2 has the shape", id="1-D W"),
        pytest.param(
            signed(header(b2=tensor([3, 1], 48, 72)), DATA), "b2 has the shape", id="2-D b"
        ),
        pytest.param(
            signed(header(W2=tensor([1] * 70 + [6], 0, 48)), DATA), "W2 has the shape", id="71-D W"
        ),
        pytest.param(
            signed(
                header(
                    W2=tensor([3, 0], 0, 0),
                    b2=tensor([3], 0, 24),
                    W3=tensor([1, 3], 24, 48),
                    b3=tensor([1], 48, 56),
                ),
                DATA[:56],
            ),
            "W2 has the shape (3, 0)",
            id="no inputs",
        ),
        pytest.param(signed(header(W2=tensor([2, 3], 0, 48)), DATA), "do not chain", id="W2 b2"),
        pytest.param(signed(header(W3=tensor([3, 1], 72, 96)), DATA), "do not chain", id="W2 W3"),
        pytest.param(
            signed(header(W2=tensor([3, 2], 0, 48, "I64")), DATA), "neither float64", id="integers"
        ),
        pytest.param(
            signed(header(W2=tensor([3, 2], 0, 6, "F8_E4M3")), DATA), TABLE, id="other size"
        ),
        pytest.param(
            signed(
                header(
                    **dict(zip(["W2", "b2", "W3"], FLOAT32, strict=True), b3=tensor([1], 48, 56))
                ),
                DATA[:56],
            ),
            "mixes",
            id="two dtypes",
        ),
        pytest.param(signed(header(), numbers(0, np.nan)), "W2 holds NaN", id="NaN weight"),
        pytest.param(signed(header(), numbers(8, -np.inf)), "b2 holds NaN or infinity", id="-inf"),
        pytest.param(signed(header(), numbers(3, np.inf)), "W2 holds NaN", id="inf among others"),
        pytest.param(signed(header(), numbers(12, np.inf)), "b3 holds NaN or infinity", id="inf"),
        pytest.param(signed(header(b3=None), DATA[:-8]), "its tensors are not", id="no b3"),
        pytest.param(
            signed(
                header(W3=None, b3=None, W4=tensor([1, 3], 72, 96), b4=tensor([1], 96, 104)), DATA
            ),
            "its tensors are not",
            id="no layer 3",
        ),
        pytest.param(
            signed(header(W2=None, b2=None, W3=None, b3=None)), "its tensors are not", id="no layer"
        ),
        pytest.param(
            signed(header(extra=tensor([0], 104, 104)), DATA),
            "its tensors are not",
            id="extra tensor",
        ),
    ],
)
def test_wrong_tensors_are_refused(tmp_path: Path, raw: bytes, sentence: str) -> None:
    assert sentence in refusal(tmp_path / "net.safetensors", raw)


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({"format": None}, "another format"),
        ({"format": "pt"}, "another format"),
        ({"version": "2"}, "written by a newer slopenet (file format 2, this one reads 1): update"),
        ({"version": "2", "tempo": "", "activations": None}, "written by a newer slopenet"),
        ({"version": None}, "format version"),
        ({"version": 1}, "format version"),
        ({"version": "0"}, "format version"),
        ({"version": "٢"}, "format version"),
        ({"version": "9" * 5000}, "format version"),
        ({"tempo": "allegro"}, "its metadata are not"),
        ({"activations": None}, "its metadata are not"),
        ({"input_names": None}, "its metadata are not"),
        ({"activations": []}, "its metadata are not"),
        ({"activations": '[["tanh",[]]]'}, "activation for each of its 2 layers"),
        ({"activations": '{"tanh":[],"sin":[]}'}, "activation for each of its 2 layers"),
        ({"activations": '["tanh","tanh"]'}, "name with a list of finite numbers"),
        ({"activations": '[["tanh"],["tanh"]]'}, "name with a list of finite numbers"),
        ({"activations": '[["tanh",[]],[1,[]]]'}, "name with a list of finite numbers"),
        ({"activations": '[["tanh",[]],["elu",["1"]]]'}, "name with a list of finite numbers"),
        ({"activations": '[["tanh",[]],["elu",[true]]]'}, "name with a list of finite numbers"),
        ({"activations": '[["tanh",[]],["elu",[1e999]]]'}, "name with a list of finite numbers"),
        ({"activations": f'[["tanh",[]],["elu",[{"9" * 5000}]]]'}, "list of finite numbers"),
        ({"activations": '[["tanh",[]],["elu",[NaN]]]'}, "activations cannot be read as JSON"),
        ({"activations": '[["tanh",[]],["elu",[-Infinity]]]'}, "cannot be read as JSON"),
        ({"activations": "__import__('os')"}, "activations cannot be read as JSON"),
        ({"activations": ""}, "activations cannot be read as JSON"),
        ({"activations": DEEP}, "activations cannot be read as JSON"),
        ({"input_names": DEEP}, "input_names cannot be read as JSON"),
        ({"input_names": '{"a":1,"a":2}'}, "a key stands twice"),
        ({"input_names": '["T"]'}, "it has 1 input_names for 2 columns"),
        ({"input_names": '["T",1]'}, "not a list of texts"),
        ({"output_names": '"T"'}, "not a list of texts"),
        ({"output_names": '["\\ud800"]'}, "half a character"),
    ],
)
def test_wrong_metadata_are_refused(
    tmp_path: Path, metadata: dict[str, Any], sentence: str
) -> None:
    raw = signed(header(metadata), DATA)
    assert sentence in refusal(tmp_path / "net.safetensors", raw)


def nested(depth: int) -> bytes:
    return header()[:-1] + b',"a":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(nested(100_000), "header cannot be read as JSON", id="deep"),
        pytest.param(nested(300), "its tensors are not", id="less deep"),
        pytest.param(header()[:-1] + b',"W2":{}}', "a key stands twice", id="tensor twice"),
        pytest.param(
            header().replace(b'"version":"1"', b'"version":"1","version":"2"'),
            "a key stands twice",
            id="version twice",
        ),
        pytest.param(
            header().replace(b'"W2":', b'"\xff\xfe":'), "cannot be read as JSON", id="not UTF-8"
        ),
        pytest.param(
            header()
            .decode()
            .encode("utf-16-le")
            .replace('"checksum":"'.encode("utf-16-le"), b'"checksum":"'),
            "damaged",
            id="UTF-16",
        ),
        pytest.param(b"\xef\xbb\xbf" + header(), "cannot be read as JSON", id="byte order mark"),
        pytest.param(header() + b"x", "cannot be read as JSON", id="text behind"),
        pytest.param(b"[" + header() + b"]", "another format", id="a list"),
        pytest.param(b'["checksum":"' + b"0" * 64, "cannot be read as JSON", id="cut short"),
        pytest.param(header({"checksum": None}), "no checksum", id="no checksum"),
        pytest.param(
            header(W2=tensor([3, 2], 0, 48) | {"checksum": "0" * 64}),
            "no checksum of slopenet",
            id="two checksums",
        ),
        pytest.param(
            header({"checksum": ["0"]}, W2=tensor([3, 2], 0, 48) | {"checksum": "0" * 64}),
            "its metadata are not",
            id="checksum that is no text",
        ),
        pytest.param(
            header(W2=tensor([3, 2], 0, 48) | {"checksum": "0" * 64}).replace(
                b'"checksum":"', b'"checksum": "', 1
            ),
            "checksum stands in the wrong place",
            id="checksum in a tensor",
        ),
    ],
)
def test_wrong_headers_are_refused(tmp_path: Path, text: bytes, sentence: str) -> None:
    assert sentence in refusal(tmp_path / "net.safetensors", signed(text, DATA))


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
    assert f"header of {length} bytes" in refusal(tmp_path / "net.safetensors", raw)


def test_sparse_giant_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    with path.open("wb") as file:
        file.write((2**40).to_bytes(8, "little"))
        file.truncate(2**41)
    with pytest.raises(ModelFileError, match="not a model file"):
        model_file.read(path)


def test_file_beyond_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.safetensors"
    save(path)

    def no_memory(_: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr(safetensors, "deserialize", no_memory)
    with pytest.raises(ModelFileError, match="more memory than there is"):
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
def test_other_bytes_are_refused(tmp_path: Path, raw: bytes) -> None:
    assert "is not a model file" in refusal(tmp_path / "net.safetensors", raw)


def test_other_safetensors_are_refused(tmp_path: Path) -> None:
    raw = safetensors.numpy.save({"W2": np.ones((2, 2)), "b2": np.ones(2)})
    assert "no checksum of slopenet" in refusal(tmp_path / "net.safetensors", raw)


def test_missing_file_stays_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"net\.safetensors"):
        model_file.read(tmp_path / "net.safetensors")


def test_folders_and_devices_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, Path(os.devnull)):
        with pytest.raises(ModelFileError, match="not a regular file"):
            model_file.read(path)
    with pytest.raises(ModelFileError, match="not a regular file"):
        save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_fifo_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    os.mkfifo(path)
    program = "import sys; from slopenet.io import model_file; model_file.read(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "is not a regular file" in done.stderr
    with pytest.raises(ModelFileError, match="not a regular file"):
        save(path)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_symbolic_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "net-7.safetensors", tmp_path / "net.safetensors"
    link.symlink_to(target)
    save(link)
    assert link.is_symlink()
    assert not target.is_symlink()
    assert model_file.read(link).activations == ACTIVATIONS
    save(link, activations=[("sin", ()), ("sin", ())])
    assert model_file.read(target).activations == (("sin", ()), ("sin", ()))
    assert list((tmp_path / "folder").iterdir()) == [target]


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


def interrupt(*_: Any, **__: Any) -> None:
    signal.raise_signal(signal.SIGINT)


def full_disk(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("failure", "error"), [(interrupt, KeyboardInterrupt), (full_disk, OSError)]
)
def test_failed_write_keeps_the_old_file_and_leaves_no_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    failure: Callable[..., None],
    error: type[BaseException],
) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    old = path.read_bytes()
    monkeypatch.setattr(os, function, failure)
    with pytest.raises(error):
        save(path, activations=[("sin", ()), ("sin", ())])
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
    path.unlink()
    with pytest.raises(error):
        save(path)
    assert list(tmp_path.iterdir()) == []


def test_second_interrupt_leaves_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    old = path.read_bytes()
    unlink = os.unlink
    calls = []

    def interrupted(*arguments: Any, **options: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            interrupt()
        unlink(*arguments, **options)

    monkeypatch.setattr(os, "fsync", interrupt)
    monkeypatch.setattr(os, "unlink", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    """A real limit on the file's size, which breaks the write off in the middle."""
    path = tmp_path / "net.safetensors"
    save(path)
    old = path.read_bytes()
    program = """
import resource, signal, sys
import numpy as np
from slopenet.io import model_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))
try:
    model_file.write(
        sys.argv[1], [np.ones((2**14, 2))], [np.ones(2**14)], [("sin", ())], None, None
    )
except OSError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )
    assert repr(str(path)) in done.stdout
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "net.safetensors"
    with pytest.raises(FileNotFoundError) as caught:
        save(path)
    assert caught.value.filename == str(path)


def test_permissions_of_the_old_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    path.chmod(0o600)
    save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


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
def test_what_could_not_be_read_is_not_written(
    tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    old = path.read_bytes()
    with pytest.raises(ModelFileError, match="cannot save") as caught:
        save(path, **changed)
    assert sentence in str(caught.value)
    assert path.read_bytes() == old
