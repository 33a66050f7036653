"""Functions that a target lacks, in terms of those that it has, as exact in the tails.

For the arguments that the table of activations gives them: expm1 of x ≤ 0, log1p of 0 ≤ x ≤ 1.
"""

from __future__ import annotations

from math import sqrt

from slopenet.exporters._expression import Expression, Trace

# The polynomials of src/core/elementary.hpp (tools/polynomials.py):
# (t + 1) M(t) / √(2π) in (t - 5)/(t + 5), M the Mills ratio; max error 2.3e-18
_MILLS = (
    0.46151582985003775, -0.0915522818340089, 0.031030368425962906, 0.010002352385215038,
    -0.026401042966266317, 0.024536963244143773, -0.015170415403421813, 0.006522000660785017,
    -0.0016760723338040012, 7.791655943167945e-06, 0.0001823340655096757, -5.3607877506871044e-05,
    -9.895707858192076e-06, 9.060763777182867e-06, -7.162862954434689e-08, -1.3092869586427216e-06,
    1.3066841696192843e-07, 1.9831944783408382e-07, -3.012452312845718e-08, -3.184834562843822e-08,
    6.6404230554222056e-09, 4.0413292088322494e-09, -1.3082358788256176e-09,
)  # fmt: skip
# (Φ(t) - ½) / t in t², |t| ≤ 1; max error 7.8e-22
_CENTRE = (
    0.3989422804014327, -0.06649038006690544, 0.009973557010035806, -0.001187328215480253,
    0.00011543468761421087, -9.444656248413156e-06, 6.659693114915888e-07, -4.122657837266453e-08,
    2.2733770173468317e-09, -1.1285002144059668e-10, 5.003033458919368e-12, -1.6878231631896875e-13,
)  # fmt: skip
# (atanh(s)/s - 1) / s² in s²; max error 1.0e-18
_ATANH = (
    0.3333333333333333, 0.2000000000000044, 0.14285714285400977, 0.11111111196044504,
    0.09090897800030397, 0.07693120940969297, 0.06634357396174048, 0.0654361809832981,
)  # fmt: skip
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
    value = 2 * s + 2 * s * square * _polynomial(square, _ATANH)
    return t.where(large, _LN2 + value, value)


def erfc_by_mills(t: Trace, x: Expression) -> Expression:
    """erfc(x) = 2 (1 - Φ(s)), s = √2 x, from the Mills ratio, and near 0 from Φ(s) - ½."""
    s = sqrt(2) * x
    far = t.node("abs", s)
    tail = 2 * t.node("exp", -x * x) * _polynomial((far - 5) / (far + 5), _MILLS) / (far + 1)
    side = t.where(x <= 0, 2 - tail, tail)
    return t.where(far <= 0.75, 1 - 2 * s * _polynomial(s * s, _CENTRE), side)


def _polynomial(x: Expression, terms: tuple[float, ...]) -> Expression:
    total = x * terms[-1] + terms[-2]
    for term in reversed(terms[:-2]):
        total = total * x + term
    return total
