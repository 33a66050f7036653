"""The card of a network: kept by files, pickles and copies, and ignored by results."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_files import DATA, header, refusal, signed, tensor

import slopenet as sn
from slopenet.io.card import Card, KnownErrors, Range

QUANTILES = (1.0, 2.0, 3.0, 4.0, 5.0)
CARD = Card(
    (Range(-1.5, 1.5, QUANTILES), Range(0.1, 0.1 + 0.2, QUANTILES)),
    (Range(7.0, 9.0, QUANTILES),),
    rows=30,
    seed=2**62 + 1,
    version="0.1.0",
    method="lm",
    reason="Levenberg-Marquardt: λ was 0.1.",
    data="ab" * 32,
    errors=KnownErrors((0.01,), ((0.02, 0.5),), "left out"),
)
NET = sn.Network.random((2, 3, 1), rng=0, input_names=["T", "p"], output_names=["ρ"])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_files_pickles_and_copies_keep_every_bit_of_a_card(dtype: type, tmp_path: Path) -> None:
    net = sn.Network(NET.weights, NET.biases, NET.activations, dtype=dtype, card=CARD)
    net.save(tmp_path / "net")
    made = (copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net)))
    for other in (*made, sn.load(tmp_path / "net"), sn.load(tmp_path / "net", dtype=np.float64)):
        assert other.card == CARD
    sn.load(tmp_path / "net").save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "net").read_bytes()


def test_equality_hash_and_results_ignore_the_card() -> None:
    known = NET.with_card(CARD)
    assert known == NET
    assert hash(known) == hash(NET)
    assert known.card is CARD
    assert NET.card is None
    assert known.with_card(None).card is None
    assert all(a is b for a, b in zip(known.weights, NET.weights, strict=True))
    np.testing.assert_array_equal(known([1.0, 2.0]), NET([1.0, 2.0]))


def test_unknown_parts_of_a_card_are_kept_as_unknown(tmp_path: Path) -> None:
    NET.with_card(Card((Range(), Range()), (Range(),), rows=0)).save(tmp_path / "net")
    card = sn.load(tmp_path / "net").card
    assert card == pickle.loads(pickle.dumps(card)) == Card((Range(), Range()), (Range(),), rows=0)
    assert card != replace(card, rows=1)
    assert len({card, replace(card, rows=0), replace(card, rows=1)}) == 2
    assert (card.seed, card.errors, card.data, card.reason) == (None, None, "", "")
    assert np.isnan([card.inputs[0].minimum, *card.outputs[0].quantiles]).all()
    np.testing.assert_array_equal(card.bounds, [[-np.inf, np.inf]] * 2)


def test_a_card_cannot_be_changed_and_must_suit_the_network() -> None:
    with pytest.raises(FrozenInstanceError):
        CARD.rows = 1  # type: ignore[misc]
    with pytest.raises(ValueError, match="card must be of 2 inputs and 1 outputs, got 2 and 0"):
        NET.with_card(replace(CARD, outputs=()))
    with pytest.raises(TypeError, match="card must be a Card, got"):
        NET.with_card({"rows": 3})  # type: ignore[arg-type]


def test_inside_is_a_box_with_its_faces() -> None:
    net = NET.with_card(CARD)
    rows = [[-1.5, 0.1], [1.5, 0.1 + 0.2], [1.6, 0.2], [0.0, 0.0], [np.nan, 0.2]]
    assert net.inside(rows).tolist() == [True, True, False, False, False]
    assert net.inside([0.0, 0.2])
    assert net.inside([0.0, 0.2]).dtype == bool
    half = sn.Network(net.weights, net.biases, net.activations, dtype=np.float32, card=CARD)
    assert half.inside([0.0, 0.1])  # 0.1 is below its own float32
    with pytest.raises(ValueError, match="this network does not know its training data"):
        NET.inside(rows)
    pd = pytest.importorskip("pandas")
    assert net.inside(pd.DataFrame({"p": [0.2, 9.0], "T": [0.0, 0.0]})).tolist() == [True, False]


def test_a_network_of_some_outputs_has_their_part_of_the_card() -> None:
    errors = KnownErrors((1.0, 2.0), ((3.0,), (4.0,)), "held out")
    card = Card((Range(),), (Range(0, 1), Range(2, 3)), rows=5, errors=errors)
    part = card.of_outputs([1])
    assert part.outputs == (card.outputs[1],)
    assert part.errors == KnownErrors((2.0,), ((4.0,),), "held out")


VALUES = {
    "rows": 3, "seed": "0", "version": "1", "method": "lm", "reason": "", "data": "", "errors": None
}  # fmt: skip
RANGES = {"inputs": tensor([2, 7], 104, 216), "outputs": tensor([1, 7], 216, 272)}


def card_file(card: Any, **tensors: Any) -> bytes:
    text = json.dumps(card)
    return signed(header({"version": "2", "card": text}, **tensors), DATA + bytes(168))


@pytest.mark.parametrize(
    ("card", "tensors", "sentence"),
    [
        (None, RANGES, "it has tensors of a card, but not the card"),
        ([], RANGES, "its card does not consist of data, errors"),
        ({**VALUES, "more": 1}, RANGES, "its card does not consist of"),
        ({**VALUES, "rows": 1.5}, RANGES, "the rows of its card"),
        ({**VALUES, "rows": -1}, RANGES, "the rows of its card"),
        ({**VALUES, "rows": True}, RANGES, "the rows of its card"),
        ({**VALUES, "seed": 1}, RANGES, "the seed of its card"),
        ({**VALUES, "seed": "9" * 5000}, RANGES, "the seed of its card"),
        ({**VALUES, "reason": "\x1b[2J"}, RANGES, "a text of its card cannot be printed"),
        ({**VALUES, "method": "\ud800"}, RANGES, "a text of its card cannot be printed"),
        ({**VALUES, "version": 1}, RANGES, "a text of its card cannot be printed"),
        ({**VALUES, "errors": "left out"}, RANGES, "the tensors of its card have other shapes"),
        (VALUES, RANGES | {"inputs": tensor([7, 2], 104, 216)}, "have other shapes"),
        (VALUES, {"inputs": tensor([3, 7], 104, 272)}, "have other shapes"),
    ],
)
def test_a_wrong_card_is_refused(
    tmp_path: Path, card: Any, tensors: dict[str, Any], sentence: str
) -> None:
    assert sentence in refusal(tmp_path / "net", card_file(card, **tensors))


def test_a_right_card_among_the_wrong_ones_is_read(tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(card_file(VALUES, **RANGES))
    card = sn.load(tmp_path / "net").card
    zeros = Range(0.0, 0.0, (0.0,) * 5)
    assert card == Card((zeros, zeros), (zeros,), 3, 0, "1", "lm")
