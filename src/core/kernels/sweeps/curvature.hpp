// Second derivatives of one tile. No second derivative is stored on the way to the Laplacian.
//
// clang-format off
//     c[L] = I or u,    c[l-1]_k = W[l]^T D[l] c[l]_k,    w[l]_k = c[l]_k S[l]
//     A'[1] = I,        Z'[l]    = W[l] A'[l-1],          A'[l]  = D[l] Z'[l]
//
//     hess H_k          = sum_l Z'[l]^T diag(w[l]_k) Z'[l]
//     sum_k u_k hess H_k: the same with the one row c[L] = u
//     lap  H_k          = sum_l sum_j w[l]_kj |Z'[l]_j|^2
//     hess H_k v        : see hessian_product.hpp
// clang-format on
//
// A layer with sigma'' = 0 adds nothing, and Z' ends at the last layer with a second derivative. Z'[2] = W[2]
// is the same for all samples.
#pragma once

#include "hessian_product.hpp"
#include "../products/gram_samples.hpp"

namespace slopenet::SLOPENET_ISA {

// Epilogue of Z' for the Laplacian: accumulates the squares of Z' over directions, and writes A' = D Z'.
template <class T>
struct TimesAndSquares : Times<T> {
    T* squares;
    TimesAndSquares(const T* D, long panel, int groups, T* squares)
        : Times<T>(D, panel, groups), squares(squares) {}
    SLOPENET_INLINE TimesAndSquares at(int index) const {
        const long shared = this->shared(index);
        return {this->D + shared, this->panel, this->groups, squares + shared};
    }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, long offset) const {
        store(squares + offset, fma(sum, sum, load(squares + offset)));
        return Times<T>::finish(sum, offset);
    }
};

template <class Layout, class T>
class Curvature {
  public:
    Curvature(Arena<T>& arena, const Net<T>& net, Operation operation, int groups)
        : net(net), operation(operation), groups(groups), hessian_product(arena, net, operation, groups) {
        if (info_of(operation).derivatives < 2 || operation == Operation::hvp) return;
        for (int i = 0; i < net.depth; ++i) {
            if (net.has_second_derivative(i)) top = i;
        }
        const int inputs = net.inputs();
        results = operation == Operation::weighted_hessian ? 1 : net.outputs();
        const bool laplacian = operation == Operation::laplacian;
        for (int i = 0; i <= top; ++i) {
            if (!net.has_second_derivative(i)) continue;
            const int rows = net.layers[i].rows;
            w[i] = arena.take(results * used(rows));
            if (!laplacian) Z[i] = arena.take(Gram<Layout, T>::size(rows, inputs, groups, i == 0));
            if (laplacian && i > 0) squares[i] = arena.take(used(rows));
        }
        // Rows transposes all of Z' at once.
        const int directions = Layout::width == 1 && inputs > block ? inputs : block;
        for (T*& panels : travelling) panels = arena.take(directions * used(widest(net)));
        if (!laplacian) gram_space = arena.take(Gram<Layout, T>::space());
        if (laplacian) squares_of_W = arena.take(Rows<T>::panel(net.layers[0].rows));
    }

    // vector, in panels: u (n, n_L) of the weighted Hessian, v (n, n_1) of the product
    void operator()(const Tape<Layout, T>& given, int used_groups, const T* vector, long n, T* result,
                    const Stop& stop) {
        if (operation == Operation::hvp) return hessian_product(given, used_groups, vector, n, result, stop);
        tape = &given;
        groups = used_groups;
        for (int k0 = 0; k0 < results && !stop(); k0 += block)
            adjoints(vector, k0, results - k0 < block ? results - k0 : block);
        if (operation == Operation::laplacian) {
            sum_squares(stop);
            write_laplacians(n, result);
        } else {
            tangents(stop);
            write_hessians(vector, n, result, stop);
        }
    }

  private:
    static constexpr int block = 8;  // directions, of adjoints or of tangents, that travel together

