"""Lines of C record the definitions they use while they are written, and agree with the record."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from exported import EVERYTHING, mixed_network

from slopenet.exporters.c.code import Code, Piece, needed
from slopenet.exporters.c.names import Names

NAMES = Names("net", np.dtype(np.float32))
SIGNS = {"math": r"\b(fabs|sin|cos)\(", "stdint": r"uint64_t", "string": r"\bmem(cpy|set)\("}


def test_code_records_the_definitions_its_lines_use() -> None:
    code = Code(NAMES)
    code.work.take("p", 3)
    code.work.take("q", 3)
    code.say(
        f"    {code.zeros('p', 3)}",
        f"    {code.loop('i', 3)} p[i] = {code.call('dot', code.at('p', 'i'), code.at('x'), 3)};",
        f"    y[0] = {code.library('sin')}({code.symbol('b2')}[0]);",
    )
    assert code.symbols == {"dot", "b2"}
    assert code.headers == {"string", "math"}
    assert (code.parts, code.counters) == ({"p"}, {"i"})
    assert code.text("void f(float *w)", "what it does").splitlines() == [
        "/* what it does */",
        "void f(float *w)",
        "{",
        "    float *const p = w + 0;",
        "    int i;",
        "    memset(p, 0, 3 * sizeof *p);",
        "    for (i = 0; i < 3; ++i) p[i] = net_dot(p + i, x, 3);",
        "    y[0] = sinf(net_b2[0]);",
        "}",
    ]


def test_a_function_that_uses_no_workspace_says_so() -> None:
    assert "(void)w;" in Code(NAMES).text("void f(float *w)", "nothing")


def test_pieces_are_kept_if_something_uses_them() -> None:
    pieces = [
        Piece("a", ""), Piece("b", "", frozenset({"a"})), Piece("c", ""),
        Piece("d", "", frozenset({"b"})),
    ]  # fmt: skip
    assert [piece.symbol for piece in needed(pieces, {"d"})] == ["a", "b", "d"]
    assert needed(pieces, set()) == []


@pytest.mark.parametrize("seed", range(0, 15, 2))
def test_every_definition_header_and_part_of_a_file_is_used_and_there(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No compiler is needed: names that are defined are those that are called."""
    monkeypatch.setenv("CC", "no-such-compiler")
    net = mixed_network(seed)
    for derivatives in (*[[name] for name in EVERYTHING], EVERYTHING):
        net.export(tmp_path / "net.c", derivatives=derivatives)
        text = re.sub(r"/\*.*?\*/", "", (tmp_path / "net.c").read_text(), flags=re.DOTALL)
        defined = set(re.findall(r"^static [^=({]*?\b(net_\w+)[\[(]", text, re.MULTILINE))
        used = re.findall(r"\bnet_[A-Za-z]\w*", text)
        assert all(used.count(name) > 1 for name in defined)
        public = {f"net_{name}" for name in (*derivatives, "self_test", "real")}
        assert set(used) - public == defined
        signs = {
            "math": r"\b(fabs|sin|cos)\(",
            "stdint": r"uint64_t",
            "string": r"\bmem(cpy|set)\(",
        }
        assert set(re.findall(r"#include <(\w+)\.h>", text)) == {
            name for name, sign in signs.items() if re.search(sign, text)
        }
