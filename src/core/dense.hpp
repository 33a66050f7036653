// Packed W and the micro-kernel: C = epilogue(W . A), in the two layouts that data can have.
//
//   Samples   lanes are samples: a panel is [group][row][chunk], three vectors of samples wide
//   Rows      lanes are rows of W: a panel is one sample's [row], padded to whole blocks
//
// Both add the products of an output in the order k = 0, 1, ..., with one rounding each, so a row of X
// gives the same bits in either layout, alone or in a batch. Columns of A are (direction, sample)
// pairs: values, tangents and adjoints all go through here. `count` panels hold directions x groups.
#pragma once

#include "kernels.hpp"
#include "simd.hpp"

namespace slopenet::SLOPENET_ISA {

inline constexpr int round_up(int n, int step) { return (n + step - 1) / step * step; }

// packed[block][k][row in block]; rows beyond the last are zero.
template <class T>
void pack(const T* W, int rows, int cols, bool transpose, T* to) {
    const int m = transpose ? cols : rows, depth = transpose ? rows : cols;
    for (int r0 = 0; r0 < m; r0 += pack_rows<T>) {
        for (int k = 0; k < depth; ++k) {
            for (int i = 0; i < pack_rows<T>; ++i) {
                const long r = r0 + i;
                *to++ = r >= m ? T(0) : transpose ? W[static_cast<long>(k) * cols + r] : W[r * cols + k];
            }
        }
    }
}

// Epilogues: where an accumulator starts, and what becomes of it at `offset` of its panel.
template <class T>
struct Bias {
    const T* b;
    SLOPENET_INLINE Vec<T> start(int row) const { return broadcast(b[row]); }
    SLOPENET_INLINE Vec<T> start_rows(int row) const { return load(b + row); }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, int, long) const { return sum; }
};
template <class T>
struct Plain {
    SLOPENET_INLINE Vec<T> start(int) const { return Vec<T>{}; }
    SLOPENET_INLINE Vec<T> start_rows(int) const { return Vec<T>{}; }
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, int, long) const { return sum; }
};
template <class T>
struct Times : Plain<T> {
    const T* D;
    long panel;  // D holds `groups` panels, shared by all directions
    int groups;
    Times(const T* D, long panel, int groups) : D(D), panel(panel), groups(groups) {}
    SLOPENET_INLINE Vec<T> finish(Vec<T> sum, int index, long offset) const {
        return sum * load(D + (index % groups) * panel + offset);
    }
};

// to = x y, entry by entry, over n entries
template <class T>
void multiply(const T* x, const T* y, T* to, long n) {
    for (long i = 0; i < n; i += lanes<T>) store(to + i, load(x + i) * load(y + i));
}

template <class T>
struct Samples {
    static constexpr int width = chunk<T>;
    static long panel(int rows) { return static_cast<long>(rows) * width; }

    // R rows of C from one block of packed W, all samples of one chunk.
    template <int R, class E>
    static void micro(const T* w, int depth, const T* A, T* C, int row, int index, const E& epilogue) {
        Vec<T> sum[R][3];
        for (int i = 0; i < R; ++i) {
            for (int j = 0; j < 3; ++j) sum[i][j] = epilogue.start(row + i);
        }
        for (int k = 0; k < depth; ++k) {
            const T* a = A + static_cast<long>(k) * width;
            const Vec<T> a0 = load(a), a1 = load(a + lanes<T>), a2 = load(a + 2 * lanes<T>);
            for (int i = 0; i < R; ++i) {
                const Vec<T> wi = broadcast(w[k * pack_rows<T> + i]);
                sum[i][0] = fma(wi, a0, sum[i][0]);
                sum[i][1] = fma(wi, a1, sum[i][1]);
                sum[i][2] = fma(wi, a2, sum[i][2]);
            }
        }
        for (int i = 0; i < R; ++i) {
            for (int j = 0; j < 3; ++j) {
                const long offset = static_cast<long>(row + i) * width + j * lanes<T>;
                store(C + offset, epilogue.finish(sum[i][j], index, offset));
            }
        }
    }

    // The last rows, as few accumulators as there are: odd widths and n_L = 1 waste no lanes.
    template <int R, class E>
    static void tail(int rows, const T* w, int depth, const T* A, T* C, int row, int index, const E& e) {
        if constexpr (R > 0) {
            if (rows == R) return micro<R>(w, depth, A, C, row, index, e);
            tail<R - 1>(rows, w, depth, A, C, row, index, e);
        }
    }

    // C (count panels of `rows`) = epilogue(W A), A count panels of `depth` rows.
    template <class E>
    static void product(const T* packed, int rows, int depth, const T* A, T* C, int count, const E& e) {
        const auto strip = [&](int row, int index) {
            const T* w =
                packed + static_cast<long>(row / pack_rows<T>) * pack_rows<T> * depth + row % pack_rows<T>;
            const T* a = A + index * panel(depth);
            T* c = C + index * panel(rows);
            if (rows - row >= micro_rows) {
                micro<micro_rows>(w, depth, a, c, row, index, e);
            } else {
                tail<micro_rows - 1>(rows - row, w, depth, a, c, row, index, e);
            }
        };
        // W from L2 for every chunk while it fits there, else each strip of W over all chunks
        const bool fits = static_cast<long>(rows) * depth * static_cast<long>(sizeof(T)) <= 384 * 1024;
        if (fits) {
            for (int index = 0; index < count; ++index) {
                for (int row = 0; row < rows; row += micro_rows) strip(row, index);
            }
        } else {
            for (int row = 0; row < rows; row += micro_rows) {
                for (int index = 0; index < count; ++index) strip(row, index);
            }
        }
    }

