// Sums over samples and directions: gradients in W and b.
#pragma once

#include "samples.hpp"

namespace slopenet::SLOPENET_ISA {

// dW += G A^T, summed over samples and directions. Three vectors of columns of A at a time are transposed
// into `scratch`, so that lanes are columns of dW and no sum goes over lanes. The last rows are too few to
// pay for that: they are sums over lanes.
template <class T>
class OuterSum {
    using Layout = Samples<T>;
    static constexpr int most = 3 * lanes<T>, few = 4;

  public:
    static long scratch_size(int count) { return static_cast<long>(count) * chunk<T> * most; }

    static void add(const T* G, const T* A, int rows, int cols, int count, T* dW, T* scratch) {
        const int whole = rows / few * few;
        for (int k = 0; whole && k < cols; k += most) {
            const int entries = least(cols - k, most), width = round_up(entries, lanes<T>);
            T* to = scratch;
            for (int c = 0; c < count; ++c, to += chunk<T> * width) {
                if (entries < width) {  // the lanes beyond the last column are computed too
                    for (int s = 1; s <= chunk<T>; ++s) store(to + s * width - lanes<T>, Vec<T>{});
                }
                Layout::write_run(A + c * Layout::panel(cols) + static_cast<long>(k) * chunk<T>, chunk<T>,
                                  entries, chunk<T>, to, width);
            }
            const Columns strip{G, scratch, rows, cols, entries, count, dW + k};
            if (width == most) strip.template add<4, 3>(0, whole);
            if (width == 2 * lanes<T>) strip.template add<4, 2>(0, whole);
            if (width == lanes<T>) strip.template add<4, 1>(strip.template add<8, 1>(0, whole), whole);
        }
        for (int row = whole; row < rows; ++row)
            add_row(G + static_cast<long>(row) * chunk<T>, rows, A, cols, count,
                    dW + static_cast<long>(row) * cols);
    }

  private:
    struct Columns {
        const T *G, *At;
        int rows, cols, entries, count;
        T* dW;

        // V vectors of columns, in blocks of R rows as long as there are R. Returns the first row that is
        // left.
        template <int R, int V>
        int add(int row, int end) const {
            for (; row + R <= end; row += R) block<R, V>(row);
            return row;
        }
        template <int R, int V>
        void block(int row) const {
            Vec<T> sum[R][V];
            zero(sum);
            const T* a = At;
            for (int c = 0; c < count; ++c) {
                const T* g = G + c * Layout::panel(rows) + static_cast<long>(row) * chunk<T>;
                for (int s = 0; s < chunk<T>; ++s, a += V * lanes<T>) {
                    Vec<T> x[V];
                    for (int j = 0; j < V; ++j) x[j] = load(a + j * lanes<T>);
                    for (int i = 0; i < R; ++i) {
                        const Vec<T> gi = broadcast(g[i * chunk<T> + s]);
                        for (int j = 0; j < V; ++j) sum[i][j] = fma(gi, x[j], sum[i][j]);
                    }
                }
            }
            T* to = dW + static_cast<long>(row) * cols;
            const long next = cols;
            const int before = (V - 1) * lanes<T>,
                      valid = entries - before;  // only the last vector may be partial
            SLOPENET_UNROLL for (int i = 0; i < R; ++i, to += next) {
                SLOPENET_UNROLL for (int j = 0; j < V - 1; ++j)
                    store(to + j * lanes<T>, load(to + j * lanes<T>) + sum[i][j]);
                add_to(to + before, sum[i][V - 1], valid);
            }
        }
    };

    // One row of G. Lanes are samples until the end; as many columns at a time as there are lanes.
    static void add_row(const T* g, int rows, const T* A, int cols, int count, T* dW) {
        for (int k = 0; k < cols; k += lanes<T>) {
            const int entries = least(cols - k, lanes<T>);
            Vec<T> sum[lanes<T>];
            zero(sum);
            for (int c = 0; c < count; ++c) {
                const T* gc = g + c * Layout::panel(rows);
                const T* a = A + c * Layout::panel(cols) + static_cast<long>(k) * chunk<T>;
                for (int v = 0; v < chunk<T>; v += lanes<T>) {
                    const Vec<T> gv = load(gc + v);
                    SLOPENET_UNROLL for (int j = 0; j < lanes<T>; ++j) {
                        const int column = j < entries ? j : 0;
                        sum[j] = fma(gv, load(a + column * chunk<T> + v), sum[j]);
                    }
                }
            }
            add_to(dW + k, sum_each(sum), entries);
        }
    }

    static void add_to(T* to, Vec<T> x, int valid) {
        if (valid >= lanes<T>) return store(to, load(to) + x);
        for (int j = 0; j < valid; ++j) to[j] += x[j];
    }
};

// to[row * stride] += the sum over samples of panels of `rows`, one for each group
template <class T>
void add_lanes(const T* from, int rows, int groups, T* to, long stride) {
    using Layout = Samples<T>;
    for (int r = 0; r < rows; r += lanes<T>) {
        const int entries = least(rows - r, lanes<T>);
        Vec<T> sum[lanes<T>];
        zero(sum);
        for (int g = 0; g < groups; ++g) {
            const T* x = from + g * Layout::panel(rows) + static_cast<long>(r) * Layout::width;
            for (int v = 0; v < Layout::width; v += lanes<T>) {
                SLOPENET_UNROLL for (int j = 0; j < lanes<T>; ++j) sum[j] +=
                    load(x + (j < entries ? j : 0) * Layout::width + v);
            }
        }
        const Vec<T> total = sum_each(sum);
        for (int j = 0; j < entries; ++j) to[(r + j) * stride] += total[j];
    }
}

}  // namespace slopenet::SLOPENET_ISA
