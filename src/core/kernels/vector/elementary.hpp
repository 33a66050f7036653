// exp and expm1 on vectors of doubles and of floats; log1p, sin, cos and the Mills ratio on doubles; in the
// ranges that the activations need. Each lane is on its own: equal inputs give equal bits in every lane.
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

// the same for float, max error 1.4e-9
inline constexpr float expm1_terms_float[] = {0.500000001346581f,     0.16666666681623232f,
                                              0.041666464925285904f,  0.0083333109254809f,
                                              0.0013933649996309251f, 0.00019890990824673654f};

// (atanh(s)/s - 1) / s^2 in s^2, max error 1.0e-18
inline constexpr double atanh_terms[] = {0.3333333333333333,  0.2000000000000044,  0.14285714285400977,
                                         0.11111111196044504, 0.09090897800030397, 0.07693120940969297,
                                         0.06634357396174048, 0.0654361809832981};

// (t + 1) M(t) / sqrt(2 pi) in (t - 5)/(t + 5), max error 2.3e-18
inline constexpr double mills_terms[] = {
    0.46151582985003775,    -0.0915522818340089,    0.031030368425962906,   0.010002352385215038,
    -0.026401042966266317,  0.024536963244143773,   -0.015170415403421813,  0.006522000660785017,
    -0.0016760723338040012, 7.791655943167945e-06,  0.0001823340655096757,  -5.3607877506871044e-05,
    -9.895707858192076e-06, 9.060763777182867e-06,  -7.162862954434689e-08, -1.3092869586427216e-06,
    1.3066841696192843e-07, 1.9831944783408382e-07, -3.012452312845718e-08, -3.184834562843822e-08,
    6.6404230554222056e-09, 4.0413292088322494e-09, -1.3082358788256176e-09};

// (Phi(t) - 1/2) / t in t^2, max error 7.8e-22
inline constexpr double centre_terms[] = {
    0.3989422804014327,     -0.06649038006690544,    0.009973557010035806,  -0.001187328215480253,
    0.00011543468761421087, -9.444656248413156e-06,  6.659693114915888e-07, -4.122657837266453e-08,
    2.2733770173468317e-09, -1.1285002144059668e-10, 5.003033458919368e-12, -1.6878231631896875e-13};

// (sin(r)/r - 1) / r^2 in r^2, max error 1.2e-20
inline constexpr double sin_terms[] = {
    -0.16666666666666666,    0.008333333333333331,  -0.0001984126984126506, 2.7557319219335453e-06,
    -2.5052106231157904e-08, 1.605853141458901e-10, -7.586685070091267e-13};

// (cos(r) - 1 + r^2/2) / r^4 in r^2, max error 6.5e-22
inline constexpr double cos_terms[] = {
    0.041666666666666664,   -0.0013888888888888887,  2.4801587301584645e-05, -2.755731922140076e-07,
    2.0876755790363397e-09, -1.1470460773969325e-11, 4.7458652037874553e-14};

// terms[first] + terms[first + step] x + ..., by Horner.
template <class V, int n>
SLOPENET_INLINE V horner(V x, const Scalar<V> (&terms)[n], int first, int step) {
    int i = first + (n - 1 - first) / step * step;
    V sum = broadcast(terms[i]);
    for (i -= step; i >= first; i -= step) sum = fma(sum, x, terms[i]);
    return sum;
}

// terms[0] + terms[1] x + ...: even and odd terms by themselves, as one long chain would wait for each sum.
template <class V, int n>
SLOPENET_INLINE V polynomial(V x, const Scalar<V> (&terms)[n]) {
    const V x2 = x * x;
    return fma(horner(x2, terms, 1, 2), x, horner(x2, terms, 0, 2));
}

// An unevaluated sum hi + lo, twice the digits of a double.
template <class V>
struct Pair {
    V hi, lo;
};

