// The workspace of a sweep, and small helpers.
#pragma once

#include "../interface.hpp"

namespace slopenet::SLOPENET_ISA {

template <class N>
constexpr N round_up(N n, N step) {
    return (n + step - 1) / step * step;
}

inline constexpr int max_depth = 256;

// Hands out pieces of the caller's workspace. With a null base it only measures how much is needed. Setting
// `used` to an earlier value gives back the pieces taken since.
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

// The cut of a tile that stays in cache: groups of samples, and directions in a block.
struct Cut {
    int groups, directions;
};

}  // namespace slopenet::SLOPENET_ISA
