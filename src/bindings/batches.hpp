// Mini-batch descent from Python: arrays that the core moves in place.
#pragma once

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "../core/host/batches.hpp"
#include "task.hpp"

namespace slopenet {

template <class T>
using Moved = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
using SampleIndex = nb::ndarray<const std::int64_t, nb::c_contig, nb::device::cpu>;

template <class T>
const Rule<T>& rule_of(const std::string& name, std::size_t constants, std::size_t buffers) {
    const Kernels<T>& kernel = kernels<T>();
    for (int i = 0; i < kernel.rule_count; ++i) {
        const Rule<T>& rule = kernel.rules[i];
        if (name != rule.name) continue;
        if (constants == static_cast<std::size_t>(rule.constants) &&
            buffers == static_cast<std::size_t>(rule.buffers))
            return rule;
        throw nb::value_error((name + " takes " + std::to_string(rule.constants) + " constants and " +
                               std::to_string(rule.buffers) + " buffers")
                                  .c_str());
    }
    throw nb::value_error(("unknown rule " + name).c_str());
}

template <class T>
double descend_batches(Model<T>& self, const std::string& rule, const std::vector<double>& constants,
                       const Moved<T>& theta, const std::vector<Moved<T>>& buffers, const Arrays<T>& arrays,
                       const SampleIndex& sample_index, long batch_size, const Given<double>& rates,
                       double l2, int threads) {
    const Net<T> net = self.net();
    const Task<T> task = arrays.of(net);
    check_size("theta", theta, self.parameters());
    std::vector<T*> kept;
    for (const Moved<T>& buffer : buffers) {
        check_size("each buffer", buffer, self.parameters());
        kept.push_back(buffer.data());
    }
    const long samples = static_cast<long>(sample_index.size());
    if (batch_size < 1) throw nb::value_error("batch_size must be at least 1");
    check_size("rates", rates, (samples + batch_size - 1) / batch_size);
    check_sample_index(sample_index.data(), samples, task.n);
    const Batches<T> batches{sample_index.data(), samples, batch_size,
                             rates.data(),        l2,      rule_of<T>(rule, constants.size(), kept.size()),
                             constants.data()};
    double cost = 0;
    released([&] { cost = run_batches(self, task, batches, theta.data(), kept.data(), threads, signalled); });
    return cost;
}

}  // namespace slopenet
