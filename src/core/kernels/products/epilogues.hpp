// Epilogues of C = epilogue(W A), and products entry by entry.
#pragma once

#include "../vector/simd.hpp"

namespace slopenet::SLOPENET_ISA {

// An epilogue starts an accumulator, start(row) or start_rows(row), and finish(sum, offset) turns the
// finished sum into the entry at `offset` of a panel. at(index) makes the epilogue of panel `index` before
// its sums begin: a few pointers that stay in registers.
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
struct Times : Plain<T> {  // C D
    const T* D;
    long panel;  // entries of a panel; D holds one for each group, shared by all directions
    int groups;
    Times(const T* D, long panel, int groups) : D(D), panel(panel), groups(groups) {}
    SLOPENET_INLINE long shared(int index) const { return index % groups * panel; }
    SLOPENET_INLINE Times at(int index) const { return {D + shared(index), panel, groups}; }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, long offset) const { return sum * load(D + offset); }
};
// Writes C, and C D to `also`.
template <class T>
struct AlsoTimes : Times<T> {
    T* also;
    AlsoTimes(const T* D, long panel, int groups, T* also) : Times<T>(D, panel, groups), also(also) {}
    SLOPENET_INLINE AlsoTimes at(int index) const {
        return {this->D + this->shared(index), this->panel, this->groups, also + index * this->panel};
    }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, long offset) const {
        store(also + offset, Times<T>::finish(sum, offset));
        return sum;
    }
};

// Writes C D and accumulates e += C x over directions, where e has one panel per group. With
// `overwrite` the first direction starts the sum.
template <class T>
struct TimesAndAccumulate : Times<T> {
    const T* x;
    T* e;
    bool overwrite;
    TimesAndAccumulate(const T* D, long panel, int groups, const T* x, T* e, bool overwrite)
        : Times<T>(D, panel, groups), x(x), e(e), overwrite(overwrite) {}
    SLOPENET_INLINE TimesAndAccumulate at(int index) const {
        const long shared = this->shared(index);
        const bool first = overwrite && index < this->groups;
        return {this->D + shared, this->panel, this->groups, x + index * this->panel, e + shared, first};
    }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, long offset) const {
        store(e + offset, fma(sum, load(x + offset), overwrite ? Vec<T>{} : load(e + offset)));
        return Times<T>::finish(sum, offset);
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

// total + w x. With w = 0 this is total, even if x has overflowed.
template <class V>
SLOPENET_INLINE V add_weighted(V w, V x, V total) {
    return fma(w, w == Scalar<V>(0) ? V{} : x, total);
}

}  // namespace slopenet::SLOPENET_ISA
