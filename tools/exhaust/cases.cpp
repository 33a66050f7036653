#include "cases.hpp"

#include <cmath>
#include <cstdio>

namespace exhaust {

#if defined(EXHAUST_QUAD)
#define EXHAUST_REFERENCES(f) f<double>, f<long double>, f<Quad>
#else
#define EXHAUST_REFERENCES(f) f<double>, f<long double>
#endif
#define EXHAUST_PLAIN(f) \
    Case { #f, 0, false, EXHAUST_REFERENCES(f) }
#define EXHAUST_WITH(f, parameter) \
    Case { #f, parameter, true, EXHAUST_REFERENCES(f) }

const std::vector<Case>& cases() {
    static const std::vector<Case> all = {EXHAUST_CASES(EXHAUST_PLAIN, EXHAUST_WITH)};
    return all;
}

std::string Case::title() const {
    if (!has_parameter) return name;
    char text[64];
    std::snprintf(text, sizeof text, "%s %g", name, parameter);
    return text;
}

std::vector<double> Case::roots(int order) const {
    std::vector<double> found;
    if (periodic()) return found;
    const auto f = [&](long double z) { return wide(z, parameter).of[order]; };
    constexpr long double step = 0x1p-6L;
    for (long double z = -40; z < 40; z += step) {
        long double low = z, high = z + step;
        if (!(f(low) * f(high) < 0)) continue;
        for (int i = 0; i < 80; ++i) {
            const long double middle = (low + high) / 2;
            (f(low) * f(middle) <= 0 ? high : low) = middle;
        }
        if (low > 1e-9L || low < -1e-9L) found.push_back(static_cast<double>(low));  // 0 may be a jump
    }
    return found;
}

Zones::Zones(const Case& which) : periodic(which.periodic()) {
    for (int order = 0; order < 3; ++order) roots[order] = which.roots(order);
}

bool Zones::near_root(int order, double z) const {
    constexpr double width = 0.25;
    if (periodic) return std::fabs(z) > 1;
    for (const double root : roots[order]) {
        if (std::fabs(z - root) <= width) return true;
    }
    return false;
}

}  // namespace exhaust
