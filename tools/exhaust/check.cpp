#include "check.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "error.hpp"
#include "points.hpp"

namespace exhaust {

namespace {

constexpr double enough = 0.05;  // ulp

// Whether both are NaN, or larger than any T and of one sign.
template <class T, class R, class Wider>
bool out_of_range(R mine, Wider right) {
    if (mine != mine || right != right) return mine != mine && right != right;
    constexpr T most = std::numeric_limits<T>::max();
    return magnitude(mine) > most && magnitude(right) > most && (mine > 0) == (right > 0);
}

// Compares the reference for results in T with a wider one, over the same sample rounded to T.
template <class T, class Wider>
bool compare(const Case& which, Reference<Real<T>> used, Reference<Wider> wider, long points,
             const char* what) {
    const Zones zones(which);
    const Sample sample(which, points);
    double worst[3] = {}, at[3] = {};
    for (long i = 0; i < points; ++i) {
        const T z = static_cast<T>(sample(i));
        if (!std::isfinite(z)) continue;
        const Sigma<Real<T>> mine = used(z, which.parameter);
        const Sigma<Wider> right = wider(z, which.parameter);
        for (int order = 0; order < 3; ++order) {
            if (out_of_range<T>(mine.of[order], right.of[order])) continue;
            const auto off = static_cast<Real<T>>(magnitude(right.of[order] - mine.of[order]));
            const double e = score<T>(off, mine.of[order], zones.near_root(order, z));
            if (!(e <= worst[order])) worst[order] = e, at[order] = z;  // a NaN too
        }
    }
    bool good = true;
    for (int order = 0; order < 3; ++order) {
        const bool right = worst[order] <= enough;
        std::printf("%-15s order %d  %-26s %.2g ulp at %.17g%s\n", which.title().c_str(), order, what,
                    worst[order], at[order], right ? "" : "  FAILS");
        good = good && right;
    }
    return good;
}

}  // namespace

bool check(const Case& which, long points) {
    bool good = compare<float>(which, which.narrow, which.wide, points, "float32 against long double");
#if defined(EXHAUST_QUAD)
    good = compare<double>(which, which.wide, which.widest, points, "float64 against 113 bits") && good;
#endif
    return good;
}

bool print_reference(const std::string& name, double parameter) {
    for (const Case& which : cases()) {
        if (name != which.name) continue;
        char text[128];
        while (std::scanf("%127s", text) == 1) {
            const Sigma<long double> s = which.wide(std::strtod(text, nullptr), parameter);
            std::printf("%.36Le %.36Le %.36Le\n", s.of[0], s.of[1], s.of[2]);
        }
        return true;
    }
    return false;
}

}  // namespace exhaust