    long used(int rows) const { return groups * Layout::panel(rows); }

    // w[l]_k of outputs k0 .. k0 + count. Where c[L] = I, w[L] is S[L], which output_weights() knows.
    void adjoints(const T* u, int k0, int count) {
        const int last = net.depth - 1;
        T *c = travelling[0], *c_next = travelling[1];
        int bottom = 0;
        while (bottom < last && !net.has_second_derivative(bottom)) ++bottom;
        for (int i = last; i >= bottom; --i) {
            const Layer<T>& layer = net.layers[i];
            const long size = used(layer.rows);
            if (i == last) {
                if (net.has_second_derivative(i) && u) multiply(u, tape->S[i], w[i], size);
            } else if (net.has_second_derivative(i)) {
                for (int k = 0; k < count; ++k)
                    multiply(c + k * size, tape->S[i], w[i] + (k0 + k) * size, size);
            }
            if (i == bottom) break;
            if (i == last && !u) {  // row k of D[L] W[L]
                for (int k = 0; k < count; ++k) {
                    for (int g = 0; g < groups; ++g)
                        Layout::row(layer.W + static_cast<long>(k0 + k) * layer.cols, layer.cols,
                                    tape->D[i] + g * Layout::panel(layer.rows), k0 + k,
                                    c_next + (k * groups + g) * Layout::panel(layer.cols));
                }
            } else {
                for (int k = 0; k < count; ++k)
                    multiply(i == last ? u : c + k * size, tape->D[i], c + k * size, size);
                Layout::product(layer.packed_transpose, layer.cols, layer.rows, c, c_next, count * groups,
                                Plain<T>{});
            }
            swap(c, c_next);
        }
    }

    // Columns from .. from + count of A'[2] = D[2] W[2].
    void start_tangents(int from, int count, T* A) const {
        const Layer<T>& layer = net.layers[0];
        const long panel = Layout::panel(layer.rows);
        for (int i = 0; i < count; ++i) {
            for (int g = 0; g < groups; ++g)
                Layout::column(layer.W + from + i, layer.cols, layer.rows, tape->D[0] + g * panel,
                               A + (i * groups + g) * panel);
        }
    }
    // W[l] A to `to`, for `count` directions.
    template <class Epilogue>
    void product(int i, const T* A, T* to, int count, const Epilogue& epilogue) const {
        const Layer<T>& layer = net.layers[i];
        Layout::product(layer.packed, layer.rows, layer.cols, A, to, count * groups, epilogue);
    }

    // Z'[l] of the layers that have a second derivative.
    void tangents(const Stop& stop) {
        const int inputs = net.inputs();
        if (top >= 0 && net.has_second_derivative(0))
            Gram<Layout, T>::arrange_shared(net.layers[0].W, net.layers[0].rows, inputs, Z[0]);
        if (top < 1) return;
        for (int i0 = 0; i0 < inputs && !stop(); i0 += block) {
            const int count = inputs - i0 < block ? inputs - i0 : block;
            T *A = travelling[0], *A_next = travelling[1];
            start_tangents(i0, count, A);
            for (int i = 1; i <= top; ++i) {
                const long panel = Layout::panel(net.layers[i].rows);
                if (!net.has_second_derivative(i)) {
                    product(i, A, A_next, count, Times<T>(tape->D[i], panel, groups));
                } else if (i < top) {
                    product(i, A, Z[i] + i0 * groups * panel, count,
                            AlsoTimes<T>(tape->D[i], panel, groups, A_next));
                } else {
                    product(i, A, Z[i] + i0 * groups * panel, count, Plain<T>{});
                }
                swap(A, A_next);
            }
        }
        for (int i = 1; i <= top; ++i) {
            if (net.has_second_derivative(i))
                Gram<Layout, T>::arrange(net.layers[i].rows, inputs, Z[i], travelling[0]);
        }
    }

