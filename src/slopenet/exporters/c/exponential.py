"""exp and expm1 of x ≤ 0 in C, without a branch, so that loops over them are vectorised.

exp(x) = 2^n (1 + q) after Cody and Waite, q = expm1(r) = r + r² p(r), |r| ≤ ln(2)/2, with the
polynomials p of `slopenet.exporters._polynomials`. 2^n is multiplied in two steps, as it may be
subnormal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slopenet.exporters._polynomials import EXPM1, EXPM1_FLOAT
from slopenet.exporters.c.code import Piece
from slopenet.exporters.c.names import Names

_SELECT = """\
/* c ? a : b without a branch, which would keep loops from being vectorised */
static inline {real} {p}_select(int c, {real} a, {real} b)
{{
    const {uint} mask = ({uint})0 - ({uint})c;
    {uint} bits, other;
    memcpy(&bits, &a, sizeof bits);
    memcpy(&other, &b, sizeof other);
    bits = (bits & mask) | (other & ~mask);
    memcpy(&a, &bits, sizeof a);
    return a;
}}
"""
_POWER = """\
/* 2^n for the normal numbers with n <= 0 */
static inline {real} {p}_power(int n)
{{
    const {uint} bits = ({uint})(n + {bias}) << {mantissa};
    {real} power;
    memcpy(&power, &bits, sizeof power);
    return power;
}}
"""
_REDUCED = """\
/* n and q of exp(x) = 2^n (1 + q), x <= 0 */
static inline {real} {p}_reduced({real} x, int *n)
{{
    const {real} number = {p}_select(x > {least}, x, {least}); /* no NaN, which no int can be */
    const {real} bounded = {p}_select(x < {least}, {least}, x);
    {real} r, r2;
    *n = (int)(number * {log2e} - {half});
    r = (bounded - ({real})*n * {high}) - ({real})*n * {low};
    r2 = r * r;
    return r + r2 * (({even}) + r * ({odd}));
}}
"""
_EXP = """\
/* exp(x) for x <= 0 */
static inline {real} {p}_exp({real} x)
{{
    int n;
    const {real} q = {p}_reduced(x, &n);
    return ({one} + q) * {p}_power(n / 2) * {p}_power(n - n / 2);
}}
"""
_EXPM1 = """\
/* exp(x) - 1 for x <= 0 */
static inline {real} {p}_expm1({real} x)
{{
    int n;
    const {real} q = {p}_reduced(x, &n);
    const {real} f = {p}_power(n / 2) * {p}_power(n - n / 2);
    return f * q + (f - {one});
}}
"""
_TERMS = {"double": EXPM1, "float": EXPM1_FLOAT}
_CONSTANTS = {
    "double": {
        "uint": "uint64_t", "bias": "1023", "mantissa": "52", "least": "-746.0",
        "high": repr(float.fromhex("0x1.62e42fefa38p-1")),
        "low": repr(float.fromhex("0x1.ef35793c7673p-45")),
    },
    "float": {
        "uint": "uint32_t", "bias": "127", "mantissa": "23", "least": "-104.0f",
        "high": repr(float.fromhex("0x1.62e4p-1")) + "f",
        "low": f"{np.float32(float.fromhex('0x1.7f7d1cp-20'))!s}f",
    },
}  # fmt: skip


def exponentials(names: Names) -> list[Piece]:
    """The functions, each after those that it calls."""
    terms = names.literals(np.array(_TERMS[names.real], names.dtype))
    given = {
        **_CONSTANTS[names.real],
        "p": names.prefix, "real": names.real, "log2e": names.number(1 / np.log(2)),
        "half": names.number(0.5), "one": names.number(1),
        "even": _horner(terms[0::2], "r2"), "odd": _horner(terms[1::2], "r2"),
    }  # fmt: skip
    bits = frozenset({"stdint", "string"})
    parts = {
        "select": (_SELECT, (), bits),
        "power": (_POWER, (), bits),
        "reduced": (_REDUCED, ("select",), frozenset()),
        "exp": (_EXP, ("reduced", "power"), frozenset()),
        "expm1": (_EXPM1, ("reduced", "power"), frozenset()),
    }
    return [
        Piece(name, text.format(**given), frozenset(uses), headers)
        for name, (text, uses, headers) in parts.items()
    ]


def _horner(terms: Sequence[str], x: str) -> str:
    text = terms[-1]
    for term in reversed(terms[:-1]):
        text = f"{term} + {x} * ({text})" if text != terms[-1] else f"{term} + {x} * {text}"
    return text