// a b exactly (Dekker; needs |a|, |b| < 2^995, of floats 2^115, where there is no fused multiply-add).
template <class V>
SLOPENET_INLINE Pair<V> product(V a, V b) {
    const V p = a * b;
#if defined(__FMA__) || defined(__aarch64__)
    return {p, fma(a, b, -p)};
#else
    const V ta = a * Lanes<V>::splitter, tb = b * Lanes<V>::splitter;
    const V ah = ta - (ta - a), al = a - ah, bh = tb - (tb - b), bl = b - bh;
    return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
#endif
}
// c - a b for a b close to c, with all its digits.
template <class V>
SLOPENET_INLINE V residual(V c, V a, V b) {
#if defined(__FMA__) || defined(__aarch64__)
    return fma(-a, b, c);
#else
    const Pair<V> p = product(a, b);
    return (c - p.hi) - p.lo;
#endif
}

// a b + c for a small c, rounded about once.
template <class V>
SLOPENET_INLINE V corrected(V a, V b, V c) {
#if defined(__FMA__) || defined(__aarch64__)
    return fma(a, b, c);
#else
    const Pair<V> p = product(a, b);
    return p.hi + (p.lo + c);
#endif
}

// a + b exactly.
template <class V>
SLOPENET_INLINE Pair<V> sum(V a, V b) {
    const V s = a + b, t = s - a;
    return {s, (a - (s - t)) + (b - t)};
}

// (a.hi + a.lo)(b.hi + b.lo), to about 100 bits.
SLOPENET_INLINE Pair<F64> product(Pair<F64> a, Pair<F64> b) {
    const Pair<F64> p = product(a.hi, b.hi);
    return sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}
SLOPENET_INLINE Pair<F64> product(Pair<F64> a, F64 b) {
    const Pair<F64> p = product(a.hi, b);
    return sum(p.hi, fma(a.lo, b, p.lo));
}
// a + b for |a| >= |b|
SLOPENET_INLINE Pair<F64> sum(F64 a, Pair<F64> b) {
    const Pair<F64> s = sum(a, b.hi);
    return {s.hi, s.lo + b.lo};
}

template <class V>
struct ExpConstants;
template <>
struct ExpConstants<F64> {
    static constexpr double least = -1000;  // its exp is 0, also times what stands beside it
    static constexpr double normal = 700;   // exp(-normal) / 100 is a normal number
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
    static constexpr float tiny = -125;
    static constexpr float log2e = 0x1.715476p+0f;
    static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
    static SLOPENET_INLINE F32 terms(F32 r) { return polynomial(r, expm1_terms_float); }
};

// x + lost, |lost| less than x's last digit, ready to be rounded once more: x's last bit says that more
// comes.
template <class V>
SLOPENET_INLINE V to_odd(V x, V lost) {
    const Mask<V> grows = (lost > Scalar<V>(0)) ^ (x < Scalar<V>(0));
    const Mask<V> even = (bits(x) & 1) == 0;
    return (lost != Scalar<V>(0)) & even ? from_bits(bits(x) - (grows + grows + 1)) : x;
}

// exp(x) = (1 + p) 2^n, kept apart: a product with exp(x) is to be rounded once where it is subnormal. Where
// that is known not to be (`normal`), the factor 2^n is an addition to the exponent, with the same bits.
template <class V, bool normal>
struct Exp {
    using Vector = V;
    V p, n;         // expm1(r) and n of x = n ln 2 + r
    V lost;         // what p lacks of expm1(r)
    Mask<V> power;  // n, as a part of the bits of a number

