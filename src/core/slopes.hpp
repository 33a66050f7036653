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

#include "outer_sum.hpp"

namespace slopenet::SLOPENET_ISA {

template <class T>
class Slopes {
    using L = Samples<T>;

  public:
    Slopes(Arena<T>& arena, const Net<T>& net, const Task<T>& task, int groups, int block)
        : net(net), task(task), groups(groups), block(block) {
        const int count = block * groups, width = widest(net);
        for (int i = 0; i < net.depth; ++i) {
            const long panels = count * L::panel(net.layers[i].rows);
            e[i] = arena.take(groups * L::panel(net.layers[i].rows));
            first[i] = arena.take(panels);   // c[l], or Z'[l]
            second[i] = arena.take(panels);  // G[l], or A'[l]
        }
        left = arena.take(count * L::panel(width));
        right = arena.take(count * L::panel(width));
        v = task.M ? arena.take(count * L::panel(net.inputs())) : nullptr;
        scratch = arena.take(OuterSum<T>::scratch_size(width, count));
    }

    // The most that there are to take together; 0 for a task without slopes.
    static int directions(const Net<T>& net, const Task<T>& task) {
        const int narrower = task.dydx ? least(net.inputs(), net.outputs()) : 0;
        return task.M > narrower ? task.M : narrower;
    }

