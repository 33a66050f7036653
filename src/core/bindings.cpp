// Python's view of the core: array rules, GIL, errors. No arithmetic.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "model.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace slopenet;

namespace {

template <class T> using Given = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;
template <class T> using Made = nb::ndarray<T, nb::numpy, nb::c_contig>;
using Shape = std::vector<std::size_t>;

template <class T> Made<T> make(const Shape& shape) {
    std::size_t size = 1;
    for (const std::size_t n : shape) size *= n;
    T* data = new T[size];
    const nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return Made<T>(data, shape.size(), shape.data(), owner);
}

bool signalled() {
    const nb::gil_scoped_acquire gil;
    return PyErr_CheckSignals() != 0;
}

// Runs without the GIL; a signal's exception (KeyboardInterrupt) is raised where it was seen.
template <class Body> void released(const Body& body) {
    try {
        const nb::gil_scoped_release release;
        body();
    } catch (const Interrupted&) {
        throw nb::python_error();
    }
}

template <class T> void reject_nonfinite(const char* name, const Given<T>& x) {
    const std::size_t cols = x.ndim() ? x.shape(x.ndim() - 1) : 1;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (std::isfinite(x.data()[i])) continue;
        const std::string row = x.ndim() > 1 ? std::to_string(i / cols) + ", " : "";
        const double value = static_cast<double>(x.data()[i]);
        const std::string what = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
        throw nb::value_error((std::string(name) + "[" + row + std::to_string(i % cols) + "] is " + what + "; every entry of " + name +
                               " must be finite").c_str());
    }
}

// The leading shape of an input: (N,) for (N, n), nothing for a single point (n,).
template <class T> Shape leading(const char* name, const Given<T>& x, int width) {
    if (x.ndim() < 1 || x.ndim() > 2 || x.shape(x.ndim() - 1) != static_cast<std::size_t>(width)) {
        const std::string n = std::to_string(width);
        throw nb::value_error((std::string(name) + " must have shape (N, " + n + ") or (" + n + ",)").c_str());
    }
    return x.ndim() == 2 ? Shape{x.shape(0)} : Shape{};
}
Shape with(Shape shape, std::initializer_list<int> more) {
    for (const int n : more) shape.push_back(static_cast<std::size_t>(n));
    return shape;
}
template <class T> const T* data_of(const std::optional<Given<T>>& x) { return x ? x->data() : nullptr; }

template <class T> void check_size(const char* name, const Given<T>& x, long size) {
    if (x.size() != static_cast<std::size_t>(size)) {
        throw nb::value_error((std::string(name) + " must hold " + std::to_string(size) + " entries").c_str());
    }
}

template <class T> std::unique_ptr<Model<T>> build(const std::vector<int>& sizes, const std::vector<std::tuple<std::string, double>>& activations, Given<T> theta) {
    const Kernels<T>& kernel = kernels<T>();
    if (sizes.size() < 2 || sizes.size() > 257 || activations.size() + 1 != sizes.size()) {
        throw nb::value_error("sizes must be n_1 .. n_L, of 1 to 256 layers of weights, with an activation for each");
    }
    std::vector<LayerSpec> specs;
    long total = 0;
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
        int index = 0;
        while (index < kernel.activation_count && std::get<0>(activations[i]) != kernel.activations[index].name) ++index;
        if (index == kernel.activation_count) throw nb::value_error(("unknown activation " + std::get<0>(activations[i])).c_str());
        if (sizes[i] < 1 || sizes[i + 1] < 1) throw nb::value_error("every size must be at least 1");
        specs.push_back({sizes[i + 1], sizes[i], index, std::get<1>(activations[i])});
        total += static_cast<long>(sizes[i + 1]) * (sizes[i] + 1L);
    }
    check_size("theta", theta, total);
    return std::make_unique<Model<T>>(specs, theta.data());
}

