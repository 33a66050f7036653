// What becomes of the sums of C = epilogue(W . A), and products entry by entry.
#pragma once

#include "../vector/simd.hpp"

namespace slopenet::SLOPENET_ISA {

// Epilogues: where an accumulator starts, and, of panel `index`, what becomes of it at `offset`. A panel's
// own epilogue is made before its sums, a few pointers for the registers.
template <class T>
struct Bias {
    const T* b;
    SLOPENET_INLINE Vec<T> start(int row) const { return broadcast(b[row]); }
    SLOPENET_INLINE Vec<T> start_rows(int row) const { return load(b + row); }
    SLOPENET_INLINE Bias at(int) const { return *this; }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, long) const { return sum; }
};
template <class T>
struct Plain {
    SLOPENET_INLINE Vec<T> start(int) const { return Vec<T>{}; }
    SLOPENET_INLINE Vec<T> start_rows(int) const { return Vec<T>{}; }
    SLOPENET_INLINE Plain at(int) const { return *this; }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, long) const { return sum; }
};
template <class T>
struct Times : Plain<T> {
    const T* D;
    long panel;  // D holds `groups` panels, shared by all directions
    int groups;
    Times(const T* D, long panel, int groups) : D(D), panel(panel), groups(groups) {}
    SLOPENET_INLINE long shared(int index) const { return index % groups * panel; }
    SLOPENET_INLINE Times at(int index) const { return {D + shared(index), panel, groups}; }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, long offset) const { return sum * load(D + offset); }
};
// Keeps C, and makes second = C D.
template <class T>
struct AlsoTimes : Times<T> {
    T* second;
    AlsoTimes(const T* D, long panel, int groups, T* second) : Times<T>(D, panel, groups), second(second) {}
    SLOPENET_INLINE AlsoTimes at(int index) const {
        return {this->D + this->shared(index), this->panel, this->groups, second + index * this->panel};
    }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, long offset) const {
        store(second + offset, Times<T>::finish(sum, offset));
        return sum;
    }
};

// Entry by entry, over n entries: x = 0, to = x y, x += y z.
template <class T>
void clear(T* x, long n) {
    std::memset(x, 0, static_cast<std::size_t>(n) * sizeof(T));
}
template <class T>
void multiply(const T* x, const T* y, T* to, long n) {
    for (long i = 0; i < n; i += lanes<T>) store(to + i, load(x + i) * load(y + i));
}
template <class T>
void add_product(T* x, const T* y, const T* z, long n) {
    for (long i = 0; i < n; i += lanes<T>) store(x + i, fma(load(y + i), load(z + i), load(x + i)));
}

// total + w x, where a weight of 0 takes away even what has overflowed.
template <class V>
SLOPENET_INLINE V add_weighted(V w, V x, V total) {
    return fma(w, w == Scalar<V>(0) ? V{} : x, total);
}

}  // namespace slopenet::SLOPENET_ISA
