// Turns predictions into weighted residuals in place, and adds half the weighted sum of their squares to the
// cost. With `Task::cotangents` it puts the given cotangents in place of the predictions instead.
//
//     r = w_s w (x - known),  C += 1/2 w_s w (x - known)^2       w_s, w: weights of the sample, of the entry
#pragma once

#include "../products/samples.hpp"

namespace slopenet::SLOPENET_ISA {

// The known values or slopes of one kind: known(s) and weight(s) point to the first entry of sample s and to
// its weight, and the next entries follow `stride` apart. A null weight(s) stands for weights of 1. Without
// `weights_per_row`, weight(s) is the same for all samples.
template <class KnownOf, class WeightOf>
struct Known {
    KnownOf known;
    WeightOf weight;
    long stride;
    bool weights_per_row;
};
template <class KnownOf, class WeightOf>
Known(KnownOf, WeightOf, long, bool) -> Known<KnownOf, WeightOf>;

template <class T>
SLOPENET_INLINE T sample_weight(const Task<T>& task, long s) {
    return task.sample_weight ? task.sample_weight[task.row(s)] : T(1);
}

// Reads `rows` entries, `stride` apart, of samples first .. first + n into a panel padded with the last
// sample.
template <class T, class At>
void gather(const At& at, long first, long n, int rows, long stride, T* to) {
    using Layout = Samples<T>;
    if (stride == 1) {
        Layout::read([&](long s) { return at(first + s); }, n, rows, 1, to);
        return;
    }
    for (int r = 0; r < rows; ++r) {
        for (int lane = 0; lane < Layout::width; ++lane)
            to[static_cast<long>(r) * Layout::width + lane] =
                at(first + (lane < n ? lane : n - 1))[r * stride];
    }
}

// x holds a panel of `rows` predictions for each group of the samples s0 .. s0 + n, and then their
// cotangents: 0 where the known entry is NaN, where the sample's weight is 0, and in padding. known_panel and
// weight_panel are space for one panel each.
template <class T, class KnownOf, class WeightOf>
void cotangent(const Task<T>& task, const Known<KnownOf, WeightOf>& known, long s0, long n, int rows, T* x,
               T* known_panel, T* weight_panel, double& cost) {
    using Layout = Samples<T>;
    for (long first = s0; first < s0 + n; first += Layout::width, x += Layout::panel(rows)) {
        const long here = s0 + n - first < Layout::width ? s0 + n - first : Layout::width;
        gather(known.known, first, here, rows, known.stride, known_panel);
        if (known.weights_per_row) gather(known.weight, first, here, rows, known.stride, weight_panel);
        const T* shared_weight = known.weight(first);
        T of_samples[Layout::width] = {};
        for (long lane = 0; lane < here; ++lane) of_samples[lane] = sample_weight(task, first + lane);
        for (int v = 0; v < Layout::width; v += lanes<T>) {
            const Vec<T> of_sample = load(of_samples + v);
            Vec<T> squares{};
            for (int r = 0; r < rows; ++r) {
                const long at = static_cast<long>(r) * Layout::width + v;
                const Vec<T> entry = load(known_panel + at);
                if (task.cotangents) {
                    store(x + at, of_sample == T(0) ? Vec<T>{} : of_sample * entry);
                    continue;
                }
                const Vec<T> weight = known.weights_per_row
                                          ? load(weight_panel + at)
                                          : broadcast(shared_weight ? shared_weight[r * known.stride] : T(1));
                const Mask<Vec<T>> counts = (entry == entry) & (of_sample != T(0));
                const Vec<T> residual = counts ? load(x + at) - entry : Vec<T>{};
                const Vec<T> weighted = of_sample * weight * residual;
                squares = fma(weighted, residual, squares);
                store(x + at, weighted);
            }
            cost += 0.5 * static_cast<double>(sum_lanes(squares));
        }
    }
}

}  // namespace slopenet::SLOPENET_ISA
