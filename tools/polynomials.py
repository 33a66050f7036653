"""Print the polynomial coefficients of src/core/kernels/vector/*.hpp, fitted at 60 digits.

Each table interpolates its function at Chebyshev nodes, which is within a small factor of the
minimax error. The maximum error found on a fine grid is printed with it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import reduce

import mpmath as mp

mp.mp.dps = 60
Function = Callable[[mp.mpf], mp.mpf]


def chebyshev_fit(f: Function, low: mp.mpf, high: mp.mpf, degree: int) -> list[mp.mpf]:
    """Monomial coefficients c_0..c_degree of the interpolant at the Chebyshev nodes."""
    nodes = [mp.cos(mp.pi * (2 * i + 1) / (2 * degree + 2)) for i in range(degree + 1)]
    x = [(low + high) / 2 + (high - low) / 2 * node for node in nodes]
    vandermonde = mp.matrix(degree + 1, degree + 1)
    for i, point in enumerate(x):
        for j in range(degree + 1):
            vandermonde[i, j] = point**j
    return list(mp.lu_solve(vandermonde, mp.matrix([f(point) for point in x])))


def horner(terms: list[mp.mpf], x: mp.mpf) -> mp.mpf:
    """Evaluate terms[0] + terms[1] x + ..."""
    return reduce(lambda total, term: total * x + term, reversed(terms), mp.mpf(0))


def show(name: str, f: Function, low: float, high: float, degree: int, *, suffix: str = "") -> None:
    """Fit, measure the largest error, print as a C++ table; with suffix "f", of floats."""
    a, b = mp.mpf(low), mp.mpf(high)
    c = chebyshev_fit(f, a, b, degree)
    grid = [a + (b - a) * i / 997 for i in range(998)]
    error = max(abs(horner(c, x) - f(x)) for x in grid)
    print(f"// {name}, max error {mp.nstr(error, 2)}")
    print(",\n".join(f"    {float(value)!r}{suffix}" for value in c), "\n")


def guarded(f: Function, limit: Callable[[], mp.mpf]) -> Function:
    """`f` with its limit at 0, where the formula cancels."""
    return lambda x: f(x) if abs(x) > 1e-20 else limit()


def mills(w: mp.mpf) -> mp.mpf:
    """(t + 1) (1 - Phi(t)) exp(t^2 / 2) at w = (t - 5)/(t + 5): the Mills ratio over sqrt(2 pi)."""
    if w == 1:
        return 1 / mp.sqrt(2 * mp.pi)
    t = 5 * (1 + w) / (1 - w)
    if t > 1e6:
        return (t + 1) * (1 / t - 1 / t**3 + 3 / t**5) / mp.sqrt(2 * mp.pi)
    return (t + 1) * mp.erfc(t / mp.sqrt(2)) * mp.exp(t * t / 2) / 2


def tail(t: mp.mpf) -> mp.mpf:
    """exp(t^2/2) Phi(-t)."""
    return mp.erfc(t / mp.sqrt(2)) * mp.exp(t * t / 2) / 2


def rounded(value: mp.mpf, suffix: str) -> mp.mpf:
    """Round to double, or to float where the suffix is "f"."""
    plain = float(value)
    return mp.mpf(struct.unpack("f", struct.pack("f", plain))[0] if suffix else plain)


def show_quotient(most: int, degree: int, middle: int, *, suffix: str = "") -> None:
    """Print P and Q of P(t)/Q(t) = exp(t^2/2) Phi(-t) for 0 <= t <= most; Q's degree is one higher.

    Both interpolate at Chebyshev nodes in (t - middle)/(t + middle). Q is rounded, then P is fitted
    anew to Q times the function, its coefficients rounded one by one from the highest.
    """

    def nodes(count: int) -> list[mp.mpf]:
        end = mp.mpf(most - middle) / (most + middle)
        cosines = [mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
        w = [(end - 1) / 2 + (end + 1) / 2 * cosine for cosine in cosines]
        return [middle * (1 + x) / (1 - x) for x in w]

    count = 2 * degree + 2
    system, right = mp.matrix(count, count), mp.ones(count, 1)
    for i, t in enumerate(nodes(count)):
        for j in range(degree + 1):
            system[i, j] = t**j / tail(t)
        for j in range(1, degree + 2):
            system[i, degree + j] = -(t**j)
    solved = list(mp.lu_solve(system, right))
    bottom = [mp.mpf(1), *(rounded(value, suffix) for value in solved[degree + 1 :])]
    points = nodes(3 * degree)
    target = [tail(t) * horner(bottom, t) for t in points]
    top = {0: mp.mpf("0.5")}
    for highest in range(degree, 0, -1):
        system, right = mp.matrix(len(points), highest), mp.matrix(len(points), 1)
        for i, t in enumerate(points):
            for j in range(1, highest + 1):
                system[i, j - 1] = t**j / target[i]
            right[i] = 1 - sum(c * t**power for power, c in top.items()) / target[i]
        top[highest] = rounded(mp.lu_solve(system, right)[highest - 1], suffix)
    for name, c in (("top", [top[j] for j in range(1, degree + 1)]), ("bottom", bottom[1:])):
        print(f"// {name} of exp(t^2/2) Phi(-t), t up to {most}")
        print(",\n".join(f"    {float(value)!r}{suffix}" for value in c), "\n")


if __name__ == "__main__":
    half_ln2 = mp.log(2) / 2 * mp.mpf("1.0001")
    show(
        "(expm1(r) - r) / r^2",
        guarded(lambda r: (mp.expm1(r) - r) / r**2, lambda: mp.mpf("0.5")),
        -half_ln2,
        half_ln2,
        10,
    )
    show(
        "the same for float",
        guarded(lambda r: (mp.expm1(r) - r) / r**2, lambda: mp.mpf("0.5")),
        -half_ln2,
        half_ln2,
        5,
        suffix="f",
    )
    for suffix, degree in (("", 9), ("f", 3)):
        show(
            "(atanh(s)/s - 1) / s^2 in s^2",
            guarded(lambda x: (mp.atanh(mp.sqrt(x)) / mp.sqrt(x) - 1) / x, lambda: mp.mpf(1) / 3),
            0,
            1.0001 / 9,
            degree,
            suffix=suffix,
        )
    show("(t + 1) M(t) / sqrt(2 pi) in (t - 5)/(t + 5)", mills, -0.74, 1, 22)
    quarter = mp.pi / 4 * mp.mpf("1.0001")
    for suffix, degree in (("", 6), ("f", 2)):
        show(
            "(sin(r)/r - 1) / r^2 in r^2",
            guarded(lambda x: (mp.sin(mp.sqrt(x)) / mp.sqrt(x) - 1) / x, lambda: -mp.mpf(1) / 6),
            0,
            quarter**2,
            degree,
            suffix=suffix,
        )
        show(
            "(cos(r) - 1 + r^2/2) / r^4 in r^2",
            guarded(lambda x: (mp.cos(mp.sqrt(x)) - 1 + x / 2) / x**2, lambda: mp.mpf(1) / 24),
            0,
            quarter**2,
            degree,
            suffix=suffix,
        )
    show_quotient(8, 8, 4)
    show_quotient(16, 4, 3, suffix="f")
