// Task64 and Task32: what is to be learned, as arrays that the caller keeps.
#pragma once

#include <nanobind/stl/optional.h>

#include "../core/interface.hpp"
#include "arrays.hpp"

namespace slopenet {

template <class T>
struct Arrays {
    using Array = Given<T>;
    using Optional = std::optional<Array>;
    Array X, y;
    Optional dydx, slope_weight, directions, along, along_weight, sample_weight;
    bool given;

    // For the network, if its sizes fit.
    Task<T> of(const Net<T>& net) const {
        const long n = static_cast<long>(X.ndim() == 2 ? X.shape(0) : 0);
        const long slopes = static_cast<long>(net.outputs()) * net.inputs();
        check_size("X", X, n * net.inputs());
        check_size("y", y, n * net.outputs());
        if (dydx) check_size("dydx", *dydx, n * slopes);
        if (dydx && !given) needed("slope_weight", slope_weight);
        const long M = static_cast<long>(directions && directions->ndim() == 3 ? directions->shape(1) : 0);
        if (directions) check_size("directions", *directions, n * M * net.inputs());
        if (directions) check_size("along", needed("along", along), n * M * net.outputs());
        if (directions && !given) needed("along_weight", along_weight);
        if (sample_weight) check_size("sample_weight", *sample_weight, n);
        return {n,
                X.data(),
                y.data(),
                data_of(dydx),
                weights("slope_weight", slope_weight, slopes, n),
                static_cast<int>(M),
                data_of(directions),
                data_of(along),
                weights("along_weight", along_weight, net.outputs(), n * M),
                data_of(sample_weight),
                given};
    }

  private:
    static const Array& needed(const char* name, const Optional& array) {
        if (!array) throw nb::value_error((std::string(name) + " is needed with these targets").c_str());
        return *array;
    }
    // One set of weights, or a set for each of n rows.
    static Weights<T> weights(const char* name, const Optional& array, long set, long n) {
        if (!array) return {nullptr, 0};
        if (array->size() == static_cast<std::size_t>(set)) return {array->data(), 0};
        check_size(name, *array, n * set);
        return {array->data(), set};
    }
};

}  // namespace slopenet
