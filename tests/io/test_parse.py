"""Wrong tensors, metadata and headers under a checksum that agrees are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_files import (
    DATA,
    header,
    refusal,
    signed,
    tensor,
)

import slopenet as sn


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
        pytest.param(signed(header(W2=[1]), DATA), TABLE, id="tensor that is not an object"),
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
        (
            {"version": "6"},
            "written by a newer slopenet (file format 6, this one reads 5 and older): update",
        ),
        ({"version": "6", "tempo": "", "activations": None}, "written by a newer slopenet"),
        ({"format": "slopenet ensemble"}, "its metadata are not the texts checksum, format, netw"),
        ({"version": "2"}, "its metadata are not the texts activations, card"),
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
        ({"input_names": '{"a":1,"a":2}'}, "a key appears twice"),
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
        pytest.param(header()[:-1] + b',"W2":{}}', "a key appears twice", id="tensor twice"),
        pytest.param(
            header().replace(b'"version":"1"', b'"version":"1","version":"2"'),
            "a key appears twice",
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
            id="checksum that is not text",
        ),
        pytest.param(
            header(W2=tensor([3, 2], 0, 48) | {"checksum": "0" * 64}).replace(
                b'"checksum":"', b'"checksum": "', 1
            ),
            "checksum is in the wrong place",
            id="checksum in a tensor",
        ),
    ],
)
def test_wrong_headers_are_refused(tmp_path: Path, text: bytes, sentence: str) -> None:
    assert sentence in refusal(tmp_path / "net.safetensors", signed(text, DATA))


V4 = {"version": "4", "card": "null", "posterior": "null"}
UNITS = "a run is not an activation with a number of units"


@pytest.mark.parametrize(
    ("version", "runs", "sentence"),
    [
        ("4", '[["tanh",[],1],["sin",[],1]]', "the runs of a layer are not those of its 3 units"),
        ("4", '[["tanh",[],2],["sin",[],2]]', "the runs of a layer are not those of its 3 units"),
        ("4", '[["tanh",[],3]]', "the runs of a layer are not those of its 3 units"),
        ("4", '[["tanh",[],1],["tanh",[],2]]', "two neighbouring runs have the same activation"),
        ("4", '[["tanh",[],0],["sin",[],3]]', UNITS),
        ("4", '[["tanh",[],1.5],["sin",[],1.5]]', UNITS),
        ("4", '[["tanh",[],1e30],["sin",[],2]]', UNITS),
        ("4", '[["tanh",[],true],["sin",[],2]]', UNITS),
        ("4", '[["tanh",[]],["sin",[],2]]', UNITS),
        ("4", '[["tanh",[],1],5]', UNITS),
        ("4", '[[5,[],1],["sin",[],2]]', "not a name with a list of finite numbers"),
        ("4", '[["tanh",[1e999],1],["sin",[],2]]', "not a name with a list of finite numbers"),
        ("4", "[]", "not a name with a list of finite numbers"),
        ("2", '[["tanh",[],1],["sin",[],2]]', "not a name with a list of finite numbers"),
    ],
)
def test_runs_that_do_not_fit_are_refused(
    version: str, runs: str, sentence: str, tmp_path: Path
) -> None:
    metadata = V4 | {"version": version, "activations": f'[{runs},["identity",[]]]'}
    if version == "2":
        del metadata["posterior"]
    assert sentence in refusal(tmp_path / "m", signed(header(metadata), DATA))


def test_runs_of_unknown_activations_are_refused(tmp_path: Path) -> None:
    metadata = V4 | {"activations": '[[["tan",[],1],["sin",[],2]],["identity",[]]]'}
    (tmp_path / "m").write_bytes(signed(header(metadata), DATA))
    with pytest.raises(sn.ModelFileError, match="unknown activation 'tan'"):
        sn.load(tmp_path / "m")
