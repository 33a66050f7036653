// z[l] = W[l] a[l-1] + b[l],  a[l] = sigma(z[l]),  and on request D[l] = sigma'(z[l]), S[l] = sigma''(z[l]).
#pragma once

#include "table.hpp"
#include "rows.hpp"
#include "samples.hpp"

namespace slopenet::SLOPENET_ISA {

inline constexpr int max_depth = 256;

// Hands out pieces of the caller's workspace; from a null base it measures what is needed. What is taken
// after a mark is given back by setting `used` to that mark.
template <class T>
struct Arena {
    T* base;
    long used = 0, peak = 0;
    T* take(long n) {
        T* piece = base ? base + used : nullptr;
        used += round_up(n, 16L);
        if (used > peak) peak = used;
        return piece;
    }
};

template <class T>
void swap(T*& x, T*& y) {
    T* const kept = x;
    x = y;
    y = kept;
}

SLOPENET_INLINE int least(int x, int y) { return x < y ? x : y; }

template <class T>
int widest(const Net<T>& net) {
    int width = net.inputs();
    for (int i = 0; i < net.depth; ++i) width = net.layers[i].rows > width ? net.layers[i].rows : width;
    return width;
}

// How a tile is cut so that it stays in cache: groups of samples, directions of dH/dx at a time.
struct Cut {
    int groups, directions;
};

// What a sweep forward leaves for the sweep back, of one tile. a[i + 1], D[i], S[i] belong to layer i.
template <class L, class T>
struct Tape {
    T* a[max_depth + 1];
    T* D[max_depth];
    T* S[max_depth];

    // order: how many derivatives of sigma; keep: every a[l], else two buffers in turn
    Tape(Arena<T>& arena, const Net<T>& net, int groups, int order, bool keep) {
        if (keep) {
            a[0] = arena.take(groups * L::panel(net.inputs()));
        } else {
            const long size = groups * L::panel(widest(net));
            a[0] = arena.take(size);
            a[1] = arena.take(size);
        }
        for (int i = 0; i < net.depth; ++i) {
            const long size = groups * L::panel(net.layers[i].rows);
            if (keep) {
                a[i + 1] = arena.take(size);
            } else if (i > 0) {
                a[i + 1] = a[i - 1];
            }
            D[i] = order > 0 ? arena.take(size) : nullptr;
            S[i] = order > 1 ? arena.take(size) : nullptr;
        }
    }
};

template <class L, class T>
void forward(const Net<T>& net, const Tape<L, T>& tape, int groups, int order) {
    for (int i = 0; i < net.depth; ++i) {
        const Layer<T>& layer = net.layers[i];
        T* z = tape.a[i + 1];
        L::product(layer.packed, layer.rows, layer.cols, tape.a[i], z, groups, Bias<T>{layer.padded_b});
        layer.activation->apply[order](z, layer.parameter, z, tape.D[i], tape.S[i],
                                       groups * L::panel(layer.rows));
    }
}

}  // namespace slopenet::SLOPENET_ISA
