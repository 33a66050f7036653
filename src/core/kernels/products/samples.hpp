// The layout of a tile: lanes are samples. A panel is [row][sample of a chunk]; a product takes `count`
// panels, one for each direction and group.
#pragma once

#include "pack.hpp"
#include "epilogues.hpp"

namespace slopenet::SLOPENET_ISA {

// A chunk is three vectors of samples wide, or one where fewer are left.
template <class T, int vectors = 3>
struct Samples {
    static constexpr int width = vectors * lanes<T>;
    static long panel(int rows) { return static_cast<long>(rows) * width; }

    // Rows of C at a time: as many accumulators as hide the latency of a multiply-add and fit in registers.
    static constexpr int strip_rows = vectors == 3 ? micro_rows : 8;

    // R rows of C, for all samples of a chunk; w is where their block of packed W begins.
    template <int R, class Epilogue>
    static void micro(const T* w, int depth, const T* A, T* C, int row, int index, const Epilogue& epilogue) {
        const Epilogue here = epilogue.at(index);
        Vec<T> sum[R][vectors];
        SLOPENET_UNROLL for (int i = 0; i < R; ++i) {
            SLOPENET_UNROLL for (int j = 0; j < vectors; ++j) sum[i][j] = here.start(row + i);
        }
        const long block = static_cast<long>(pack_rows<T>) * depth;
        for (int k = 0; k < depth; ++k) {
            Vec<T> a[vectors];
            SLOPENET_UNROLL for (int j = 0; j < vectors; ++j) {
                a[j] = load(A + static_cast<long>(k) * width + j * lanes<T>);
            }
            SLOPENET_UNROLL for (int i = 0; i < R; ++i) {
                const Vec<T> wi =
                    broadcast(w[i / pack_rows<T> * block + k * pack_rows<T> + i % pack_rows<T>]);
                SLOPENET_UNROLL for (int j = 0; j < vectors; ++j) sum[i][j] = fma(wi, a[j], sum[i][j]);
            }
        }
        SLOPENET_UNROLL for (int i = 0; i < R; ++i) {
            SLOPENET_UNROLL for (int j = 0; j < vectors; ++j) {
                const long offset = static_cast<long>(row + i) * width + j * lanes<T>;
                store(C + offset, here.finish(sum[i][j], offset));
            }
        }
    }

    // The last rows, fewer than a block, with an accumulator only for each of them: odd widths and n_L = 1
    // waste no lanes.
    template <int R, class Epilogue>
    static void tail(int rows, const T* w, int depth, const T* A, T* C, int row, int index,
                     const Epilogue& epilogue) {
        if constexpr (R > 0) {
            if (rows == R) return micro<R>(w, depth, A, C, row, index, epilogue);
            tail<R - 1>(rows, w, depth, A, C, row, index, epilogue);
        }
    }

    // C = epilogue(W A): `count` panels of `rows` rows from `count` panels of `depth` rows.
    template <class Epilogue>
    static void product(const T* packed, int rows, int depth, const T* A, T* C, int count,
                        const Epilogue& epilogue) {
        const auto strip = [&](int row, int index) {
            const T* w =
                packed + static_cast<long>(row / pack_rows<T>) * pack_rows<T> * depth + row % pack_rows<T>;
            const T* a = A + index * panel(depth);
            T* c = C + index * panel(rows);
            if (rows - row >= strip_rows) {
                micro<strip_rows>(w, depth, a, c, row, index, epilogue);
            } else {
                tail<strip_rows - 1>(rows - row, w, depth, a, c, row, index, epilogue);
            }
        };
        // While W fits in L2, chunk by chunk through all of W; else strip by strip of W over all chunks.
        const bool fits = static_cast<long>(rows) * depth * static_cast<long>(sizeof(T)) <= 384 * 1024;
        if (fits) {
            for (int index = 0; index < count; ++index) {
                for (int row = 0; row < rows; row += strip_rows) strip(row, index);
            }
        } else {
            for (int row = 0; row < rows; row += strip_rows) {
                for (int index = 0; index < count; ++index) strip(row, index);
            }
        }
    }

