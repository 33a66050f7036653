// The part of backpropagation that comes from cotangents on slopes, for one tile: r on dH/dx, and one on each
// J v_m.
//
//     over outputs k     c[L]_k = unit row k,  G[l]_k = c[l]_k D[l],  c[l-1]_k = W[l]^T G[l]_k,  c[1] = dH/dx
//                        t_k[1] = row k of r,  s_k[l] = W[l] t_k[l-1],  t_k[l] = D[l] s_k[l]
//                        e[l] = sum_k s_k[l] c[l]_k,    dW[l] += sum_k G[l]_k t_k[l-1]^T
//
//     over tangents i    A'[1]_i = v_i,  Z'[l]_i = W[l] A'[l-1]_i,  A'[l]_i = D[l] Z'[l]_i,  A'[L]_i = J v_i
//                        q_i[L] = cotangent on J v_i,  p_i[l] = D[l] q_i[l],  q_i[l-1] = W[l]^T p_i[l]
//                        e[l] = sum_i q_i[l] Z'[l]_i,   dW[l] += sum_i p_i[l] A'[l-1]_i^T
//
// backprop.hpp adds S[l] e[l] to delta[l]. A cotangent on dH/dx takes the sweep with fewer directions: all
// outputs, or all inputs with v_i the unit vectors. Slopes along given directions v_m take the second sweep.
#pragma once

#include "cotangent.hpp"
#include "forward.hpp"
#include "../products/outer_sum.hpp"

namespace slopenet::SLOPENET_ISA {

template <class T>
class Slopes {
    using Layout = Samples<T>;

  public:
    // For tiles of `groups` groups, in blocks of `block` directions.
    Slopes(Arena<T>& arena, const Net<T>& net, const Task<T>& task, int groups, int block)
        : net(net), task(task), groups(groups), block(block) {
        const int count = block * groups, width = widest(net);
        for (int i = 0; i < net.depth; ++i) {
            const long panel = Layout::panel(net.layers[i].rows);
            e[i] = arena.take(groups * panel);
            c[i] = Z[i] = arena.take(count * panel);
            G[i] = A[i] = arena.take(count * panel);
        }
        for (T*& panels : travelling) panels = arena.take(count * Layout::panel(width));
        v = task.M ? arena.take(count * Layout::panel(net.inputs())) : nullptr;
        const long sums = OuterSum<T>::scratch_size(count), panel = Layout::panel(width);
        scratch = arena.take(sums > panel ? sums : panel);
    }

    // The largest useful block of directions; 0 for a task without slopes.
    static int directions(const Net<T>& net, const Task<T>& task) {
        const int narrower = task.dydx ? least(net.inputs(), net.outputs()) : 0;
        return task.M > narrower ? task.M : narrower;
    }

    // Sets e[l] of every layer that has a second derivative, adds to dW in the flat gradient unless theta is
    // null, and adds the cost of the slopes to `cost`.
    void operator()(long s0, long n, int used_groups, const Tape<Layout, T>& tape, T* theta, double& cost) {
        groups = used_groups;
        e_is_empty = true;
        const bool over_outputs = net.outputs() <= net.inputs();
        const int all = task.dydx ? least(net.inputs(), net.outputs()) : 0;
        for (int d0 = 0; d0 < all; d0 += block) {
            const int count = least(block, all - d0);
            if (over_outputs) {
                sweep_outputs(s0, n, tape, theta, cost, d0, count);
            } else {
                start_unit_vectors(d0, count);
                sweep_tangents(s0, n, tape, theta, cost, d0, count, nullptr);
            }
        }
        for (int m0 = 0; m0 < task.M; m0 += block) {
            const int count = least(block, task.M - m0);
            start_directions(s0, n, m0, count);
            sweep_tangents(s0, n, tape, theta, cost, m0, count, v);
        }
    }

    T* e[max_depth];

  private:
    long used(int rows) const { return groups * Layout::panel(rows); }

