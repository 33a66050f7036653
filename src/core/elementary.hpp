// exp, expm1, log1p, sin, cos and the Mills ratio on vectors of doubles, in the ranges that the
// activations need. Branch-free, each lane on its own: equal inputs give equal bits in every lane.
//
// Coefficients: tools/polynomials.py.
#pragma once

#include <cmath>

#include "simd.hpp"

namespace slopenet::SLOPENET_ISA {

// (expm1(r) - r) / r^2, max error 1.4e-18
inline constexpr double expm1_terms[] = {0.5,
                                         0.1666666666666667,
                                         0.04166666666666667,
                                         0.008333333333326136,
                                         0.0013888888888883748,
                                         0.00019841269874820627,
                                         2.4801587325547743e-05,
                                         2.7557255400206422e-06,
                                         2.75572736431103e-07,
                                         2.5105217004720745e-08,
                                         2.0914686968086876e-09};

// (atanh(s)/s - 1) / s^2 in s^2, max error 1.0e-18
inline constexpr double atanh_terms[] = {0.3333333333333333,  0.2000000000000044,  0.14285714285400977,
                                         0.11111111196044504, 0.09090897800030397, 0.07693120940969297,
                                         0.06634357396174048, 0.0654361809832981};

// (t + 1) M(t) in (t - 5)/(t + 5), max error 1.1e-17
inline constexpr double mills_terms[] = {
    1.1568486282918946,     -0.22948753825211318,   0.07778159886873558,     0.02507217930163978,
    -0.06617760077899582,   0.061505045840161206,   -0.03802659218771832,    0.016348231281331425,
    -0.004201290311078416,  1.9530636365484052e-05, 0.0004570438205116078,   -0.0001343742704194541,
    -2.480546663097941e-05, 2.270959149359291e-05,  -1.7721527238693433e-07, -3.2772513658038686e-06,
    3.2194150125726876e-07, 4.919558007942762e-07,  -6.735246707235891e-08,  -7.755689282319666e-08,
    1.006273629203449e-08,  1.1020770424653135e-08, -1.0770966817867951e-09, -9.545215884456858e-10,
    6.163047198655167e-11};

// (sin(r)/r - 1) / r^2 in r^2, max error 1.2e-20
inline constexpr double sin_terms[] = {
    -0.16666666666666666,    0.008333333333333331,  -0.0001984126984126506, 2.7557319219335453e-06,
    -2.5052106231157904e-08, 1.605853141458901e-10, -7.586685070091267e-13};

// (cos(r) - 1 + r^2/2) / r^4 in r^2, max error 6.5e-22
inline constexpr double cos_terms[] = {
    0.041666666666666664,   -0.0013888888888888887,  2.4801587301584645e-05, -2.755731922140076e-07,
    2.0876755790363397e-09, -1.1470460773969325e-11, 4.7458652037874553e-14};

// terms[first] + terms[first + step] x + ..., by Horner.
template <int n>
SLOPENET_INLINE F64 horner(F64 x, const double (&terms)[n], int first, int step) {
    int i = first + (n - 1 - first) / step * step;
    F64 sum = broadcast(terms[i]);
    for (i -= step; i >= first; i -= step) sum = fma(sum, x, terms[i]);
    return sum;
}

// terms[0] + terms[1] x + ...: even and odd terms by themselves, as one long chain would wait for each sum.
template <int n>
SLOPENET_INLINE F64 polynomial(F64 x, const double (&terms)[n]) {
    const F64 x2 = x * x;
    return fma(horner(x2, terms, 1, 2), x, horner(x2, terms, 0, 2));
}

// An unevaluated sum hi + lo, twice the digits of a double.
struct Pair {
    F64 hi, lo;
};

// a b exactly (Dekker; needs |a|, |b| < 2^995 where there is no fused multiply-add).
SLOPENET_INLINE Pair product(F64 a, F64 b) {
    const F64 p = a * b;
#if defined(__FMA__) || defined(__aarch64__)
    return {p, fma(a, b, -p)};
#else
    const F64 ta = a * 0x1.0000002p27, tb = b * 0x1.0000002p27;
    const F64 ah = ta - (ta - a), al = a - ah, bh = tb - (tb - b), bl = b - bh;
    return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
#endif
}

// a + b exactly.
SLOPENET_INLINE Pair sum(F64 a, F64 b) {
    const F64 s = a + b, t = s - a;
    return {s, (a - (s - t)) + (b - t)};
}

// (a.hi + a.lo)(b.hi + b.lo), to about 100 bits.
SLOPENET_INLINE Pair product(Pair a, Pair b) {
    const Pair p = product(a.hi, b.hi);
    return sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

// Adding and subtracting this rounds to the nearest integer and leaves it in the low bits.
inline constexpr double rounder = 0x1.8p52;

SLOPENET_INLINE F64 power_of_two(I64 n) { return from_bits((n + 1023) << 52); }

struct Exp {
    F64 e;   // exp(x)
    F64 m1;  // exp(x) - 1, with all its digits
};

// exp(x + tail) for x <= 0 and |tail| << 1: x = n ln 2 + r, exp(x) = 2^n (1 + expm1(r)).
SLOPENET_INLINE Exp exp_negative(F64 x, F64 tail) {
    x = x < -1000.0 ? broadcast(-1000.0) : x;  // keeps a NaN
    const F64 shifted = fma(x, broadcast(0x1.71547652b82fep+0), rounder);
    const F64 n = shifted - rounder;
    // ln 2 in two parts, the first with 42 bits, so that its product with n is exact
    const F64 high = fma(-n, broadcast(0x1.62e42fefa38p-1), x);
    const F64 low = fma(-n, broadcast(0x1.ef35793c7673p-45), tail);
    const F64 r = high + low;
    const F64 p = fma(r * r, polynomial(r, expm1_terms), r);
    // 2^n in two factors: n may lie below the exponents of normal numbers
    const F64 half = fma(n, broadcast(0.5), rounder);
    const I64 magic = bits(broadcast(rounder));
    const I64 half_n = bits(half) - magic, all_n = bits(shifted) - magic;
    const F64 first = power_of_two(half_n), second = power_of_two(all_n - half_n);
    const F64 scale = first * second;
    return {((p + 1.0) * first) * second, fma(scale, p, scale - 1.0)};
}
SLOPENET_INLINE Exp exp_negative(F64 x) { return exp_negative(x, F64{}); }

// exp(-factor t^2), the square with twice the digits: its rounding error would be amplified by t^2.
SLOPENET_INLINE F64 gauss(F64 t, double factor) {
    t = t > 64.0 ? broadcast(64.0) : t;
    const Pair square = product(t, t);
    return exp_negative(square.hi * -factor, square.lo * -factor).e;
}

// log(1 + x) for 0 <= x <= 1, by 2 atanh(s) with s = y/(2 + y), after halving 1 + x where it is large.
SLOPENET_INLINE F64 log1p_unit(F64 x) {
    const I64 large = x > 0.41421356237309503;
    const F64 y = large ? (x - 1.0) * 0.5 : x;
    const F64 s = y / (y + 2.0);
    const F64 s2 = s * s;
    const F64 rest = (s2 + s2) * polynomial(s2, atanh_terms);
    const F64 correction = s * (y - rest);
    const F64 ln2_high = large ? broadcast(0x1.62e42fefa38p-1) : F64{};
    const F64 ln2_low = large ? broadcast(0x1.ef35793c7673p-45) : F64{};
    return ln2_high + (y - (correction - ln2_low));
}

// The Mills ratio (1 - Phi(t)) / phi(t) of the standard normal distribution, t >= 0.
SLOPENET_INLINE F64 mills_ratio(F64 t) {
    t = t > 1e300 ? broadcast(1e300) : t;
    return polynomial((t - 5.0) / (t + 5.0), mills_terms) / (t + 1.0);
}

struct SinCos {
    F64 sin, cos;
};

// sin and cos: three-part reduction by pi/2 up to 2^20, the C library beyond.
SLOPENET_INLINE SinCos sin_cos(F64 z) {
    constexpr double limit = 0x1p20;
    const I64 beyond = !(abs(z) <= limit);
    const F64 x = beyond ? F64{} : z;
    const F64 shifted = fma(x, broadcast(0x1.45f306dc9c883p-1), rounder);
    const F64 n = shifted - rounder;
    // pi/2 in parts of 33 bits: the first two products with n are exact
    const F64 first = x - n * 0x1.921fb544p+0;
    const F64 second = n * 0x1.0b4611a6p-34;
    const F64 high = first - second;
    const F64 lost = (first - high) - second;
    const F64 third = fma(n, broadcast(0x1.3198a2e037073p-69), -lost);
    const F64 r = high - third;
    const F64 tail = (high - r) - third;
    const F64 r2 = r * r;
    const F64 sine = r + fma(r * r2, polynomial(r2, sin_terms), tail);
    const F64 half = r2 * 0.5, one = 1.0 - half;
    const F64 cosine = one + (((1.0 - one) - half) + fma(r2 * r2, polynomial(r2, cos_terms), -(r * tail)));
    const I64 quadrant = bits(shifted) - bits(broadcast(rounder));
    const I64 odd = -(quadrant & 1);
    const I64 sin_sign = (quadrant & 2) << 62, cos_sign = ((quadrant + 1) & 2) << 62;
    SinCos result{from_bits(bits(odd ? cosine : sine) ^ sin_sign),
                  from_bits(bits(odd ? sine : cosine) ^ cos_sign)};
    if (any(beyond)) {
        for (int i = 0; i < lanes<double>; ++i) {
            if (beyond[i]) {
                result.sin[i] = ::sin(z[i]);
                result.cos[i] = ::cos(z[i]);
            }
        }
    }
    return result;
}

}  // namespace slopenet::SLOPENET_ISA
