// The rows of d(residuals)/d(theta), of one tile: of values H_k and of slopes along tangents v_m, J_k v_m.
//
//     dH_k / dW[l]       = G[l]_k a[l-1]^T                        dH_k / db[l] = G[l]_k
//     d(J_k v_m) / dW[l] = E[l]_mk a[l-1]^T + G[l]_k A'[l-1]_m^T   d(J_k v_m) / db[l] = E[l]_mk
//
//     A'[1]_m = v_m,  Z'[l]_m = W[l] A'[l-1]_m,  A'[l]_m = D[l] Z'[l]_m
//     c[L] = I,  G[l]_k = D[l] c[l]_k,  c[l-1]_k = W[l]^T G[l]_k
//     E[l]_mk = d(J_k v_m)/dz[l] = S[l] Z'[l]_m c[l]_k + D[l] W[l+1]^T E[l+1]_mk
//
// Either the factors are handed out, of which J_theta J_theta^T is made without J_theta, or the rows.
#pragma once

#include "forward.hpp"
#include "../products/outer_sum.hpp"

namespace slopenet::SLOPENET_ISA {

template <class T>
class GaussNewton {
    using Layout = Samples<T>;

  public:
    GaussNewton(const Net<T>& net, int tangents, T* workspace)
        : net(net),
          tangents(tangents),
          groups(cut(net, tangents)),
          arena{workspace},
          tape(arena, net, groups, tangents ? 2 : 1, true) {
        const int outputs = net.outputs(), width = widest(net);
        for (int i = 0; i < net.depth; ++i) {
            along[i] = arena.take(tangents * size(net.layers[i].cols));
            Z[i] = arena.take(tangents * size(net.layers[i].rows));
        }
        along[net.depth] = arena.take(tangents * size(outputs));
        c = arena.take(outputs * size(width));
        G = arena.take(outputs * size(width));
        q = arena.take(tangents * outputs * size(width));
        E = arena.take(tangents * outputs * size(width));
        scratch = arena.take(Layout::width * (3L + outputs) * width);
    }
    long workspace() const { return arena.peak; }
    int tile() const { return groups * Layout::width; }

    void operator()(const Residuals<T>& task, long s0, long n) {
        used = static_cast<int>((n + Layout::width - 1) / Layout::width);
        forwards(task, s0, n);
        if (!task.rows && !task.G) return;
        const int outputs = net.outputs(), top = net.depth - 1;
        unit_rows();
        clear(q, static_cast<long>(tangents) * outputs * panels(outputs));
        long offset = net.parameters();
        for (int i = top; i >= 0; --i) {
            const Layer<T>& layer = net.layers[i];
            const long panel = panels(layer.rows);
            for (int k = 0; k < outputs; ++k) multiply(c + k * panel, tape.D[i], G + k * panel, panel);
            for (int d = 0; d < tangents * outputs; ++d)
                bend(i, Z[i] + d / outputs * panel, c + d % outputs * panel, q + d * panel, E + d * panel);
            offset -= layer.parameters();
            if (task.rows) put_rows(task, i, offset, s0, n);
            if (task.G) put_factors(task, i, s0, n);
            if (i == 0) break;
            Layout::product(layer.packed_transpose, layer.cols, layer.rows, G, c, outputs * used, Plain<T>{});
            Layout::product(layer.packed_transpose, layer.cols, layer.rows, E, q, tangents * outputs * used,
                            Plain<T>{});
        }
    }

  private:
    static int cut(const Net<T>& net, int tangents) {
        const long width = Layout::panel(widest(net)), each = 2 + 2L * tangents;
        const long all = width * (each * (net.depth + 1) + each * net.outputs());
        const long fit = 256L * 1024 / static_cast<long>(sizeof(T)) / all;
        return static_cast<int>(fit < 1 ? 1 : fit > 4 ? 4 : fit);
    }
    long size(int rows) const { return groups * Layout::panel(rows); }
    long panels(int rows) const { return used * Layout::panel(rows); }

    // a[l], D[l], S[l]; A'[l], Z'[l]; what they end in: H and J v
    void forwards(const Residuals<T>& task, long s0, long n) {
        const int inputs = net.inputs(), outputs = net.outputs();
        Layout::read(task.X + s0 * inputs, n, inputs, used, tape.a[0], inputs);
        forward(net, tape, used, tangents ? brief : 1);
        Layout::write(tape.a[net.depth], outputs, used, n, task.H + s0 * outputs, outputs);
        for (int m = 0; m < tangents; ++m) tangent(task, m, s0, n);
        for (int i = 0; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            Layout::product(layer.packed, layer.rows, layer.cols, along[i], Z[i], tangents * used,
                            AlsoTimes<T>(tape.D[i], Layout::panel(layer.rows), used, along[i + 1]));
        }
        const long stride = static_cast<long>(tangents) * outputs;
        for (int m = 0; m < tangents; ++m)
            Layout::write(along[net.depth] + m * panels(outputs), outputs, used, n,
                          task.Jv + s0 * stride + m * outputs, stride);
    }

