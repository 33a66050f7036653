// Polynomials by Horner's rule.
#pragma once

#include "simd.hpp"

namespace slopenet::SLOPENET_ISA {

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

}  // namespace slopenet::SLOPENET_ISA
