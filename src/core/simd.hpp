// Vectors of the instruction set that this file is compiled for.
//
// Every kernel header lives in namespace slopenet::SLOPENET_ISA: the same text is compiled once per
// instruction set, and dispatch.cpp chooses one at import. Only plain functions and types may be
// used here: a std:: template compiled for AVX2 could be picked by the linker for every machine.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels.hpp"

#if defined(__FMA__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace slopenet::SLOPENET_ISA {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
inline constexpr int micro_rows = 8;  // 8 x 3 accumulators of 32 registers
#elif defined(__AVX2__)
inline constexpr int vector_bytes = 32;
inline constexpr int micro_rows = 4;  // 4 x 3 accumulators of 16 registers
#else
inline constexpr int vector_bytes = 16;
inline constexpr int micro_rows = 4;
#endif

using F64 = double __attribute__((vector_size(vector_bytes)));
using F32 = float __attribute__((vector_size(vector_bytes)));
using I64 = std::int64_t __attribute__((vector_size(vector_bytes)));
using F32Half = float __attribute__((vector_size(vector_bytes / 2)));

template <class T>
struct Simd;
template <>
struct Simd<double> {
    using V = F64;
};
template <>
struct Simd<float> {
    using V = F32;
};
template <class T>
using Vec = typename Simd<T>::V;

template <class T>
inline constexpr int lanes = vector_bytes / static_cast<int>(sizeof(T));

// Samples in one chunk of a panel: three vectors, the width of the micro-kernel.
template <class T>
inline constexpr int chunk = 3 * lanes<T>;
// Rows of W that are packed side by side.
template <class T>
inline constexpr int pack_rows = lanes<T> > micro_rows ? lanes<T> : micro_rows;

template <class V, class T>
SLOPENET_INLINE V load_as(const T* from) {
    V v;
    std::memcpy(&v, from, sizeof v);
    return v;
}
template <class T>
SLOPENET_INLINE Vec<T> load(const T* from) {
    return load_as<Vec<T>>(from);
}
template <class V, class T>
SLOPENET_INLINE void store(T* to, V v) {
    std::memcpy(to, &v, sizeof v);
}
template <class T>
SLOPENET_INLINE Vec<T> broadcast(T x) {
    return x - Vec<T>{};  // unlike x + 0 this keeps -0, and costs no addition
}

// a b + c, rounded once where the instruction set has it. The files are compiled with
// -ffp-contract=off, so that this function alone decides and equal inputs give equal bits.
SLOPENET_INLINE F64 fma(F64 a, F64 b, F64 c) {
#if defined(__AVX512F__)
    return _mm512_fmadd_pd(a, b, c);
#elif defined(__FMA__)
    return _mm256_fmadd_pd(a, b, c);
#elif defined(__aarch64__)
    return vfmaq_f64(c, a, b);
#else
    return a * b + c;
#endif
}
SLOPENET_INLINE F32 fma(F32 a, F32 b, F32 c) {
#if defined(__AVX512F__)
    return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
    return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
    return vfmaq_f32(c, a, b);
#else
    return a * b + c;
#endif
}
SLOPENET_INLINE F64 fma(F64 a, F64 b, double c) { return fma(a, b, broadcast(c)); }

template <class V>
SLOPENET_INLINE auto sum_lanes(V v) {
    auto total = v[0];
    for (int i = 1; i < static_cast<int>(sizeof v / sizeof v[0]); ++i) total += v[i];
    return total;
}

// Whether a comparison holds in any lane.
SLOPENET_INLINE bool any(I64 mask) {
    std::int64_t lane = mask[0];
    for (int i = 1; i < lanes<double>; ++i) lane |= mask[i];
    return lane != 0;
}

SLOPENET_INLINE I64 bits(F64 x) { return reinterpret_cast<I64>(x); }
SLOPENET_INLINE F64 from_bits(I64 x) { return reinterpret_cast<F64>(x); }
SLOPENET_INLINE F64 abs(F64 x) { return from_bits(bits(x) & INT64_MAX); }
// |x| with the sign of y
SLOPENET_INLINE F64 copysign(F64 x, F64 y) {
    return from_bits((bits(x) & INT64_MAX) | (bits(y) & INT64_MIN));
}

}  // namespace slopenet::SLOPENET_ISA
