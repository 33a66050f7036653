// sum_l Z'[l]^T diag(w[l]_k) Z'[l] where lanes are samples.
#pragma once

#include "gram.hpp"

namespace slopenet::SLOPENET_ISA {

template <class T, int vectors>
class Gram<Samples<T, vectors>, T> {
    using Layout = Samples<T, vectors>;
    // Entries are summed in squares of `square` by `square` directions, for `together` outputs at a time,
    // over a run of rows that was copied to L1. Without the copy, panels of directions that begin a multiple
    // of 4 KB apart would evict each other. The registers hold a block of entries: side x side on the
    // diagonal, of which half is computed, and tall x side elsewhere.
    static constexpr int square = 16, together = 8, side = 4, tall = micro_rows == 8 ? 4 : 2;
    static constexpr int run = 32 * square;  // vectors
    static constexpr int sums = square * square * lanes<T>;

  public:
    // Z' stays as the tangents leave it, a panel per direction. Z'[2] = W[2] is read in place.
    static long size(int rows, int inputs, int groups, bool shared) {
        return shared ? 0 : inputs * groups * Layout::panel(rows);
    }
    static long space() { return together * sums + 2 * run * lanes<T>; }
    static void arrange(int, int, T*, T*) {}
    static void arrange_shared(const T*, int, int, T*) {}

    Gram(int inputs, int groups, T* scratch) : n(inputs), groups(groups), scratch(scratch) {}
    void add(const OutputWeights<T>& weights, const Layer<T>& layer, const T* Z, bool shared) {
        parts[count++] = {weights, shared ? layer.W : Z, Layout::panel(layer.rows), shared};
    }
    // Writes (samples, outputs, n_1, n_1).
    void write(long samples, int outputs, T* to, const Stop& stop) const {
        for (int g = 0; g < groups; ++g) {
            for (int v = 0; v < Layout::width; v += lanes<T>) {
                const long s0 = static_cast<long>(g) * Layout::width + v;
                if (s0 >= samples) return;
                const long entries_of_one = static_cast<long>(n) * n;
                const int used = static_cast<int>(samples - s0 < lanes<T> ? samples - s0 : lanes<T>);
                for (int k = 0; k < outputs; k += together) {
                    const Place at{g,
                                   v,
                                   used,
                                   k,
                                   least(outputs - k, together),
                                   to + (s0 * outputs + k) * entries_of_one,
                                   outputs * entries_of_one};
                    for (int a = 0; a < n && !stop(); a += square) {
                        for (int b = a; b < n; b += square) sum_square(a, b, at);
                    }
                }
            }
        }
    }

  private:
    struct Part {
        OutputWeights<T> weights;
        const T* Z;
        long panel;
        bool shared;
    };
    // One vector of samples, and the outputs from k on whose sums are in work.
    struct Place {
        int g, v, used, k, outputs;
        T* to;
        long stride;
    };
    // A factor: a run of rows for some directions, copied for one vector of samples, or W[2] itself.
    struct Fetched {
        const T* Z;
        int from, count;
        SLOPENET_INLINE Vec<T> operator()(int r, int i) const { return load(Z + (r * count + i) * lanes<T>); }
    };
    struct Shared {
        const T* W;
        long n;
        int from, count;
        SLOPENET_INLINE Vec<T> operator()(int r, int i) const { return broadcast(W[r * n + from + i]); }
    };

    // Sums and writes the entries of rows a .. a + square and columns b .. b + square.
    void sum_square(int a, int b, const Place& at) const {
        const int height = least(n - a, square), width = least(n - b, square);
        for (int k = 0; k < at.outputs; ++k) clear(scratch + k * sums, height * width * lanes<T>);
        for (int p = 0; p < count; ++p) {
            const Part& part = parts[p];
            if (part.shared) {
                const Shared left{part.Z, n, a, height}, right{part.Z, n, b, width};
                for (int k = 0; k < at.outputs; ++k) {
                    const int j = part.weights.from(at.k + k);
                    add_rows(part, at, k, 0, j, part.weights.to(at.k + k), left, right);
                }
                continue;
            }
            const int most = run / (height > width ? height : width);
            for (int j = part.weights.first; j < part.weights.last; j += most) {
                const int end = least(part.weights.last, j + most);
                T* const buffer = scratch + together * sums;
                const Fetched left = fetch(part, at, j, end, a, height, buffer);
                const Fetched right =
                    a == b ? left : fetch(part, at, j, end, b, width, buffer + run * lanes<T>);
                for (int k = 0; k < at.outputs; ++k) {
                    const int from = part.weights.from(at.k + k), to = part.weights.to(at.k + k);
                    add_rows(part, at, k, j, from > j ? from : j, least(to, end), left, right);
                }
            }
        }
        for (int k = 0; k < at.outputs; ++k) {
            for (int i = 0; i < height; ++i) {
                for (int j = a == b ? i : 0; j < width; ++j) write_entry(k, a, b, i, j, at);
            }
        }
    }
    void write_entry(int k, int a, int b, int i, int j, const Place& at) const {
        const T* sum = scratch + k * sums + (i * least(n - b, square) + j) * lanes<T>;
        T* to = at.to + static_cast<long>(k) * n * n;
        T* upper = to + static_cast<long>(a + i) * n + b + j;
        T* lower = to + static_cast<long>(b + j) * n + a + i;
        for (int lane = 0; lane < at.used; ++lane)
            upper[lane * at.stride] = lower[lane * at.stride] = sum[lane];
    }

