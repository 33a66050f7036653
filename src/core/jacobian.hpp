// dH/dx = D[L] W[L] ... D[2] W[2], multiplied from either end, and its products with a vector.
#pragma once

#include "forward.hpp"

namespace slopenet::SLOPENET_ISA {

// Tangents t[l] = D[l] W[l] t[l-1] through layers first.. up to the output.
template <class L, class T>
T* push(const Net<T>& net, const Tape<L, T>& tape, int groups, int first, T* t, T* spare, int directions) {
    for (int i = first; i < net.depth; ++i) {
        const Layer<T>& layer = net.layers[i];
        L::product(layer.packed, layer.rows, layer.cols, t, spare, directions * groups,
                   Times<T>(tape.D[i], L::panel(layer.rows), groups));
        swap(t, spare);
    }
    return t;
}

// Adjoints G[l-1] = D[l-1] W[l]^T G[l] from layer `last` down; at the input without a D.
template <class L, class T>
T* pull(const Net<T>& net, const Tape<L, T>& tape, int groups, int last, T* G, T* spare, int directions) {
    for (int i = last; i >= 0; --i) {
        const Layer<T>& layer = net.layers[i];
        const int count = directions * groups;
        if (i > 0) {
            L::product(layer.packed_transpose, layer.cols, layer.rows, G, spare, count,
                       Times<T>(tape.D[i - 1], L::panel(layer.cols), groups));
        } else {
            L::product(layer.packed_transpose, layer.cols, layer.rows, G, spare, count, Plain<T>{});
        }
        swap(G, spare);
    }
    return G;
}

// How a tile is cut so that it stays in cache: groups of samples, directions at a time.
struct Cut {
    int groups, directions;
};
template <class L, class T>
Cut cut(const Net<T>& net, int directions) {
    constexpr long budget = 256 * 1024 / sizeof(T);
    const long panel = L::panel(widest(net));
    long tape = 2 * panel;
    for (int i = 0; i < net.depth; ++i) tape += L::panel(net.layers[i].rows);
    long block = directions ? budget / (2 * panel) : 0;
    block = block < 1 ? 1 : block > directions ? directions : block;
    long groups = L::width == 1 ? 1 : budget / (tape + 2 * block * panel);
    groups = groups < 1 ? 1 : groups > 8 ? 8 : groups;
    return {static_cast<int>(groups), static_cast<int>(block)};
}

template <class T>
int direction_count(const Net<T>& net, Operation operation, Direction direction) {
    if (operation == Operation::values) return 0;
    if (operation != Operation::jacobian) return 1;
    return direction == Direction::forward ? net.inputs() : net.outputs();
}

template <class L, class T>
class Sweep {
  public:
    Sweep(const Net<T>& net, Operation operation, Direction direction, T* workspace)
        : net(net),
          operation(operation),
          direction(direction),
          size(cut<L>(net, direction_count(net, operation, direction))),
          arena{workspace},
          tape(arena, net, size.groups, operation != Operation::values, false) {
        const long panels = size.directions * size.groups * L::panel(widest(net));
        left = arena.take(panels);
        right = arena.take(panels);
    }
    int tile() const { return size.groups * L::width; }
    long workspace() const { return arena.used; }

    // Samples s0 .. s0 + n, n at most a tile; false if an input is not finite.
    bool operator()(const Points<T>& points, long s0, long n) {
        const int inputs = net.inputs(), outputs = net.outputs();
        const int groups = static_cast<int>((n + L::width - 1) / L::width);
        bool finite = L::read(points.X + s0 * inputs, n, inputs, groups, tape.a[0]);
        forward(net, tape, groups, operation != Operation::values);
        if (points.H) L::write(tape.a[net.depth], outputs, groups, n, points.H + s0 * outputs, outputs, 1);
        if (operation == Operation::jacobian) {
            T* J = points.J + s0 * outputs * inputs;
            direction == Direction::forward ? columns(J, n, groups) : rows(J, n, groups);
        } else if (operation == Operation::jvp) {
            finite &= L::read(points.vector + s0 * inputs, n, inputs, groups, left);
            L::write(push<L>(net, tape, groups, 0, left, right, 1), outputs, groups, n,
                     points.J + s0 * outputs, outputs, 1);
        } else if (operation == Operation::vjp) {
            finite &= L::read(points.vector + s0 * outputs, n, outputs, groups, left);
            multiply(left, tape.D[net.depth - 1], left, groups * L::panel(outputs));
            L::write(pull<L>(net, tape, groups, net.depth - 1, left, right, 1), inputs, groups, n,
                     points.J + s0 * inputs, inputs, 1);
        }
        return finite;
    }

