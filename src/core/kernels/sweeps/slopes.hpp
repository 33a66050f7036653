// The part of backpropagation that a cotangent r on dH/dx adds, for one tile:
//
//     along the outputs    G[l]_k = c[l]_k D[l],  c[l-1]_k = W[l]^T G[l]_k     (the sweep that gives dH/dx)
//                          t_k[1] = r_k,  s_k[l] = W[l] t_k[l-1],  t_k[l] = D[l] s_k[l]
//                          e[l] = sum_k s_k[l] c[l]_k,    dW[l] += sum_k G[l]_k t_k[l-1]^T
//     along the inputs     Z'[l]_i = W[l] A'[l-1]_i,  A'[l]_i = D[l] Z'[l]_i   (likewise)
//                          q_i[L] = column i of r,  p_i[l] = D[l] q_i[l],  q_i[l-1] = W[l]^T p_i[l]
//                          e[l] = sum_i q_i[l] Z'[l]_i,   dW[l] += sum_i p_i[l] A'[l-1]_i^T
//
// The fewer directions are taken, so the cost does not grow with the other side. A cotangent on J v_m goes
// the second way: A'[1]_m is v_m instead of a unit vector.
#pragma once

#include "cotangent.hpp"
#include "forward.hpp"
#include "../products/outer_sum.hpp"

namespace slopenet::SLOPENET_ISA {

// C D, and e += C c, summed over the directions in their order; of a `fresh` e the first are all there is
// yet.
template <class T>
struct Bending : Times<T> {
    const T* c;
    T* e;
    bool fresh;
    Bending(const T* D, long panel, int groups, const T* c, T* e, bool fresh)
        : Times<T>(D, panel, groups), c(c), e(e), fresh(fresh) {}
    SLOPENET_INLINE Bending at(int index) const {
        const long shared = this->shared(index);
        const bool first = fresh && index < this->groups;
        return {this->D + shared, this->panel, this->groups, c + index * this->panel, e + shared, first};
    }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, long offset) const {
        store(e + offset, fma(sum, load(c + offset), fresh ? Vec<T>{} : load(e + offset)));
        return Times<T>::finish(sum, offset);
    }
};

template <class T>
class Slopes {
    using Layout = Samples<T>;

  public:
    Slopes(Arena<T>& arena, const Net<T>& net, const Task<T>& task, int groups, int block)
        : net(net), task(task), groups(groups), block(block) {
        const int count = block * groups, width = widest(net);
        for (int i = 0; i < net.depth; ++i) {
            const long panels = count * Layout::panel(net.layers[i].rows);
            e[i] = arena.take(groups * Layout::panel(net.layers[i].rows));
            first[i] = arena.take(panels);   // c[l], or Z'[l]
            second[i] = arena.take(panels);  // G[l], or A'[l]
        }
        left = arena.take(count * Layout::panel(width));
        right = arena.take(count * Layout::panel(width));
        v = task.M ? arena.take(count * Layout::panel(net.inputs())) : nullptr;
        const long sums = OuterSum<T>::scratch_size(count), panel = Layout::panel(width);
        scratch = arena.take(sums > panel ? sums : panel);
    }

    // The most that there are to take together; 0 for a task without slopes.
    static int directions(const Net<T>& net, const Task<T>& task) {
        const int narrower = task.dydx ? least(net.inputs(), net.outputs()) : 0;
        return task.M > narrower ? task.M : narrower;
    }

    // e[l] for every layer that bends, dW of the flat gradient (unless null), the cost of the slopes.
    void operator()(long s0, long n, int used, const Tape<Layout, T>& tape, T* theta, double& cost) {
        groups = used;
        fresh = true;
        const bool outputs_first = net.outputs() <= net.inputs();
        const int all = task.dydx ? least(net.inputs(), net.outputs()) : 0;
        for (int d0 = 0; d0 < all; d0 += block) {
            const int count = least(block, all - d0);
            if (outputs_first) {
                along_outputs(s0, n, tape, theta, cost, d0, count);
            } else {
                start_along_units(d0, count);
                along_inputs(s0, n, tape, theta, cost, d0, count, nullptr);
            }
        }
        for (int m0 = 0; m0 < task.M; m0 += block) {
            const int count = least(block, task.M - m0);
            start_along_directions(s0, n, m0, count);
            along_inputs(s0, n, tape, theta, cost, m0, count, v);
        }
    }