    Fetched fetch(const Part& part, const Place& at, int j, int end, int from, int width, T* to) const {
        for (int i = 0; i < width; ++i) {
            const T* Z = part.Z + (static_cast<long>(from + i) * groups + at.g) * part.panel + at.v;
            T* row = to + i * lanes<T>;
            for (int r = j; r < end; ++r, row += width * lanes<T>)
                store(row, load(Z + static_cast<long>(r) * Layout::width));
        }
        return {to, from, width};
    }

    // Adds rows from .. to, of the run that begins at row j0, to the sums of output k.
    template <class Z>
    void add_rows(const Part& part, const Place& at, int k, int j0, int from, int to, const Z& left,
                  const Z& right) const {
        if (from >= to) return;
        const Run rows{
            part.weights.of(at.k + k) + at.g * part.panel + at.v + static_cast<long>(j0) * Layout::width,
            from - j0, to - j0, scratch + k * sums};
        if (left.from == right.from) {
            for (int a = 0; a < left.count; a += side) {
                diagonal<side>(rows, left, a);
                for (int b = a + side; b < left.count; b += side) {
                    for (int i = 0; i < side; i += tall) off_diagonal<side>(rows, left, left, a + i, b);
                }
            }
        } else {
            for (int a = 0; a < left.count; a += tall) {
                for (int b = 0; b < right.count; b += side) off_diagonal<side>(rows, left, right, a, b);
            }
        }
    }
    struct Run {
        const T* w;
        int from, to;
        T* sum;
    };
    // Up to N columns, as many as are left.
    template <int N, class Z>
    static void diagonal(const Run& rows, const Z& z, int a) {
        if constexpr (N > 1) {
            if (z.count - a < N) return diagonal<N - 1>(rows, z, a);
        }
        block<N, N, true>(rows, z, z, a, a);
    }
    template <int N, class Z>
    static void off_diagonal(const Run& rows, const Z& left, const Z& right, int a, int b) {
        if constexpr (N > 1) {
            if (right.count - b < N) return off_diagonal<N - 1>(rows, left, right, a, b);
        }
        block<tall, N, false>(rows, left, right, a, b);
    }

    // M x N entries; with `triangle` those on and above the diagonal.
    template <int M, int N, bool triangle, class Z>
    static void block(const Run& rows, const Z& left, const Z& right, int a, int b) {
        Vec<T> sum[M][N];
        const long next = right.count * lanes<T>;
        T* at = rows.sum + a * next + b * lanes<T>;
        for (int i = 0; i < M; ++i) {
            for (int j = triangle ? i : 0; j < N; ++j) sum[i][j] = load(at + i * next + j * lanes<T>);
        }
        for (int r = rows.from; r < rows.to; ++r) {
            const Vec<T> w = load(rows.w + r * Layout::width);
            Vec<T> zb[N];
            for (int j = 0; j < N; ++j) zb[j] = right(r, b + j);
            for (int i = 0; i < M; ++i) {
                const Vec<T> weighted = w * (triangle ? zb[i] : left(r, a + i));
                for (int j = triangle ? i : 0; j < N; ++j) sum[i][j] = fma(weighted, zb[j], sum[i][j]);
            }
        }
        for (int i = 0; i < M; ++i) {
            for (int j = triangle ? i : 0; j < N; ++j) store(at + i * next + j * lanes<T>, sum[i][j]);
        }
    }

    int n, groups, count = 0;
    T* scratch;
    Part parts[max_depth];
};

}  // namespace slopenet::SLOPENET_ISA
