// Products of each output's Hessian with a vector v, for one tile, without any Hessian:
//
//     t[1] = v,             s[l] = W[l] t[l-1],   t[l] = D[l] s[l]
//     c[L]_k = unit row k,  c[l-1]_k    = W[l]^T D[l] c[l]_k
//     cdot[L]_k = 0,        cdot[l-1]_k = W[l]^T (D[l] cdot[l]_k + S[l] s[l] c[l]_k),   cdot[1]_k = hess H_k
//     v
//
// cdot is the derivative of c along v.
#pragma once

#include "forward.hpp"

namespace slopenet::SLOPENET_ISA {

template <class Layout, class T>
class HessianProduct {
  public:
    HessianProduct(Arena<T>& arena, const Net<T>& net, Operation operation, int groups)
        : net(net), groups(groups) {
        if (operation != Operation::hvp) return;
        for (int i = 0; i < net.depth; ++i) {
            if (net.has_second_derivative(i)) top = i;
        }
        for (int i = 0; i <= top; ++i)
            Ss[i] = net.has_second_derivative(i) ? arena.take(used(net.layers[i].rows)) : nullptr;
        for (T*& panels : travelling) panels = arena.take(2 * used(widest(net)));
    }

    // v in panels; result (n, n_L, n_1)
    void operator()(const Tape<Layout, T>& tape, int used_groups, const T* v, long n, T* result,
                    const Stop& stop) {
        groups = used_groups;
        const int last = net.depth - 1, inputs = net.inputs(), outputs = net.outputs();
        forward_tangent(tape, v);
        for (int k = 0; k < outputs && !stop(); ++k) {
            T *c = travelling[0], *next = travelling[1];  // followed by cdot
            clear(c, 2 * used(outputs));
            for (int g = 0; g < groups; ++g) Layout::set_entry(c + g * Layout::panel(outputs), k, T(1));
            for (int i = last; i >= 0; --i) {
                const Layer<T>& layer = net.layers[i];
                const long size = used(layer.rows);
                T* cdot = c + size;
                multiply(cdot, tape.D[i], cdot, size);
                if (net.has_second_derivative(i)) add_product(cdot, Ss[i], c, size);
                multiply(c, tape.D[i], c, size);
                Layout::product(layer.packed_transpose, layer.cols, layer.rows, c, next, 2 * groups,
                                Plain<T>{});
                swap(c, next);
            }
            Layout::write(c + used(inputs), inputs, groups, n, result + static_cast<long>(k) * inputs,
                          static_cast<long>(outputs) * inputs);
        }
    }

  private:
    long used(int rows) const { return groups * Layout::panel(rows); }

    // S[l] s[l] of the layers that have a second derivative.
    void forward_tangent(const Tape<Layout, T>& tape, const T* v) {
        T *t = travelling[0], *s = travelling[1];
        std::memcpy(t, v, static_cast<std::size_t>(used(net.inputs())) * sizeof(T));
        for (int i = 0; i <= top; ++i) {
            const Layer<T>& layer = net.layers[i];
            const long size = used(layer.rows);
            Layout::product(layer.packed, layer.rows, layer.cols, t, s, groups, Plain<T>{});
            if (net.has_second_derivative(i)) multiply(s, tape.S[i], Ss[i], size);
            multiply(s, tape.D[i], s, size);
            swap(t, s);
        }
    }

    const Net<T>& net;
    int groups, top = -1;  // the last layer with a second derivative
    T* Ss[max_depth];
    T* travelling[2];
};

}  // namespace slopenet::SLOPENET_ISA
