// The layout of a tile: lanes are samples. A panel is [row][chunk]; `count` panels are directions x groups.
#pragma once

#include "dense.hpp"

namespace slopenet::SLOPENET_ISA {

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

    // column[row] *= D[i]
    static void times_entry(const T* D, int i, int rows, T* column) {
        for (long at = 0; at < panel(rows); at += width) {
            for (int v = 0; v < width; v += lanes<T>)
                store(column + at + v, load(column + at + v) * load(D + i * width + v));
        }
    }
    static void set_entry(T* to, int k, T value) {
        for (int v = 0; v < width; v += lanes<T>) store(to + k * width + v, broadcast(value));
    }
    // sum[k] += w[j] x[j] over from <= j < to; nothing where w[j] is 0, whatever x[j]
    static void dot(const T* w, const T* x, int from, int to, T* sum, int k) {
        add_dot(w, from, to, sum + k * width, [&](int j, int v) { return load(x + j * width + v); });
    }
    // the same, x shared by all samples
    static void dot_shared(const T* w, const T* x, int from, int to, T* sum, int k) {
        add_dot(w, from, to, sum + k * width, [&](int j, int) { return broadcast(x[j]); });
    }

    // C = A B of each sample: `rows` panels of `cols` from `rows` panels of `inner` and `inner` of `cols`.
    static void batched(const T* A, const T* B, T* C, int rows, int inner, int cols, int groups) {
        const long all = static_cast<long>(groups) * width;
        batched_blocks(A, B, rows, inner, cols, groups, all,
                       [&](int row, int col, int g, int v, const auto& x) {
                           T* to = C + (row * groups + g) * panel(cols) + static_cast<long>(col) * width + v;
                           if (col + lanes<T> <= cols) {
                               for (int i = 0; i < lanes<T>; ++i)
                                   store(to + static_cast<long>(i) * width, x[i]);
                           } else {
                               T rest[lanes<T>][lanes<T>];
                               for (int i = 0; i < lanes<T>; ++i) store(rest[i], x[i]);
                               for (int i = 0; col + i < cols; ++i)
                                   store(to + static_cast<long>(i) * width, load(rest[i]));
                           }
                       });
    }
    // The same, to an array of (rows, cols) for each of n samples, one after the other: what leaves for
    // memory leaves it in long runs.
    static long batched_space(int rows, int inner, int cols) {
        return lanes<T> * inner * (static_cast<long>(rows) + round_up(cols, lanes<T>));
    }
    static void batched_write(const T* A, const T* B, int rows, int inner, int cols, int groups, long n,
                              T* space, T* to) {
        const long ld = round_up(cols, lanes<T>), a_size = static_cast<long>(rows) * inner,
                   b_size = inner * ld;
        T *a = space, *b = space + lanes<T> * a_size;
        for (long s0 = 0; s0 < n; s0 += lanes<T>) {
            const long g = s0 / width, v = s0 % width, used = n - s0 < lanes<T> ? n - s0 : lanes<T>;
            for (int r = 0; r < rows; ++r)
                write_run(A + (r * groups + g) * panel(inner) + v, width, inner, used, a + r * inner, a_size);
            for (int k = 0; k < inner; ++k)
                write_run(B + (k * groups + g) * panel(cols) + v, width, cols, used, b + k * ld, b_size);
            for (int lane = 0; lane < used; ++lane) {
                const T *ai = a + lane * a_size, *bi = b + lane * b_size;
                T* c = to + (s0 + lane) * rows * cols;
                int r = 0;
                for (; r + micro_rows <= rows; r += micro_rows)
                    one_sample<micro_rows>(ai + r * inner, bi, ld, inner, cols,
                                           c + static_cast<long>(r) * cols);
                for (; r < rows; ++r)
                    one_sample<1>(ai + r * inner, bi, ld, inner, cols, c + static_cast<long>(r) * cols);
            }
        }
    }
    // `count` panels of `rows` become `rows` panels of `count`.
    static void turn(const T* from, int count, int rows, int groups, T* to) {
        for (int c = 0; c < count; ++c) {
            for (int g = 0; g < groups; ++g) {
                const T* in = from + (c * groups + g) * panel(rows);
                for (int r = 0; r < rows; ++r)
                    std::memcpy(to + (r * groups + g) * panel(count) + static_cast<long>(c) * width,
                                in + static_cast<long>(r) * width, width * sizeof(T));
            }
        }
    }

