#include "points.hpp"

#include <cmath>
#include <string>

#include "error.hpp"

namespace exhaust {

namespace {

// SplitMix64 (Steele, Lea & Flood 2014).
class Random {
  public:
    explicit Random(long seed) : state(static_cast<std::uint64_t>(seed) * 0xd1342543de82ef95) {}
    std::uint64_t bits() {
        std::uint64_t x = state += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }
    double uniform(double low, double high) {
        return low + (high - low) * (static_cast<double>(bits() >> 11) * 0x1p-53);
    }
    int below(int n) { return static_cast<int>(bits() % static_cast<std::uint64_t>(n)); }

  private:
    std::uint64_t state;
};

constexpr double half_pi = 0x1.921fb54442d18p+0;

// Borders of the usual algorithms, and the z at which exp(-z), exp(-2z), exp(-z^2/2), exp(-z^2) and the
// logistic functions run out of digits, of normal and of subnormal numbers.
constexpr double landmarks[] = {
    0x1p-1022, 1e-300, 1e-162, 1e-154, 1e-20,  0x1p-54, 0x1p-53, 0x1p-30,      0x1p-27, 1e-8,   1e-3,  0.0625,
    0.125,     0.25,   0.3466, 0.35,   0.4142, 0.5,     0.5493,  0.625,        0.6931,  0.7071, 0.75,  0.85,
    0.8814,    1,      1.0397, 1.25,   1.4142, 1.5,     1.7329,  1.5957691216, 2,       2.5,    3,     4,
    5,         5.5,    5.86,   6,      8,      8.3,     9,       10,           16,      18.02,  18.37, 18.71,
    19.06,     20,     21.2,   21.5,   22,     26,      26.54,   26.62,        27.2,    27.3,   28,    30,
    32,        36.04,  36.74,  37.43,  37.5,   37.66,   38.47,   38.6,         40,      64,     88,    104,
    128,       354.2,  372.6,  700,    708.4,  709.8,   745.2,   750,          1000,    2000,   1e5,   0x1p20,
    0x1p32,    0x1p52, 0x1p53, 1e100,  1e154,  1.3e154, 1e300,
};

// Points around a centre at every scale, down to its neighbours.
double around(Random& random, double centre) {
    return centre * (1 + std::ldexp(random.uniform(-1, 1), -random.below(53)));
}

double finite_bits(Random& random) {
    for (;;) {
        const double z = from_bits<double>(random.bits());
        if (std::isfinite(z)) return z;
    }
}

}  // namespace

Sample::Sample(const Case& which, long count)
    : total(count),
      scale(which.name == std::string("softplus") ? 1 / which.parameter : 1),
      periodic(which.periodic()),
      centres(std::begin(landmarks), std::end(landmarks)) {
    for (int order = 0; order < 3; ++order) {
        for (const double root : which.roots(order)) centres.push_back(std::fabs(root));
    }
}

double Sample::operator()(long index) const {
    Random random(index);
    const int kind = static_cast<int>(index % 16);
    if (index == 0) return 0.0;
    if (index == 1) return -0.0;
    if (kind < 3) return finite_bits(random);
    if (kind < 8) return scale * random.uniform(-40, 40);
    if (kind < 10) return scale * random.uniform(-800, 800);
    const double sign = random.below(2) ? scale : -scale;
    if (kind < 12) return sign * std::exp2(random.uniform(-60, 10));
    if (kind < 13) return sign * std::ldexp(random.below(1 << 20), random.below(33) - 1074);  // subnormal
    if (periodic && kind == 13) {
        const double turns = std::floor(std::exp2(random.uniform(0, 22)));
        return sign * around(random, half_pi * turns);
    }
    return sign *
           around(random, centres[static_cast<std::size_t>(random.below(static_cast<int>(centres.size())))]);
}

float Patterns::operator()(long index) const {
    const float z = from_bits<float>(static_cast<std::uint32_t>(index * step));
    return std::isfinite(z) ? z : 0.0f;
}

}  // namespace exhaust
