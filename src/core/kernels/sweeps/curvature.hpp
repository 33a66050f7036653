// Second derivatives of a tile, from what the layers' bends add:
//
//     w[l]_k = c[l]_k S[l]          c[L] = I or u,  c[l-1]_k = W[l]^T D[l] c[l]_k
//     Z'[l]  = W[l] A'[l-1]         A'[l] = D[l] Z'[l],  Z'[2] = W[2] of every sample
//     hess H_k = sum_l Z'[l]^T diag(w[l]_k) Z'[l]
//     lap  H_k = sum_l sum_j w[l]_kj |Z'[l]_j|^2          no second derivative is stored
//     hess H_k v: cdot[l-1]_k = W[l]^T (D[l] cdot[l]_k + S[l] s[l] c[l]_k),  s[l] = W[l] t[l-1], t[l] = D[l]
//     s[l]
//
// A layer whose sigma'' is 0 adds nothing, and Z' is not carried above the last one that bends.
#pragma once

#include "forward.hpp"
#include "../products/gram_samples.hpp"

namespace slopenet::SLOPENET_ISA {

// The epilogue of Z' on the way to the Laplacian: |Z'_j|^2 grows by a direction's square; A' = D Z' goes on.
template <class T>
struct Squares : Times<T> {
    T* squares;
    Squares(const T* D, long panel, int groups, T* squares) : Times<T>(D, panel, groups), squares(squares) {}
    SLOPENET_INLINE Squares at(int index) const {
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
        : net(net), operation(operation), groups(groups) {
        if (info_of(operation).derivatives < 2) return;
        for (int i = 0; i < net.depth; ++i) {
            if (net.layers[i].activation->has_second_derivative) top = i;
        }
        const long wide = panels(widest(net));
        const int outputs = net.outputs(), inputs = net.inputs();
        each = operation == Operation::weighted_hessian ? 1 : outputs;
        if (operation == Operation::hvp) {
            for (int i = 0; i <= top; ++i)
                w[i] = curved(i) ? arena.take(panels(net.layers[i].rows)) : nullptr;
            first = arena.take(2 * wide);
            second = arena.take(2 * wide);
            return;
        }
        const bool sum = operation == Operation::laplacian;
        for (int i = 0; i <= top; ++i) {
            if (!curved(i)) continue;
            w[i] = arena.take(each * panels(net.layers[i].rows));
            const int rows = net.layers[i].rows;
            if (!sum) Z[i] = arena.take(Gram<Layout, T>::size(rows, inputs, groups, i == 0));
            if (sum && i > 0) Z[i] = arena.take(panels(rows));
        }
        const int most =
            Layout::width == 1 && inputs > block ? inputs : block;  // Rows turns all of Z' at once
        first = arena.take(most * wide);
        second = arena.take(most * wide);
        if (!sum) tiles = arena.take(Gram<Layout, T>::space());
        if (sum) squares_of_W = arena.take(Rows<T>::panel(net.layers[0].rows));
    }

    // vector: u (n, n_L) of the weighted Hessian, v (n, n_1) of hvp, in panels
    void operator()(const Tape<Layout, T>& given, int used, const T* vector, long n, T* to,
                    const Stop& stop) {
        tape = &given;
        groups = used;
        if (operation == Operation::hvp) return times_vector(vector, n, to, stop);
        for (int k0 = 0; k0 < each && !stop(); k0 += block)
            adjoints(vector, k0, each - k0 < block ? each - k0 : block);
        if (operation == Operation::laplacian) {
            squares(stop);
            laplacian(n, to);
        } else {
            tangents(stop);
            hessian(vector, n, to, stop);
        }
    }

  private:
    // directions, of adjoints or of tangents, that are carried together
    static constexpr int block = 8;

    long panels(int rows) const { return groups * Layout::panel(rows); }
    bool curved(int i) const { return net.layers[i].activation->has_second_derivative; }

    // w[l]_k = c[l]_k S[l] of the curved layers, k0 <= k < k0 + count. Where c[L] = I, w[L] is S[L], which
    // hessian() knows.
    void adjoints(const T* u, int k0, int count) {
        const int last = net.depth - 1;
        T *c = first, *spare = second;
        int bottom = 0;
        while (bottom < last && !curved(bottom)) ++bottom;
        for (int i = last; i >= bottom; --i) {
            const Layer<T>& layer = net.layers[i];
            const long size = panels(layer.rows);
            if (i == last) {
                if (curved(i) && u) multiply(u, tape->S[i], w[i], size);
            } else if (curved(i)) {
                for (int k = 0; k < count; ++k)
                    multiply(c + k * size, tape->S[i], w[i] + (k0 + k) * size, size);
            }
            if (i == bottom) break;
            if (i == last && !u) {
                for (int k = 0; k < count; ++k) {
                    for (int g = 0; g < groups; ++g)
                        Layout::row(layer.W + static_cast<long>(k0 + k) * layer.cols, layer.cols,
                                    tape->D[i] + g * Layout::panel(layer.rows), k0 + k,
                                    spare + (k * groups + g) * Layout::panel(layer.cols));
                }
            } else {
                for (int k = 0; k < count; ++k)
                    multiply(i == last ? u : c + k * size, tape->D[i], c + k * size, size);
                Layout::product(layer.packed_transpose, layer.cols, layer.rows, c, spare, count * groups,
                                Plain<T>{});
            }
            swap(c, spare);
        }
    }

    // A'[2] = D[2] W[2], columns from .. from + count
    void columns(int from, int count, T* to) const {
        const Layer<T>& layer = net.layers[0];
        const long panel = Layout::panel(layer.rows);
        for (int i = 0; i < count; ++i) {
            for (int g = 0; g < groups; ++g)
                Layout::column(layer.W + from + i, layer.cols, layer.rows, tape->D[0] + g * panel,
                               to + (i * groups + g) * panel);
        }
    }

    // Z'[l] of the curved layers.
    void tangents(const Stop& stop) {
        const int inputs = net.inputs();
        if (top >= 0 && curved(0))
            Gram<Layout, T>::arrange_shared(net.layers[0].W, net.layers[0].rows, inputs, Z[0]);
        if (top < 1) return;
        for (int i0 = 0; i0 < inputs && !stop(); i0 += block) {
            const int count = inputs - i0 < block ? inputs - i0 : block;
            T *A = first, *spare = second;
            columns(i0, count, A);
            for (int i = 1; i <= top; ++i) {
                const Layer<T>& layer = net.layers[i];
                const long size = panels(layer.rows);
                if (curved(i)) {
                    T* made = Z[i] + i0 * size;
                    const auto product = [&](const auto& epilogue) {
                        Layout::product(layer.packed, layer.rows, layer.cols, A, made, count * groups,
                                        epilogue);
                    };
                    if (i < top) {
                        product(AlsoTimes<T>(tape->D[i], Layout::panel(layer.rows), groups, spare));
                    } else {
                        product(Plain<T>{});
                    }
                } else {
                    Layout::product(layer.packed, layer.rows, layer.cols, A, spare, count * groups,
                                    Times<T>(tape->D[i], Layout::panel(layer.rows), groups));
                }
                swap(A, spare);
            }
        }
        for (int i = 1; i <= top; ++i) {
            if (curved(i)) Gram<Layout, T>::arrange(net.layers[i].rows, inputs, Z[i], first);
        }
    }

    // |Z'[l]_j|^2 of the curved layers, the directions in order.
    void squares(const Stop& stop) {
        const Layer<T>& bottom = net.layers[0];
        for (long j = 0; j < Rows<T>::panel(bottom.rows); j += lanes<T>) {  // of W[2], once for all samples
            const T* w = bottom.packed + j / pack_rows<T> * pack_rows<T> * bottom.cols + j % pack_rows<T>;
            Vec<T> sum{};
            for (int i = 0; i < bottom.cols; ++i, w += pack_rows<T>) sum = fma(load(w), load(w), sum);
            store(squares_of_W + j, sum);
        }
        if (top < 1) return;
        for (int i = 1; i <= top; ++i) {
            if (curved(i)) clear(Z[i], panels(net.layers[i].rows));
        }
        for (int i0 = 0; i0 < net.inputs() && !stop(); i0 += block) {
            const int count = net.inputs() - i0 < block ? net.inputs() - i0 : block;
            T *A = first, *spare = second;
            columns(i0, count, A);
            for (int i = 1; i <= top; ++i) {
                const Layer<T>& layer = net.layers[i];
                if (curved(i)) {
                    Layout::product(layer.packed, layer.rows, layer.cols, A, spare, count * groups,
                                    Squares<T>(tape->D[i], Layout::panel(layer.rows), groups, Z[i]));
                } else {
                    Layout::product(layer.packed, layer.rows, layer.cols, A, spare, count * groups,
                                    Times<T>(tape->D[i], Layout::panel(layer.rows), groups));
                }
                swap(A, spare);
            }
        }
    }

    // All of w[i]_k; the one S[L]_k where c[L] = I.
    Bends<T> bends(int i, bool weighted) const {
        const int rows = net.layers[i].rows;
        if (i == net.depth - 1 && !weighted) return {rows, true, tape->S[i], 0};
        return {rows, false, w[i], panels(rows)};
    }

    void laplacian(long n, T* to) const {
        T* sums = first;
        const int outputs = net.outputs();
        clear(sums, panels(outputs));
        for (int k = 0; k < outputs; ++k) {
            for (int i = 0; i <= top; ++i) {
                if (!curved(i)) continue;
                const Bends<T> b = bends(i, false);
                const T* weight = b.weight(k);
                const long panel = Layout::panel(net.layers[i].rows);
                for (int g = 0; g < groups; ++g) {
                    T* sum = sums + g * Layout::panel(outputs);
                    if (i == 0) {
                        Layout::dot_shared(weight + g * panel, squares_of_W, b.from(k), b.to(k), sum, k);
                    } else {
                        Layout::dot(weight + g * panel, Z[i] + g * panel, b.from(k), b.to(k), sum, k);
                    }
                }
            }
        }
        Layout::write(sums, outputs, groups, n, to, outputs);
    }

    void hessian(const T* u, long n, T* to, const Stop& stop) const {
        Gram<Layout, T> gram(net.inputs(), groups, tiles);
        for (int i = 0; i <= top; ++i) {
            if (curved(i)) gram.add(bends(i, u != nullptr), net.layers[i], Z[i], i == 0);
        }
        gram.write(n, each, to, stop);
    }

    // c and cdot of one row at a time, side by side.
    void times_vector(const T* v, long n, T* to, const Stop& stop) {
        const int last = net.depth - 1, inputs = net.inputs(), outputs = net.outputs();
        T *t = first, *spare = second;
        std::memcpy(t, v, static_cast<std::size_t>(panels(inputs)) * sizeof(T));
        for (int i = 0; i <= top; ++i) {  // w[l] = S[l] s[l]
            const Layer<T>& layer = net.layers[i];
            const long size = panels(layer.rows);
            Layout::product(layer.packed, layer.rows, layer.cols, t, spare, groups, Plain<T>{});
            if (curved(i)) multiply(spare, tape->S[i], w[i], size);
            multiply(spare, tape->D[i], spare, size);
            swap(t, spare);
        }
        for (int k = 0; k < outputs && !stop(); ++k) {
            T *c = first, *next = second;
            clear(c, 2 * panels(outputs));
            for (int g = 0; g < groups; ++g) Layout::set_entry(c + g * Layout::panel(outputs), k, T(1));
            for (int i = last; i >= 0; --i) {
                const Layer<T>& layer = net.layers[i];
                const long size = panels(layer.rows);
                T* cdot = c + size;
                multiply(cdot, tape->D[i], cdot, size);
                if (curved(i)) add_product(cdot, w[i], c, size);
                multiply(c, tape->D[i], c, size);
                Layout::product(layer.packed_transpose, layer.cols, layer.rows, c, next, 2 * groups,
                                Plain<T>{});
                swap(c, next);
            }
            Layout::write(c + panels(inputs), inputs, groups, n, to + static_cast<long>(k) * inputs,
                          static_cast<long>(outputs) * inputs);
        }
    }

    const Net<T>& net;
    Operation operation;
    int groups, each = 0, top = -1;
    const Tape<Layout, T>* tape = nullptr;
    T* w[max_depth];  // hvp: S[l] s[l]
    T* Z[max_depth];  // Z'[l], or |Z'[l]_j|^2
    T *first = nullptr, *second = nullptr, *squares_of_W = nullptr, *tiles = nullptr;
};

}  // namespace slopenet::SLOPENET_ISA
