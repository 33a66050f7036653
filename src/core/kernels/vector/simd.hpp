// Vectors of the instruction set that this file is compiled for.
//
// Every kernel header lives in namespace slopenet::SLOPENET_ISA: the same text is compiled once per
// instruction set, and dispatch.cpp chooses one at import. Only plain functions and types may be
// used here: a std:: template compiled for AVX2 could be picked by the linker for every machine.
#pragma once

#include <cstdint>
#include <cstring>

#include "../../interface.hpp"

#if defined(__SSE2__)
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC's own header, from 11 to 13
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
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
using I32 = std::int32_t __attribute__((vector_size(vector_bytes)));
using F32Half = float __attribute__((vector_size(vector_bytes / 2)));

// The vector of a scalar; the scalar of a vector, and the vector that its comparisons and bits make.
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
template <class V>
struct Lanes;
template <>
struct Lanes<F64> {
    using T = double;
    using Bits = I64;
    static constexpr std::int64_t all_but_sign = INT64_MAX, bias = 1023, mantissa = 52;
    // adding and subtracting this rounds to the nearest whole number and leaves it in the low bits
    static constexpr double rounder = 0x1.8p52;
    static constexpr double splitter = 0x1.0000002p27;  // multiplying by it parts the digits in halves
};
template <>
struct Lanes<F32> {
    using T = float;
    using Bits = I32;
    static constexpr std::int32_t all_but_sign = INT32_MAX, bias = 127, mantissa = 23;
    static constexpr float rounder = 0x1.8p23f;
    static constexpr float splitter = 0x1.002p12f;
};
template <class T>
using Vec = typename Simd<T>::V;
template <class V>
using Scalar = typename Lanes<V>::T;
template <class V>
using Mask = typename Lanes<V>::Bits;

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

// Before a loop over an array of accumulators: only where all of these are unrolled do they stay in
// registers.
#if defined(__clang__)
#define SLOPENET_UNROLL _Pragma("unroll")
#else
#define SLOPENET_UNROLL _Pragma("GCC unroll 16")
#endif