    bool bends(int i) const { return net.layers[i].activation->has_second_derivative; }

    T* e[max_depth];

  private:
    // A row of the slopes asked for, or, with `step` n_1, a column.
    auto slopes_from(long entry, long step) const {
        const long stride = static_cast<long>(net.outputs()) * net.inputs();
        const auto target = [=](long s) { return task.dydx + task.row(s) * stride + entry; };
        const auto weight = [=](long s) { return task.slope_weight.of(task.row(s)) + entry; };
        return Aim{target, weight, step, task.slope_weight.step != 0};
    }

    long size(int rows) const { return groups * Layout::panel(rows); }

    // second = first D, for each direction
    void times_D(const T* from, T* to, int i, const Tape<Layout, T>& tape, int count) const {
        const long n = size(net.layers[i].rows);
        for (int d = 0; d < count; ++d) multiply(from + d * n, tape.D[i], to + d * n, n);
    }

    void along_outputs(long s0, long n, const Tape<Layout, T>& tape, T* theta, double& cost, int k0,
                       int count) {
        const int top = net.depth - 1, outputs = net.outputs();
        // c[L] = I: row k of G[L] is all there is
        clear(first[top], count * size(outputs));
        for (int k = 0; k < count; ++k) {
            for (int g = 0; g < groups; ++g)
                Layout::set_entry(first[top] + k * size(outputs) + g * Layout::panel(outputs), k0 + k, T(1));
        }
        times_D(first[top], second[top], top, tape, count);
        for (int i = top; i >= 0; --i) {
            const Layer<T>& layer = net.layers[i];
            if (i < top) {
                const long panel = Layout::panel(layer.cols);
                if (i > 0) {
                    Layout::product(layer.packed_transpose, layer.cols, layer.rows, second[i], first[i - 1],
                                    count * groups,
                                    AlsoTimes<T>(tape.D[i - 1], panel, groups, second[i - 1]));
                } else {
                    Layout::product(layer.packed_transpose, layer.cols, layer.rows, second[i], left,
                                    count * groups, Plain<T>{});
                }
                continue;
            }
            for (int k = 0; k < count; ++k) {
                for (int g = 0; g < groups; ++g) {
                    const long panel = Layout::panel(layer.cols), here = (k * groups + g) * panel;
                    T* c = (i > 0 ? first[i - 1] : left) + here;
                    Layout::row(layer.W + static_cast<long>(k0 + k) * layer.cols, layer.cols,
                                tape.D[i] + g * Layout::panel(outputs), k0 + k, c);
                    if (i > 0) multiply(c, tape.D[i - 1] + g * panel, second[i - 1] + here, panel);
                }
            }
        }
        const int inputs = net.inputs();
        for (int k = 0; k < count; ++k) {
            const long row = static_cast<long>(k0 + k) * inputs;
            compare(s0, n, left + k * size(inputs), inputs, slopes_from(row, 1), cost);
        }
        if (!theta) return;
        T *t = left, *s = right;
        long offset = 0;
        for (int i = 0; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            OuterSum<T>::add(second[i], t, layer.rows, layer.cols, count * groups, theta + offset, scratch);
            if (i < top || bends(i)) {
                Layout::product(
                    layer.packed, layer.rows, layer.cols, t, s, count * groups,
                    Bending<T>(tape.D[i], Layout::panel(layer.rows), groups, first[i], e[i], fresh));
            }
            swap(t, s);
            offset += layer.parameters();
        }
        fresh = false;
    }

