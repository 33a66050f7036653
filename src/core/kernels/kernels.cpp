// The table of functions of one instruction set. This file is compiled once for each of them.
#include "../interface.hpp"

#include "sweeps/backprop.hpp"
#include "sweeps/descent.hpp"
#include "sweeps/gauss_newton.hpp"
#include "sweeps/sweep.hpp"
#include "sweeps/update.hpp"

namespace slopenet::SLOPENET_ISA {

template <class T>
Need backprop_need(const Net<T>& net, const Task<T>& task) {
    const Backprop<T> sweep(net, task, nullptr);
    return {sweep.workspace(), sweep.tile(), chunk<T>, lanes<T>};
}
template <class T>
void backprop(const Net<T>& net, const Task<T>& task, Gradient<T>& gradient, long first, long n,
              T* workspace) {
    Backprop<T>(net, task, workspace)(gradient, first, n);
}

template <class T>
Need gauss_newton_need(const Net<T>& net, int M) {
    const GaussNewton<T> sweep(net, M, nullptr);
    return {sweep.workspace(), sweep.tile(), chunk<T>, lanes<T>};
}
template <class T>
void gauss_newton(const Net<T>& net, const Residuals<T>& task, long first, long n, T* workspace) {
    GaussNewton<T>(net, task.M, workspace)(task, first, n);
}

template <class T>
long descent_workspace(const Net<T>& net) {
    return Descend<T>(net, nullptr).workspace();
}
template <class T>
void descend(const Net<T>& net, const Descent<T>& descent, T* theta, T* workspace) {
    Descend<T>(net, workspace)(descent, theta);
}

template <class T>
constexpr Kernels<T> make() {
    return {table<T>,
            table_size<T>,
            rules<T>,
            rule_count<T>,
            pack_rows<T>,
            pack<T>,
            need<T>,
            run<T>,
            backprop_need<T>,
            backprop<T>,
            gauss_newton_need<T>,
            gauss_newton<T>,
            descent_workspace<T>,
            descend<T>};
}

extern const Kernels<double> float64_kernels;
extern const Kernels<float> float32_kernels;
constexpr Kernels<double> float64_kernels = make<double>();
constexpr Kernels<float> float32_kernels = make<float>();

}  // namespace slopenet::SLOPENET_ISA
