// Model64 and Model32: a packed network and what can be asked of it.
#pragma once

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "../core/model.hpp"
#include "arrays.hpp"

namespace slopenet {

using namespace nb::literals;

// Which row of the table an activation is.
template <class T>
int row_of(const Kernels<T>& kernel, const std::string& name) {
    for (int i = 0; i < kernel.activation_count; ++i) {
        if (name == kernel.activations[i].name) return i;
    }
    throw nb::value_error(("unknown activation " + name).c_str());
}

template <class T>
std::unique_ptr<Model<T>> build(const std::vector<int>& sizes,
                                const std::vector<std::tuple<std::string, double>>& activations,
                                Given<T> theta) {
    const Kernels<T>& kernel = kernels<T>();
    if (sizes.size() < 2 || sizes.size() > 257 || activations.size() + 1 != sizes.size()) {
        throw nb::value_error(
            "sizes must be n_1 .. n_L, of 1 to 256 layers of weights, with an activation for each");
    }
    std::vector<LayerSpec> specs;
    long total = 0;
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
        const int index = row_of(kernel, std::get<0>(activations[i]));
        if (sizes[i] < 1 || sizes[i + 1] < 1) throw nb::value_error("every size must be at least 1");
        specs.push_back({sizes[i + 1], sizes[i], index, std::get<1>(activations[i])});
        total += static_cast<long>(sizes[i + 1]) * (sizes[i] + 1L);
    }
    check_size("theta", theta, total);
    return std::make_unique<Model<T>>(specs, theta.data());
}

// values, value_and_jacobian, jvp, vjp: H and J as asked for
template <class T>
std::pair<Made<T>, Made<T>> differentiate(const Model<T>& model, Operation operation, const Given<T>& X,
                                          const Given<T>* vector, bool want_values, int threads) {
    const Net<T> net = model.net();
    const Shape lead = leading("X", X, net.inputs());
    const int inputs = net.inputs(), outputs = net.outputs();
    Made<T> H, J;
    if (want_values) H = make<T>(with(lead, {outputs}));
    if (operation == Operation::jacobian) J = make<T>(with(lead, {outputs, inputs}));
    if (operation == Operation::jvp) J = make<T>(with(lead, {outputs}));
    if (operation == Operation::vjp) J = make<T>(with(lead, {inputs}));
    const long n = lead.empty() ? 1 : static_cast<long>(lead[0]);
    const char* name = operation == Operation::jvp ? "v" : "u";
    if (vector) check_size(name, *vector, n * (operation == Operation::jvp ? inputs : outputs));
    const Points<T> points{n, X.data(), vector ? vector->data() : nullptr, want_values ? H.data() : nullptr,
                           operation == Operation::values ? nullptr : J.data()};
    bool finite = true;
    released([&] { finite = model.run(operation, points, threads, signalled); });
    if (!finite) {
        reject_nonfinite("X", X);
        if (vector) reject_nonfinite(name, *vector);
    }
    return {H, J};
}

template <class T>
std::tuple<double, double, std::optional<Made<T>>, std::vector<Made<T>>> backpropagate(
    const Model<T>& self, const Given<T>& X, const Given<T>& y, const std::optional<Given<T>>& dydx,
    const std::optional<Given<T>>& slope_weight, const std::optional<Given<T>>& sample_weight, bool given,
    bool want_theta, bool want_delta, int threads) {
    const Net<T> net = self.net();
    const long n = static_cast<long>(X.ndim() == 2 ? X.shape(0) : 0);
    check_size("X", X, n * net.inputs());
    check_size("y", y, n * net.outputs());
    const long slopes = static_cast<long>(net.outputs()) * net.inputs();
    if (dydx) check_size("dydx", *dydx, n * slopes);
    if (dydx && !given && !slope_weight) throw nb::value_error("slope_weight is needed with dydx");
    if (slope_weight) check_size("slope_weight", *slope_weight, slopes);
    if (sample_weight) check_size("sample_weight", *sample_weight, n);
    const Task<T> task{n,    X.data(), y.data(), data_of(dydx), data_of(slope_weight), data_of(sample_weight),
                       given};
    std::optional<Made<T>> theta;
    if (want_theta) theta = make<T>({static_cast<std::size_t>(self.parameters())});
    std::vector<Made<T>> delta;
    std::vector<T*> pointers;
    for (int i = 0; want_delta && i < net.depth; ++i) {
        delta.push_back(make<T>({static_cast<std::size_t>(n), static_cast<std::size_t>(net.layers[i].rows)}));
        pointers.push_back(delta.back().data());
    }
    Gradient<T> gradient{theta ? theta->data() : nullptr, want_delta ? pointers.data() : nullptr, 0, 0};
    released([&] { self.backprop(task, gradient, threads, signalled); });
    return std::make_tuple(gradient.value_cost, gradient.slope_cost, theta, delta);
}

