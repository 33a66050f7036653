// The rows of d(residuals)/d(theta) of one tile, for values H_k and for slopes J_k v_m along M tangents v_m:
//
//     dH_k / dW[l]       = G[l]_k a[l-1]^T                          dH_k / db[l]       = G[l]_k
//     d(J_k v_m) / dW[l] = E[l]_mk a[l-1]^T + G[l]_k A'[l-1]_m^T    d(J_k v_m) / db[l] = E[l]_mk
//
//     A'[1]_m = v_m,   Z'[l]_m = W[l] A'[l-1]_m,   A'[l]_m = D[l] Z'[l]_m,     A'[L]_m = J v_m
//     c[L] = I,        G[l]_k = D[l] c[l]_k,       c[l-1]_k = W[l]^T G[l]_k
//     q[L] = 0,        E[l]_mk = d(J_k v_m)/dz[l] = D[l] q[l]_mk + S[l] Z'[l]_m c[l]_k,
//                      q[l-1]_mk = W[l]^T E[l]_mk
//
// The results are these rows, or their factors a, G, A' and E, which give J_theta J_theta^T without J_theta.
#pragma once

#include "forward.hpp"
#include "../products/outer_sum.hpp"

namespace slopenet::SLOPENET_ISA {

template <class T>
class GaussNewton {
    using Layout = Samples<T>;

  public:
    GaussNewton(const Net<T>& net, int M, T* workspace)
        : net(net),
          M(M),
          groups(fitting_groups(net, M)),
          arena{workspace},
          tape(arena, net, groups, M ? 2 : 1, true) {
        const int outputs = net.outputs(), width = widest(net);
        for (int i = 0; i < net.depth; ++i) {
            A[i] = arena.take(M * capacity(net.layers[i].cols));
            Z[i] = arena.take(M * capacity(net.layers[i].rows));
        }
        A[net.depth] = arena.take(M * capacity(outputs));
        c = arena.take(outputs * capacity(width));
        G = arena.take(outputs * capacity(width));
        q = arena.take(M * outputs * capacity(width));
        E = arena.take(M * outputs * capacity(width));
        scratch = arena.take(Layout::width * (3L + outputs) * width);
    }
    long workspace() const { return arena.peak; }
    int tile() const { return groups * Layout::width; }

    void operator()(const Residuals<T>& task, long s0, long n) {
        used_groups = static_cast<int>((n + Layout::width - 1) / Layout::width);
        forward_sweep(task, s0, n);
        if (!task.rows && !task.G) return;
        const int outputs = net.outputs(), top = net.depth - 1;
        start_unit_rows();
        clear(q, static_cast<long>(M) * outputs * used(outputs));
        long offset = net.parameters();
        for (int i = top; i >= 0; --i) {
            const Layer<T>& layer = net.layers[i];
            const long panel = used(layer.rows);
            for (int k = 0; k < outputs; ++k) multiply(c + k * panel, tape.D[i], G + k * panel, panel);
            for (int d = 0; d < M * outputs; ++d)
                slope_adjoint(i, Z[i] + d / outputs * panel, c + d % outputs * panel, q + d * panel,
                              E + d * panel);
            offset -= layer.parameters();
            if (task.rows) write_rows(task, i, offset, s0, n);
            if (task.G) write_factors(task, i, s0, n);
            if (i == 0) break;
            Layout::product(layer.packed_transpose, layer.cols, layer.rows, G, c, outputs * used_groups,
                            Plain<T>{});
            Layout::product(layer.packed_transpose, layer.cols, layer.rows, E, q, M * outputs * used_groups,
                            Plain<T>{});
        }
    }

  private:
    // Groups of samples that fit in the cache.
    static int fitting_groups(const Net<T>& net, int M) {
        const long panel = Layout::panel(widest(net)), each = 2 + 2L * M;
        const long all = panel * (each * (net.depth + 1) + each * net.outputs());
        const long fit = 256L * 1024 / static_cast<long>(sizeof(T)) / all;
        return static_cast<int>(fit < 1 ? 1 : fit > 4 ? 4 : fit);
    }
    long capacity(int rows) const { return groups * Layout::panel(rows); }
    long used(int rows) const { return used_groups * Layout::panel(rows); }

    // a[l], D[l], S[l], A'[l] and Z'[l]; writes H and J v.
    void forward_sweep(const Residuals<T>& task, long s0, long n) {
        const int inputs = net.inputs(), outputs = net.outputs();
        Layout::read(task.X + s0 * inputs, n, inputs, used_groups, tape.a[0], inputs);
        forward(net, tape, used_groups, M ? second_for_sums : 1);
        Layout::write(tape.a[net.depth], outputs, used_groups, n, task.H + s0 * outputs, outputs);
        for (int m = 0; m < M; ++m) read_tangent(task, m, s0, n);
        for (int i = 0; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            Layout::product(layer.packed, layer.rows, layer.cols, A[i], Z[i], M * used_groups,
                            AlsoTimes<T>(tape.D[i], Layout::panel(layer.rows), used_groups, A[i + 1]));
        }
        const long stride = static_cast<long>(M) * outputs;
        for (int m = 0; m < M; ++m)
            Layout::write(A[net.depth] + m * used(outputs), outputs, used_groups, n,
                          task.Jv + s0 * stride + m * outputs, stride);
    }

