// Mini-batch descent: theta moves after every batch, by one of the rules of update.hpp.
#pragma once

#include "model.hpp"

namespace slopenet {

template <class T>
struct Batches {
    const std::int64_t* order;  // samples of the task, batch after batch
    long samples, size;         // entries of order, of a batch; the last batch may be smaller
    const double* rates;        // learning rate of each batch
    double l2;                  // of W alone: theta goes down the mean of the costs + l2/2 |W|^2
    const Rule<T>& rule;
    const double* constants;
};

// Moves theta and the buffers of the rule; gives the sum of the costs that were met on the way.
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
        sum(batches.order + first, n, gradient, poll);
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
