// The distance of a result from the exact value, in units of the result's own grid.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace exhaust {

template <class T>
struct Format;
template <>
struct Format<double> {
    using Bits = std::uint64_t;
    using Real = long double;  // of the reference
    static constexpr const char* name = "float64";
};
template <>
struct Format<float> {
    using Bits = std::uint32_t;
    using Real = double;
    static constexpr const char* name = "float32";
};
template <class T>
using Real = typename Format<T>::Real;
template <class T>
using Bits = typename Format<T>::Bits;

template <class T>
T from_bits(Bits<T> bits) {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

template <class T>
inline constexpr int fraction = std::numeric_limits<T>::digits - 1;  // its bits

// 2^exponent as an R, for any exponent of T's grid
template <class T, class R>
class Powers {
  public:
    Powers() {
        for (int i = 0; i < count; ++i)
            power[i] = static_cast<R>(std::ldexp(1.0L, i + 1 - bias - fraction<T>));
    }
    // the distance of neighbours in T where |value|'s biased exponent is this
    R spacing(int biased) const { return power[biased > 0 ? biased - 1 : 0]; }

  private:
    static constexpr int bias = std::numeric_limits<T>::max_exponent - 1, count = 2 * bias + 1;
    R power[count];
};

// The spacing of T's grid at an exact value; below the normal numbers, that of the subnormal ones.
template <class T, class R>
R ulp(R exact) {
    static const Powers<T, R> powers;
    const R size = std::fabs(exact);
    const T near =
        size > std::numeric_limits<T>::max() ? std::numeric_limits<T>::max() : static_cast<T>(size);
    Bits<T> bits;
    std::memcpy(&bits, &near, sizeof bits);
    if (near > size) --bits;  // rounded up, maybe into the next binade
    return powers.spacing(static_cast<int>(bits >> fraction<T>));
}

// |got - exact|; an infinity is right if the exact value rounds to it, else it counts as 2^1024.
template <class T, class R>
R distance(T got, R exact) {
    R value = got;
    if (std::isinf(got)) {
        constexpr T most = std::numeric_limits<T>::max();
        const R beyond = R(most) + ulp<T, R>(R(most)) / 2, size = got < 0 ? -exact : exact;
        if (size >= beyond) return 0;
        value = std::copysign(R(most) + ulp<T, R>(R(most)), R(got));
    }
    return value < exact ? exact - value : value - exact;
}

// An error in ulp of the exact value; next to a root, in units of 2^-53 (float32: 2^-24) if that is less.
template <class T>
double score(Real<T> off, Real<T> exact, bool near_root) {
    const double ulps = static_cast<double>(off / ulp<T>(exact));
    if (!near_root) return ulps;
    constexpr Real<T> units = static_cast<Real<T>>(Bits<T>{2} << fraction<T>);
    return std::fmin(ulps, static_cast<double>(off * units));
}

}  // namespace exhaust