    // A'[1]_m
    void tangent(const Residuals<T>& task, int m, long s0, long n) {
        const long inputs = net.inputs(), panel = panels(net.inputs());
        T* v = along[0] + m * panel;
        if (task.V) {
            Layout::read(task.V + (s0 * tangents + m) * inputs, n, net.inputs(), used, v, tangents * inputs);
            return;
        }
        clear(v, panel);
        for (int g = 0; g < used; ++g) Layout::set_entry(v + g * Layout::panel(net.inputs()), m, T(1));
    }

    void unit_rows() {
        const int outputs = net.outputs();
        clear(c, outputs * panels(outputs));
        for (int k = 0; k < outputs; ++k) {
            for (int g = 0; g < used; ++g)
                Layout::set_entry(c + k * panels(outputs) + g * Layout::panel(outputs), k, T(1));
        }
    }

    void bend(int i, const T* z, const T* ck, const T* from, T* to) const {
        for (long x = 0; x < panels(net.layers[i].rows); x += lanes<T>) {
            const Vec<T> curved = load(tape.S[i] + x) * load(z + x);
            store(to + x, fma(load(tape.D[i] + x), load(from + x), curved * load(ck + x)));
        }
    }

    // Sample-major: a (N, n_{l-1}), G (N, n_L, n_l), A' (N, M, n_{l-1}), E (N, M, n_L, n_l)
    void put_factors(const Residuals<T>& task, int i, long s0, long n) const {
        const int rows = net.layers[i].rows, cols = net.layers[i].cols, outputs = net.outputs();
        put(tape.a[i], cols, 1, s0, n, task.a[i]);
        put(G, rows, outputs, s0, n, task.G[i]);
        put(along[i], cols, tangents, s0, n, task.along[i]);
        put(E, rows, tangents * outputs, s0, n, task.E[i]);
    }
    void put(const T* from, int rows, int count, long s0, long n, T* to) const {
        const long stride = static_cast<long>(count) * rows;
        for (int d = 0; d < count; ++d)
            Layout::write(from + d * panels(rows), rows, used, n,
                          to + s0 * stride + static_cast<long>(d) * rows, stride);
    }

    // Layer i's part of the rows, times their scales; the rows of a sample: its values, then its slopes.
    void put_rows(const Residuals<T>& task, int i, long offset, long s0, long n) {
        const int rows = net.layers[i].rows, cols = net.layers[i].cols, outputs = net.outputs();
        const long p = net.parameters(), each = outputs * (1L + tangents);
        T *a = scratch, *v = a + Layout::width * static_cast<long>(cols),
          *g = v + Layout::width * static_cast<long>(cols);
        T* e = g + static_cast<long>(outputs) * Layout::width * rows;
        for (int group = 0; group < used; ++group) {
            const long first = static_cast<long>(group) * Layout::width;
            const long here = n - first < Layout::width ? n - first : Layout::width;
            const auto turn = [&](const T* from, int width, int d, T* to) {
                Layout::write(from + d * panels(width) + group * Layout::panel(width), width, 1, here, to,
                              width);
            };
            turn(tape.a[i], cols, 0, a);
            for (int k = 0; k < outputs; ++k)
                turn(G, rows, k, g + k * Layout::width * static_cast<long>(rows));
            for (int m = -1; m < tangents; ++m) {
                if (m >= 0) turn(along[i], cols, m, v);
                for (int k = 0; k < outputs; ++k) {
                    const T* gk = g + k * Layout::width * static_cast<long>(rows);
                    if (m >= 0) turn(E, rows, m * outputs + k, e);
                    for (long s = 0; s < here; ++s) {
                        const long row = (s0 + first + s) * each + (m + 1) * outputs + k;
                        T* to = task.rows + row * p + offset;
                        if (m < 0) {
                            outer(gk + s * rows, a + s * cols, rows, cols, task.scale[row], to);
                        } else {
                            outer(e + s * rows, a + s * cols, gk + s * rows, v + s * cols, rows, cols,
                                  task.scale[row], to);
                        }
                    }
                }
            }
        }
    }
    static void outer(const T* g, const T* a, int rows, int cols, T scale, T* to) {
        for (int j = 0; j < rows; ++j) {
            const T x = scale * g[j];
            for (int k = 0; k < cols; ++k) *to++ = x * a[k];
        }
        for (int j = 0; j < rows; ++j) *to++ = scale * g[j];
    }
    static void outer(const T* e, const T* a, const T* g, const T* v, int rows, int cols, T scale, T* to) {
        for (int j = 0; j < rows; ++j) {
            const T x = scale * e[j], y = scale * g[j];
            for (int k = 0; k < cols; ++k) *to++ = x * a[k] + y * v[k];
        }
        for (int j = 0; j < rows; ++j) *to++ = scale * e[j];
    }

    const Net<T>& net;
    int tangents, groups, used = 0;
    Arena<T> arena;
    Tape<Layout, T> tape;
    T* along[max_depth + 1];
    T* Z[max_depth];
    T *c, *G, *q, *E, *scratch;
};

}  // namespace slopenet::SLOPENET_ISA
