// Arithmetic that keeps what rounding loses: sums and products as an unevaluated pair of numbers.
#pragma once

#include "simd.hpp"

namespace slopenet::SLOPENET_ISA {

// An unevaluated sum hi + lo.
template <class V>
struct DoubleDouble {
    V hi, lo;
};

// A constant to twice the digits of V, from its two parts in double.
template <class V>
SLOPENET_INLINE DoubleDouble<V> constant(double hi, double lo) {
    const auto rounded = Scalar<V>(hi);
    return {broadcast(rounded), broadcast(Scalar<V>(hi - rounded + lo))};
}

// a + b = hi + lo.
// Domain: any a and b whose sum does not overflow.
// Error: none.
// Source: Knuth's TwoSum.
template <class V>
SLOPENET_INLINE DoubleDouble<V> two_sum(V a, V b) {
    const V s = a + b, t = s - a;
    return {s, (a - (s - t)) + (b - t)};
}

// a + b = hi + lo.
// Domain: |a| >= |b|, or a = 0.
// Error: none.
// Source: Dekker 1971, FastTwoSum.
template <class V>
SLOPENET_INLINE DoubleDouble<V> fast_two_sum(V a, V b) {
    const V s = a + b;
    return {s, b - (s - a)};
}

// a b = hi + lo.
// Domain: a b normal and 2^53 (float: 2^24) times above the least number; |a|, |b| < 2^995 (float: 2^115).
// Error: none.
// Source: one fused multiply-add; without it Dekker 1971, TwoProduct by Veltkamp's splitting.
template <class V>
SLOPENET_INLINE DoubleDouble<V> two_product(V a, V b) {
    const V p = a * b;
#if defined(__FMA__) || defined(__aarch64__)
    return {p, fma(a, b, -p)};
#else
    const V ta = a * Lanes<V>::splitter, tb = b * Lanes<V>::splitter;
    const V ah = ta - (ta - a), al = a - ah, bh = tb - (tb - b), bl = b - bh;
    return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
#endif
}

// c - a b.
// Domain: a b so close to c that c - fl(a b) is exact; else the error of that difference comes to it.
// Error: half an ulp of the result.
// Source: one fused multiply-add, or two_product.
template <class V>
SLOPENET_INLINE V residual(V c, V a, V b) {
#if defined(__FMA__) || defined(__aarch64__)
    return fma(-a, b, c);
#else
    const DoubleDouble<V> p = two_product(a, b);
    return (c - p.hi) - p.lo;
#endif
}

// a b + c, also where a multiply-add is not fused.
// Domain: |c| far below |a b|.
// Error: half an ulp, and an ulp of c where not fused.
// Source: one fused multiply-add, or two_product.
template <class V>
SLOPENET_INLINE V product_plus(V a, V b, V c) {
#if defined(__FMA__) || defined(__aarch64__)
    return fma(a, b, c);
#else
    const DoubleDouble<V> p = two_product(a, b);
    return p.hi + (p.lo + c);
#endif
}

// x + lost to odd: if lost is not 0, the last bit of the result is 1. Rounding it once more, to fewer bits,
// then equals rounding x + lost once.
// Domain: |lost| < ulp(x).
// Error: below an ulp of x, and none after the second rounding.
// Source: Boldo & Melquiond 2008.
template <class V>
SLOPENET_INLINE V round_to_odd(V x, V lost) {
    const Mask<V> grows = (lost > Scalar<V>(0)) ^ (x < Scalar<V>(0));
    const Mask<V> even = (bits(x) & 1) == 0;
    return (lost != Scalar<V>(0)) & even ? from_bits(bits(x) - (grows + grows + 1)) : x;
}

}  // namespace slopenet::SLOPENET_ISA
