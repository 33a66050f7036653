// Evaluation at points: one tile after another goes through everything that an operation asks for.
#pragma once

#include "chain.hpp"
#include "curvature.hpp"
#include "directional.hpp"
#include "softmax.hpp"

namespace slopenet::SLOPENET_ISA {

template <class Layout, class T>
class Sweep {
  public:
    Sweep(const Net<T>& net, const Points<T>& points, Operation operation, T* workspace)
        : Sweep(net, points, operation, choose_cut(net, points, operation), workspace) {}

    int tile() const { return cut.groups * Layout::width; }
    long workspace() const { return arena.peak; }

    // Evaluates samples s0 .. s0 + n, at most a tile. Returns false if an entry of X or of the vector is not
    // finite.
    bool operator()(const Points<T>& points, long s0, long n) {
        const int inputs = net.inputs(), outputs = net.outputs();
        const int groups = static_cast<int>((n + Layout::width - 1) / Layout::width);
        bool finite = Layout::read(points.X + s0 * inputs, n, inputs, groups, tape.a[0], inputs);
        forward(net, tape, groups, derivatives);
        T* H = points.H ? points.H + s0 * outputs : softmax.H;
        T* J = points.J ? points.J + s0 * outputs * inputs : softmax.J;
        if (H) Layout::write(tape.a[net.depth], outputs, groups, n, H, outputs);
        if (J) chain(tape, groups, n, J, points.stop);
        const Axis axis = info_of(operation).vector;
        const int width = net.width(axis);
        const T* given = points.vector ? points.vector + s0 * width : nullptr;
        if (given) finite &= Layout::read(given, n, width, groups, vector, width);
        if (net.head != Head::none && axis == n_L)
            Layout::read(softmax.pull(H, given, n), n, width, groups, vector, width);
        T* result = points.result ? points.result + s0 * result_size(net, operation) : nullptr;
        switch (operation) {
            case Operation::values:
            case Operation::jacobian:
                break;
            case Operation::jvp:
                Layout::write(push<Layout>(net, tape, groups, vector, spare), outputs, groups, n, result,
                              outputs);
                break;
            case Operation::vjp:
                Layout::write(pull<Layout>(net, tape, groups, vector, spare), inputs, groups, n, result,
                              inputs);
                break;
            case Operation::hessian:
            case Operation::hvp:
            case Operation::weighted_hessian:
            case Operation::laplacian:
                curvature(tape, groups, vector, n, result, points.stop);
        }
        if (net.head != Head::none) softmax(given, n, H, J, result);
        return finite;
    }

  private:
    static constexpr long cache = 256 * 1024 / sizeof(T);  // entries that a tile may fill

    // As many directions as fit in the cache, then as many groups of samples.
    static Cut choose_cut(const Net<T>& net, const Points<T>& points, Operation operation) {
        int block = 0;
        if (needs_jacobian(net, points, operation)) {
            const int directions = Chain<Layout, T>::directions(net);
            const long fitting = cache / (2 * Layout::panel(widest(net)));
            block = static_cast<int>(fitting < 1 ? 1 : fitting > directions ? directions : fitting);
        }
        if (Layout::width == 1) return {1, block};
        const long one_group = Sweep(net, points, operation, {1, block}, nullptr).workspace();
        const long groups = cache / one_group;
        return {static_cast<int>(groups < 1 ? 1 : groups > 8 ? 8 : groups), block};
    }

    // How many derivatives of sigma are needed.
    static int derivatives_for(const Points<T>& points, Operation operation) {
        const int own = info_of(operation).derivatives;
        return points.J && own < 1 ? 1 : own;
    }

    Sweep(const Net<T>& net, const Points<T>& points, Operation operation, Cut cut, T* workspace)
        : net(net),
          operation(operation),
          derivatives(derivatives_for(points, operation)),
          cut(cut),
          arena{workspace},
          tape(arena, net, cut.groups, derivatives, false),
          chain(arena, net, cut.groups, cut.directions),
          curvature(arena, net, operation, cut.groups),
          softmax(arena, net, points, operation, static_cast<long>(cut.groups) * Layout::width) {
        if (points.vector) vector = arena.take(cut.groups * Layout::panel(widest(net)));
        if (points.vector) spare = arena.take(cut.groups * Layout::panel(widest(net)));
        chain.measure();
    }

    const Net<T>& net;
    Operation operation;
    int derivatives;
    Cut cut;
    Arena<T> arena;
    Tape<Layout, T> tape;
    Chain<Layout, T> chain;
    Curvature<Layout, T> curvature;
    Softmax<T> softmax;
    T *vector = nullptr, *spare = nullptr;
};

// How n samples are cut: full chunks, then the rest in narrow chunks of one vector if these leave fewer lanes
// empty, and one by one where even a vector would be mostly empty. The bits are the same.
template <class T>
struct Split {
    long chunks, narrow, single;  // samples
    explicit Split(long n) : chunks(n / chunk<T> * chunk<T>), narrow(0), single(0) {
        const long rest = n - chunks;
        if (rest <= lanes<T> / 2) {
            single = rest;
        } else if (rest <= 2 * lanes<T>) {
            narrow = rest;
        } else {
            chunks = n;
        }
    }
};

template <class T>
Need need(const Net<T>& net, const Points<T>& points, Operation operation) {
    const Split<T> split(points.n);
    Need total{0, 1, chunk<T>, lanes<T>};
    const auto add = [&](const auto& sweep) {
        if (sweep.workspace() > total.workspace) total.workspace = sweep.workspace();
        total.tile = sweep.tile();
    };
    add(Sweep<Rows<T>, T>(net, points, operation, nullptr));
    if (split.narrow || split.chunks) add(Sweep<Samples<T, 1>, T>(net, points, operation, nullptr));
    if (split.chunks) add(Sweep<Samples<T>, T>(net, points, operation, nullptr));
    return total;
}

template <class T>
bool run(const Net<T>& net, const Points<T>& points, Operation operation, T* workspace) {
    const Split<T> split(points.n);
    bool finite = true;
    long s = 0;
    const auto run_next = [&](long samples, auto&& sweep) {
        for (const long end = s + samples; s < end && !points.stop();) {
            const long n = end - s < sweep.tile() ? end - s : sweep.tile();
            finite &= sweep(points, s, n);
            s += n;
        }
    };
    if (split.chunks) run_next(split.chunks, Sweep<Samples<T>, T>(net, points, operation, workspace));
    if (split.narrow) run_next(split.narrow, Sweep<Samples<T, 1>, T>(net, points, operation, workspace));
    if (split.single) run_next(split.single, Sweep<Rows<T>, T>(net, points, operation, workspace));
    return finite;
}

}  // namespace slopenet::SLOPENET_ISA