    SLOPENET_INLINE V scale(V x) const {
        if constexpr (normal) return from_bits(bits(x) + power);
        return scaled(x, n);
    }
    SLOPENET_INLINE V value() const { return scale(p + Scalar<V>(1)); }
    SLOPENET_INLINE V times(V y) const { return scale(fma(p, y, y)); }
    // times a b, rounded about once
    SLOPENET_INLINE V times(V a, V b) const {
        const V y = a * b, rest = fma(p, y, fma(lost, y, -residual(y, a, b))), sum = y + rest;
        if constexpr (normal) return scale(sum);
        return scale(n < ExpConstants<V>::tiny ? to_odd(sum, rest - (sum - y)) : sum);
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

template <bool fine, bool normal, class V>
SLOPENET_INLINE Exp<V, normal> exp_as(V x, V tail) {
    using C = ExpConstants<V>;
    if constexpr (!normal) x = x < C::least ? broadcast(C::least) : x;  // keeps a NaN
    const V shifted = fma(x, broadcast(C::log2e), Lanes<V>::rounder), n = shifted - Lanes<V>::rounder;
    const Mask<V> power = bits(shifted) << Lanes<V>::mantissa;
    const V high = fma(-n, broadcast(C::ln2_high), x);
    if constexpr (fine) {  // what rounding r loses is kept
        const V low = fma(-n, broadcast(C::ln2_low), tail), r = high + low;
        const V rest = fma(r * r, C::terms(r), low - (r - high)), p = r + rest;
        return {p, n, rest - (p - r), power};
    }
    const V r = fma(-n, broadcast(C::ln2_low), high), r_lost = fma(-n, broadcast(C::ln2_low), high - r);
    const V r2 = r * r, terms = C::terms(r), p = fma(r2, terms, r);
    return {p, n, fma(r2, terms, r - p) + r_lost, power};
}
// Of x <= 0.
template <class V>
SLOPENET_INLINE Exp<V, false> exp_negative(V x) {
    return exp_as<false, false>(x, V{});
}
// Of x + tail for x <= 0 and |tail| << 1, where digits matter enough for a tail.
template <class V>
SLOPENET_INLINE Exp<V, false> exp_negative(V x, V tail) {
    return exp_as<true, false>(x, tail);
}
// Of -limit < x <= 0 with a limit of `ExpConstants::normal`, for products that are as large as exp(x), or 0.
template <class V>
SLOPENET_INLINE Exp<V, true> exp_normal(V x) {
    return exp_as<false, true>(x, V{});
}

// exp(-factor t^2), the square with twice the digits: its rounding error would be amplified by t^2.
SLOPENET_INLINE Exp<F64, false> gauss(Pair<F64> square, double factor) {
    return exp_negative(square.hi * -factor, square.lo * -factor);
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

// The Mills ratio (1 - Phi(t)) / phi(t) of the standard normal distribution, over sqrt(2 pi), for t >= 0.75.
SLOPENET_INLINE Pair<F64> mills_ratio(F64 t) {
    const F64 n = t + 1.0, lost = t > 1.0 ? 1.0 - (n - t) : t - (n - 1.0);
    const F64 w = (t - 5.0) / (t + 5.0), w2 = w * w;
    const F64 rest = fma(horner(w2, mills_terms, 2, 2), w, horner(w2, mills_terms, 1, 2));
    const F64 p = fma(rest, w, mills_terms[0]), q = p / n, p_lost = residual(mills_terms[0] - p, -rest, w);
    return {q, (fma(-lost, q, residual(p, n, q)) + p_lost) * (q * 2.2)};  // 1/n is about 2.2 q
}

// Phi(t) - 1/2 of the standard normal distribution, |t| <= 1.
SLOPENET_INLINE F64 normal_centre(F64 t) { return t * polynomial(t * t, centre_terms); }

struct SinCos {
    F64 sin, cos;
};

// sin and cos: three-part reduction by pi/2 up to 2^20, the C library beyond.
SLOPENET_INLINE SinCos sin_cos(F64 z) {
    constexpr double limit = 0x1p20;
    const I64 beyond = !(abs(z) <= limit);
    const F64 x = beyond ? F64{} : z;
    const F64 shifted = fma(x, broadcast(0x1.45f306dc9c883p-1), Lanes<F64>::rounder);
    const F64 n = shifted - Lanes<F64>::rounder;
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
    const I64 quadrant = bits(shifted) - bits(broadcast(Lanes<F64>::rounder));
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