    // e[l] for every layer, dW of the flat gradient (unless null), the cost of the slopes.
    void operator()(long s0, long n, int used, const Tape<L, T>& tape, T* theta, double& cost) {
        groups = used;
        for (int i = 0; i < net.depth; ++i) clear(e[i], size(net.layers[i].rows));
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

    T* e[max_depth];

  private:
    long size(int rows) const { return groups * L::panel(rows); }

    // second = first D, for each direction
    void times_D(const T* from, T* to, int i, const Tape<L, T>& tape, int count) const {
        const long n = size(net.layers[i].rows);
        for (int d = 0; d < count; ++d) multiply(from + d * n, tape.D[i], to + d * n, n);
    }

    void along_outputs(long s0, long n, const Tape<L, T>& tape, T* theta, double& cost, int k0, int count) {
        const int top = net.depth - 1, outputs = net.outputs();
        // c[L] = I: row k of G[L] is all there is
        clear(first[top], count * size(outputs));
        for (int k = 0; k < count; ++k) {
            for (int g = 0; g < groups; ++g)
                L::set_entry(first[top] + k * size(outputs) + g * L::panel(outputs), k0 + k, T(1));
        }
        times_D(first[top], second[top], top, tape, count);
        for (int i = top; i >= 0; --i) {
            const Layer<T>& layer = net.layers[i];
            T* c = i > 0 ? first[i - 1] : left;
            if (i == top) {
                for (int k = 0; k < count; ++k) {
                    for (int g = 0; g < groups; ++g) {
                        L::row(layer.W + static_cast<long>(k0 + k) * layer.cols, layer.cols,
                               tape.D[i] + g * L::panel(outputs), k0 + k,
                               c + (k * groups + g) * L::panel(layer.cols));
                    }
                }
            } else {
                L::product(layer.packed_transpose, layer.cols, layer.rows, second[i], c, count * groups,
                           Plain<T>{});
            }
            if (i > 0) times_D(c, second[i - 1], i - 1, tape, count);
        }
        const int inputs = net.inputs();
        for (int k = 0; k < count; ++k) {
            const auto row = [&](long s) -> Aim {
                return {task.dydx + (s * outputs + k0 + k) * inputs,
                        task.slope_weight.of(s) + (k0 + k) * inputs, 1};
            };
            cotangent(s0, n, left + k * size(inputs), inputs, row, cost);
        }
        if (!theta) return;
        T *t = left, *s = right;
        long offset = 0;
        for (int i = 0; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            OuterSum<T>::add(second[i], t, layer.rows, layer.cols, count * groups, theta + offset, scratch);
            L::product(layer.packed, layer.rows, layer.cols, t, s, count * groups, Plain<T>{});
            const long panel = size(layer.rows);
            for (int k = 0; k < count; ++k) add_product(e[i], s + k * panel, first[i] + k * panel, panel);
            times_D(s, s, i, tape, count);
            swap(t, s);
            offset += layer.parameters();
        }
    }

    // Z'[2]_i, the columns of W[2]
    void start_along_units(int i0, int count) {
        const Layer<T>& bottom = net.layers[0];
        for (int d = 0; d < count; ++d) {
            for (int j = 0; j < bottom.rows; ++j) {
                const Vec<T> w = broadcast(bottom.W[static_cast<long>(j) * bottom.cols + i0 + d]);
                for (int g = 0; g < groups; ++g) {
                    T* to =
                        first[0] + (d * groups + g) * L::panel(bottom.rows) + static_cast<long>(j) * L::width;
                    for (int x = 0; x < L::width; x += lanes<T>) store(to + x, w);
                }
            }
        }
    }
    // Z'[2]_m = W[2] v_m
    void start_along_directions(long s0, long n, int m0, int count) {
        const Layer<T>& bottom = net.layers[0];
        const int inputs = bottom.cols;
        for (int d = 0; d < count; ++d) {
            L::read(task.directions + (s0 * task.M + m0 + d) * inputs, n, inputs, groups,
                    v + d * size(inputs), static_cast<long>(task.M) * inputs);
        }
        L::product(bottom.packed, bottom.rows, inputs, v, first[0], count * groups, Plain<T>{});
    }

    // From Z'[2] of directions d0 .. d0 + count: those of the task, whose panels are `start`, or, if that is
    // null, the unit vectors.
    void along_inputs(long s0, long n, const Tape<L, T>& tape, T* theta, double& cost, int d0, int count,
                      const T* start) {
        const int inputs = net.inputs(), outputs = net.outputs(), top = net.depth - 1;
        times_D(first[0], second[0], 0, tape, count);
        for (int i = 1; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            L::product(layer.packed, layer.rows, layer.cols, second[i - 1], first[i], count * groups,
                       Plain<T>{});
            times_D(first[i], second[i], i, tape, count);
        }
        std::memcpy(left, second[top], static_cast<std::size_t>(count * size(outputs)) * sizeof(T));
        for (int d = 0; d < count; ++d) {
            const auto column = [&](long s) -> Aim {
                const long row = s * task.M + d0 + d;
                if (start) return {task.along + row * outputs, task.along_weight.of(row), 1};
                return {task.dydx + s * outputs * inputs + d0 + d, task.slope_weight.of(s) + d0 + d, inputs};
            };
            cotangent(s0, n, left + d * size(outputs), outputs, column, cost);
        }
        if (!theta) return;
        T *q = left, *spare = right;
        long offset = net.parameters();
        for (int i = top; i >= 0; --i) {
            const Layer<T>& layer = net.layers[i];
            offset -= layer.parameters();
            const long panel = size(layer.rows);
            for (int d = 0; d < count; ++d) add_product(e[i], q + d * panel, first[i] + d * panel, panel);
            times_D(q, q, i, tape, count);
            const T* below = i > 0 ? second[i - 1] : start;
            if (below) {
                OuterSum<T>::add(q, below, layer.rows, layer.cols, count * groups, theta + offset, scratch);
            } else {  // A'[1]_i is a unit vector
                for (int d = 0; d < count; ++d)
                    add_lanes(q + d * panel, layer.rows, groups, theta + d0 + d, inputs);
            }
            if (i == 0) break;
            L::product(layer.packed_transpose, layer.cols, layer.rows, q, spare, count * groups, Plain<T>{});
            swap(q, spare);
        }
    }

    // What one sample's slopes are compared with: targets and their weights, `step` apart.
    struct Aim {
        const T *target, *weight;
        long step;
    };

    // Slopes, a panel of `rows`, become the cotangent on them in place.
    template <class At>
    void cotangent(long s0, long n, T* panel, int rows, const At& aim_of, double& cost) const {
        for (int g = 0; g < groups; ++g) {
            for (int lane = 0; lane < L::width; ++lane) {
                const long s = static_cast<long>(g) * L::width + lane;
                T* x_of = panel + g * L::panel(rows) + lane;
                if (s >= n) {
                    for (int r = 0; r < rows; ++r) x_of[static_cast<long>(r) * L::width] = 0;
                    continue;
                }
                const T weight = sample_weight(task, s0 + s);
                const Aim aim = aim_of(s0 + s);
                for (int r = 0; r < rows; ++r) {
                    T& x = x_of[static_cast<long>(r) * L::width];
                    const T target = aim.target[r * aim.step];
                    if (task.given) {
                        x = weight * target;
                        continue;
                    }
                    const T residual = target == target ? x - target : T(0);
                    const T scaled = weight * aim.weight[r * aim.step] * residual;
                    cost += 0.5 * static_cast<double>(scaled) * residual;
                    x = scaled;
                }
            }
        }
    }

    const Net<T>& net;
    const Task<T>& task;
    int groups, block;
    T* first[max_depth];
    T* second[max_depth];
    T *left, *right, *v, *scratch;
};

}  // namespace slopenet::SLOPENET_ISA
