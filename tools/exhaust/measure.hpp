// The largest errors of one activation over many points, on several threads.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "../../src/core/host/dispatch.hpp"
#include "cases.hpp"
#include "error.hpp"

namespace exhaust {

inline constexpr double tolerance = 4;      // ulp; next to a root, units of 2^-53 or 2^-24
inline constexpr double far_away = 0x1p20;  // |z| beyond which sin is another algorithm

struct Worst {
    double error = 0, z = 0;
    void operator()(double e, double at) {
        if (e > error || (e == error && e > 0 && at < z)) error = e, z = at;
    }
};

// The largest errors of sigma, sigma' or sigma''.
struct Tally {
    Worst ulps;       // away from the roots
    Worst near_root;  // the smaller of ulps and units of 2^-53 or 2^-24
    long points = 0, beyond = 0, false_zeros = 0, nans = 0;

    void add(const Tally& other) {
        ulps(other.ulps.error, other.ulps.z);
        near_root(other.near_root.error, other.near_root.z);
        points += other.points, beyond += other.beyond;
        false_zeros += other.false_zeros, nans += other.nans;
    }
    bool good() const { return beyond + false_zeros + nans == 0; }
};

// One tally per order; `distant` counts the z of sin beyond `far_away`.
struct Result {
    std::array<Tally, 3> close, distant;
};

template <class T>
class Judge {
  public:
    explicit Judge(const Case& which) : zones(which), periodic(which.periodic()) {}
    void operator()(Result& result, int order, T z, T got, Real<T> exact) const {
        const double at = z;
        const bool distant = periodic && std::fabs(at) > far_away;
        Tally& tally = (distant ? result.distant : result.close)[static_cast<std::size_t>(order)];
        ++tally.points;
        if (std::isnan(got) || std::isnan(exact)) {
            tally.nans += std::isnan(got) != std::isnan(exact);
            return;
        }
        if (got == 0 && std::fabs(exact) > std::numeric_limits<T>::denorm_min() * Real<T>(0.5))
            ++tally.false_zeros;
        const bool near_root = zones.near_root(order, at);
        const double error = score<T>(distance(got, exact), exact, near_root);
        (near_root ? tally.near_root : tally.ulps)(error, at);
        tally.beyond += error > tolerance;
    }

  private:
    Zones zones;
    bool periodic;
};

template <class T>
const slopenet::Activation<T>& row_of(const Case& which) {
    const auto& table = slopenet::kernels<T>();
    int i = 0;
    while (i < table.activation_count - 1 && std::strcmp(table.activations[i].name, which.name) != 0) ++i;
    return table.activations[i];
}

template <class T>
Sigma<Real<T>> reference(const Case& which, T z) {
    if constexpr (sizeof(T) == sizeof(double)) {
        return which.wide(z, which.parameter);
    } else {
        return which.narrow(z, which.parameter);
    }
}

// sigma is measured in each of the three functions of the table, sigma' in two of them.
template <class T, class Points>
Result measure(const Case& which, const Points& points, int threads) {
    constexpr long block = 4096;
    const Judge<T> judge(which);
    const auto& row = row_of<T>(which);
    const slopenet::Parameter parameter =
        which.has_parameter ? slopenet::Parameter(which.parameter) : row.preset;
    Result result;
    std::atomic<long> next{0};
    std::mutex merging;
    const auto work = [&] {
        alignas(64) T z[block], got[3][3][block];
        Result mine;
        for (long first; (first = next.fetch_add(block)) < points.count();) {
            const long n = std::min(block, points.count() - first), padded = (n + 15) / 16 * 16;
            for (long i = 0; i < padded; ++i) z[i] = i < n ? points(first + i) : T(0);
            for (int order = 0; order < 3; ++order) {
                auto& to = got[order];
                row.apply[order](z, parameter, to[0], to[1], to[2], padded);
            }
            for (long i = 0; i < n; ++i) {
                const Sigma<Real<T>> exact = reference(which, z[i]);
                for (int order = 0; order < 3; ++order) {
                    judge(mine, order, z[i], got[order][order][i], exact.of[order]);
                    for (int more = order + 1; more < 3; ++more) {
                        const T again = got[more][order][i];
                        if (std::memcmp(&again, &got[order][order][i], sizeof again) != 0)
                            judge(mine, order, z[i], again, exact.of[order]);
                    }
                }
            }
        }
        const std::lock_guard<std::mutex> lock(merging);
        for (std::size_t order = 0; order < 3; ++order) {
            result.close[order].add(mine.close[order]);
            result.distant[order].add(mine.distant[order]);
        }
    };
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
    return result;
}

}  // namespace exhaust
