// exp and expm1 on vectors, as (1 + p) 2^n whose parts are kept until the last product.
//
// Each lane is on its own: equal inputs give equal bits in every lane. Coefficients: tools/polynomials.py.
#pragma once

#include "exact.hpp"
#include "polynomial.hpp"

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

// the same for float, max error 1.4e-9
inline constexpr float expm1_terms_float[] = {0.500000001346581f,     0.16666666681623232f,
                                              0.041666464925285904f,  0.0083333109254809f,
                                              0.0013933649996309251f, 0.00019890990824673654f};

template <class V>
struct ExpConstants;
template <>
struct ExpConstants<F64> {
    static constexpr double least = -1000;  // its exp is 0, and so is every product with it
    static constexpr double normal = 700;   // exp(-normal) / 100 is a normal number
    static constexpr double floor = -2000;  // 2^floor times any number is 0, and `scaled` takes it
    static constexpr double tiny = -1021;   // below it 2^n is subnormal, or nearly
    static constexpr double log2e = 0x1.71547652b82fep+0;
    // ln 2 in two parts, the first with 42 bits, so that its product with n is exact
    static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
    static SLOPENET_INLINE F64 terms(F64 r) { return polynomial(r, expm1_terms); }
};
template <>
struct ExpConstants<F32> {
    static constexpr float least = -150;
    static constexpr float normal = 80;
    static constexpr float floor = -250;
    static constexpr float tiny = -125;
    static constexpr float log2e = 0x1.715476p+0f;
    static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
    static SLOPENET_INLINE F32 terms(F32 r) { return polynomial(r, expm1_terms_float); }
};

// exp(x) = (1 + p) 2^n, kept apart: a product with exp(x) is to be rounded once where it is subnormal. Where
// 2^n is known to be normal (`fast`), it is one factor and not two, with the same bits.
template <class V, bool fast_>
struct ExpParts {
    using Vector = V;
    static constexpr bool fast = fast_;
    V p, n;         // expm1(r) and n of x = n ln 2 + r
    V lost;         // what p lacks of expm1(r)
    Mask<V> power;  // n, as a part of the bits of a number

    SLOPENET_INLINE V scale(V x) const {
        if constexpr (fast) return x * from_bits(bits(broadcast(Scalar<V>(1))) + power);
        return scaled(x, n);
    }
    SLOPENET_INLINE V value() const { return scale(p + Scalar<V>(1)); }
    SLOPENET_INLINE V value_lost() const { return scale(p - ((p + Scalar<V>(1)) - Scalar<V>(1))); }
    SLOPENET_INLINE V times(V y) const { return scale(fma(p, y, y)); }
    // times y.hi + y.lo
    SLOPENET_INLINE V times(DoubleDouble<V> y) const { return scale(y.hi + fma(p, y.hi, y.lo)); }
    // times a b, rounded about once
    SLOPENET_INLINE V times(V a, V b) const {
        const V y = a * b, rest = fma(p, y, fma(lost, y, -residual(y, a, b))), sum = y + rest;
        if constexpr (fast) return scale(sum);
        return scale(n < ExpConstants<V>::tiny ? round_to_odd(sum, rest - (sum - y)) : sum);
    }
    // the power 2^n where it is said, else its square
    SLOPENET_INLINE ExpParts power_or_square(Mask<V> single) const {
        const V twice = n + n;
        return {p,
                single                           ? n
                : twice < ExpConstants<V>::floor ? broadcast(ExpConstants<V>::floor)
                                                 : twice,
                V{}, single ? power : power + power};
    }
    // exp(x) - 1 with all its digits
    SLOPENET_INLINE V minus_one() const {
        const V factor = scale(broadcast(Scalar<V>(1)));
        return fma(factor, p, factor - Scalar<V>(1));
    }
    // what that lacks of it
    SLOPENET_INLINE V minus_one_lost() const {
        const V factor = scale(broadcast(Scalar<V>(1))), rest = factor - Scalar<V>(1);
        const V m = fma(factor, p, rest);
        return fma(factor, lost, residual(rest - m, -factor, p));
    }
};

// exp(x).
// Domain: x <= 0; with `fast` x > -ExpConstants::normal. Positive x up to -ExpConstants::least (`fast`:
// normal) will do for `value` alone. Error: 1 + p is off by 2^-55 (float: 2^-26) of itself, by 2^-60 (2^-30)
// with `lost`. Source: Cody & Waite's reduction by ln 2 in two parts, then a polynomial of expm1.
template <bool fast, class V>
SLOPENET_INLINE ExpParts<V, fast> exp_negative(V x) {
    using C = ExpConstants<V>;
    if constexpr (!fast) x = x < C::least ? broadcast(C::least) : x;  // keeps a NaN
    const V shifted = fma(x, broadcast(C::log2e), Lanes<V>::rounder), n = shifted - Lanes<V>::rounder;
    const Mask<V> power = bits(shifted) << Lanes<V>::mantissa;
    const V high = fma(-n, broadcast(C::ln2_high), x);
    const V r = fma(-n, broadcast(C::ln2_low), high), r_lost = fma(-n, broadcast(C::ln2_low), high - r);
    const V r2 = r * r, terms = C::terms(r), p = fma(r2, terms, r);
    return {p, n, fma(r2, terms, r - p) + r_lost, power};
}

// exp(x.hi + x.lo).
// Domain: as above, x.lo far below 1.
// Error: as above, and what x.lo lacks; what rounding r loses goes into p.
// Source: as above.
template <bool fast, class V>
SLOPENET_INLINE ExpParts<V, fast> exp_negative(DoubleDouble<V> x) {
    using C = ExpConstants<V>;
    if constexpr (!fast) x.hi = x.hi < C::least ? broadcast(C::least) : x.hi;
    const V shifted = fma(x.hi, broadcast(C::log2e), Lanes<V>::rounder), n = shifted - Lanes<V>::rounder;
    const Mask<V> power = bits(shifted) << Lanes<V>::mantissa;
    const V high = fma(-n, broadcast(C::ln2_high), x.hi);
    const V low = fma(-n, broadcast(C::ln2_low), x.lo), r = high + low;
    const V rest = fma(r * r, C::terms(r), low - (r - high)), p = r + rest;
    return {p, n, rest - (p - r), power};
}

}  // namespace slopenet::SLOPENET_ISA
