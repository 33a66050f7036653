// Backpropagation of values and slopes: delta[l], dC/db, dC/dW, for one tile after another.
//
//     delta[l] = D[l] abar[l] + S[l] e[l]        abar[L] = dC/dH, abar[l-1] = W[l]^T delta[l]
//     dC/dW[l] = delta[l] a[l-1]^T + (slopes)    dC/db[l] = delta[l]
//
// slopes.hpp adds e[l] and the second term of dC/dW where there is a cotangent on dH/dx; without one
// this is plain backpropagation. Sums over samples run in the order of the tiles.
#pragma once

#include "slopes.hpp"

namespace slopenet::SLOPENET_ISA {

// C D + S e
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
          size(cut_for(net, Slopes<T>::directions(net, task))),
          arena{workspace},
          tape(arena, net, size.groups, with_slopes ? 2 : 1, true),
          slope_part(arena, net, task, size.groups, size.directions) {
        left = arena.take(size.groups * Layout::panel(widest(net)));
        right = arena.take(size.groups * Layout::panel(widest(net)));
        scratch = arena.take(OuterSum<T>::scratch_size(size.groups));
    }
    long workspace() const { return arena.peak; }
    int tile() const { return size.groups * Layout::width; }

    void operator()(Gradient<T>& gradient, long s0, long n) {
        const int groups = static_cast<int>((n + Layout::width - 1) / Layout::width);
        const int top = net.depth - 1, outputs = net.outputs();
        const int inputs = net.inputs();
        Layout::read([&](long s) { return task.X + task.row(s0 + s) * inputs; }, n, inputs, groups,
                     tape.a[0]);
        forward(net, tape, groups, with_slopes ? brief : 1);
        if (with_slopes) slope_part(s0, n, groups, tape, gradient.theta, gradient.slope_cost);
        T *delta = left, *spare = right;
        const long last = groups * Layout::panel(outputs);
        std::memcpy(delta, tape.a[net.depth], static_cast<std::size_t>(last) * sizeof(T));
        const auto target = [&](long s) { return task.y + task.row(s) * outputs; };
        const auto weight = [](long) -> const T* { return nullptr; };
        cotangent(task, Aim{target, weight, 1L, false}, s0, n, outputs, delta, spare, spare,
                  gradient.value_cost);
        if (!gradient.theta) return;
        multiply(delta, tape.D[top], delta, last);
        if (with_slopes && slope_part.bends(top)) add_product(delta, tape.S[top], slope_part.e[top], last);
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
                below(Delta<T>(tape.D[i - 1], panel, groups, tape.S[i - 1], slope_part.e[i - 1]));
            } else {
                below(Times<T>(tape.D[i - 1], panel, groups));
            }
            swap(delta, spare);
        }
    }

  private:
    static Cut cut_for(const Net<T>& net, int directions) {
        constexpr long budget = 512 * 1024 / sizeof(T);
        long tape = 4 * Layout::panel(widest(net));
        for (int i = 0; i < net.depth; ++i) tape += 4 * Layout::panel(net.layers[i].rows);
        long block = budget / tape;
        block = block > directions ? directions : block < 1 && directions ? 1 : block;
        long groups = budget / (tape * (1 + block));
        groups = groups < 1 ? 1 : groups > 8 ? 8 : groups;
        return {static_cast<int>(groups), static_cast<int>(block)};
    }

    const Net<T>& net;
    const Task<T>& task;
    bool with_slopes;
    Cut size;
    Arena<T> arena;
    Tape<Layout, T> tape;
    Slopes<T> slope_part;
    T *left, *right, *scratch;
};

}  // namespace slopenet::SLOPENET_ISA
