"""Functions that a target lacks, by those that it has, just as exact in the tails.

For the arguments that the table of activations gives them: expm1 of x ≤ 0, log1p of 0 ≤ x ≤ 1.
"""

from __future__ import annotations

from math import sqrt

from slopenet.exporters._expression import Expression, Trace
from slopenet.exporters._polynomials import ATANH, CENTRE, MILLS

_LN2 = 0.6931471805599453


def tanh_by_exp(t: Trace, x: Expression) -> Expression:
    """tanh |x| = -expm1(-2|x|) / (1 + exp(-2|x|)), with the sign of x."""
    below = -t.node("abs", 2 * x)
    minus = t.node("expm1", below) / (1 + t.node("exp", below))
    return t.where(x <= 0, minus, -minus)


def expm1_by_tanh(t: Trace, x: Expression) -> Expression:
    """exp(x) - 1 = 2 h / (1 - h), h = tanh(x/2): for x ≤ 0 no digit is lost."""
    h = t.node("tanh", x / 2)
    return 2 * h / (1 - h)


def log1p_by_atanh(t: Trace, x: Expression) -> Expression:
    """log(1 + x) = 2 atanh(y/(2 + y)), after halving 1 + x where it is large."""
    large = x > sqrt(2) - 1
    y = t.where(large, 0.5 * (x - 1), x)
    s = y / (y + 2)
    square = s * s
    value = 2 * s + 2 * s * square * _polynomial(square, ATANH)
    return t.where(large, _LN2 + value, value)


def erfc_by_mills(t: Trace, x: Expression) -> Expression:
    """erfc(x) = 2 (1 - Φ(s)), s = √2 x, from the Mills ratio, and near 0 from Φ(s) - ½."""
    s = sqrt(2) * x
    far = t.node("abs", s)
    tail = 2 * t.node("exp", -x * x) * _polynomial((far - 5) / (far + 5), MILLS) / (far + 1)
    side = t.where(x <= 0, 2 - tail, tail)
    return t.where(far <= 0.75, 1 - 2 * s * _polynomial(s * s, CENTRE), side)


def _polynomial(x: Expression, terms: tuple[float, ...]) -> Expression:
    total = x * terms[-1] + terms[-2]
    for term in reversed(terms[:-2]):
        total = total * x + term
    return total