    // The known slopes from entry `entry` of dH/dx on: a row with stride 1, a column with stride n_1.
    auto known_dydx(long entry, long stride) const {
        const long size = static_cast<long>(net.outputs()) * net.inputs();
        const auto known = [=](long s) { return task.dydx + task.row(s) * size + entry; };
        const auto weight = [=](long s) { return task.dydx_weight.of(task.row(s)) + entry; };
        return Known{known, weight, stride, task.dydx_weight.per_row()};
    }
    // The known slopes along direction m.
    auto known_dydv(int m) const {
        const auto row = [=](long s) { return task.row(s) * task.M + m; };
        const auto known = [=](long s) { return task.dydv + row(s) * net.outputs(); };
        const auto weight = [=](long s) { return task.dydv_weight.of(row(s)); };
        return Known{known, weight, 1L, task.dydv_weight.per_row()};
    }
    // Turns slopes, a panel of `rows` for each group, into the cotangent on them in place.
    template <class KnownOf, class WeightOf>
    void compare(long s0, long n, T* slopes, int rows, const Known<KnownOf, WeightOf>& known,
                 double& cost) const {
        cotangent(task, known, s0, n, rows, slopes, travelling[1], scratch, cost);  // both are free here
    }

    // to = from D[l] of each direction
    void times_D(const T* from, T* to, int i, const Tape<Layout, T>& tape, int count) const {
        const long size = used(net.layers[i].rows);
        for (int d = 0; d < count; ++d) multiply(from + d * size, tape.D[i], to + d * size, size);
    }

    void sweep_outputs(long s0, long n, const Tape<Layout, T>& tape, T* theta, double& cost, int k0,
                       int count) {
        const int top = net.depth - 1, inputs = net.inputs();
        T *t = travelling[0], *t_next = travelling[1];
        reverse(tape, k0, count, t);
        for (int k = 0; k < count; ++k) {
            const long entry = static_cast<long>(k0 + k) * inputs;
            compare(s0, n, t + k * used(inputs), inputs, known_dydx(entry, 1), cost);
        }
        if (!theta) return;
        long offset = 0;
        for (int i = 0; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            OuterSum<T>::add(G[i], t, layer.rows, layer.cols, count * groups, theta + offset, scratch);
            if (i < top || net.has_second_derivative(i)) {
                const TimesAndAccumulate<T> epilogue(tape.D[i], Layout::panel(layer.rows), groups, c[i], e[i],
                                                     e_is_empty);
                Layout::product(layer.packed, layer.rows, layer.cols, t, t_next, count * groups, epilogue);
            }
            swap(t, t_next);
            offset += layer.parameters();
        }
        e_is_empty = false;
    }
    // c[l]_k and G[l]_k of outputs k0 .. k0 + count, and their rows of dH/dx to J.
    void reverse(const Tape<Layout, T>& tape, int k0, int count, T* J) {
        const int top = net.depth - 1, outputs = net.outputs();
        clear(c[top], count * used(outputs));
        for (int k = 0; k < count; ++k) {
            for (int g = 0; g < groups; ++g)
                Layout::set_entry(c[top] + k * used(outputs) + g * Layout::panel(outputs), k0 + k, T(1));
        }
        times_D(c[top], G[top], top, tape, count);
        const Layer<T>& last = net.layers[top];
        const long panel = Layout::panel(last.cols);
        for (int k = 0; k < count; ++k) {  // G[L]_k has one entry: its product is a row of W[L]
            for (int g = 0; g < groups; ++g) {
                const long here = (k * groups + g) * panel;
                T* to = (top > 0 ? c[top - 1] : J) + here;
                Layout::row(last.W + static_cast<long>(k0 + k) * last.cols, last.cols,
                            tape.D[top] + g * Layout::panel(outputs), k0 + k, to);
                if (top > 0) multiply(to, tape.D[top - 1] + g * panel, G[top - 1] + here, panel);
            }
        }
        for (int i = top - 1; i >= 0; --i) {
            const Layer<T>& layer = net.layers[i];
            const auto product = [&](T* to, const auto& epilogue) {
                Layout::product(layer.packed_transpose, layer.cols, layer.rows, G[i], to, count * groups,
                                epilogue);
            };
            if (i == 0) return product(J, Plain<T>{});
            product(c[i - 1], AlsoTimes<T>(tape.D[i - 1], Layout::panel(layer.cols), groups, G[i - 1]));
        }
    }

