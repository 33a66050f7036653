// Task64 and Task32: known values and slopes, in arrays that the caller keeps.
#pragma once

#include <nanobind/stl/optional.h>

#include "../core/interface.hpp"
#include "arrays.hpp"
#include "head.hpp"

namespace slopenet {

template <class T>
struct Arrays {
    using Array = Given<T>;
    using Optional = std::optional<Array>;
    Array X, y;
    Optional dydx, dydx_weight, directions, dydv, dydv_weight, sample_weight, y_weight;
    bool cotangents;

    // The task for a network. Raises if the sizes do not fit it, or if it has a head.
    Task<T> of(const Net<T>& net) const {
        reject_head(net.head);
        const long n = static_cast<long>(X.ndim() == 2 ? X.shape(0) : 0);
        const long slopes = static_cast<long>(net.outputs()) * net.inputs();
        check_size("X", X, n * net.inputs());
        check_size("y", y, n * net.outputs());
        if (dydx) check_size("dydx", *dydx, n * slopes);
        if (dydx && !cotangents) needed("slope_weight", dydx_weight);
        const long M = static_cast<long>(directions && directions->ndim() == 3 ? directions->shape(1) : 0);
        if (directions) check_size("directions", *directions, n * M * net.inputs());
        if (directions) check_size("along", needed("along", dydv), n * M * net.outputs());
        if (directions && !cotangents) needed("along_weight", dydv_weight);
        if (y_weight) check_size("value_weight", *y_weight, n * net.outputs());
        if (sample_weight) check_size("sample_weight", *sample_weight, n);
        return {n,
                X.data(),
                y.data(),
                data_of(y_weight),
                data_of(dydx),
                weights("slope_weight", dydx_weight, slopes, n),
                static_cast<int>(M),
                data_of(directions),
                data_of(dydv),
                weights("along_weight", dydv_weight, net.outputs(), n * M),
                data_of(sample_weight),
                cotangents};
    }

  private:
    static const Array& needed(const char* name, const Optional& array) {
        if (!array) throw nb::value_error((std::string(name) + " is needed with these targets").c_str());
        return *array;
    }
    // One set of weights for all rows, or one for each of n rows.
    static Weights<T> weights(const char* name, const Optional& array, long set, long n) {
        if (!array) return {nullptr, 0};
        if (array->size() == static_cast<std::size_t>(set)) return {array->data(), 0};
        check_size(name, *array, n * set);
        return {array->data(), set};
    }
};

}  // namespace slopenet
