// One tile through everything that an operation asks for.
#pragma once

#include "chain.hpp"
#include "curvature.hpp"
#include "directional.hpp"

namespace slopenet::SLOPENET_ISA {

template <class L, class T>
class Sweep {
  public:
    Sweep(const Net<T>& net, const Points<T>& points, Operation operation, T* workspace)
        : Sweep(net, points, operation, cut(net, points, operation), workspace) {}

    int tile() const { return size.groups * L::width; }
    long workspace() const { return arena.peak; }

    // Samples s0 .. s0 + n, n at most a tile; false if an input is not finite.
    bool operator()(const Points<T>& points, long s0, long n) {
        const int inputs = net.inputs(), outputs = net.outputs();
        const int groups = static_cast<int>((n + L::width - 1) / L::width);
        const long slopes = static_cast<long>(outputs) * inputs;
        bool finite = L::read(points.X + s0 * inputs, n, inputs, groups, tape.a[0], inputs);
        forward(net, tape, groups, order);
        if (points.H) L::write(tape.a[net.depth], outputs, groups, n, points.H + s0 * outputs, outputs);
        if (points.J) chain(tape, groups, n, points.J + s0 * slopes, points.stop);
        const bool along_x = operation == Operation::jvp || operation == Operation::hvp;
        const int width = along_x ? inputs : outputs;
        if (points.vector) finite &= L::read(points.vector + s0 * width, n, width, groups, left, width);
        if (operation == Operation::jvp) {
            L::write(push<L>(net, tape, groups, left, right), outputs, groups, n,
                     points.result + s0 * outputs, outputs);
        } else if (operation == Operation::vjp) {
            L::write(pull<L>(net, tape, groups, left, right), inputs, groups, n, points.result + s0 * inputs,
                     inputs);
        } else if (operation > Operation::vjp) {
            curvature(tape, groups, points.vector ? left : nullptr, n,
                      points.result + s0 * result_size(net, operation), points.stop);
        }
        return finite;
    }

  private:
    static int order_of(const Points<T>& points, Operation operation) {
        return operation >= Operation::hessian ? 2 : operation == Operation::values && !points.J ? 0 : 1;
    }
    static constexpr long budget = 256 * 1024 / sizeof(T);

    static Cut cut(const Net<T>& net, const Points<T>& points, Operation operation) {
        int block = 0;
        if (points.J) {
            const int directions = Chain<L, T>::directions(net);
            const long fitting = budget / (2 * L::panel(widest(net)));
            block = static_cast<int>(fitting < 1 ? 1 : fitting > directions ? directions : fitting);
        }
        if (L::width == 1) return {1, block};
        const long one = Sweep(net, points, operation, {1, block}, nullptr).workspace();
        const long groups = budget / one;
        return {static_cast<int>(groups < 1 ? 1 : groups > 8 ? 8 : groups), block};
    }

    Sweep(const Net<T>& net, const Points<T>& points, Operation operation, Cut size, T* workspace)
        : net(net),
          operation(operation),
          order(order_of(points, operation)),
          size(size),
          arena{workspace},
          tape(arena, net, size.groups, order, false),
          chain(arena, net, size.groups, size.directions),
          curvature(arena, net, operation, size.groups) {
        if (points.vector) left = arena.take(size.groups * L::panel(widest(net)));
        if (points.vector) right = arena.take(size.groups * L::panel(widest(net)));
        chain.measure();
    }

    const Net<T>& net;
    Operation operation;
    int order;
    Cut size;
    Arena<T> arena;
    Tape<L, T> tape;
    Chain<L, T> chain;
    Curvature<L, T> curvature;
    T *left = nullptr, *right = nullptr;
};

// Fewer samples than these are not worth a tile of lanes: they go one by one, with the same bits.
template <class T>
inline constexpr int few = chunk<T> / 4;

template <class T>
Need need(const Net<T>& net, const Points<T>& points, Operation operation) {
    const long point = Sweep<Rows<T>, T>(net, points, operation, nullptr).workspace();
    if (points.n <= few<T>) return {point, few<T>, 1};
    const Sweep<Samples<T>, T> tiles(net, points, operation, nullptr);
    return {tiles.workspace() > point ? tiles.workspace() : point, tiles.tile(), chunk<T>};
}

template <class T>
bool run(const Net<T>& net, const Points<T>& points, Operation operation, T* workspace) {
    bool finite = true;
    const auto all = [&](auto&& sweep) {
        for (long s = 0; s < points.n && !points.stop(); s += sweep.tile())
            finite &= sweep(points, s, points.n - s < sweep.tile() ? points.n - s : sweep.tile());
    };
    if (points.n > few<T>) {
        all(Sweep<Samples<T>, T>(net, points, operation, workspace));
    } else {
        all(Sweep<Rows<T>, T>(net, points, operation, workspace));
    }
    return finite;
}

}  // namespace slopenet::SLOPENET_ISA
