// Backpropagation of values and slopes: delta[l], dC/db and dC/dW, one tile after another.
//
//     delta[l] = D[l] abar[l] + S[l] e[l]                 abar[L] = dC/dH,  abar[l-1] = W[l]^T delta[l]
//     dC/dW[l] = delta[l] a[l-1]^T + (slopes.hpp)         dC/db[l] = delta[l]
//
// slopes.hpp computes e[l] and its part of dC/dW. Without slopes e[l] = 0: this is plain backpropagation. The
// gradient adds up the tiles in their order.
#pragma once

#include "slopes.hpp"

namespace slopenet::SLOPENET_ISA {

// Epilogue: C D + S e.
template <class T>
struct Delta : Times<T> {
    const T *S, *e;
    Delta(const T* D, long panel, int groups, const T* S, const T* e)
        : Times<T>(D, panel, groups), S(S), e(e) {}
    SLOPENET_INLINE Delta at(int index) const {
        const long shared = this->shared(index);
        return {this->D + shared, this->panel, this->groups, S + shared, e + shared};
    }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, long offset) const {
        return fma(load(S + offset), load(e + offset), Times<T>::finish(sum, offset));
    }
};

template <class T>
class Backprop {
    using Layout = Samples<T>;

  public:
    Backprop(const Net<T>& net, const Task<T>& task, T* workspace)
        : net(net),
          task(task),
          with_slopes(Slopes<T>::directions(net, task) > 0),
          cut(choose_cut(net, Slopes<T>::directions(net, task))),
          arena{workspace},
          tape(arena, net, cut.groups, with_slopes ? 2 : 1, true),
          slopes(arena, net, task, cut.groups, cut.directions) {
        delta = arena.take(cut.groups * Layout::panel(widest(net)));
        spare = arena.take(cut.groups * Layout::panel(widest(net)));
        scratch = arena.take(OuterSum<T>::scratch_size(cut.groups));
        weight_panel = task.y_weight ? arena.take(Layout::panel(net.outputs())) : nullptr;
    }
    long workspace() const { return arena.peak; }
    int tile() const { return cut.groups * Layout::width; }

    void operator()(Gradient<T>& gradient, long s0, long n) {
        const int groups = static_cast<int>((n + Layout::width - 1) / Layout::width);
        const int top = net.depth - 1, inputs = net.inputs(), outputs = net.outputs();
        Layout::read([&](long s) { return task.X + task.row(s0 + s) * inputs; }, n, inputs, groups,
                     tape.a[0]);
        forward(net, tape, groups, with_slopes ? second_for_sums : 1);
        if (with_slopes) slopes(s0, n, groups, tape, gradient.theta, gradient.slope_cost);
        const long last = groups * Layout::panel(outputs);
        std::memcpy(delta, tape.a[net.depth], static_cast<std::size_t>(last) * sizeof(T));
        const auto known = [&](long s) { return task.y + task.row(s) * outputs; };
        const bool weighted = task.y_weight != nullptr;
        const auto weight = [&](long s) {
            return weighted ? task.y_weight + task.row(s) * outputs : nullptr;
        };
        cotangent(task, Known{known, weight, 1L, weighted}, s0, n, outputs, delta, spare, weight_panel,
                  gradient.value_cost);
        if (!gradient.theta) return;
        multiply(delta, tape.D[top], delta, last);
        if (with_slopes && net.has_second_derivative(top))
            add_product(delta, tape.S[top], slopes.e[top], last);
        long offset = net.parameters();
        for (int i = top; i >= 0; --i) {
            const Layer<T>& layer = net.layers[i];
            offset -= layer.parameters();
            if (gradient.delta)
                Layout::write(delta, layer.rows, groups, n, gradient.delta[i] + s0 * layer.rows, layer.rows);
            T* dW = gradient.theta + offset;
            OuterSum<T>::add(delta, tape.a[i], layer.rows, layer.cols, groups, dW, scratch);
            add_lanes(delta, layer.rows, groups, dW + static_cast<long>(layer.rows) * layer.cols, 1);
            if (i == 0) break;
            const auto below = [&](const auto& epilogue) {
                Layout::product(layer.packed_transpose, layer.cols, layer.rows, delta, spare, groups,
                                epilogue);
            };
            const long panel = Layout::panel(layer.cols);
            if (with_slopes) {
                below(Delta<T>(tape.D[i - 1], panel, groups, tape.S[i - 1], slopes.e[i - 1]));
            } else {
                below(Times<T>(tape.D[i - 1], panel, groups));
            }
            swap(delta, spare);
        }
    }

  private:
    // As many directions as fit in the cache, then as many groups of samples.
    static Cut choose_cut(const Net<T>& net, int directions) {
        constexpr long cache = 512 * 1024 / sizeof(T);
        long tape = 4 * Layout::panel(widest(net));
        for (int i = 0; i < net.depth; ++i) tape += 4 * Layout::panel(net.layers[i].rows);
        long block = cache / tape;
        block = block > directions ? directions : block < 1 && directions ? 1 : block;
        long groups = cache / (tape * (1 + block));
        groups = groups < 1 ? 1 : groups > 8 ? 8 : groups;
        return {static_cast<int>(groups), static_cast<int>(block)};
    }

    const Net<T>& net;
    const Task<T>& task;
    bool with_slopes;
    Cut cut;
    Arena<T> arena;
    Tape<Layout, T> tape;
    Slopes<T> slopes;
    T *delta, *spare, *scratch, *weight_panel;
};

}  // namespace slopenet::SLOPENET_ISA
