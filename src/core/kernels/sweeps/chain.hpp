// dH/dx = D[L] W[L] ... D[2] W[2] of a tile, multiplied in the order of the plan.
//
//     forward    M[l] = D[l] W[l] M[l-1]         panels of columns of M
//     reverse    M[l] = M[l+1] D[l] W[l]         panels of rows of M
//
// A single layer is a factor with one W for all samples. If the plan ends with forward steps only, or with
// reverse steps only, these are taken in blocks of directions (columns or rows of dH/dx) that stay in cache.
// An inner bracket is computed whole.
#pragma once

#include "../products/batched.hpp"
#include "forward.hpp"

namespace slopenet::SLOPENET_ISA {

template <class Layout, class T>
class Chain {
  public:
    Chain(Arena<T>& arena, const Net<T>& net, int groups, int block)
        : net(net), arena(arena), block(block), groups(groups) {
        if (!block) return;
        for (T*& panels : travelling) panels = arena.take(block * used(widest(net)));
    }
    // Measures the pieces that inner brackets take from the workspace, and give back, in each call.
    void measure() {
        if (!block || arena.base) return;
        const long mark = arena.used;
        const Bracket& root = net.brackets[0];
        if (!root.single() && is_product(root)) {
            whole(root.left, false, true);
            whole(root.right, false, true);
            product_space();
        } else if (const int base = start_of_steps(ends_forward(net, 0)); !net.brackets[base].single()) {
            ends_forward(net, 0) ? whole(base, false, false) : whole(base, true, true);
        }
        arena.used = mark;
    }

    // How many directions the last steps have: the columns of dH/dx, or its rows.
    static int directions(const Net<T>& net) { return ends_forward(net, 0) ? net.inputs() : net.outputs(); }

    // Writes J (n, n_L, n_1) of the tile whose forward sweep is in `tape`.
    void operator()(const Tape<Layout, T>& tape, int used_groups, long n, T* J, const Stop& stop) {
        D = tape.D;
        groups = used_groups;
        const long mark = arena.used;
        const Bracket& root = net.brackets[0];
        if (!root.single() && is_product(root)) {
            const T* A = whole(root.left, false, true);
            const T* B = whole(root.right, false, true);
            Batched<Layout, T>::write(A, B, net.outputs(), cols(net.brackets[root.left]), net.inputs(),
                                      groups, n, product_space(), J);
        } else if (ends_forward(net, 0)) {
            forward_blocks(n, J, stop);
        } else {
            reverse_blocks(n, J, stop);
        }
        arena.used = mark;
    }

  private:
    int rows(const Bracket& b) const { return net.layers[b.last].rows; }
    int cols(const Bracket& b) const { return net.layers[b.first].cols; }
    long used(int rows) const { return groups * Layout::panel(rows); }
    bool is_product(const Bracket& b) const {
        return !net.brackets[b.left].single() && !net.brackets[b.right].single();
    }
    T* product_space() {
        const int inner = cols(net.brackets[net.brackets[0].left]);
        return arena.take(Batched<Layout, T>::space(net.outputs(), inner, net.inputs()));
    }
    // Whether the last product of a bracket is a forward step. A bracket of two layers ends in reverse.
    static bool ends_forward(const Net<T>& net, int index) {
        const Bracket& b = net.brackets[index];
        return !b.single() && net.brackets[b.left].single() && !net.brackets[b.right].single();
    }

    // The bracket where the last steps, forward or reverse, begin: a single layer or an inner product.
    int start_of_steps(bool forward) const {
        int base = 0;
        for (;;) {
            const Bracket& b = net.brackets[base];
            if (b.single()) return base;
            const int kept = forward ? b.left : b.right;
            if (!net.brackets[kept].single()) return base;
            base = forward ? b.right : b.left;
        }
    }

    void forward_blocks(long n, T* J, const Stop& stop) {
        const int base = start_of_steps(true);
        const Bracket& b = net.brackets[base];
        const T* M = b.single() ? nullptr : whole(base, false, false);
        const int inputs = net.inputs();
        for (int i0 = 0; i0 < inputs && !stop(); i0 += block) {
            const int count = inputs - i0 < block ? inputs - i0 : block;
            if (b.single()) write_layer(b.first, false, false, i0, count, travelling[0]);
            const T* t = M ? M + i0 * used(rows(b)) : travelling[0];
            T* out = travelling[M ? 0 : 1];
            for (int l = b.last + 1; l < net.depth; ++l) {
                step_forward(l, t, out, count);
                t = out;
                out = travelling[out == travelling[0] ? 1 : 0];
            }
            write_columns(t, i0, count, n, J);
        }
    }

    void reverse_blocks(long n, T* J, const Stop& stop) {
        const int base = start_of_steps(false);
        const Bracket& b = net.brackets[base];
        const bool scaled = base != 0;
        const T* M = b.single() ? nullptr : whole(base, scaled, true);
        const int outputs = net.outputs();
        for (int k0 = 0; k0 < outputs && !stop(); k0 += block) {
            const int count = outputs - k0 < block ? outputs - k0 : block;
            if (b.single()) write_layer(b.first, scaled, true, k0, count, travelling[0]);
            const T* G = M ? M + k0 * used(cols(b)) : travelling[0];
            T* out = travelling[M ? 0 : 1];
            for (int l = b.first - 1; l >= 0; --l) {
                step_reverse(l, l > 0, G, out, count);
                G = out;
                out = travelling[out == travelling[0] ? 1 : 0];
            }
            write_rows(G, k0, count, n, J);
        }
    }

