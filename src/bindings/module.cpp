// Python's view of the core: array rules, GIL, errors. No arithmetic.
#include "model.hpp"

namespace slopenet {
namespace {

// sigma and its first `derivatives` derivatives over an array.
template <class T>
std::vector<Made<T>> activation(const std::string& name, const GivenParameter& parameter, const Given<T>& z,
                                int derivatives) {
    const Kernels<T>& kernel = kernels<T>();
    const Activation<T>& row = kernel.activations[row_of(kernel, name)];
    if (derivatives < 0 || derivatives > 2) throw nb::value_error("order must be 0, 1 or 2");
    const long n = static_cast<long>(z.size()), padded = (n + 15) / 16 * 16;
    Buffer<T> in(padded), out(3 * padded);
    std::fill(std::copy(z.data(), z.data() + n, in.data()), in.data() + padded, T(0));
    T* to = out.data();
    row.apply[derivatives](in.data(), parameter_of(parameter), to, to + padded, to + 2 * padded, padded);
    std::vector<Made<T>> results;
    for (int k = 0; k <= derivatives; ++k) {
        results.push_back(make<T>({z.size()}));
        std::copy(to + k * padded, to + k * padded + n, results.back().data());
    }
    return results;
}

}  // namespace
}  // namespace slopenet

// For threadpoolctl, which finds libraries by such symbols.
extern "C" {
__attribute__((visibility("default"))) int slopenet_get_num_threads() {
    return slopenet::process_thread_limit;
}
__attribute__((visibility("default"))) void slopenet_set_num_threads(int n) {
    slopenet::process_thread_limit = std::max(n, 1);
}
}

NB_MODULE(_core, m) {
    using namespace slopenet;
    m.doc() = "The compiled core of slopenet.";
    nb::set_leak_warnings(false);  // of a daemon thread that still holds a network at exit
    if (_import_array() < 0) throw nb::python_error();
    m.def("get_num_threads", &slopenet_get_num_threads, "The most threads that a call uses.");
    m.def("set_num_threads", &slopenet_set_num_threads, "n"_a);
    try {
        m.attr("isa") = isa();
    } catch (const std::runtime_error& error) {
        throw nb::import_error(error.what());
    }
    m.def(
        "activations",
        [] {
            const Kernels<double>& kernel = kernels<double>();
            std::vector<std::tuple<std::string, int, GivenParameter>> rows;
            for (int i = 0; i < kernel.activation_count; ++i) {
                const auto& row = kernel.activations[i];
                rows.emplace_back(row.name, row.parameters, given_of(row.preset, row.parameters));
            }
            return rows;
        },
        "The table: name, number of parameters, preset of the parameter or of both.");
    m.def("activation", &activation<double>, "name"_a, "parameter"_a, "z"_a, "order"_a);
    m.def("activation", &activation<float>, "name"_a, "parameter"_a, "z"_a, "order"_a,
          "sigma(z) and its first `order` derivatives, a list of 1-D arrays.");
    bind_model<double>(m, "Model64", "Task64");
    bind_model<float>(m, "Model32", "Task32");
}