// values, value_and_jacobian, jvp, vjp: H and J as asked for
template <class T>
std::pair<Made<T>, Made<T>> differentiate(const Model<T>& model, Operation operation, const Given<T>& X, const Given<T>* vector, bool want_values, int threads) {
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

template <class T> void bind_model(nb::module_& m, const char* name) {
    using M = Model<T>;
    using Array = Given<T>;
    using Maybe = std::optional<Array>;
    nb::class_<M>(m, name, "A packed network. Arrays are C-contiguous and of this class' dtype; a single point may be 1-D.")
        .def(nb::new_(&build<T>), "sizes"_a, "activations"_a, "theta"_a)
        .def("values", [](const M& self, const Array& X, int threads) {
                return differentiate<T>(self, Operation::values, X, nullptr, true, threads).first;
            }, "X"_a, "threads"_a, "H(x) (N, n_L).")
        .def("jacobian", [](const M& self, const Array& X, int threads) {
                return differentiate<T>(self, Operation::jacobian, X, nullptr, false, threads).second;
            }, "X"_a, "threads"_a, "dH/dx (N, n_L, n_1).")
        .def("value_and_jacobian", [](const M& self, const Array& X, int threads) {
                return differentiate<T>(self, Operation::jacobian, X, nullptr, true, threads);
            }, "X"_a, "threads"_a, "H(x) and dH/dx in one sweep.")
        .def("jvp", [](const M& self, const Array& X, const Array& v, int threads) {
                return differentiate<T>(self, Operation::jvp, X, &v, false, threads).second;
            }, "X"_a, "v"_a, "threads"_a, "J v (N, n_L).")
        .def("vjp", [](const M& self, const Array& X, const Array& u, int threads) {
                return differentiate<T>(self, Operation::vjp, X, &u, false, threads).second;
            }, "X"_a, "u"_a, "threads"_a, "J^T u (N, n_1).")
        .def("set", [](M& self, const Array& theta) {
                check_size("theta", theta, self.parameters());
                self.set(theta.data());
            }, "theta"_a, "Replace the parameters.")
        .def("backprop", [](const M& self, const Array& X, const Array& y, const Maybe& dydx, const Maybe& slope_weight,
                            const Maybe& sample_weight, bool given, bool want_theta, bool want_delta, int threads) {
                const Net<T> net = self.net();
                const long n = static_cast<long>(X.ndim() == 2 ? X.shape(0) : 0);
                check_size("X", X, n * net.inputs());
                check_size("y", y, n * net.outputs());
                const long slopes = static_cast<long>(net.outputs()) * net.inputs();
                if (dydx) check_size("dydx", *dydx, n * slopes);
                if (dydx && !given && !slope_weight) throw nb::value_error("slope_weight is needed with dydx");
                if (slope_weight) check_size("slope_weight", *slope_weight, slopes);
                if (sample_weight) check_size("sample_weight", *sample_weight, n);
                const Task<T> task{n, X.data(), y.data(), data_of(dydx), data_of(slope_weight), data_of(sample_weight), given};
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
            }, "X"_a, "y"_a, "dydx"_a.none(), "slope_weight"_a.none(), "sample_weight"_a.none(), "given"_a, "want_theta"_a, "want_delta"_a,
            "threads"_a,
            "Sums over the samples: cost of values, cost of slopes, gradient in theta; and delta (N, n_l) of every layer.\n\n"
            "With `given`, y (N, n_L) and dydx (N, n_L, n_1) are the cotangents of H and of dH/dx themselves.")
        .def("descend", [](const M& self, const Array& theta, const Array& X, const Array& y,
                           const nb::ndarray<const int, nb::c_contig, nb::device::cpu>& order, const Array& rates) {
                const Net<T> net = self.net();
                const long n = static_cast<long>(X.ndim() == 2 ? X.shape(0) : 0);
                check_size("theta", theta, self.parameters());
                check_size("X", X, n * net.inputs());
                check_size("y", y, n * net.outputs());
                check_size("rates", rates, static_cast<long>(order.size()));
                for (std::size_t i = 0; i < order.size(); ++i) {
                    if (order.data()[i] < 0 || order.data()[i] >= n) throw nb::value_error("order names a sample that does not exist");
                }
                Made<T> moved = make<T>({theta.size()});
                std::copy(theta.data(), theta.data() + theta.size(), moved.data());
                const Descent<T> descent{X.data(), y.data(), order.data(), static_cast<long>(order.size()), rates.data()};
                released([&] { self.descend(descent, moved.data(), signalled); });
                return moved;
            }, "theta"_a, "X"_a, "y"_a, "order"_a, "rates"_a, "Theta after single-sample gradient steps.")
        .def_prop_ro("direction", [](const M& self) {
                return best_direction(self.net()) == Direction::forward ? "forward" : "reverse";
            }, "Which way the chain of dH/dx is multiplied.");
}

// The table's row over an array: sigma and its first `order` derivatives.
template <class T> std::vector<Made<T>> activation(const std::string& name, double parameter, const Given<T>& z, int order) {
    const Kernels<T>& kernel = kernels<T>();
    for (int i = 0; i < kernel.activation_count; ++i) {
        if (name != kernel.activations[i].name) continue;
        const long n = static_cast<long>(z.size()), padded = (n + 15) / 16 * 16;
        Buffer<T> in(padded), out(3 * padded);
        std::fill(std::copy(z.data(), z.data() + n, in.data()), in.data() + padded, T(0));
        T* to = out.data();
        kernel.activations[i].apply[order](in.data(), parameter, to, to + padded, to + 2 * padded, padded);
        std::vector<Made<T>> results;
        for (int k = 0; k <= order; ++k) {
            results.push_back(make<T>({z.size()}));
            std::copy(to + k * padded, to + k * padded + n, results.back().data());
        }
        return results;
    }
    throw nb::value_error(("unknown activation " + name).c_str());
}

}  // namespace

NB_MODULE(_core, m) {
    m.doc() = "The compiled core of slopenet.";
    try {
        m.attr("isa") = isa();
    } catch (const std::runtime_error& error) {
        throw nb::import_error(error.what());
    }
    m.def("activations", [] {
        const Kernels<double>& kernel = kernels<double>();
        std::vector<std::tuple<std::string, int, double>> rows;
        for (int i = 0; i < kernel.activation_count; ++i) {
            const auto& row = kernel.activations[i];
            rows.emplace_back(row.name, row.parameters, row.preset);
        }
        return rows;
    }, "The table: name, number of parameters, preset of the parameter.");
    m.def("activation", &activation<double>, "name"_a, "parameter"_a, "z"_a, "order"_a);
    m.def("activation", &activation<float>, "name"_a, "parameter"_a, "z"_a, "order"_a,
          "sigma(z) and its first `order` derivatives, a list of 1-D arrays.");
    bind_model<double>(m, "Model64");
    bind_model<float>(m, "Model32");
}