    // A'[1]_m
    void read_tangent(const Residuals<T>& task, int m, long s0, long n) {
        const long inputs = net.inputs(), panel = used(net.inputs());
        T* v = A[0] + m * panel;
        if (task.V) {
            Layout::read(task.V + (s0 * M + m) * inputs, n, net.inputs(), used_groups, v, M * inputs);
            return;
        }
        clear(v, panel);
        for (int g = 0; g < used_groups; ++g) Layout::set_entry(v + g * Layout::panel(net.inputs()), m, T(1));
    }

    // c[L] = I
    void start_unit_rows() {
        const int outputs = net.outputs();
        clear(c, outputs * used(outputs));
        for (int k = 0; k < outputs; ++k) {
            for (int g = 0; g < used_groups; ++g)
                Layout::set_entry(c + k * used(outputs) + g * Layout::panel(outputs), k, T(1));
        }
    }

    // E[l]_mk = D[l] q[l]_mk + S[l] Z'[l]_m c[l]_k
    void slope_adjoint(int i, const T* Zm, const T* ck, const T* qmk, T* Emk) const {
        for (long x = 0; x < used(net.layers[i].rows); x += lanes<T>) {
            const Vec<T> SZ = load(tape.S[i] + x) * load(Zm + x);
            store(Emk + x, fma(load(tape.D[i] + x), load(qmk + x), SZ * load(ck + x)));
        }
    }

    // Writes a (N, n_{l-1}), G (N, n_L, n_l), A' (N, M, n_{l-1}) and E (N, M, n_L, n_l) of layer i.
    void write_factors(const Residuals<T>& task, int i, long s0, long n) const {
        const int rows = net.layers[i].rows, cols = net.layers[i].cols, outputs = net.outputs();
        write(tape.a[i], cols, 1, s0, n, task.a[i]);
        write(G, rows, outputs, s0, n, task.G[i]);
        write(A[i], cols, M, s0, n, task.A[i]);
        write(E, rows, M * outputs, s0, n, task.E[i]);
    }
    void write(const T* from, int rows, int count, long s0, long n, T* to) const {
        const long stride = static_cast<long>(count) * rows;
        for (int d = 0; d < count; ++d)
            Layout::write(from + d * used(rows), rows, used_groups, n,
                          to + s0 * stride + static_cast<long>(d) * rows, stride);
    }

    // Writes the columns of layer i, times the scales of the rows. A sample has rows for its values, then for
    // its slopes.
    void write_rows(const Residuals<T>& task, int i, long offset, long s0, long n) {
        const int rows = net.layers[i].rows, cols = net.layers[i].cols, outputs = net.outputs();
        const long parameters = net.parameters(), each = outputs * (1L + M);
        T *a = scratch, *v = a + Layout::width * static_cast<long>(cols),
          *g = v + Layout::width * static_cast<long>(cols);
        T* e = g + static_cast<long>(outputs) * Layout::width * rows;
        for (int group = 0; group < used_groups; ++group) {
            const long first = static_cast<long>(group) * Layout::width;
            const long here = n - first < Layout::width ? n - first : Layout::width;
            const auto transpose_group = [&](const T* from, int width, int d, T* to) {
                Layout::write(from + d * used(width) + group * Layout::panel(width), width, 1, here, to,
                              width);
            };
            transpose_group(tape.a[i], cols, 0, a);
            for (int k = 0; k < outputs; ++k)
                transpose_group(G, rows, k, g + k * Layout::width * static_cast<long>(rows));
            for (int m = -1; m < M; ++m) {
                if (m >= 0) transpose_group(A[i], cols, m, v);
                for (int k = 0; k < outputs; ++k) {
                    const T* gk = g + k * Layout::width * static_cast<long>(rows);
                    if (m >= 0) transpose_group(E, rows, m * outputs + k, e);
                    for (long s = 0; s < here; ++s) {
                        const long row = (s0 + first + s) * each + (m + 1) * outputs + k;
                        T* to = task.rows + row * parameters + offset;
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
    int M, groups, used_groups = 0;
    Arena<T> arena;
    Tape<Layout, T> tape;
    T* A[max_depth + 1];
    T* Z[max_depth];
    T *c, *G, *q, *E, *scratch;
};

}  // namespace slopenet::SLOPENET_ISA