template <class T>
Made<T> descend(const Model<T>& self, const Given<T>& theta, const Given<T>& X, const Given<T>& y,
                const nb::ndarray<const int, nb::c_contig, nb::device::cpu>& order, const Given<T>& rates) {
    const Net<T> net = self.net();
    const long n = static_cast<long>(X.ndim() == 2 ? X.shape(0) : 0);
    check_size("theta", theta, self.parameters());
    check_size("X", X, n * net.inputs());
    check_size("y", y, n * net.outputs());
    check_size("rates", rates, static_cast<long>(order.size()));
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (order.data()[i] < 0 || order.data()[i] >= n)
            throw nb::value_error("order names a sample that does not exist");
    }
    Made<T> moved = make<T>({theta.size()});
    std::copy(theta.data(), theta.data() + theta.size(), moved.data());
    const Descent<T> descent{X.data(), y.data(), order.data(), static_cast<long>(order.size()), rates.data()};
    released([&] { self.descend(descent, moved.data(), signalled); });
    return moved;
}

template <class T>
void bind_model(nb::module_& m, const char* name) {
    using M = Model<T>;
    using Array = Given<T>;
    nb::class_<M>(
        m, name,
        "A packed network. Arrays are C-contiguous and of this class' dtype; a single point may be 1-D.")
        .def(nb::new_(&build<T>), "sizes"_a, "activations"_a, "theta"_a)
        .def(
            "values",
            [](const M& self, const Array& X, int threads) {
                return differentiate<T>(self, Operation::values, X, nullptr, true, threads).first;
            },
            "X"_a, "threads"_a, "H(x) (N, n_L).")
        .def(
            "jacobian",
            [](const M& self, const Array& X, int threads) {
                return differentiate<T>(self, Operation::jacobian, X, nullptr, false, threads).second;
            },
            "X"_a, "threads"_a, "dH/dx (N, n_L, n_1).")
        .def(
            "value_and_jacobian",
            [](const M& self, const Array& X, int threads) {
                return differentiate<T>(self, Operation::jacobian, X, nullptr, true, threads);
            },
            "X"_a, "threads"_a, "H(x) and dH/dx in one sweep.")
        .def(
            "jvp",
            [](const M& self, const Array& X, const Array& v, int threads) {
                return differentiate<T>(self, Operation::jvp, X, &v, false, threads).second;
            },
            "X"_a, "v"_a, "threads"_a, "J v (N, n_L).")
        .def(
            "vjp",
            [](const M& self, const Array& X, const Array& u, int threads) {
                return differentiate<T>(self, Operation::vjp, X, &u, false, threads).second;
            },
            "X"_a, "u"_a, "threads"_a, "J^T u (N, n_1).")
        .def(
            "set",
            [](M& self, const Array& theta) {
                check_size("theta", theta, self.parameters());
                self.set(theta.data());
            },
            "theta"_a, "Replace the parameters.")
        .def(
            "backprop", &backpropagate<T>, "X"_a, "y"_a, "dydx"_a.none(), "slope_weight"_a.none(),
            "sample_weight"_a.none(), "given"_a, "want_theta"_a, "want_delta"_a, "threads"_a,
            "Sums over the samples: cost of values, cost of slopes, gradient in theta; and delta (N, n_l) of "
            "every layer.\n\n"
            "With `given`, y (N, n_L) and dydx (N, n_L, n_1) are the cotangents of H and of dH/dx "
            "themselves.")
        .def("descend", &descend<T>, "theta"_a, "X"_a, "y"_a, "order"_a, "rates"_a,
             "Theta after single-sample gradient steps.")
        .def_prop_ro(
            "direction",
            [](const M& self) {
                return best_direction(self.net()) == Direction::forward ? "forward" : "reverse";
            },
            "Which way the chain of dH/dx is multiplied.");
}

}  // namespace slopenet
