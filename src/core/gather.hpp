// Samples of a task in any order, side by side.
#pragma once

#include <algorithm>

#include "kernels.hpp"

namespace slopenet {

// visit(array, entries of one sample) for each array that holds something of every sample.
template <class T, class Visit>
void each_array(const Net<T>& net, Task<T>& task, const Visit& visit) {
    const long inputs = net.inputs(), outputs = net.outputs();
    visit(task.X, inputs);
    visit(task.y, outputs);
    if (task.dydx) visit(task.dydx, outputs * inputs);
    if (task.slope_weight.step) visit(task.slope_weight.data, task.slope_weight.step);
    if (task.M) visit(task.directions, task.M * inputs);
    if (task.M) visit(task.along, task.M * outputs);
    if (task.along_weight.step) visit(task.along_weight.data, task.M * task.along_weight.step);
    if (task.sample_weight) visit(task.sample_weight, 1L);
}

template <class T>
long entries_of_a_sample(const Net<T>& net, Task<T> task) {
    long total = 0;
    each_array(net, task, [&](const T*, long entries) { total += entries; });
    return total;
}

// The samples rows[0] .. rows[n - 1] of the task, copied to `to`.
template <class T>
Task<T> gathered(const Net<T>& net, Task<T> task, const std::int64_t* rows, long n, T* to) {
    task.n = n;
    each_array(net, task, [&](const T*& array, long entries) {
        const T* from = array;
        array = to;
        for (long i = 0; i < n; ++i) to = std::copy_n(from + rows[i] * entries, entries, to);
    });
    return task;
}

}  // namespace slopenet
