// Mini-batch descent: a rule of kernels/sweeps/update.hpp moves theta after every batch.
#pragma once

#include "model.hpp"

namespace slopenet {

template <class T>
struct Batches {
    const std::int64_t* sample_index;  // samples of the task, batch after batch
    long samples;                      // entries of sample_index
    long size;                         // of a batch; the last one may be smaller
    const double* rates;               // learning rate of each batch
    double l2;                         // the objective is the mean cost + l2/2 |W|^2, b is free
    const Rule<T>& rule;
    const double* constants;
};

// Moves theta and the rule's buffers in place. Returns the sum of the costs of all batches, each at the theta
// before its step.
template <class T>
double run_batches(Model<T>& model, const Task<T>& task, const Batches<T>& batches, T* theta,
                   T* const* buffers, int threads, const Poll& poll) {
    const Net<T> net = model.net();
    const long size = std::min(batches.size, batches.samples);
    Summation<T> sum(net, task, size, true, threads);
    Buffer<T> g(net.parameters());
    std::vector<T*> kept(static_cast<std::size_t>(batches.rule.buffers));
    double cost = 0;
    for (long first = 0, batch = 0; first < batches.samples; first += size, ++batch) {
        const long n = std::min(size, batches.samples - first);
        model.set(theta);
        Gradient<T> gradient{g.data(), nullptr, 0, 0};
        sum(batches.sample_index + first, n, gradient, poll);
        cost += gradient.value_cost + gradient.slope_cost;
        long at = 0;
        const auto move = [&](long entries, double l2) {
            for (std::size_t k = 0; k < kept.size(); ++k) kept[k] = buffers[k] + at;
            batches.rule.apply({static_cast<double>(n), l2, batches.rates[batch], batches.constants},
                               g.data() + at, theta + at, kept.data(), entries);
            at += entries;
        };
        for (int i = 0; i < net.depth; ++i) {
            move(static_cast<long>(net.layers[i].rows) * net.layers[i].cols, batches.l2);
            move(net.layers[i].rows, 0);
        }
    }
    return cost;
}

}  // namespace slopenet
