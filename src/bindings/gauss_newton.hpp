// Rows of d(residuals)/d(theta), or the factors of these rows, as arrays.
#pragma once

#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>

#include "../core/host/model.hpp"
#include "evaluate.hpp"

namespace slopenet {

template <class T>
using Factors = std::vector<Made<T>>;

// One array (n, ..., width) per layer, and the pointers to them.
template <class T>
struct PerLayer {
    Factors<T> arrays;
    std::vector<T*> pointers;
    void add(Shape shape) {
        arrays.push_back(make<T>(shape));
        pointers.push_back(arrays.back().data());
    }
    T* const* data() const { return pointers.empty() ? nullptr : pointers.data(); }
};

template <class T>
auto gauss_newton(const Model<T>& self, const Given<T>& X, const std::optional<Given<T>> V, int M,
                  const std::optional<Given<T>>& scale, bool factors, int threads) {
    const Net<T> net = self.net();
    reject_head(net.head);
    const std::size_t n = X.ndim() == 2 ? X.shape(0) : 0, m = static_cast<std::size_t>(M);
    const auto outputs = static_cast<std::size_t>(net.outputs()),
               inputs = static_cast<std::size_t>(net.inputs());
    const std::size_t all = n * outputs * (1 + m);
    check_size("X", X, static_cast<long>(n * inputs));
    if (M < 0 || (!V && M > net.inputs())) throw nb::value_error("tangents is out of range");
    if (V) check_size("V", *V, static_cast<long>(n * m * inputs));
    if (scale) check_size("scale", *scale, static_cast<long>(all));
    Made<T> H = make<T>({n, outputs}), Jv = make<T>({n, m, outputs});
    std::optional<Made<T>> rows;
    if (scale) rows = make<T>({all, static_cast<std::size_t>(self.parameters())});
    PerLayer<T> a, G, A, E;
    for (int i = 0; factors && i < net.depth; ++i) {
        const auto below = static_cast<std::size_t>(net.layers[i].cols),
                   here = static_cast<std::size_t>(net.layers[i].rows);
        a.add({n, below});
        G.add({n, outputs, here});
        A.add({n, m, below});
        E.add({n, m, outputs, here});
    }
    const Residuals<T> task{
        static_cast<long>(n),          M,        X.data(), data_of(V), data_of(scale), H.data(), Jv.data(),
        rows ? rows->data() : nullptr, a.data(), G.data(), A.data(),   E.data()};
    released([&] { self.gauss_newton(task, threads, signalled); });
    return std::make_tuple(H, Jv, rows, a.arrays, G.arrays, A.arrays, E.arrays);
}

}  // namespace slopenet
