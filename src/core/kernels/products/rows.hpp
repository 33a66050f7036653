// The layout of a single point: lanes are rows of W. A panel is [row], padded to whole blocks of packed rows.
#pragma once

#include "pack.hpp"
#include "epilogues.hpp"

namespace slopenet::SLOPENET_ISA {

template <class T>
struct Rows {
    static constexpr int width = 1;
    static long panel(int rows) { return round_up(rows, pack_rows<T>); }

    // V vectors of rows for C directions.
    template <int V, int C, class Epilogue>
    static void micro(const T* packed, int depth, const T* A, T* out, long ld, int row, int index,
                      const Epilogue& epilogue) {
        const T* w[V];
        Vec<T> sum[V][C];
        for (int v = 0; v < V; ++v) {
            const long r = row + v * lanes<T>;
            w[v] = packed + r / pack_rows<T> * pack_rows<T> * depth + r % pack_rows<T>;
            for (int c = 0; c < C; ++c) sum[v][c] = epilogue.start_rows(static_cast<int>(r));
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
                store(out + c * ld + offset, epilogue.at(index + c).finish(sum[v][c], offset));
            }
        }
    }

    template <int V, int C, class Epilogue>
    static void strips(const T* packed, int depth, const T* A, T* out, long ld, int row, int index,
                       const Epilogue& epilogue) {
        for (; row + V * lanes<T> <= ld; row += V * lanes<T>)
            micro<V, C>(packed, depth, A, out, ld, row, index, epilogue);
        if constexpr (V > 1) strips<V / 2, C>(packed, depth, A, out, ld, row, index, epilogue);
    }

    template <class Epilogue>
    static void product(const T* packed, int rows, int depth, const T* A, T* C, int count,
                        const Epilogue& epilogue) {
        const long lda = panel(depth), ld = panel(rows);
        int index = 0;
        for (; index + 3 <= count; index += 3)  // 12 accumulators
            strips<4, 3>(packed, depth, A + index * lda, C + index * ld, ld, 0, index, epilogue);
        for (; index < count; ++index)
            strips<8, 1>(packed, depth, A + index * lda, C + index * ld, ld, 0, index, epilogue);
    }

    static void column(const T* w, long stride, int rows, const T* D, T* to) {
        for (int row = 0; row < rows; ++row) to[row] = w[row * stride] * D[row];
    }
    static void row(const T* w, int rows, const T* D, int k, T* to) {
        for (int r = 0; r < rows; ++r) to[r] = w[r] * D[k];
    }
    static void times_entry(const T* D, int i, int rows, T* column) {
        for (int r = 0; r < rows; ++r) column[r] *= D[i];
    }
    // sigma and its derivatives of n consecutive rows. A run may begin and end inside a vector, so it is
    // evaluated in memory of its own. An entry gets the same bits in any lane.
    static void apply(const Run<T>& run, int derivatives, T* z, T* D, T* S, long n) {
        constexpr long most = 32 * lanes<T>;
        alignas(vector_bytes) T own[4][most];
        T* const to[] = {z, D, S};
        for (long i = 0; i < n; i += most) {
            const long count = n - i < most ? n - i : most;
            const auto bytes = static_cast<std::size_t>(count) * sizeof(T);
            std::memcpy(own[0], z + i, bytes);
            const long whole = round_up<long>(count, lanes<T>);
            for (long k = count; k < whole; ++k) own[0][k] = own[0][0];
            run.activation->apply[derivatives](own[0], run.parameter, own[1], own[2], own[3], whole);
            for (int j = 0; j <= least(derivatives, 2); ++j) std::memcpy(to[j] + i, own[1 + j], bytes);
        }
    }
    static void set_entry(T* to, int k, T value) { to[k] = value; }
    static void dot(const T* w, const T* x, int from, int to, T* sum, int k) {
        Vec<T> total = broadcast(sum[k]);
        for (int j = from; j < to; ++j) total = add_weighted(broadcast(w[j]), broadcast(x[j]), total);
        sum[k] = total[0];
    }
    static void dot_shared(const T* w, const T* x, int from, int to, T* sum, int k) {
        dot(w, x, from, to, sum, k);
    }

    static void transpose_panels(const T* from, int count, int rows, int, T* to) {
        for (int r = 0; r < rows; ++r) {
            for (int c = 0; c < count; ++c) to[r * panel(count) + c] = from[c * panel(rows) + r];
        }
    }

    static bool read(const T* from, long, int cols, int, T* to, long) {
        T poison = 0;
        for (int k = 0; k < cols; ++k) {
            poison += from[k] - from[k];
            to[k] = from[k];
        }
        for (long k = cols; k < panel(cols); ++k) to[k] = 0;
        return poison == 0;
    }
    static void write(const T* from, int rows, int, long, T* to, long) { write_run(from, 1, rows, 1, to, 0); }
    static void write_run(const T* from, long step, int entries, long, T* to, long) {
        for (int e = 0; e < entries; ++e) to[e] = from[e * step];
    }
};

}  // namespace slopenet::SLOPENET_ISA
