// Model64 and Model32: a packed network and its methods.
#pragma once

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <tuple>
#include <variant>

#include "batches.hpp"
#include "evaluate.hpp"
#include "gauss_newton.hpp"

namespace slopenet {

// The row of an activation in the table.
template <class T>
int row_of(const Kernels<T>& kernel, const std::string& name) {
    for (int i = 0; i < kernel.activation_count; ++i) {
        if (name == kernel.activations[i].name) return i;
    }
    throw nb::value_error(("unknown activation " + name).c_str());
}

// sigma of a layer: a name and its numbers, or runs of them, each with its rows.
using GivenParameter = std::variant<double, std::tuple<double, double>>;
using GivenSigma = std::tuple<std::string, GivenParameter>;
using GivenRuns = std::vector<std::tuple<GivenSigma, int>>;
using GivenActivation = std::variant<GivenSigma, GivenRuns>;

inline Parameter parameter_of(const GivenParameter& given) {
    if (const auto* two = std::get_if<std::tuple<double, double>>(&given))
        return {std::get<0>(*two), std::get<1>(*two)};
    return std::get<double>(given);
}
inline GivenParameter given_of(const Parameter& parameter, int count) {
    if (count < 2) return parameter.first;
    return std::make_tuple(parameter.first, parameter.second);
}

template <class T>
std::vector<RunSpec> runs_of(const Kernels<T>& kernel, const GivenActivation& given, int rows) {
    std::vector<RunSpec> runs;
    const auto add = [&](const GivenSigma& sigma, int count) {
        if (count < 1 || count > rows)
            throw nb::value_error("runs must have a row or more, as many as a layer");
        runs.push_back({count, row_of(kernel, std::get<0>(sigma)), parameter_of(std::get<1>(sigma))});
        rows -= count;
    };
    if (const auto* sigma = std::get_if<GivenSigma>(&given)) {
        add(*sigma, rows);
    } else {
        for (const auto& [sigma, count] : std::get<GivenRuns>(given)) add(sigma, count);
    }
    if (rows) throw nb::value_error("the runs of a layer must have all of its rows");
    return runs;
}

template <class T>
std::unique_ptr<Model<T>> build(const std::vector<int>& sizes,
                                const std::vector<GivenActivation>& activations, Given<T> theta,
                                const std::string& head) {
    const Kernels<T>& kernel = kernels<T>();
    if (sizes.size() < 2 || sizes.size() > 257 || activations.size() + 1 != sizes.size()) {
        throw nb::value_error(
            "sizes must be n_1 .. n_L, of 1 to 256 layers of weights, with an activation for each");
    }
    std::vector<LayerSpec> specs;
    long total = 0;
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
        if (sizes[i] < 1 || sizes[i + 1] < 1) throw nb::value_error("every size must be at least 1");
        specs.push_back({sizes[i + 1], sizes[i], runs_of(kernel, activations[i], sizes[i + 1])});
        total += static_cast<long>(sizes[i + 1]) * (sizes[i] + 1L);
    }
    check_size("theta", theta, total);
    return std::make_unique<Model<T>>(specs, head_of(head), theta.data());
}

template <class T>
std::tuple<double, double, std::optional<Made<T>>, std::vector<Made<T>>> backpropagate(
    const Model<T>& self, const Arrays<T>& arrays, bool want_theta, bool want_delta, int threads) {
    if (want_delta && !want_theta) throw nb::value_error("want_delta needs want_theta");
    const Net<T> net = self.net();
    const Task<T> task = arrays.of(net);
    const long n = task.n;
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
                const nb::ndarray<const int, nb::c_contig, nb::device::cpu>& sample_index,
                const Given<T>& rates) {
    const Net<T> net = self.net();
    reject_head(net.head);
    const long n = static_cast<long>(X.ndim() == 2 ? X.shape(0) : 0);
    check_size("theta", theta, self.parameters());
    check_size("X", X, n * net.inputs());
    check_size("y", y, n * net.outputs());
    const long steps = static_cast<long>(sample_index.size());
    check_size("rates", rates, steps);
    check_sample_index(sample_index.data(), steps, n);
    Made<T> moved = make<T>({theta.size()});
    std::copy(theta.data(), theta.data() + theta.size(), moved.data());
    const Descent<T> descent{X.data(), y.data(), sample_index.data(), steps, rates.data()};
    released([&] { self.descend(descent, moved.data(), signalled); });
    return moved;
}