    // to[row] = w[row * stride] D[row]: the first product of a forward sweep, a column of W.
    static void column(const T* w, long stride, int rows, const T* D, T* to) {
        for (int row = 0; row < rows; ++row) {
            const Vec<T> factor = broadcast(w[row * stride]);
            for (int i = row * width; i < (row + 1) * width; i += lanes<T>)
                store(to + i, factor * load(D + i));
        }
    }
    // to[row] = w[row] D[k]: the first product of a reverse sweep, row k of W.
    static void row(const T* w, int rows, const T* D, int k, T* to) {
        for (int r = 0; r < rows; ++r) {
            const Vec<T> factor = broadcast(w[r]);
            for (int i = 0; i < width; i += lanes<T>)
                store(to + r * width + i, factor * load(D + k * width + i));
        }
    }

    // Rows of an array (n, cols) into panels, padded with the last row, so that padding is never worse
    // than the data; false if an entry is not finite.
    static bool read(const T* from, long n, int cols, int groups, T* to) {
        T poison = 0;
        for (int g = 0; g < groups; ++g) {
            for (int lane = 0; lane < width; ++lane) {
                const long s = static_cast<long>(g) * width + lane;
                const T* in = from + (s < n ? s : n - 1) * cols;
                T* out = to + g * panel(cols) + lane;
                for (int k = 0; k < cols; ++k) {
                    const T x = in[k];
                    poison += x - x;
                    out[static_cast<long>(k) * width] = x;
                }
            }
        }
        return poison == 0;
    }
    static void write(const T* from, int rows, int groups, long n, T* to, long sample_stride,
                      long row_stride) {
        for (int g = 0; g < groups; ++g) {
            for (int lane = 0; lane < width; ++lane) {
                const long s = static_cast<long>(g) * width + lane;
                if (s >= n) return;
                const T* in = from + g * panel(rows) + lane;
                for (int r = 0; r < rows; ++r)
                    to[s * sample_stride + r * row_stride] = in[static_cast<long>(r) * width];
            }
        }
    }
};

template <class T>
struct Rows {
    static constexpr int width = 1;
    static long panel(int rows) { return round_up(rows, pack_rows<T>); }

    // V vectors of rows, C directions.
    template <int V, int C, class E>
    static void micro(const T* packed, int depth, const T* A, T* out, long ld, int row, int index,
                      const E& e) {
        const T* w[V];
        Vec<T> sum[V][C];
        for (int v = 0; v < V; ++v) {
            const long r = row + v * lanes<T>;
            w[v] = packed + r / pack_rows<T> * pack_rows<T> * depth + r % pack_rows<T>;
            for (int c = 0; c < C; ++c) sum[v][c] = e.start_rows(static_cast<int>(r));
        }
        const long lda = panel(depth);
        for (int k = 0; k < depth; ++k) {
            for (int v = 0; v < V; ++v) {
                const Vec<T> wv = load(w[v] + static_cast<long>(k) * pack_rows<T>);
                for (int c = 0; c < C; ++c) sum[v][c] = fma(wv, broadcast(A[c * lda + k]), sum[v][c]);
            }
        }
        for (int v = 0; v < V; ++v) {
            for (int c = 0; c < C; ++c) {
                const long offset = row + v * lanes<T>;
                store(out + c * ld + offset, e.finish(sum[v][c], index + c, offset));
            }
        }
    }

    template <int V, int C, class E>
    static void strips(const T* packed, int depth, const T* A, T* out, long ld, int row, int index,
                       const E& e) {
        for (; row + V * lanes<T> <= ld; row += V * lanes<T>)
            micro<V, C>(packed, depth, A, out, ld, row, index, e);
        if constexpr (V > 1) strips<V / 2, C>(packed, depth, A, out, ld, row, index, e);
    }

    template <class E>
    static void product(const T* packed, int rows, int depth, const T* A, T* C, int count, const E& e) {
        const long lda = panel(depth), ld = panel(rows);
        int index = 0;
        for (; index + 4 <= count; index += 4)
            strips<2, 4>(packed, depth, A + index * lda, C + index * ld, ld, 0, index, e);
        for (; index < count; ++index)
            strips<8, 1>(packed, depth, A + index * lda, C + index * ld, ld, 0, index, e);
    }

    static void column(const T* w, long stride, int rows, const T* D, T* to) {
        for (int row = 0; row < rows; ++row) to[row] = w[row * stride] * D[row];
    }
    static void row(const T* w, int rows, const T* D, int k, T* to) {
        for (int r = 0; r < rows; ++r) to[r] = w[r] * D[k];
    }
    static bool read(const T* from, long, int cols, int, T* to) {
        T poison = 0;
        for (int k = 0; k < cols; ++k) {
            poison += from[k] - from[k];
            to[k] = from[k];
        }
        for (long k = cols; k < panel(cols); ++k) to[k] = 0;
        return poison == 0;
    }
    static void write(const T* from, int rows, int, long, T* to, long, long row_stride) {
        for (int r = 0; r < rows; ++r) to[r * row_stride] = from[r];
    }
};

}  // namespace slopenet::SLOPENET_ISA
