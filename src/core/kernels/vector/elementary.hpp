// log, log1p, sin and cos on vectors, in the ranges that the activations need.
//
// Each lane is on its own: equal inputs give equal bits in every lane. Coefficients: tools/polynomials.py.
#pragma once

#include <cmath>

#include "exact.hpp"
#include "exponential.hpp"
#include "polynomial.hpp"

namespace slopenet::SLOPENET_ISA {

// (atanh(s)/s - 1) / s^2 in s^2, max error 4.5e-17
inline constexpr double atanh_terms[] = {
    0.3333333333333333,  0.20000000000007298, 0.1428571428355253,  0.11111111358900891, 0.09090894708663223,
    0.07692785296456121, 0.06657067775440581, 0.06000577591428889, 0.04400158825434387, 0.08082469084735669};

// the same for float, max error 1.5e-7
inline constexpr float atanh_terms_float[] = {0.33333319425582886f, 0.20003782212734222f,
                                              0.14118273556232452f, 0.1342601329088211f};

// (sin(r)/r - 1) / r^2 in r^2, max error 1.2e-20
inline constexpr double sin_terms[] = {
    -0.16666666666666666,    0.008333333333333331,  -0.0001984126984126506, 2.7557319219335453e-06,
    -2.5052106231157904e-08, 1.605853141458901e-10, -7.586685070091267e-13};

// (cos(r) - 1 + r^2/2) / r^4 in r^2, max error 6.5e-22
inline constexpr double cos_terms[] = {
    0.041666666666666664,   -0.0013888888888888887,  2.4801587301584645e-05, -2.755731922140076e-07,
    2.0876755790363397e-09, -1.1470460773969325e-11, 4.7458652037874553e-14};

// the same for float, max errors 2.0e-8 and 2.0e-9
inline constexpr float sin_terms_float[] = {-0.166666641831398f, 0.008332747966051102f,
                                            -0.000195878412341699f};
inline constexpr float cos_terms_float[] = {0.0416666641831398f, -0.001388830249197781f,
                                            2.454789137118496e-05f};

template <class V>
struct ElementaryTerms;
template <>
struct ElementaryTerms<F64> {
    static SLOPENET_INLINE F64 atanh(F64 x) { return polynomial(x, atanh_terms); }
    static SLOPENET_INLINE F64 sin(F64 x) { return polynomial(x, sin_terms); }
    static SLOPENET_INLINE F64 cos(F64 x) { return polynomial(x, cos_terms); }
    static constexpr double two_over_pi = 0x1.45f306dc9c883p-1;
    // pi/2 in parts of 33 bits: the first two products with n are exact
    static constexpr double first = 0x1.921fb544p+0, second = 0x1.0b4611a6p-34, third = 0x1.3198a2e037073p-69;
};
template <>
struct ElementaryTerms<F32> {
    static SLOPENET_INLINE F32 atanh(F32 x) { return polynomial(x, atanh_terms_float); }
    static SLOPENET_INLINE F32 sin(F32 x) { return polynomial(x, sin_terms_float); }
    static SLOPENET_INLINE F32 cos(F32 x) { return polynomial(x, cos_terms_float); }
    static constexpr float two_over_pi = 0x1.45f306p-1f;
    static constexpr float first = 0x1.921fb60000000p+0f, second = -0x1.777a5c0000000p-25f,
                           third = -0x1.ee59da0000000p-50f;
};

// log(1 + x) / (beta x).
// Domain: 0 <= x <= 1; beta normal, and 2/beta too.
// Error: 1.5 ulp, and that of 2/beta.
// Source: 2 atanh(s) of s = x/(2 + x) <= 1/3, its series replaced by a polynomial. As a factor of x it has no
// case for small x.
template <class V>
SLOPENET_INLINE V log1p_over_x(V x, double beta) {
    const V w = static_cast<Scalar<V>>(2 / beta) / (x + Scalar<V>(2));
    const V s = (x * static_cast<Scalar<V>>(beta / 2)) * w, s2 = s * s;
    return fma(w * s2, ElementaryTerms<V>::atanh(s2), w);
}

// log z; -inf at 0, NaN below.
// Domain: any z.
// Error: 1 ulp.
// Source: z = 2^n (1 + f) with f from sqrt(1/2) - 1 to sqrt(2) - 1, then
// log(1 + f) = f - (f^2/2 - s (f^2/2 + R)) with s = f/(2 + f) and R = 2 atanh(s)/s - 2, as in FreeBSD's libm:
// f and n times the high part of ln 2 are exact.
template <class V>
SLOPENET_INLINE V log_of(V z) {
    using C = ExpConstants<V>;
    using T = Scalar<V>;
    constexpr int mantissa = Lanes<V>::mantissa;
    const T least = power_of_two<V>(Mask<V>{} + (1 - Lanes<V>::bias))[0];
    const Mask<V> subnormal = z < least;
    const V normal = subnormal ? z * power_of_two<V>(Mask<V>{} + mantissa) : z;
    // the exponent of z / sqrt(1/2), with its bias, and z without it
    const Mask<V> to_one = bits(broadcast(T(1))) - bits(broadcast(T(0x1.6a09e667f3bcdp-1)));
    const Mask<V> exponent = (bits(normal) + to_one) >> mantissa;
    const V f = from_bits(bits(normal) - ((exponent - Lanes<V>::bias) << mantissa)) - T(1);
    const V rounder = broadcast(Lanes<V>::rounder);
    const V offset = subnormal ? broadcast(T(Lanes<V>::bias + mantissa)) : broadcast(T(Lanes<V>::bias));
    const V n = (from_bits(bits(rounder) + exponent) - rounder) - offset;
    const V s = f / (f + T(2)), s2 = s * s, half = f * f * T(0.5);
    const V R = (s2 + s2) * ElementaryTerms<V>::atanh(s2);
    const V rest = half - fma(s, half + R, n * C::ln2_low);
    const V log = n * C::ln2_high - (rest - f);
    const V finite = z < broadcast(T(__builtin_inf())) ? log : z;  // keeps a NaN
    const V nonzero = z == T(0) ? broadcast(T(-__builtin_inf())) : finite;
    return z < T(0) ? broadcast(T(__builtin_nan(""))) : nonzero;
}

template <class V>
struct SinCos {
    V sin, cos;
};

// z = n pi/2 + r + tail.
template <class V>
struct QuarterTurns {
    V r, tail;
    Mask<V> n;
};

// Domain: |z| <= 2^20.
// Error: 2^-70 (float: 2^-48), and 2^-53 of |tail|.
// Source: Cody & Waite's reduction, pi/2 in three parts. Of doubles the products with the first two are
// exact. Of floats what n times the first leaves of z is a multiple of 2^-23 below 1, and so is exact.
SLOPENET_INLINE QuarterTurns<F64> quarter_turns(F64 x) {
    using C = ElementaryTerms<F64>;
    const F64 shifted = fma(x, broadcast(C::two_over_pi), Lanes<F64>::rounder);
    const F64 n = shifted - Lanes<F64>::rounder;
    const F64 first = x - n * C::first, second = n * C::second, high = first - second;
    const F64 lost = (first - high) - second;
    const F64 third = fma(n, broadcast(C::third), -lost), r = high - third;
    return {r, (high - r) - third, bits(shifted)};
}
SLOPENET_INLINE QuarterTurns<F32> quarter_turns(F32 x) {
    using C = ElementaryTerms<F32>;
    const F32 shifted = fma(x, broadcast(C::two_over_pi), Lanes<F32>::rounder);
    const F32 n = shifted - Lanes<F32>::rounder;
    const F32 first = residual(x, n, broadcast(C::first));
    const DoubleDouble<F32> second = two_product(n, broadcast(C::second));
    const DoubleDouble<F32> high = two_sum(first, -second.hi);
    const F32 low = fma(n, broadcast(-C::third), high.lo - second.lo);
    const DoubleDouble<F32> r = fast_two_sum(high.hi, low);
    return {r.hi, r.lo, bits(shifted)};
}

// sin z and cos z.
// Domain: |z| <= sin_limit.
// Error: 1 ulp.
// Source: the reduction above, then polynomials of sin and cos on |r| <= pi/4.
inline constexpr double sin_limit = 0x1p20;
template <class V>
SLOPENET_INLINE SinCos<V> sin_cos_near(V z) {
    using C = ElementaryTerms<V>;
    constexpr int sign_shift = 8 * sizeof(Scalar<V>) - 2;
    const auto [r, tail, n] = quarter_turns(z);
    const V r2 = r * r;
    const V sine = r + fma(r * r2, C::sin(r2), tail);
    const V half = r2 * Scalar<V>(0.5), one = Scalar<V>(1) - half;
    const V cosine = one + (((Scalar<V>(1) - one) - half) + fma(r2 * r2, C::cos(r2), -(r * tail)));
    const Mask<V> odd = -(n & 1);
    const Mask<V> sin_sign = (n & 2) << sign_shift, cos_sign = ((n + 1) & 2) << sign_shift;
    return {from_bits(bits(odd ? cosine : sine) ^ sin_sign), from_bits(bits(odd ? sine : cosine) ^ cos_sign)};
}

// The same for any z, by the C library beyond the limit.
template <class V>
SLOPENET_INLINE SinCos<V> sin_cos(V z) {
    const Mask<V> beyond = !(abs(z) <= Scalar<V>(sin_limit));
    SinCos<V> result = sin_cos_near(beyond ? V{} : z);
    if (any(beyond)) {
        for (int i = 0; i < lanes<Scalar<V>>; ++i) {
            if (beyond[i]) {
                result.sin[i] = static_cast<Scalar<V>>(::sin(static_cast<double>(z[i])));
                result.cos[i] = static_cast<Scalar<V>>(::cos(static_cast<double>(z[i])));
            }
        }
    }
    return result;
}

}  // namespace slopenet::SLOPENET_ISA
