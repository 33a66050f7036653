// What is asked of values or slopes, compared with what they are: weighted residuals, or the cotangents
// given.
#pragma once

#include "../products/samples.hpp"

namespace slopenet::SLOPENET_ISA {

// Where a sample's targets and their weights begin, each entry `step` from the last. Without `each` all
// samples share their weights; null: they are 1.
template <class Target, class Weight>
struct Aim {
    Target target;
    Weight weight;
    long step;
    bool each;
};
template <class Target, class Weight>
Aim(Target, Weight, long, bool) -> Aim<Target, Weight>;

template <class T>
SLOPENET_INLINE T sample_weight(const Task<T>& task, long s) {
    return task.sample_weight ? task.sample_weight[task.row(s)] : T(1);
}

// Entries `step` apart of samples `first` ..., to a panel padded with the last sample.
template <class T, class At>
void gather(const At& at, long first, long n, int rows, long step, T* to) {
    using Layout = Samples<T>;
    if (step == 1) {
        Layout::read([&](long s) { return at(first + s); }, n, rows, 1, to);
        return;
    }
    for (int r = 0; r < rows; ++r) {
        for (int lane = 0; lane < Layout::width; ++lane)
            to[static_cast<long>(r) * Layout::width + lane] = at(first + (lane < n ? lane : n - 1))[r * step];
    }
}

// x, a panel of `rows` for each group of the samples s0 .. s0 + n, becomes the cotangent on it in place: zero
// where a target is NaN, in samples without weight and in padding. Adds to the cost; `target` and `own` are
// space for a panel each.
template <class T, class Target, class Weight>
void cotangent(const Task<T>& task, const Aim<Target, Weight>& aim, long s0, long n, int rows, T* x,
               T* target, T* own, double& cost) {
    using Layout = Samples<T>;
    for (long first = s0; first < s0 + n; first += Layout::width, x += Layout::panel(rows)) {
        const long here = s0 + n - first < Layout::width ? s0 + n - first : Layout::width;
        gather(aim.target, first, here, rows, aim.step, target);
        if (aim.each) gather(aim.weight, first, here, rows, aim.step, own);
        const T* shared = aim.weight(first);
        T weight[Layout::width] = {};
        for (long lane = 0; lane < here; ++lane) weight[lane] = sample_weight(task, first + lane);
        for (int v = 0; v < Layout::width; v += lanes<T>) {
            const Vec<T> sample = load(weight + v);
            Vec<T> total{};
            for (int r = 0; r < rows; ++r) {
                const long at = static_cast<long>(r) * Layout::width + v;
                const Vec<T> wanted = load(target + at);
                if (task.given) {
                    store(x + at, sample == T(0) ? Vec<T>{} : sample * wanted);
                    continue;
                }
                const Vec<T> weighs =
                    aim.each ? load(own + at) : broadcast(shared ? shared[r * aim.step] : T(1));
                const Mask<Vec<T>> known = (wanted == wanted) & (sample != T(0));
                const Vec<T> residual = known ? load(x + at) - wanted : Vec<T>{};
                const Vec<T> scaled = sample * weighs * residual;
                total = fma(scaled, residual, total);
                store(x + at, scaled);
            }
            cost += 0.5 * static_cast<double>(sum_lanes(total));
        }
    }
}

}  // namespace slopenet::SLOPENET_ISA
