// Products C = A B of two matrices per sample, where two inner brackets of the chain meet. Each entry adds
// its products in the order k = 0, 1, ..., as everywhere.
#pragma once

#include "rows.hpp"
#include "samples.hpp"

namespace slopenet::SLOPENET_ISA {

template <class Layout, class T>
struct Batched;

template <class T, int vectors>
struct Batched<Samples<T, vectors>, T> {
    using Layout = Samples<T, vectors>;

    // `rows` panels of `cols` entries, from `rows` panels of `inner` and `inner` panels of `cols`.
    static void product(const T* A, const T* B, T* C, int rows, int inner, int cols, int groups) {
        constexpr int resident = 16;  // rows of A that stay in L1 while all columns of B pass
        for (int g = 0; g < groups; ++g) {
            for (int r0 = 0; r0 < rows; r0 += resident) {
                const int end = r0 + resident < rows ? r0 + resident : rows;
                for (int v = 0; v < Layout::width; v += lanes<T>) {
                    for (int col = 0; col < cols; col += lanes<T>) {
                        for (int row = r0; row < end; row += block_rows)
                            block(A, B, C, row, rows, inner, col, cols, g, groups, v);
                    }
                }
            }
        }
    }
    // The same to an array (n, rows, cols), sample by sample: memory is written in long runs.
    static long space(int rows, int inner, int cols) {
        return lanes<T> * inner * (static_cast<long>(rows) + round_up(cols, lanes<T>));
    }
    static void write(const T* A, const T* B, int rows, int inner, int cols, int groups, long n, T* space,
                      T* to) {
        const long ld = round_up(cols, lanes<T>), a_size = static_cast<long>(rows) * inner,
                   b_size = inner * ld;
        T *a = space, *b = space + lanes<T> * a_size;
        for (long s0 = 0; s0 < n; s0 += lanes<T>) {
            const long g = s0 / Layout::width, v = s0 % Layout::width,
                       used = n - s0 < lanes<T> ? n - s0 : lanes<T>;
            for (int r = 0; r < rows; ++r)
                Layout::write_run(A + (r * groups + g) * Layout::panel(inner) + v, Layout::width, inner, used,
                                  a + r * inner, a_size);
            for (int k = 0; k < inner; ++k)
                Layout::write_run(B + (k * groups + g) * Layout::panel(cols) + v, Layout::width, cols, used,
                                  b + k * ld, b_size);
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

  private:
    // R rows of one sample's product; the rows of b are ld entries apart.
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
        Vec<T> sum[R][V];
        zero(sum);
        for (int k = 0; k < inner; ++k) {
            Vec<T> bk[V];
            for (int v = 0; v < V; ++v) bk[v] = load(b + k * ld + v * lanes<T>);
            for (int r = 0; r < R; ++r) {
                const Vec<T> ak = broadcast(a[static_cast<long>(r) * inner + k]);
                for (int v = 0; v < V; ++v) sum[r][v] = fma(ak, bk[v], sum[r][v]);
            }
        }
        SLOPENET_UNROLL for (int r = 0; r < R; ++r) {
            T* to = c + static_cast<long>(r) * cols;
            SLOPENET_UNROLL for (int v = 0; v < V; ++v) {
                if (used >= (v + 1) * lanes<T>) {
                    store(to + v * lanes<T>, sum[r][v]);
                } else {
                    std::memcpy(to, &sum[r][v], static_cast<std::size_t>(used) * sizeof(T));
                }
            }
        }
    }

    // Rows of a block; it has one column per lane. There is a register for each accumulator.
    static constexpr int block_rows = 2 * micro_rows > lanes<T> ? 2 * micro_rows / lanes<T> : 1;

    // One block for a vector of samples. Rows and columns beyond the last repeat it and are not stored.
    static SLOPENET_INLINE void block(const T* A, const T* B, T* C, int row, int rows, int inner, int col,
                                      int cols, int g, int groups, int v) {
        const T* a[block_rows];
        for (int i = 0; i < block_rows; ++i) {
            const long r = row + i < rows ? row + i : rows - 1;
            a[i] = A + (r * groups + g) * Layout::panel(inner) + v;
        }
        long b[lanes<T>];
        for (int j = 0; j < lanes<T>; ++j)
            b[j] = static_cast<long>(col + j < cols ? col + j : cols - 1) * Layout::width + v;
        Vec<T> sum[block_rows][lanes<T>];
        zero(sum);
        for (int k = 0; k < inner; ++k) {
            const T* Bk = B + (static_cast<long>(k) * groups + g) * Layout::panel(cols);
            Vec<T> ak[block_rows];
            for (int i = 0; i < block_rows; ++i) ak[i] = load(a[i] + static_cast<long>(k) * Layout::width);
            for (int j = 0; j < lanes<T>; ++j) {
                const Vec<T> bk = load(Bk + b[j]);
                for (int i = 0; i < block_rows; ++i) sum[i][j] = fma(ak[i], bk, sum[i][j]);
            }
        }
        for (int i = 0; i < block_rows && row + i < rows; ++i) {
            T* to = C + (static_cast<long>(row + i) * groups + g) * Layout::panel(cols);
            for (int j = 0; j < lanes<T> && col + j < cols; ++j) store(to + b[j], sum[i][j]);
        }
    }
};

template <class T>
struct Batched<Rows<T>, T> {
    using Layout = Rows<T>;

    static void product(const T* A, const T* B, T* C, int rows, int inner, int cols, int) {
        const long ld = Layout::panel(cols);
        for (int r = 0; r < rows; ++r) {
            for (long col = 0; col < ld; col += lanes<T>) {
                Vec<T> sum{};
                for (int k = 0; k < inner; ++k)
                    sum = fma(broadcast(A[r * Layout::panel(inner) + k]), load(B + k * ld + col), sum);
                store(C + r * ld + col, sum);
            }
        }
    }
    static long space(int, int, int cols) { return Layout::panel(cols); }
    static void write(const T* A, const T* B, int rows, int inner, int cols, int, long, T* scratch, T* to) {
        for (int r = 0; r < rows; ++r) {
            product(A + r * Layout::panel(inner), B, scratch, 1, inner, cols, 1);
            std::memcpy(to + static_cast<long>(r) * cols, scratch,
                        static_cast<std::size_t>(cols) * sizeof(T));
        }
    }
};

}  // namespace slopenet::SLOPENET_ISA