    // Rows of an array (n, cols) into panels, padded with the last row, so that padding is never worse
    // than the data; false if an entry is not finite.
    static bool read(const T* from, long n, int cols, int groups, T* to) {
        for (int g = 0; g < groups; ++g) {
            const T* in = from + static_cast<long>(g) * width * cols;
            T* out = to + g * panel(cols);
            const long left = n - static_cast<long>(g) * width;
            for (int k = 0; k < cols; ++k) {
                if (left >= width) {
                    for (int lane = 0; lane < width; ++lane)
                        out[k * width + lane] = in[static_cast<long>(lane) * cols + k];
                } else {
                    for (int lane = 0; lane < width; ++lane)
                        out[k * width + lane] = in[(lane < left ? lane : left - 1) * cols + k];
                }
            }
        }
        Vec<T> poison{};
        for (long i = 0; i < groups * panel(cols); i += lanes<T>) {
            const Vec<T> x = load(to + i);
            poison += x - x;
        }
        return sum_lanes(poison) == 0;
    }
    // Panels of `rows` to an array whose samples are `stride` apart.
    static void write(const T* from, int rows, int groups, long n, T* to, long stride) {
        for (int g = 0; g < groups; ++g)
            write_run(from + g * panel(rows), width, rows, n - static_cast<long>(g) * width,
                      to + static_cast<long>(g) * width * stride, stride);
    }
    // `entries` of each of one group's samples, `step` apart, to consecutive places of an array.
    static void write_run(const T* from, long step, int entries, long samples, T* to, long stride) {
        int e = 0;
        for (; e + lanes<T> <= entries; e += lanes<T>) {
            for (int v = 0; v < width && v < samples; v += lanes<T>) {
                Vec<T> x[lanes<T>];
                for (int i = 0; i < lanes<T>; ++i) x[i] = load(from + (e + i) * step + v);
                transpose(x);
                if (v + lanes<T> <= samples) {
                    for (int i = 0; i < lanes<T>; ++i) store(to + (v + i) * stride + e, x[i]);
                } else {
                    T rest[lanes<T>][lanes<T>];
                    for (int i = 0; i < lanes<T>; ++i) store(rest[i], x[i]);
                    for (int i = 0; v + i < samples; ++i) store(to + (v + i) * stride + e, load(rest[i]));
                }
            }
        }
        for (; e < entries; ++e) {
            if (samples >= width) {
                for (int lane = 0; lane < width; ++lane) to[lane * stride + e] = from[e * step + lane];
            } else {
                for (int lane = 0; lane < samples; ++lane) to[lane * stride + e] = from[e * step + lane];
            }
        }
    }

  private:
    template <class X>
    static void add_dot(const T* w, int from, int to, T* sum, const X& x) {
        Vec<T> total[3];
        for (int i = 0; i < 3; ++i) total[i] = load(sum + i * lanes<T>);
        for (int j = from; j < to; ++j) {
            for (int i = 0; i < 3; ++i) {
                const int v = i * lanes<T>;
                total[i] = add_weighted(load(w + j * width + v), x(j, v), total[i]);
            }
        }
        for (int i = 0; i < 3; ++i) store(sum + i * lanes<T>, total[i]);
    }

