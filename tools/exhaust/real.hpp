// The numbers of the reference and their functions, from the C library: double for float32 results,
// long double for float64 results, and 113 bits, where the compiler has them, to check these two.
#pragma once

#include <cfloat>
#include <cmath>

#if defined(EXHAUST_QUAD)
#include <quadmath.h>
#endif

namespace exhaust {

static_assert(LDBL_MANT_DIG == 64 || LDBL_MANT_DIG == 113,
              "exhaust needs a long double of 64 or 113 bits: x86-64, or arm64 on Linux");

template <class R>
struct Number;

template <>
struct Number<double> {
    static constexpr double splitter = 0x1p27 + 1;
    static double exp(double x) { return std::exp(x); }
    static double expm1(double x) { return std::expm1(x); }
    static double log(double x) { return std::log(x); }
    static double log1p(double x) { return std::log1p(x); }
    static double erfc(double x) { return std::erfc(x); }
    static double sin(double x) { return std::sin(x); }
    static double cos(double x) { return std::cos(x); }
};

template <>
struct Number<long double> {
    static constexpr long double splitter = (LDBL_MANT_DIG == 64 ? 0x1p32L : 0x1p57L) + 1;
    static long double exp(long double x) { return std::exp(x); }
    static long double expm1(long double x) { return std::expm1(x); }
    static long double log(long double x) { return std::log(x); }
    static long double log1p(long double x) { return std::log1p(x); }
    static long double erfc(long double x) { return std::erfc(x); }
    static long double sin(long double x) { return std::sin(x); }
    static long double cos(long double x) { return std::cos(x); }
};

#if defined(EXHAUST_QUAD)
__extension__ typedef __float128 Quad;

template <>
struct Number<Quad> {
    static constexpr Quad splitter = static_cast<Quad>(0x1p57L) + 1;
    static Quad exp(Quad x) { return expq(x); }
    static Quad expm1(Quad x) { return expm1q(x); }
    static Quad log(Quad x) { return logq(x); }
    static Quad log1p(Quad x) { return log1pq(x); }
    static Quad erfc(Quad x) { return erfcq(x); }
    static Quad sin(Quad x) { return sinq(x); }
    static Quad cos(Quad x) { return cosq(x); }
};
#endif

// An unevaluated sum, for arguments whose rounding error an exponential would magnify.
template <class R>
struct Pair {
    R hi, lo;
};

// a b exactly (Dekker).
template <class R>
Pair<R> product(R a, R b) {
    const R ta = a * Number<R>::splitter, tb = b * Number<R>::splitter;
    const R ah = ta - (ta - a), al = a - ah, bh = tb - (tb - b), bl = b - bh;
    const R p = a * b;
    return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

// a + b for |a| >= |b|
template <class R>
Pair<R> sum(R a, R b) {
    const R s = a + b;
    return {s, b - (s - a)};
}

template <class R>
Pair<R> product(Pair<R> a, Pair<R> b) {
    const Pair<R> p = product(a.hi, b.hi);
    return sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

// 1 + x for x >= 0
template <class R>
Pair<R> one_plus(Pair<R> x) {
    const Pair<R> s = x.hi < 1 ? sum(R(1), x.hi) : sum(x.hi, R(1));
    return {s.hi, s.lo + x.lo};
}

// A constant of 159 bits, as three doubles.
struct Constant {
    double first, second, third;
    template <class R>
    Pair<R> pair() const {
        const Pair<R> s = sum(R(first), R(second));
        return {s.hi, s.lo + R(third)};
    }
    template <class R>
    R value() const {
        return pair<R>().hi;
    }
};

}  // namespace exhaust
