"""W[l], b[l] and the two products with W[l] in C, whose inner loops run over adjacent numbers.

W[l] is stored once, column after column: z += W a is a sum of columns, four at a time,
and c = Wᵀ g a dot product of g with each column.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet.exporters import _text
from slopenet.exporters.c.code import Piece
from slopenet.exporters.c.names import Names

_DOT = """\
/* a' b, in eight sums side by side */
static inline {real} {p}_dot(const {real} *{restrict} a, const {real} *{restrict} b, int n)
{{
    {real} s[8] = {{{zero}, {zero}, {zero}, {zero}, {zero}, {zero}, {zero}, {zero}}};
    {real} rest = {zero};
    int j, q;
    for (j = 0; j + 8 <= n; j += 8)
        for (q = 0; q < 8; ++q) s[q] += a[j + q] * b[j + q];
    for (; j < n; ++j) rest += a[j] * b[j];
    return (((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))) + rest;
}}
"""
_SCALE = """\
/* v = diag(d) v */
static inline void {p}_scale(const {real} *{restrict} d, {real} *{restrict} v, int n)
{{
    int j;
    for (j = 0; j < n; ++j) v[j] *= d[j];
}}
"""
_SCALED = """\
/* v = diag(d) u */
static inline void {p}_scaled(const {real} *{restrict} d, const {real} *{restrict} u,
                              {real} *{restrict} v, int n)
{{
    int j;
    for (j = 0; j < n; ++j) v[j] = d[j] * u[j];
}}
"""


def layer(
    names: Names, number: int, W: np.ndarray[Any, Any], b: np.ndarray[Any, Any]
) -> list[Piece]:
    """The parameters of layer l = `number` and the products with W[l]."""
    n, m = W.shape
    return [
        constant(names, f"W{number}", W.T, f"W[{number}]' ({m} x {n})"),
        constant(names, f"b{number}", b, f"b[{number}]"),
        Piece(f"times{number}", _times(names, n, m, number), frozenset({f"W{number}"})),
        Piece(f"back{number}", _back(names, n, m, number), frozenset({f"W{number}", "dot"})),
    ]


def constant(names: Names, name: str, array: np.ndarray[Any, Any], meaning: str) -> Piece:
    """Numbers compiled in."""
    rows = _text.lines(names.literals(array), "    ")
    head = f"static const {names.real} {names.prefix}_{name}[{array.size}] = {{ /* {meaning} */"
    return Piece(name, "\n".join([head, *rows, "};", ""]))


def helpers(names: Names) -> list[Piece]:
    """The functions that products and sweeps share."""
    given = {
        "p": names.prefix, "real": names.real, "restrict": names.restrict, "zero": names.number(0)
    }  # fmt: skip
    parts = {"dot": _DOT, "scale": _SCALE, "scaled": _SCALED}
    return [Piece(name, text.format(**given)) for name, text in parts.items()]


def _times(names: Names, rows: int, columns: int, layer: int) -> str:
    """z += W a."""
    real, restrict, W = names.real, names.restrict, f"{names.prefix}_W{layer}"
    by_four, rest = columns - columns % 4, columns % 4
    loops = []
    if by_four:
        terms = " + ".join(
            f"a[k + {i}] * w[j + {i * rows}]" if i else "a[k] * w[j]" for i in range(4)
        )
        loops += [
            f"    for (k = 0; k < {by_four}; k += 4) {{",
            f"        const {real} *{restrict} w = {W} + k * {rows};",
            f"        for (j = 0; j < {rows}; ++j) z[j] += {terms};",
            "    }",
        ]
    if rest:
        at = [f"a[{by_four + i}] * {W}[j + {(by_four + i) * rows}]" for i in range(rest)]
        loops.append(f"    for (j = 0; j < {rows}; ++j) z[j] += {' + '.join(at)};")
    return "\n".join(
        [
            f"/* z = z + W[{layer}] a */",
            f"static void {names.prefix}_times{layer}"
            f"(const {real} *{restrict} a, {real} *{restrict} z)",
            "{",
            f"    int j{', k' if by_four else ''};",
            *loops,
            "}",
            "",
        ]
    )


def _back(names: Names, rows: int, columns: int, layer: int) -> str:
    """c = Wᵀ g."""
    real, restrict, p = names.real, names.restrict, names.prefix
    return "\n".join(
        [
            f"/* c = W[{layer}]' g */",
            f"static void {p}_back{layer}(const {real} *{restrict} g, {real} *{restrict} c)",
            "{",
            "    int k;",
            f"    for (k = 0; k < {columns}; ++k)",
            f"        c[k] = {p}_dot({p}_W{layer} + k * {rows}, g, {rows});",
            "}",
            "",
        ]
    )