  private:
    // Forward: column i of dH/dx is the tangent of input i; A'[2] = D[2] W[2] is a scaling.
    void columns(T* J, long n, int groups) {
        const int inputs = net.inputs(), outputs = net.outputs();
        const Layer<T>& first = net.layers[0];
        for (int i0 = 0; i0 < inputs; i0 += size.directions) {
            const int count = inputs - i0 < size.directions ? inputs - i0 : size.directions;
            const long panel = L::panel(first.rows);
            for (int i = 0; i < count; ++i) {
                for (int g = 0; g < groups; ++g) {
                    L::column(first.W + i0 + i, inputs, first.rows, tape.D[0] + g * panel,
                              left + (i * groups + g) * panel);
                }
            }
            const T* A = push<L>(net, tape, groups, 1, left, right, count);
            for (int i = 0; i < count; ++i) {
                L::write(A + i * groups * L::panel(outputs), outputs, groups, n, J + i0 + i,
                         static_cast<long>(outputs) * inputs, inputs);
            }
        }
    }

    // Reverse: row k of dH/dx is the adjoint of output k; c[L-1] = D[L] W[L] is a scaling.
    void rows(T* J, long n, int groups) {
        const int inputs = net.inputs(), outputs = net.outputs(), top = net.depth - 1;
        const Layer<T>& last = net.layers[top];
        for (int k0 = 0; k0 < outputs; k0 += size.directions) {
            const int count = outputs - k0 < size.directions ? outputs - k0 : size.directions;
            const long panel = L::panel(last.cols);
            for (int k = 0; k < count; ++k) {
                for (int g = 0; g < groups; ++g) {
                    L::row(last.W + static_cast<long>(k0 + k) * last.cols, last.cols,
                           tape.D[top] + g * L::panel(outputs), k0 + k, left + (k * groups + g) * panel);
                }
                if (top > 0)
                    multiply(left + k * groups * panel, tape.D[top - 1], left + k * groups * panel,
                             groups * panel);
            }
            const T* c = pull<L>(net, tape, groups, top - 1, left, right, count);
            for (int k = 0; k < count; ++k) {
                L::write(c + k * groups * L::panel(inputs), inputs, groups, n,
                         J + static_cast<long>(k0 + k) * inputs, static_cast<long>(outputs) * inputs, 1);
            }
        }
    }

    const Net<T>& net;
    Operation operation;
    Direction direction;
    Cut size;
    Arena<T> arena;
    Tape<L, T> tape;
    T *left, *right;
};

template <class T>
long workspace(const Net<T>& net, Operation operation, Direction direction) {
    const long tiles = Sweep<Samples<T>, T>(net, operation, direction, nullptr).workspace();
    const long point = Sweep<Rows<T>, T>(net, operation, direction, nullptr).workspace();
    return tiles > point ? tiles : point;
}
template <class T>
int tile(const Net<T>& net, Operation operation, Direction direction) {
    return Sweep<Samples<T>, T>(net, operation, direction, nullptr).tile();
}

// Tiles of samples while they fill a good part of a chunk, the last few one by one: same bits either way.
template <class T>
bool run(const Net<T>& net, Operation operation, Direction direction, const Points<T>& points, T* workspace) {
    long s = 0;
    bool finite = true;
    if (points.n > chunk<T> / 4) {
        Sweep<Samples<T>, T> sweep(net, operation, direction, workspace);
        while (points.n - s > chunk<T> / 4) {
            long n = points.n - s;
            if (n > sweep.tile()) n = sweep.tile();
            finite &= sweep(points, s, n);
            s += n;
        }
    }
    if (s < points.n) {
        Sweep<Rows<T>, T> sweep(net, operation, direction, workspace);
        for (; s < points.n; ++s) finite &= sweep(points, s, 1);
    }
    return finite;
}

}  // namespace slopenet::SLOPENET_ISA
