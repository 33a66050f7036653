// J v and J^T u: one tangent goes forward, one adjoint goes back.
#pragma once

#include "forward.hpp"

namespace slopenet::SLOPENET_ISA {

// t[l] = D[l] W[l] t[l-1] from t[1] = v to t[L] = J v, in `t` and `spare` by turns. Returns where J v is.
template <class Layout, class T>
T* push(const Net<T>& net, const Tape<Layout, T>& tape, int groups, T* t, T* spare) {
    for (int i = 0; i < net.depth; ++i) {
        const Layer<T>& layer = net.layers[i];
        Layout::product(layer.packed, layer.rows, layer.cols, t, spare, groups,
                        Times<T>(tape.D[i], Layout::panel(layer.rows), groups));
        swap(t, spare);
    }
    return t;
}

// c[l-1] = W[l]^T D[l] c[l] from c[L] = u to c[1] = J^T u, likewise.
template <class Layout, class T>
T* pull(const Net<T>& net, const Tape<Layout, T>& tape, int groups, T* c, T* spare) {
    for (int i = net.depth - 1; i >= 0; --i) {
        const Layer<T>& layer = net.layers[i];
        multiply(c, tape.D[i], c, groups * Layout::panel(layer.rows));
        Layout::product(layer.packed_transpose, layer.cols, layer.rows, c, spare, groups, Plain<T>{});
        swap(c, spare);
    }
    return c;
}

}  // namespace slopenet::SLOPENET_ISA
