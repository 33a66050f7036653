"""The header of an exported network says which it is, and where it was trained."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import slopenet as sn
from slopenet.exporters.c.run import compiler

NAMES = ("T [K]", "p", "rel. humidity [%]", "ρ", "*/ evil ??/")
CARD = sn.Card(
    inputs=tuple(sn.Range(float(i), i + 0.1) for i in range(5)),
    outputs=(sn.Range(-1.0, 2.0), sn.Range()),
    rows=30,
)


def network(**changed: object) -> sn.Network:
    given = {"input_names": NAMES, "output_names": ["h", "H"], "card": CARD} | changed
    net = sn.Network.random((5, 3, 2), rng=0)
    return sn.Network(net.weights, net.biases, net.activations, **given)


def header(net: sn.Network, folder: Path, **settings: object) -> str:
    done = net.export(folder / "steam.c", **settings)
    assert done.passed
    return (folder / "steam.h").read_text()


def test_it_has_names_ranges_version_and_checksum(tmp_path: Path) -> None:
    net = network()
    text = header(net, tmp_path)
    assert " *    T [K]: 0 to 0.1\n" in text
    assert " *    p: 1 to 1.1\n" in text
    assert " *    h: -1 to 2\n" in text
    assert " *    H:" not in text  # unknown
    assert " * Trained on 30 rows;" in text
    assert f'#define STEAM_SLOPENET_VERSION "{sn.__version__}"\n' in text
    assert f'#define STEAM_CHECKSUM "{net.checksum}"\n' in text
    assert text.count("*/") == text.count("/*")


def test_indices_have_the_names_that_are_their_own(tmp_path: Path) -> None:
    found = re.findall(r"#define (STEAM_(?:IN|OUT)_\w+) (\d+)", header(network(), tmp_path))
    assert found == [
        ("STEAM_IN_T", "0"),
        ("STEAM_IN_P", "1"),
        ("STEAM_IN_REL_HUMIDITY", "2"),
        ("STEAM_IN_EVIL", "4"),
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_program_can_use_the_constants(dtype: str, tmp_path: Path) -> None:
    command = compiler()
    if command is None:
        pytest.skip("there is no C compiler")
    header(network(), tmp_path, dtype=dtype)
    (tmp_path / "main.c").write_text(
        '#include "steam.h"\n#include <stdio.h>\n'
        "static const steam_real low[] = STEAM_X_MIN, high[] = STEAM_X_MAX;\n"
        "int main(void) {\n"
        '  for (int i = 0; i < STEAM_N_IN; ++i) printf("%.17g %.17g\\n", low[i], high[i]);\n'
        '  printf("%d %s\\n", STEAM_IN_P, STEAM_CHECKSUM);\n  return 0;\n}\n'
    )
    program = tmp_path / "main"
    subprocess.run([*command, "-std=c99", "-Wall", "-Werror", "-o", program, "main.c"],
                   cwd=tmp_path, check=True)  # fmt: skip
    *ranges, last = subprocess.run([program], capture_output=True, text=True, check=True)\
        .stdout.splitlines()  # fmt: skip
    numbers = np.array([line.split() for line in ranges], dtype)
    np.testing.assert_array_equal(numbers, CARD.bounds.astype(dtype))
    assert re.fullmatch("1 [0-9a-f]{64}", last)


def test_without_a_card_there_are_no_ranges(tmp_path: Path) -> None:
    text = header(network(card=None, input_names=None), tmp_path)
    assert " * x: 5 numbers\n" in text
    assert "STEAM_X_MIN" not in text
    assert "STEAM_IN_" not in text
    assert "STEAM_CHECKSUM" in text


def test_the_checksum_changes_with_a_weight(tmp_path: Path) -> None:
    net = network()
    other = sn.Network([net.weights[0] + 1e-16, net.weights[1]], net.biases, net.activations)
    assert re.fullmatch("[0-9a-f]{64}", net.checksum)
    assert other.checksum != net.checksum
    assert net.with_card(None).checksum == net.checksum