    // D[l] W[l] t, columns
    void step_forward(int l, const T* t, T* out, int count) const {
        const Layer<T>& layer = net.layers[l];
        Layout::product(layer.packed, layer.rows, layer.cols, t, out, count * groups,
                        Times<T>(D[l], Layout::panel(layer.rows), groups));
    }
    // G W[l], rows; times D[l-1] if `scaled`
    void step_reverse(int l, bool scaled, const T* G, T* out, int count) const {
        const Layer<T>& layer = net.layers[l];
        if (scaled) {
            Layout::product(layer.packed_transpose, layer.cols, layer.rows, G, out, count * groups,
                            Times<T>(D[l - 1], Layout::panel(layer.cols), groups));
        } else {
            Layout::product(layer.packed_transpose, layer.cols, layer.rows, G, out, count * groups,
                            Plain<T>{});
        }
    }

    // Rows or columns from .. from + count of D[l] W[l]; times D[l-1] if `scaled`.
    void write_layer(int l, bool scaled, bool by_rows, int from, int count, T* to) const {
        const Layer<T>& layer = net.layers[l];
        const long panel = Layout::panel(layer.rows), below = Layout::panel(layer.cols);
        for (int d = 0; d < count; ++d) {
            for (int g = 0; g < groups; ++g) {
                if (by_rows) {
                    Layout::row(layer.W + static_cast<long>(from + d) * layer.cols, layer.cols,
                                D[l] + g * panel, from + d, to + (d * groups + g) * below);
                } else {
                    Layout::column(layer.W + from + d, layer.cols, layer.rows, D[l] + g * panel,
                                   to + (d * groups + g) * panel);
                }
            }
            if (scaled && by_rows)
                multiply(to + d * groups * below, D[l - 1], to + d * groups * below, groups * below);
        }
        if (scaled && !by_rows) scale_columns(l - 1, layer.rows, count, to);
    }
    // M D[l], columns
    void scale_columns(int l, int rows, int count, T* M) const {
        for (int i = 0; i < count; ++i) {
            for (int g = 0; g < groups; ++g) {
                T* column = M + (i * groups + g) * Layout::panel(rows);
                Layout::times_entry(D[l] + g * Layout::panel(net.layers[l].rows), i, rows, column);
            }
        }
    }

    // The whole product of a bracket, as panels of rows or of columns; times D[first-1] if `scaled`.
    T* whole(int index, bool scaled, bool by_rows) {
        const Bracket& b = net.brackets[index];
        const int height = rows(b), width = cols(b);
        T* out = arena.take(by_rows ? height * used(width) : width * used(height));
        if (b.single()) {
            if (arena.base) write_layer(b.first, scaled, by_rows, 0, by_rows ? height : width, out);
            return out;
        }
        const long mark = arena.used;
        const bool product = is_product(b);
        const bool forward = net.brackets[b.left].single() && (!net.brackets[b.right].single() || !by_rows);
        const bool in_place = forward != by_rows;
        T* made = in_place ? out : arena.take(forward ? width * used(height) : height * used(width));
        if (product) {
            const T* A = whole(b.left, false, true);
            const T* B = whole(b.right, scaled, true);
            if (arena.base)
                Batched<Layout, T>::product(A, B, made, height, cols(net.brackets[b.left]), width, groups);
        } else if (forward) {
            const T* t = whole(b.right, scaled, false);
            if (arena.base) step_forward(b.last, t, made, width);
        } else {
            const T* G = whole(b.left, true, true);
            if (arena.base) step_reverse(b.first, scaled, G, made, height);
        }
        if (!in_place && arena.base) {
            forward ? Layout::transpose_panels(made, width, height, groups, out)
                    : Layout::transpose_panels(made, height, width, groups, out);
        }
        arena.used = mark;
        return out;
    }

    void write_rows(const T* from, int k0, int count, long n, T* J) const {
        const int inputs = net.inputs(), outputs = net.outputs();
        for (int k = 0; k < count; ++k)
            Layout::write(from + k * used(inputs), inputs, groups, n, J + static_cast<long>(k0 + k) * inputs,
                          static_cast<long>(outputs) * inputs);
    }
    void write_columns(const T* from, int i0, int count, long n, T* J) const {
        const int inputs = net.inputs(), outputs = net.outputs();
        const long stride = static_cast<long>(outputs) * inputs;
        for (int g = 0; g < groups; ++g) {
            const long s0 = static_cast<long>(g) * Layout::width;
            for (int k = 0; k < outputs; ++k)
                Layout::write_run(from + g * Layout::panel(outputs) + static_cast<long>(k) * Layout::width,
                                  used(outputs), count, n - s0,
                                  J + s0 * stride + static_cast<long>(k) * inputs + i0, stride);
        }
    }

    const Net<T>& net;
    Arena<T>& arena;
    int block, groups;
    T* const* D = nullptr;
    T* travelling[2] = {};  // a block of directions, on both sides of a product
};

}  // namespace slopenet::SLOPENET_ISA
