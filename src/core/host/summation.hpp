// Costs and gradient of a task, summed over samples by several threads.
//
// The sizes alone cut the samples into parts. Each part has its own sum, and the sums are added in order, so
// the bits do not depend on the number of threads.
#pragma once

#include <vector>

#include "buffer.hpp"
#include "dispatch.hpp"
#include "parallel.hpp"

namespace slopenet {

template <class T>
class Summation {
  public:
    // For calls of at most n samples.
    Summation(const Net<T>& net, const Task<T>& task, long n, bool with_gradient, int threads)
        : net(net),
          task(task),
          need(kernel.backprop_need(net, task)),
          parameters(net.parameters()),
          parts(std::min(tiles(n), most_parts(n))),
          workers(
              workers_for(static_cast<double>(n) * sweeps() * static_cast<double>(parameters) / need.vector,
                          threads, parts)),
          space(workers * need.workspace),
          sums(with_gradient ? parts * parameters : 0),
          partial(static_cast<std::size_t>(parts)) {}

    // Sums over samples sample_index[0] .. sample_index[n - 1], or over the first n if that is null.
    void operator()(const std::int64_t* sample_index, long n, Gradient<T>& gradient, const Poll& poll) {
        task.sample_index = sample_index;
        const long samples_per_part = (tiles(n) + most_parts(n) - 1) / most_parts(n) * need.tile;
        const long used = n ? (n + samples_per_part - 1) / samples_per_part : 0;
        parallel_for(used, workers, poll, [&](int worker, long part, const auto& go_on) {
            // On the thread's stack: neighbours in memory would share a cache line, and wait for each other.
            Gradient<T> own = {gradient.theta ? sums.data() + part * parameters : nullptr, gradient.delta, 0,
                               0};
            if (own.theta) std::fill(own.theta, own.theta + parameters, T(0));
            const long end = std::min(n, (part + 1) * samples_per_part);
            for (long s = part * samples_per_part; s < end && go_on(); s += need.tile)
                kernel.backprop(net, task, own, s, std::min<long>(end - s, need.tile),
                                space.data() + worker * need.workspace);
            partial[static_cast<std::size_t>(part)] = own;
        });
        gradient.value_cost = gradient.slope_cost = 0;
        for (long part = 0; part < used; ++part) {
            gradient.value_cost += partial[static_cast<std::size_t>(part)].value_cost;
            gradient.slope_cost += partial[static_cast<std::size_t>(part)].slope_cost;
        }
        if (gradient.theta) add_up(used, gradient.theta);
    }

  private:
    // Adds the sums of the parts in their order, some entries at a time so that these stay in cache.
    void add_up(long used, T* theta) const {
        constexpr long some = 1024;
        std::fill(theta, theta + parameters, T(0));
        for (long from = 0; from < parameters; from += some) {
            const long to = std::min(parameters, from + some);
            for (long part = 0; part < used; ++part) {
                const T* own = partial[static_cast<std::size_t>(part)].theta;
                for (long i = from; i < to; ++i) theta[i] += own[i];
            }
        }
    }
    long tiles(long n) const { return (n + need.tile - 1) / need.tile; }
    // Enough parts for many threads, but of at least eight tiles each: clearing and adding a sum costs little
    // then.
    long most_parts(long n) const {
        return std::clamp(std::min(32'000'000L / parameters, tiles(n) / 8), 4L, 64L);
    }

    // About how often a sample goes through all the weights.
    double sweeps() const {
        const int narrower = task.dydx ? std::min(net.inputs(), net.outputs()) : 0;
        return 3.0 * (1 + narrower + task.M);
    }

    const Kernels<T>& kernel = kernels<T>();
    const Net<T> net;
    Task<T> task;
    const Need need;
    const long parameters, parts;
    const int workers;
    Buffer<T> space, sums;
    std::vector<Gradient<T>> partial;
};

}  // namespace slopenet