    // |Z'[l]_j|^2 of the layers that have a second derivative: adds the directions in their order.
    void sum_squares(const Stop& stop) {
        const Layer<T>& bottom = net.layers[0];
        for (long j = 0; j < Rows<T>::panel(bottom.rows); j += lanes<T>) {  // of W[2], for all samples
            const T* W = bottom.packed + j / pack_rows<T> * pack_rows<T> * bottom.cols + j % pack_rows<T>;
            Vec<T> sum{};
            for (int i = 0; i < bottom.cols; ++i, W += pack_rows<T>) sum = fma(load(W), load(W), sum);
            store(squares_of_W + j, sum);
        }
        if (top < 1) return;
        for (int i = 1; i <= top; ++i) {
            if (net.has_second_derivative(i)) clear(squares[i], used(net.layers[i].rows));
        }
        for (int i0 = 0; i0 < net.inputs() && !stop(); i0 += block) {
            const int count = net.inputs() - i0 < block ? net.inputs() - i0 : block;
            T *A = travelling[0], *A_next = travelling[1];
            start_tangents(i0, count, A);
            for (int i = 1; i <= top; ++i) {
                const long panel = Layout::panel(net.layers[i].rows);
                if (net.has_second_derivative(i)) {
                    product(i, A, A_next, count, TimesAndSquares<T>(tape->D[i], panel, groups, squares[i]));
                } else {
                    product(i, A, A_next, count, Times<T>(tape->D[i], panel, groups));
                }
                swap(A, A_next);
            }
        }
    }

    // w[l]_k of all k. With c[L] = I, output k has one weight in the last layer: S[L]_k, of row k.
    OutputWeights<T> output_weights(int i, bool weighted) const {
        const Layer<T>& layer = net.layers[i];
        const int first = layer.curved_from, last = layer.curved_to;
        if (i == net.depth - 1 && !weighted) return {first, last, true, tape->S[i], 0};
        return {first, last, false, w[i], used(layer.rows)};
    }

    void write_laplacians(long n, T* result) const {
        T* sums = travelling[0];
        const int outputs = net.outputs();
        clear(sums, used(outputs));
        for (int k = 0; k < outputs; ++k) {
            for (int i = 0; i <= top; ++i) {
                if (!net.has_second_derivative(i)) continue;
                const OutputWeights<T> weights = output_weights(i, false);
                const T* weight = weights.of(k);
                const long panel = Layout::panel(net.layers[i].rows);
                for (int g = 0; g < groups; ++g) {
                    T* sum = sums + g * Layout::panel(outputs);
                    if (i == 0) {
                        Layout::dot_shared(weight + g * panel, squares_of_W, weights.from(k), weights.to(k),
                                           sum, k);
                    } else {
                        Layout::dot(weight + g * panel, squares[i] + g * panel, weights.from(k),
                                    weights.to(k), sum, k);
                    }
                }
            }
        }
        Layout::write(sums, outputs, groups, n, result, outputs);
    }

    void write_hessians(const T* u, long n, T* result, const Stop& stop) const {
        Gram<Layout, T> gram(net.inputs(), groups, gram_space);
        for (int i = 0; i <= top; ++i) {
            if (net.has_second_derivative(i))
                gram.add(output_weights(i, u != nullptr), net.layers[i], Z[i], i == 0);
        }
        gram.write(n, results, result, stop);
    }

    const Net<T>& net;
    Operation operation;
    int groups;
    int results = 0;  // Hessians or Laplacians per sample
    int top = -1;     // the last layer with a second derivative
    HessianProduct<Layout, T> hessian_product;
    const Tape<Layout, T>* tape = nullptr;
    T *w[max_depth], *Z[max_depth], *squares[max_depth];
    T* travelling[2];  // panels of c, or of A', on both sides of a product
    T *squares_of_W = nullptr, *gram_space = nullptr;
};

}  // namespace slopenet::SLOPENET_ISA