template <class V, int n>
SLOPENET_INLINE void zero(V (&sum)[n]) {
    SLOPENET_UNROLL for (int i = 0; i < n; ++i) sum[i] = V{};
}
template <class V, int rows, int columns>
SLOPENET_INLINE void zero(V (&sum)[rows][columns]) {
    SLOPENET_UNROLL for (int i = 0; i < rows; ++i) zero(sum[i]);
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
template <class V>
SLOPENET_INLINE V fma(V a, V b, Scalar<V> c) {
    return fma(a, b, broadcast(c));
}

SLOPENET_INLINE F64 sqrt(F64 x) {
#if defined(__AVX512F__)
    return _mm512_sqrt_pd(x);
#elif defined(__AVX2__)
    return _mm256_sqrt_pd(x);
#elif defined(__SSE2__)
    return _mm_sqrt_pd(x);
#elif defined(__aarch64__)
    return vsqrtq_f64(x);
#else
    for (int i = 0; i < lanes<double>; ++i) x[i] = __builtin_sqrt(x[i]);
    return x;
#endif
}
SLOPENET_INLINE F32 sqrt(F32 x) {
#if defined(__AVX512F__)
    return _mm512_sqrt_ps(x);
#elif defined(__AVX2__)
    return _mm256_sqrt_ps(x);
#elif defined(__SSE2__)
    return _mm_sqrt_ps(x);
#elif defined(__aarch64__)
    return vsqrtq_f32(x);
#else
    for (int i = 0; i < lanes<float>; ++i) x[i] = __builtin_sqrtf(x[i]);
    return x;
#endif
}

template <class V>
SLOPENET_INLINE auto sum_lanes(V v) {
    auto total = v[0];
    for (int i = 1; i < static_cast<int>(sizeof v / sizeof v[0]); ++i) total += v[i];
    return total;
}

// Whether a comparison holds in any lane.
template <class M>
SLOPENET_INLINE bool any(M mask) {
#if defined(__AVX512F__)
    return _mm512_movepi32_mask(reinterpret_cast<__m512i>(mask)) != 0;
#elif defined(__AVX2__)
    return _mm256_movemask_epi8(reinterpret_cast<__m256i>(mask)) != 0;
#elif defined(__SSE2__)
    return _mm_movemask_epi8(reinterpret_cast<__m128i>(mask)) != 0;
#elif defined(__aarch64__)
    return vmaxvq_u32(reinterpret_cast<uint32x4_t>(mask)) != 0;
#else
    auto lane = mask[0];
    for (int i = 1; i < static_cast<int>(sizeof mask / sizeof lane); ++i) lane |= mask[i];
    return lane != 0;
#endif
}

template <class V>
SLOPENET_INLINE Mask<V> bits(V x) {
    return reinterpret_cast<Mask<V>>(x);
}
SLOPENET_INLINE F64 from_bits(I64 x) { return reinterpret_cast<F64>(x); }
SLOPENET_INLINE F32 from_bits(I32 x) { return reinterpret_cast<F32>(x); }

template <class V>
SLOPENET_INLINE V abs(V x) {
    return from_bits(bits(x) & Lanes<V>::all_but_sign);
}
template <class V>
SLOPENET_INLINE V minus_abs(V x) {
    return from_bits(bits(x) | ~Lanes<V>::all_but_sign);
}
// |x| with the sign of y
template <class V>
SLOPENET_INLINE V copysign(V x, V y) {
    return from_bits((bits(x) & Lanes<V>::all_but_sign) | (bits(y) & ~Lanes<V>::all_but_sign));
}

template <class V>
SLOPENET_INLINE V power_of_two(Mask<V> n) {
    return from_bits((n + Lanes<V>::bias) << Lanes<V>::mantissa);
}

// x 2^n for whole n, rounded once, also where the result is subnormal.
template <class V>
SLOPENET_INLINE V scaled(V x, V n) {
#if defined(__AVX512F__)
    if constexpr (sizeof(Scalar<V>) == 8) {
        return _mm512_scalef_pd(x, n);
    } else {
        return _mm512_scalef_ps(x, n);
    }
#else
    // two factors: n may lie below the exponents of normal numbers
    const Mask<V> magic = bits(broadcast(Lanes<V>::rounder));
    const Mask<V> half = bits(fma(n, broadcast(Scalar<V>(0.5)), Lanes<V>::rounder)) - magic;
    const Mask<V> all = bits(n + Lanes<V>::rounder) - magic;
    return (x * power_of_two<V>(half)) * power_of_two<V>(all - half);
#endif
}

// Lane j of x[i] becomes lane i of x[j]: swap blocks off the diagonal, of 1, 2, 4, ... lanes.
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define SLOPENET_SHUFFLE
#endif
#endif
#if defined(SLOPENET_SHUFFLE)
template <int... j>
struct Lane {};
template <int n, int... j>
struct CountLanes : CountLanes<n - 1, n - 1, j...> {};
template <int... j>
struct CountLanes<0, j...> {
    using Type = Lane<j...>;
};
template <int block, class V, int... j>
SLOPENET_INLINE void swap_blocks(V& a, V& b, Lane<j...>) {
    constexpr int n = sizeof...(j);
    const V left = __builtin_shufflevector(a, b, (j & block ? n + j - block : j)...);
    b = __builtin_shufflevector(a, b, (j & block ? n + j : j + block)...);
    a = left;
}
template <int block = 1, class V, int n>
SLOPENET_INLINE void transpose(V (&x)[n]) {
    if constexpr (block < n) {
        for (int i = 0; i < n; ++i) {
            if (!(i & block)) swap_blocks<block>(x[i], x[i + block], typename CountLanes<n>::Type{});
        }
        transpose<2 * block>(x);
    }
}
#else
template <class V, int n>
SLOPENET_INLINE void transpose(V (&x)[n]) {
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < i; ++j) {
            const auto kept = x[i][j];
            x[i][j] = x[j][i];
            x[j][i] = kept;
        }
    }
}
#endif

// Lane j is the sum of the lanes of x[j], rounded as sum_lanes does.
template <class V, int n>
SLOPENET_INLINE V sum_each(V (&x)[n]) {
    transpose(x);
    V total = x[0];
    for (int i = 1; i < n; ++i) total += x[i];
    return total;
}

}  // namespace slopenet::SLOPENET_ISA