    // Column of D W, where a forward sweep starts: to[row] = w[row * stride] D[row].
    static void column(const T* w, long stride, int rows, const T* D, T* to) {
        for (int row = 0; row < rows; ++row) {
            const Vec<T> factor = broadcast(w[row * stride]);
            for (int i = row * width; i < (row + 1) * width; i += lanes<T>)
                store(to + i, factor * load(D + i));
        }
    }
    // Row k of D W, where a reverse sweep starts: to[r] = w[r] D[k].
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
    // sigma and its derivatives of a run of rows: n consecutive entries, which are whole vectors.
    static void apply(const Run<T>& run, int derivatives, T* z, T* D, T* S, long n) {
        run.activation->apply[derivatives](z, run.parameter, z, D, S, n);
    }
    static void set_entry(T* to, int k, T value) {
        for (int v = 0; v < width; v += lanes<T>) store(to + k * width + v, broadcast(value));
    }
    // sum[k] += w[j] x[j] over from <= j < to. Where w[j] is 0 it adds nothing, even if x[j] has overflowed.
    static void dot(const T* w, const T* x, int from, int to, T* sum, int k) {
        add_dot(w, from, to, sum + k * width, [&](int j, int v) { return load(x + j * width + v); });
    }
    // The same with an x that all samples share.
    static void dot_shared(const T* w, const T* x, int from, int to, T* sum, int k) {
        add_dot(w, from, to, sum + k * width, [&](int j, int) { return broadcast(x[j]); });
    }

    // Transposes `count` panels of `rows` into `rows` panels of `count`.
    static void transpose_panels(const T* from, int count, int rows, int groups, T* to) {
        for (int c = 0; c < count; ++c) {
            for (int g = 0; g < groups; ++g) {
                const T* in = from + (c * groups + g) * panel(rows);
                for (int r = 0; r < rows; ++r)
                    std::memcpy(to + (r * groups + g) * panel(count) + static_cast<long>(c) * width,
                                in + static_cast<long>(r) * width, width * sizeof(T));
            }
        }
    }

    // Reads the first `cols` entries at row(0), row(1), ..., row(n - 1) into panels. Pads the last chunk with
    // the last sample, so that padding never overflows by itself. Returns false if an entry is not finite.
    template <class Row>
    static bool read(const Row& row, long n, int cols, int groups, T* to) {
        for (int g = 0; g < groups; ++g) {
            const long first = static_cast<long>(g) * width, left = n - first;
            T* out = to + g * panel(cols);
            int k = 0;
            for (; left >= width && k + lanes<T> <= cols; k += lanes<T>) {
                for (int v = 0; v < width; v += lanes<T>) {
                    Vec<T> x[lanes<T>];
                    for (int i = 0; i < lanes<T>; ++i) x[i] = load(row(first + v + i) + k);
                    transpose(x);
                    for (int i = 0; i < lanes<T>; ++i) store(out + (k + i) * width + v, x[i]);
                }
            }
            for (; k < cols; ++k) {
                if (left >= width) {
                    for (int lane = 0; lane < width; ++lane) out[k * width + lane] = row(first + lane)[k];
                } else {
                    for (int lane = 0; lane < width; ++lane)
                        out[k * width + lane] = row(first + (lane < left ? lane : left - 1))[k];
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
    // The same for samples that begin `stride` entries apart.
    static bool read(const T* from, long n, int cols, int groups, T* to, long stride) {
        return read([=](long s) { return from + s * stride; }, n, cols, groups, to);
    }
    // Writes panels of `rows` to an array whose samples begin `stride` entries apart.
    static void write(const T* from, int rows, int groups, long n, T* to, long stride) {
        for (int g = 0; g < groups; ++g)
            write_run(from + g * panel(rows), width, rows, n - static_cast<long>(g) * width,
                      to + static_cast<long>(g) * width * stride, stride);
    }
    // Writes entries that are `step` apart in a panel of one group to consecutive places of each sample.
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
        Vec<T> total[vectors];
        for (int i = 0; i < vectors; ++i) total[i] = load(sum + i * lanes<T>);
        for (int j = from; j < to; ++j) {
            for (int i = 0; i < vectors; ++i) {
                const int v = i * lanes<T>;
                total[i] = add_weighted(load(w + j * width + v), x(j, v), total[i]);
            }
        }
        for (int i = 0; i < vectors; ++i) store(sum + i * lanes<T>, total[i]);
    }
};

}  // namespace slopenet::SLOPENET_ISA