// Methods at points. They give None where an argument has to be converted first.
template <class T>
void bind_evaluation(nb::class_<Model<T>>& c, const char* name, Wanted wanted, const char* help) {
    if (info_of(wanted.operation).vector == no_axis) {
        c.def(
            name,
            [wanted](const Model<T>& self, nb::handle X, nb::handle out, nb::handle threads) {
                return evaluate<T>(self, wanted, X, nb::none(), out, threads);
            },
            "X"_a.none(), "out"_a.none(), "threads"_a.none(), help);
    } else {
        c.def(
            name,
            [wanted](const Model<T>& self, nb::handle X, nb::handle vector, nb::handle out,
                     nb::handle threads) { return evaluate<T>(self, wanted, X, vector, out, threads); },
            "X"_a.none(), "vector"_a.none(), "out"_a.none(), "threads"_a.none(), help);
    }
}
template <class T>
void bind_evaluations(nb::class_<Model<T>>& c) {
    int index = 0;
    for (const OperationInfo& info : operations)
        bind_evaluation<T>(c, info.name, alone(static_cast<Operation>(index++)), info.help);
    const auto together = [&c](const char* name, Operation operation, const char* help) {
        bind_evaluation<T>(c, name, with_value_and_jacobian(operation), help);
    };
    together("value_and_jacobian", Operation::jacobian, "H(x) and dH/dx in one sweep.");
    together("value_jacobian_hessian", Operation::hessian, "All three in one sweep.");
    together("value_jacobian_laplacian", Operation::laplacian, "All three in one sweep.");
}

template <class T>
void bind_model(nb::module_& m, const char* name, const char* task_name) {
    using M = Model<T>;
    using Array = Given<T>;
    nb::class_<M> c(
        m, name,
        "A packed network. Arrays are C-contiguous and of this class' dtype; a single point may be 1-D.");
    bind_evaluations<T>(c);
    using Optional = std::optional<Array>;
    nb::class_<Arrays<T>>(m, task_name, "Known values and slopes, in arrays of the caller.");
    c.def(nb::new_(&build<T>), "sizes"_a, "activations"_a, "theta"_a, "head"_a = head_names[0])
        .def(
            "set",
            [](M& self, const Array& theta) {
                check_size("theta", theta, self.parameters());
                self.set(theta.data());
            },
            "theta"_a, "Replace the parameters.")
        .def(
            "task",
            [](const M& self, Array X, Array y, Optional dydx, Optional dydx_weight, Optional directions,
               Optional dydv, Optional dydv_weight, Optional sample_weight, bool cotangents,
               Optional y_weight) {
                const Arrays<T> arrays{X,    y,           dydx,          dydx_weight, directions,
                                       dydv, dydv_weight, sample_weight, y_weight,    cotangents};
                arrays.of(self.net());
                return arrays;
            },
            "X"_a, "y"_a, "dydx"_a.none() = nb::none(), "slope_weight"_a.none() = nb::none(),
            "directions"_a.none() = nb::none(), "along"_a.none() = nb::none(),
            "along_weight"_a.none() = nb::none(), "sample_weight"_a.none() = nb::none(), "given"_a = false,
            "value_weight"_a.none() = nb::none(),
            "Known values and slopes: y (N, n_L), dydx (N, n_L, n_1) with slope_weight (n_L, n_1) or (N, "
            "n_L,\n"
            "n_1), and the slopes along (N, M, n_L) of directions (N, M, n_1) with along_weight (n_L,) or\n"
            "(N, M, n_L), NaN a missing slope; sample_weight (N,), value_weight (N, n_L).\n\n"
            "With `given`, y, dydx and along are the cotangents of H, dH/dx and dH/dx v themselves.")
        .def("backprop", &backpropagate<T>, "task"_a, "want_theta"_a, "want_delta"_a, "threads"_a,
             "Sums over the samples: cost of values, cost of slopes, gradient in theta. Then delta (N, n_l) "
             "of "
             "every layer.")
        .def(
            "gauss_newton", &gauss_newton<T>, "X"_a, "V"_a.none(), "tangents"_a, "scale"_a.none(),
            "factors"_a, "threads"_a,
            "H (N, n_L) and J v (N, M, n_L) along tangents V (N, M, n_1), or the M = n_1 unit vectors; with "
            "`scale` (N, (1 + M) n_L) the rows d/dtheta of both, (N (1 + M) n_L, parameters), times it; with "
            "`factors` lists of the matrices in these rows: a, G, A', E.")
        .def("descend", &descend<T>, "theta"_a, "X"_a, "y"_a, "order"_a, "rates"_a,
             "Theta after single-sample gradient steps.")
        .def(
            "descend_batches", &descend_batches<T>, "rule"_a, "constants"_a, "theta"_a.noconvert(),
            "buffers"_a.noconvert(), "task"_a, "order"_a, "batch_size"_a, "rates"_a, "l2"_a, "threads"_a,
            "Moves theta and the rule's buffers, in place, by a step of the rule for each batch of the "
            "order,\n"
            "down the mean of the batch's costs + l2/2 |W|^2; gives the sum of all costs on the way.\n\n"
            "Rules: adam (beta_1, beta_2, epsilon; m, v), whose rates carry the correction of its bias, and\n"
            "momentum and nesterov (mu; velocity).")
        .def_prop_ro(
            "brackets",
            [](const M& self) {
                std::vector<std::tuple<int, int, int, int>> list;
                for (const Bracket& b : self.plan().brackets())
                    list.emplace_back(b.first, b.last, b.left, b.right);
                return list;
            },
            "The order of the products of dH/dx: first and last layer of each bracket, and its factors.")
        .def_prop_ro(
            "multiplications",
            [](const M& self) {
                return std::make_tuple(self.plan().multiplications(), self.plan().forward(),
                                       self.plan().reverse());
            },
            "For dH/dx of one sample: by the plan, by a plain forward and by a plain reverse sweep.");
}

}  // namespace slopenet
