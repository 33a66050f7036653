"""Posteriors in model files: what is not a posterior of the network is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from model_files import DATA, header, refusal, signed, tensor
from networks import random_network

import slopenet as sn
from slopenet.io import stored_posterior
from slopenet.io.contents import ModelFileError, StoredPosterior, StoredRival
from slopenet.io.model_file import read, write
from slopenet.io.stored_posterior import PREFIX, restored_posterior
from slopenet.posterior.stored import restored

VERSION_3 = Path(__file__).parent / "versions" / "3.safetensors"


def process() -> dict[str, np.ndarray]:
    return dict(read(VERSION_3).posterior.arrays)


def units() -> dict[str, np.ndarray]:
    return {name: process()[name] for name in ("centre", "scale", "scale_of_outputs")}


LAPLACE = {"root": np.ones((1, 6, 2)), "noise": np.zeros((1, 3)), **units()}
FULL = {
    "points": np.zeros((4, 2)),
    "residual_scale": np.ones((4, 3)),
    "ridge": np.ones(3),
    "noise": np.zeros((1, 3)),
    **units(),
}


def test_files_without_a_posterior_have_the_bytes_of_version_2(tmp_path: Path) -> None:
    net = sn.load(VERSION_3)
    net.with_posterior(None).save(tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == VERSION_3.with_stem("2").read_bytes()
    net.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == VERSION_3.read_bytes()


def test_an_ensemble_keeps_the_posteriors_of_its_networks(tmp_path: Path) -> None:
    net = sn.load(VERSION_3)
    sn.Ensemble([net, net.with_posterior(None)]).save(tmp_path / "both")
    first, second = sn.load(tmp_path / "both")
    assert second.posterior is None
    np.testing.assert_array_equal(first.covariance([0.0, 1.0]), net.covariance([0.0, 1.0]))


@pytest.mark.parametrize(
    ("metadata", "tensors", "sentence"),
    [
        ({"posterior": "null"}, {PREFIX + "ridge": tensor([3], 104, 128)}, "but not its kind"),
        ({"posterior": '"other"'}, {}, "its posterior is not one of process, full, laplace"),
        ({"posterior": "[]"}, {}, "its posterior is not one of"),
        ({"posterior": '"full"'}, {PREFIX + "ridge": tensor([3], 104, 128)}, "other names"),
        ({"posterior": '"full"'}, {PREFIX + "other": tensor([3], 104, 128)}, "its tensors are not"),
        ({"posterior": None}, {}, "its metadata are not the texts"),
    ],
)
def test_a_wrong_posterior_is_refused(
    tmp_path: Path, metadata: dict, tensors: dict, sentence: str
) -> None:
    text = header({"version": "3", "card": "null", **metadata}, **tensors)
    data = DATA + np.ones(3).tobytes() if tensors else DATA
    assert sentence in refusal(tmp_path / "net", signed(text, data))


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    net = random_network((2, 3, 1))
    parts = net.weights, net.biases, [(a.name, a.parameters) for a in net._activations]
    bad = {**LAPLACE, "root": np.full((1, 6, 2), np.nan)}
    with pytest.raises(ModelFileError, match="posterior_root holds NaN"):
        write(tmp_path / "net", *parts, None, None, None, StoredPosterior("laplace", bad))


@pytest.mark.parametrize("name", sorted(process()))
def test_arrays_of_other_shapes_or_types_are_refused(name: str) -> None:
    arrays = {PREFIX + key: array for key, array in process().items()}
    assert restored_posterior("process", arrays, 2, 1) is not None
    given = arrays[PREFIX + name]
    for wrong in (given[..., None], given.astype(np.float32), np.concatenate([given, given])):
        with pytest.raises(ModelFileError, match="other names or shapes"):
            restored_posterior("process", arrays | {PREFIX + name: wrong}, 2, 1)
    with pytest.raises(ModelFileError, match="other names or shapes"):
        restored_posterior("process", arrays, 3, 1)


def test_too_many_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {PREFIX + key: array for key, array in FULL.items()}
    assert restored_posterior("full", arrays, 2, 1) is not None
    monkeypatch.setattr(stored_posterior, "MOST_NUMBERS", 20)
    with pytest.raises(ModelFileError, match="more than 20 numbers"):
        restored_posterior("full", arrays, 2, 1)


@pytest.mark.parametrize(
    ("kind", "name", "value", "sentence"),
    [
        ("process", "variance", -1.0, "must not be negative"),
        ("process", "counts", 0.0, "must not be negative"),
        ("process", "length_scales", 0.0, "must not be negative"),
        ("process", "relative_noise", -1e-3, "must not be negative"),
        ("process", "distance", -1.0, "must not be negative"),
        ("process", "known", 0.5, "groups of outputs, and known targets"),
        ("process", "known", 0.0, "of 1 to 4096 targets"),
        ("process", "group", 1.0, "groups of outputs"),
        ("process", "group", 0.5, "groups of outputs"),
        ("process", "scale", 0.0, "scales of its posterior must be positive"),
        ("laplace", "noise", -1.0, "must not be negative"),
        ("full", "ridge", 0.0, "must not be negative"),
        ("full", "residual_scale", -1.0, "must not be negative"),
    ],
)
def test_numbers_out_of_range_are_refused(
    kind: str, name: str, value: float, sentence: str
) -> None:
    right = {"process": process(), "laplace": LAPLACE, "full": FULL}[kind]
    assert restored(StoredPosterior(kind, right)) is not None
    wrong = right | {name: np.full_like(right[name], value)}
    with pytest.raises(ValueError, match=re.escape(sentence)):
        restored(StoredPosterior(kind, wrong))


RIVAL = StoredRival(
    (np.ones((4, 2)), np.ones((1, 4))),
    (np.zeros(4), np.zeros(1)),
    (("tanh", ()), ("identity", ())),
)


def test_rivals_are_of_a_projected_posterior_of_the_same_inputs_and_outputs() -> None:
    arrays = {PREFIX + key: array for key, array in LAPLACE.items()}
    assert restored_posterior("laplace", arrays, 2, 1, [RIVAL]).rivals == (RIVAL,)
    full = {PREFIX + key: array for key, array in FULL.items()}
    for kind, own in (("full", full), (None, {})):
        with pytest.raises(ModelFileError, match="its rivals are those of no posterior"):
            restored_posterior(kind, own, 2, 1, [RIVAL])
    wide = replace(RIVAL, weights=(np.ones((4, 3)), RIVAL.weights[1]))
    single = replace(RIVAL, biases=tuple(b.astype(np.float32) for b in RIVAL.biases))
    for wrong in (wide, single):
        with pytest.raises(ModelFileError, match="a rival of its posterior is not a network"):
            restored_posterior("laplace", arrays, 2, 1, [wrong])


@pytest.mark.parametrize(
    ("last", "sentence"),
    [("tanh", "outputs of the rivals .* must be linear"), ("softmax", "can only be"), ("a", "a")],
)
def test_rivals_have_linear_outputs(last: str, sentence: str) -> None:
    wrong = replace(RIVAL, activations=(RIVAL.activations[0], (last, ())))
    with pytest.raises(ValueError, match=sentence):
        restored(StoredPosterior("laplace", LAPLACE, (wrong,)))


@pytest.mark.parametrize("rivals", ['{"a":1}', '[["tanh"]]', "[1]", str([[]] * 17)])
def test_rivals_without_layers_are_refused(tmp_path: Path, rivals: str) -> None:
    text = header({"version": "5", "card": "null", "posterior": "null", "rivals": rivals})
    assert "is not valid" in refusal(tmp_path / "net", signed(text, DATA))


def test_more_targets_than_fit_a_matrix_are_refused() -> None:
    n = 5000
    many = process() | {"points": np.zeros((n, 2)), "counts": np.ones(n)}
    with pytest.raises(ValueError, match="of 1 to 4096 targets"):
        restored(StoredPosterior("process", many | {"known": np.ones((1, n, 3))}))


def test_numbers_that_overflow_end_in_an_error() -> None:
    net = sn.load(VERSION_3)
    points = np.array([[1e308, 0.0], [-1e308, 1.0], [0.0, 2.0]])
    far = process() | {"points": points, "length_scales": np.full((1, 2), 1e-300)}
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match="covariance that is not a number"),
    ):
        net.with_posterior(restored(StoredPosterior("process", far))).std([0.0, 0.0])
    huge = FULL | {"residual_scale": np.full((4, 3), 1e200)}
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match="covariance that is not a number"),
    ):
        net.with_posterior(restored(StoredPosterior("full", huge))).std([0.0, 0.0])


def test_a_root_of_another_network_is_refused() -> None:
    net = random_network((2, 3, 1))  # 1 + 2 + 3 functions
    wrong = LAPLACE | {"root": np.ones((1, 7, 2))}
    with pytest.raises(ValueError, match="posterior must be of the layers of this network"):
        net.with_posterior(restored(StoredPosterior("laplace", wrong)))
    right = net.with_posterior(restored(StoredPosterior("laplace", LAPLACE)))
    assert right.std([0.0, 0.0]).shape == (1,)