    // Z'[2]_i = W[2] v_i, a column of W[2]
    void start_unit_vectors(int i0, int count) {
        const Layer<T>& bottom = net.layers[0];
        for (int d = 0; d < count; ++d) {
            for (int j = 0; j < bottom.rows; ++j) {
                const Vec<T> w = broadcast(bottom.W[static_cast<long>(j) * bottom.cols + i0 + d]);
                for (int g = 0; g < groups; ++g) {
                    const long panel = (d * groups + g) * Layout::panel(bottom.rows);
                    T* to = Z[0] + panel + static_cast<long>(j) * Layout::width;
                    for (int x = 0; x < Layout::width; x += lanes<T>) store(to + x, w);
                }
            }
        }
    }
    // Z'[2]_m = W[2] v_m
    void start_directions(long s0, long n, int m0, int count) {
        const Layer<T>& bottom = net.layers[0];
        const int inputs = bottom.cols;
        for (int d = 0; d < count; ++d) {
            const auto direction = [&](long s) {
                return task.directions + (task.row(s0 + s) * task.M + m0 + d) * inputs;
            };
            Layout::read(direction, n, inputs, groups, v + d * used(inputs));
        }
        Layout::product(bottom.packed, bottom.rows, inputs, v, Z[0], count * groups, Plain<T>{});
    }

    // For tangents d0 .. d0 + count, whose Z'[2] is ready: the task's directions, which `given` holds, or the
    // unit vectors if it is null.
    void sweep_tangents(long s0, long n, const Tape<Layout, T>& tape, T* theta, double& cost, int d0,
                        int count, const T* given) {
        const int inputs = net.inputs(), outputs = net.outputs(), top = net.depth - 1;
        times_D(Z[0], A[0], 0, tape, count);
        for (int i = 1; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            Layout::product(layer.packed, layer.rows, layer.cols, A[i - 1], Z[i], count * groups,
                            AlsoTimes<T>(tape.D[i], Layout::panel(layer.rows), groups, A[i]));
        }
        T *q = travelling[0], *p_next = travelling[1];
        const long size = used(outputs);
        std::memcpy(q, A[top], static_cast<std::size_t>(count * size) * sizeof(T));
        for (int d = 0; d < count; ++d) {
            if (given) {
                compare(s0, n, q + d * size, outputs, known_dydv(d0 + d), cost);
            } else {
                compare(s0, n, q + d * size, outputs, known_dydx(d0 + d, inputs), cost);
            }
        }
        if (!theta) return;
        if (net.has_second_derivative(top)) {
            if (e_is_empty) clear(e[top], size);
            for (int d = 0; d < count; ++d) add_product(e[top], q + d * size, Z[top] + d * size, size);
        }
        T* p = q;
        times_D(q, p, top, tape, count);
        long offset = net.parameters();
        for (int i = top; i >= 0; --i) {
            const Layer<T>& layer = net.layers[i];
            offset -= layer.parameters();
            const T* below = i > 0 ? A[i - 1] : given;
            if (below) {
                OuterSum<T>::add(p, below, layer.rows, layer.cols, count * groups, theta + offset, scratch);
            } else {  // A'[1]_i is a unit vector
                for (int d = 0; d < count; ++d)
                    add_lanes(p + d * used(layer.rows), layer.rows, groups, theta + d0 + d, inputs);
            }
            if (i == 0) break;
            const TimesAndAccumulate<T> epilogue(tape.D[i - 1], Layout::panel(layer.cols), groups, Z[i - 1],
                                                 e[i - 1], e_is_empty);
            Layout::product(layer.packed_transpose, layer.cols, layer.rows, p, p_next, count * groups,
                            epilogue);
            swap(p, p_next);
        }
        e_is_empty = false;
    }

    const Net<T>& net;
    const Task<T>& task;
    int groups, block;
    bool e_is_empty;  // no direction has been added yet
    // c and Z', and G and A', share their memory: one sweep ends before the other begins.
    T *c[max_depth], *G[max_depth], *Z[max_depth], *A[max_depth];
    T* travelling[2];  // panels of t, or of q and p, on both sides of a product
    T *v, *scratch;
};

}  // namespace slopenet::SLOPENET_ISA