    // Z'[2]_i, the columns of W[2]
    void start_along_units(int i0, int count) {
        const Layer<T>& bottom = net.layers[0];
        for (int d = 0; d < count; ++d) {
            for (int j = 0; j < bottom.rows; ++j) {
                const Vec<T> w = broadcast(bottom.W[static_cast<long>(j) * bottom.cols + i0 + d]);
                for (int g = 0; g < groups; ++g) {
                    T* to = first[0] + (d * groups + g) * Layout::panel(bottom.rows) +
                            static_cast<long>(j) * Layout::width;
                    for (int x = 0; x < Layout::width; x += lanes<T>) store(to + x, w);
                }
            }
        }
    }
    // Z'[2]_m = W[2] v_m
    void start_along_directions(long s0, long n, int m0, int count) {
        const Layer<T>& bottom = net.layers[0];
        const int inputs = bottom.cols;
        for (int d = 0; d < count; ++d) {
            Layout::read(
                [&](long s) { return task.directions + (task.row(s0 + s) * task.M + m0 + d) * inputs; }, n,
                inputs, groups, v + d * size(inputs));
        }
        Layout::product(bottom.packed, bottom.rows, inputs, v, first[0], count * groups, Plain<T>{});
    }

    // From Z'[2] of directions d0 .. d0 + count: those of the task, whose panels are `start`, or, if that is
    // null, the unit vectors.
    void along_inputs(long s0, long n, const Tape<Layout, T>& tape, T* theta, double& cost, int d0, int count,
                      const T* start) {
        const int inputs = net.inputs(), outputs = net.outputs(), top = net.depth - 1;
        times_D(first[0], second[0], 0, tape, count);
        for (int i = 1; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            Layout::product(layer.packed, layer.rows, layer.cols, second[i - 1], first[i], count * groups,
                            AlsoTimes<T>(tape.D[i], Layout::panel(layer.rows), groups, second[i]));
        }
        std::memcpy(left, second[top], static_cast<std::size_t>(count * size(outputs)) * sizeof(T));
        for (int d = 0; d < count; ++d) {
            T* slopes = left + d * size(outputs);
            if (start) {
                const auto along = [&](long s) { return task.row(s) * task.M + d0 + d; };
                const auto target = [&](long s) { return task.along + along(s) * outputs; };
                const auto weight = [&](long s) { return task.along_weight.of(along(s)); };
                const bool each = task.along_weight.step != 0;
                compare(s0, n, slopes, outputs, Aim{target, weight, 1L, each}, cost);
            } else {
                compare(s0, n, slopes, outputs, slopes_from(d0 + d, inputs), cost);
            }
        }
        if (!theta) return;
        T *q = left, *spare = right;
        const long outs = size(outputs);
        if (fresh && bends(top)) clear(e[top], outs);
        for (int d = 0; bends(top) && d < count; ++d)
            add_product(e[top], q + d * outs, first[top] + d * outs, outs);
        times_D(q, q, top, tape, count);
        long offset = net.parameters();
        for (int i = top; i >= 0; --i) {
            const Layer<T>& layer = net.layers[i];
            offset -= layer.parameters();
            const T* below = i > 0 ? second[i - 1] : start;
            if (below) {
                OuterSum<T>::add(q, below, layer.rows, layer.cols, count * groups, theta + offset, scratch);
            } else {  // A'[1]_i is a unit vector
                for (int d = 0; d < count; ++d)
                    add_lanes(q + d * size(layer.rows), layer.rows, groups, theta + d0 + d, inputs);
            }
            if (i == 0) break;
            Layout::product(
                layer.packed_transpose, layer.cols, layer.rows, q, spare, count * groups,
                Bending<T>(tape.D[i - 1], Layout::panel(layer.cols), groups, first[i - 1], e[i - 1], fresh));
            swap(q, spare);
        }
        fresh = false;
    }

    // Slopes, a panel of `rows` for each group, become the cotangent on them in place.
    template <class Target, class Weight>
    void compare(long s0, long n, T* slopes, int rows, const Aim<Target, Weight>& aim, double& cost) const {
        cotangent(task, aim, s0, n, rows, slopes, right, scratch, cost);  // both free in the meantime
    }

    const Net<T>& net;
    const Task<T>& task;
    int groups, block;
    bool fresh;  // nothing is in e yet
    T* first[max_depth];
    T* second[max_depth];
    T *left, *right, *v, *scratch;
};

}  // namespace slopenet::SLOPENET_ISA