    // R rows of a product of one sample's matrices; rows of b are ld apart.
    template <int R>
    static void one_sample(const T* a, const T* b, long ld, int inner, int cols, T* c) {
        int col = 0;
        for (; col + 3 * lanes<T> <= cols; col += 3 * lanes<T>)
            strip<R, 3>(a, b + col, ld, inner, c + col, cols, 3 * lanes<T>);
        for (; col < cols; col += lanes<T>)
            strip<R, 1>(a, b + col, ld, inner, c + col, cols, cols - col < lanes<T> ? cols - col : lanes<T>);
    }
    template <int R, int V>
    static void strip(const T* a, const T* b, long ld, int inner, T* c, int cols, int used) {
        Vec<T> sum[R][V] = {};
        for (int k = 0; k < inner; ++k) {
            Vec<T> bk[V];
            for (int v = 0; v < V; ++v) bk[v] = load(b + k * ld + v * lanes<T>);
            for (int r = 0; r < R; ++r) {
                const Vec<T> ak = broadcast(a[static_cast<long>(r) * inner + k]);
                for (int v = 0; v < V; ++v) sum[r][v] = fma(ak, bk[v], sum[r][v]);
            }
        }
        for (int r = 0; r < R; ++r) {
            T* to = c + static_cast<long>(r) * cols;
            for (int v = 0; v < V; ++v) {
                if (used >= (v + 1) * lanes<T>) {
                    store(to + v * lanes<T>, sum[r][v]);
                } else {
                    std::memcpy(to, &sum[r][v], static_cast<std::size_t>(used) * sizeof(T));
                }
            }
        }
    }

    // Rows by a vector's worth of columns: as many accumulators as there are registers for.
    static constexpr int block_rows = 2 * micro_rows > lanes<T> ? 2 * micro_rows / lanes<T> : 1;

    // done(row, col, g, v, x): x[i] is entry (row, col + i) of a vector of samples. Beyond the last row or
    // column the last is computed again.
    template <class Done>
    static void batched_blocks(const T* A, const T* B, int rows, int inner, int cols, int groups, long n,
                               const Done& done) {
        constexpr int resident = 16;  // rows of A that stay in L1 while all columns of B pass
        for (int g = 0; g < groups; ++g) {
            for (int r0 = 0; r0 < rows; r0 += resident) {
                const int end = r0 + resident < rows ? r0 + resident : rows;
                for (int v = 0; v < width && static_cast<long>(g) * width + v < n; v += lanes<T>) {
                    for (int col = 0; col < cols; col += lanes<T>) {
                        for (int row = r0; row < end; row += block_rows)
                            batched_block(A, B, row, rows, inner, col, cols, g, groups, v, done);
                    }
                }
            }
        }
    }
    template <class Done>
    static SLOPENET_INLINE void batched_block(const T* A, const T* B, int row, int rows, int inner, int col,
                                              int cols, int g, int groups, int v, const Done& done) {
        const T* a[block_rows];
        for (int i = 0; i < block_rows; ++i) {
            const long r = row + i < rows ? row + i : rows - 1;
            a[i] = A + (r * groups + g) * panel(inner) + v;
        }
        long b[lanes<T>];
        for (int j = 0; j < lanes<T>; ++j)
            b[j] = static_cast<long>(col + j < cols ? col + j : cols - 1) * width + v;
        Vec<T> sum[block_rows][lanes<T>] = {};
        for (int k = 0; k < inner; ++k) {
            const T* Bk = B + (static_cast<long>(k) * groups + g) * panel(cols);
            Vec<T> ak[block_rows];
            for (int i = 0; i < block_rows; ++i) ak[i] = load(a[i] + static_cast<long>(k) * width);
            for (int j = 0; j < lanes<T>; ++j) {
                const Vec<T> bk = load(Bk + b[j]);
                for (int i = 0; i < block_rows; ++i) sum[i][j] = fma(ak[i], bk, sum[i][j]);
            }
        }
        for (int i = 0; i < block_rows; ++i) {
            if (row + i < rows) done(row + i, col, g, v, sum[i]);
        }
    }
};

}  // namespace slopenet::SLOPENET_ISA
