// The normal distribution's tail, without its exponential.
//
// Coefficients: tools/polynomials.py.
#pragma once

#include "exponential.hpp"

namespace slopenet::SLOPENET_ISA {

// exp(t^2/2) Phi(-t) = (1/2 + t top(t)) / (1 + t bottom(t)) for t up to 40, relative error 1.8e-18
inline constexpr double mills_top[] = {0.8271826026699027,    0.6783918019176625,     0.35636360680239787,
                                       0.1315440377389491,    0.035489400429845996,   0.007077350580471881,
                                       0.0010313590966463827, 0.00010550308358398394, 6.888404471046804e-06,
                                       2.206141608820233e-07};
inline constexpr double mills_bottom[] = {2.4522497661426708,     2.8133958314729957,   1.9973289481605838,
                                          0.9772321662020906,     0.34694890025332376,  0.0915094353867671,
                                          0.018003638082759107,   0.002602500542560113, 0.0002650100100628648,
                                          1.7266669414247877e-05, 5.529976934507568e-07};

// the same for float, t up to 16, relative error 8.9e-9
inline constexpr float mills_top_float[] = {0.4406795799732208f, 0.18496549129486084f, 0.04120553284883499f,
                                            0.004197985865175724f};
inline constexpr float mills_bottom_float[] = {1.6792441606521606f, 1.2097692489624023f, 0.47402840852737427f,
                                               0.10329246520996094f, 0.010522693395614624f};

template <class V>
struct MillsTerms;
template <>
struct MillsTerms<F64> {
    static SLOPENET_INLINE F64 top(F64 t) { return horner(t, mills_top, 0, 1); }
    static SLOPENET_INLINE F64 bottom(F64 t) { return horner(t, mills_bottom, 0, 1); }
    static constexpr double most = 40;
};
template <>
struct MillsTerms<F32> {
    static SLOPENET_INLINE F32 top(F32 t) { return horner(t, mills_top_float, 0, 1); }
    static SLOPENET_INLINE F32 bottom(F32 t) { return horner(t, mills_bottom_float, 0, 1); }
    static constexpr float most = 16;
};

// exp(t^2/2) Phi(-t), which is the Mills ratio of the standard normal distribution over sqrt(2 pi).
// Domain: 0 <= t <= 40 (float: 16), beyond which exp(-t^2/2) is 0.
// Error: 2^-54 of it (float: 2^-25).
// Source: a quotient that interpolates it; every coefficient is positive, so nothing cancels. One long chain
// each: a rounding error of t^2 would be amplified by its power.
template <class V>
SLOPENET_INLINE DoubleDouble<V> mills_ratio(V t) {
    const V half = broadcast(Scalar<V>(0.5)), one = broadcast(Scalar<V>(1));
    const V a = MillsTerms<V>::top(t), b = MillsTerms<V>::bottom(t);
    const V top = fma(a, t, half), bottom = fma(b, t, one);
    const V inverse = one / bottom, m = top * inverse;
    // what top and bottom lack, and m of their quotient
    const V top_lost = half - residual(top, a, t), bottom_lost = one - residual(bottom, b, t);
    return {m, (fma(-bottom_lost, m, residual(top, bottom, m)) + top_lost) * inverse};
}

}  // namespace slopenet::SLOPENET_ISA
