// The normal distribution: its tail without the exponential, its centre.
//
// Coefficients: tools/polynomials.py.
#pragma once

#include "exact.hpp"
#include "polynomial.hpp"

namespace slopenet::SLOPENET_ISA {

// (t + 1) M(t) / sqrt(2 pi) in (t - 5)/(t + 5), max error 2.3e-18
inline constexpr double mills_terms[] = {
    0.46151582985003775,    -0.0915522818340089,    0.031030368425962906,   0.010002352385215038,
    -0.026401042966266317,  0.024536963244143773,   -0.015170415403421813,  0.006522000660785017,
    -0.0016760723338040012, 7.791655943167945e-06,  0.0001823340655096757,  -5.3607877506871044e-05,
    -9.895707858192076e-06, 9.060763777182867e-06,  -7.162862954434689e-08, -1.3092869586427216e-06,
    1.3066841696192843e-07, 1.9831944783408382e-07, -3.012452312845718e-08, -3.184834562843822e-08,
    6.6404230554222056e-09, 4.0413292088322494e-09, -1.3082358788256176e-09};

// exp(t^2/2) Phi(-t) = (1/2 + t top(t)) / (1 + t bottom(t)) for t up to 8, max relative error 2.6e-17
inline constexpr double mills_top[] = {0.6562943695967535,    0.4301555182199176,   0.17700981582951503,
                                       0.04933430692246384,   0.009477762252213006, 0.0012243887089138114,
                                       9.754391688734282e-05, 3.697960789842801e-06};
inline constexpr double mills_bottom[] = {
    2.110473299996373,     2.044225098493593,      1.1958001468225525,
    0.4669712269023033,    0.12671293990862778,    0.02400175414446428,
    0.0030783559319869586, 0.00024450636151325577, 9.269412811685506e-06};

// the same for float, t up to 16, max relative error 2.2e-8
inline constexpr float mills_top_float[] = {0.4406795799732208f, 0.18496549129486084f, 0.04120553284883499f,
                                            0.004197985865175724f};
inline constexpr float mills_bottom_float[] = {1.6792441606521606f, 1.2097692489624023f, 0.47402840852737427f,
                                               0.10329246520996094f, 0.010522693395614624f};

// The t beyond which exp(-t^2/2) is 0.
template <class V>
inline constexpr Scalar<V> normal_limit = sizeof(Scalar<V>) == 8 ? 64 : 16;

// The t up to which `mills_ratio` is right; of doubles the quotient holds up to 8, but its rounding errors
// grow, the more so where multiply-adds are not fused.
#if defined(__FMA__) || defined(__aarch64__)
inline constexpr double mills_limit_double = 6;
#else
inline constexpr double mills_limit_double = 0.75;
#endif
template <class V>
inline constexpr Scalar<V> mills_limit = sizeof(Scalar<V>) == 8 ? mills_limit_double : 16;

// A polynomial with positive coefficients at t >= 0, and about half of what its last sum loses.
template <int n>
SLOPENET_INLINE DoubleDouble<F64> with_lost(F64 t, const double (&terms)[n]) {
    const F64 t2 = t * t, odd = horner(t2, terms, 1, 2), even = horner(t2, terms, 0, 2);
    const F64 sum = fma(odd, t, even);
    return {sum, even - residual(sum, odd, t)};
}
SLOPENET_INLINE DoubleDouble<F64> mills_top_at(F64 t) { return with_lost(t, mills_top); }
SLOPENET_INLINE DoubleDouble<F32> mills_top_at(F32 t) { return {polynomial(t, mills_top_float), F32{}}; }
SLOPENET_INLINE DoubleDouble<F64> mills_bottom_at(F64 t) { return with_lost(t, mills_bottom); }
SLOPENET_INLINE DoubleDouble<F32> mills_bottom_at(F32 t) {
    return {polynomial(t, mills_bottom_float), F32{}};
}

// exp(t^2/2) Phi(-t), which is the Mills ratio of the standard normal distribution over sqrt(2 pi).
// Domain: 0 <= t <= mills_limit.
// Error: 1 ulp.
// Source: a quotient of polynomials that interpolates it; all coefficients are positive, so nothing cancels.
template <class V>
SLOPENET_INLINE DoubleDouble<V> mills_ratio(V t) {
    const V half = broadcast(Scalar<V>(0.5)), one = broadcast(Scalar<V>(1));
    const DoubleDouble<V> a = mills_top_at(t), b = mills_bottom_at(t);
    const V top = fma(a.hi, t, half), bottom = fma(b.hi, t, one), inverse = one / bottom, m = top * inverse;
    // what top and bottom lack, and m of their quotient; top - 1/2 and bottom - 1 are exact
    V top_lost = -residual(top - half, a.hi, t), bottom_lost = -residual(bottom - one, b.hi, t);
    if constexpr (sizeof(Scalar<V>) == 8) {
        top_lost = fma(a.lo, t, top_lost);
        bottom_lost = fma(b.lo, t, bottom_lost);
    }
    return {m, (fma(-bottom_lost, m, residual(top, bottom, m)) + top_lost) * inverse};
}

// The same beyond: there a rounding error of t would be amplified by its powers.
// Domain: 0.75 <= t.
// Error: 2^-56 of it.
// Source: a polynomial in (t - 5)/(t + 5), over t + 1; what rounding the two loses is kept.
SLOPENET_INLINE DoubleDouble<F64> mills_ratio_far(F64 t) {
    const F64 n = t + 1.0, lost = t > 1.0 ? 1.0 - (n - t) : t - (n - 1.0);
    const F64 w = (t - 5.0) / (t + 5.0), w2 = w * w;
    const F64 rest = fma(horner(w2, mills_terms, 2, 2), w, horner(w2, mills_terms, 1, 2));
    const F64 p = fma(rest, w, mills_terms[0]), q = p / n, p_lost = residual(mills_terms[0] - p, -rest, w);
    return {q, (fma(-lost, q, residual(p, n, q)) + p_lost) * (q * 2.2)};  // 1/n is about 2.2 q
}

}  // namespace slopenet::SLOPENET_ISA
