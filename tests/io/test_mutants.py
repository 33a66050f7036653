"""Mutants of a model file whose checksum was made to agree end in a model or in one exception."""

from __future__ import annotations

import hashlib
import resource
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from networks import random_network

import slopenet as sn
from slopenet.io.card import KnownErrors

MARK = b'"checksum":"'


def mutants(raw: bytes) -> Iterator[bytes]:
    """Flipped bits, other bytes and lengths, pieces put twice or left out, truncations."""
    rng = np.random.default_rng(0)
    for position in range(len(raw)):
        for bit in range(8):
            yield raw[:position] + bytes([raw[position] ^ (1 << bit)]) + raw[position + 1 :]
    length = int.from_bytes(raw[:8], "little")
    for n in (*range(1000), *(length + d for d in range(-100, 101)), *(2**k for k in range(64))):
        yield n.to_bytes(8, "little") + raw[8:]
    for _ in range(2000):
        changed = bytearray(raw)
        for position in rng.integers(len(raw), size=rng.integers(2, 9)):
            changed[position] = rng.choice([*b'0123456789"[]{},:', rng.integers(256)])
        yield bytes(changed)
    for _ in range(2000):
        a, b = sorted(8 + rng.integers(length, size=2))
        for text in (raw[8:b] + raw[a : 8 + length], raw[8:a] + raw[b : 8 + length]):
            yield len(text).to_bytes(8, "little") + text + raw[8 + length :]
    yield from (raw[:n] for n in range(len(raw)))


def signed(raw: bytes) -> bytes:
    """The same with a checksum that agrees, if there is a place for one."""
    start = raw.find(MARK) + len(MARK)
    blank = raw[:start] + b"0" * 64 + raw[start + 64 :]
    return raw[:start] + hashlib.sha256(blank).hexdigest().encode() + raw[start + 64 :]


def save(kind: str, path: Path) -> None:
    net = random_network((2, 3, 1), ("leaky_relu", 0.2))
    named = sn.Network(net.weights, net.biases, net.activations, input_names=["T", "p"])
    if kind == "network":
        named.save(path)
        return
    versions = {"posterior": "3", "posterior with rivals": "5"}
    if kind in versions:
        sn.load(Path(__file__).parent / "versions" / f"{versions[kind]}.safetensors").save(path)
        return
    known = named.with_card(
        sn.Card(
            (sn.Range(0, 1), sn.Range(2, 3)),
            (sn.Range(4, 5),),
            *(30, 7, "0.1.0", "lm", "It ended.", "ab" * 32),
            KnownErrors((0.1,), ((0.2, 0.3),), "left out"),
        )
    )
    sn.Ensemble([known, named]).save(path)


@pytest.mark.parametrize(
    ("kind", "every"),
    [("network", 3), ("ensemble with a card", 5), ("posterior", 6), ("posterior with rivals", 8)],
)
def test_mutants_end_in_a_model_or_in_one_exception(kind: str, every: int, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(kind, path)
    raw = path.read_bytes()
    assert signed(raw) == raw
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    tried, models = 0, 0
    try:
        for mutant in islice(mutants(raw), 0, None, every):
            path.write_bytes(signed(mutant))
            tried += 1
            try:
                sn.load(path)
                models += 1
            except sn.ModelFileError:
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert tried > 4_000
    assert 100 < models < tried / 2
    assert peak < 2 * len(raw) + 16 * 2**20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB
