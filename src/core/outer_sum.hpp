// Sums over samples and directions.
#pragma once

#include "forward.hpp"

namespace slopenet::SLOPENET_ISA {

// dW += sum over samples and directions of G A^T. A is turned sample-major in `scratch`, so that lanes are
// columns of dW and no lane is ever summed.
template <class T>
class OuterSum {
  public:
    static long scratch_size(int cols, int count) {
        return static_cast<long>(count) * chunk<T> * round_up(cols, lanes<T>);
    }

    static void add(const T* G, const T* A, int rows, int cols, int count, T* dW, T* scratch) {
        const int ld = round_up(cols, lanes<T>);
        for (int c = 0; c < count; ++c) {
            T* to = scratch + static_cast<long>(c) * chunk<T> * ld;
            if (cols < ld) {  // lanes beyond the last column are computed too
                for (int s = 0; s < chunk<T>; ++s) store(to + (s + 1) * ld - lanes<T>, Vec<T>{});
            }
            Samples<T>::write_run(A + c * Samples<T>::panel(cols), chunk<T>, cols, chunk<T>, to, ld);
        }
        const Sum sum{G, scratch, rows, cols, ld, count, dW};
        int k = 0;
        for (; k + 3 * lanes<T> <= ld; k += 3 * lanes<T>) sum.template columns<4, 3>(k);
        if (ld - k == 2 * lanes<T>) sum.template columns<4, 2>(k);
        if (ld - k == lanes<T>) sum.template columns<8, 1>(k);
    }

  private:
    struct Sum {
        const T *G, *At;
        int rows, cols, ld, count;
        T* dW;

        // V vectors of columns from k on, R rows at a time
        template <int R, int V>
        void columns(int k) const {
            int row = 0;
            for (; row + R <= rows; row += R) block<R, V>(row, k);
            for (; row < rows; ++row) block<1, V>(row, k);
        }
        template <int R, int V>
        void block(int row, int k) const {
            Vec<T> sum[R][V] = {};
            for (int c = 0; c < count; ++c) {
                const T* g = G + c * Samples<T>::panel(rows) + static_cast<long>(row) * chunk<T>;
                const T* a = At + static_cast<long>(c) * chunk<T> * ld + k;
                for (int s = 0; s < chunk<T>; ++s, a += ld) {
                    Vec<T> x[V];
                    for (int j = 0; j < V; ++j) x[j] = load(a + j * lanes<T>);
                    for (int i = 0; i < R; ++i) {
                        const Vec<T> gi = broadcast(g[i * chunk<T> + s]);
                        for (int j = 0; j < V; ++j) sum[i][j] = fma(gi, x[j], sum[i][j]);
                    }
                }
            }
            for (int i = 0; i < R; ++i) {
                for (int j = 0; j < V; ++j) {
                    const int col = k + j * lanes<T>;
                    add_to(dW + static_cast<long>(row + i) * cols + col, sum[i][j], cols - col);
                }
            }
        }
    };

    static void add_to(T* to, Vec<T> x, int valid) {
        if (valid >= lanes<T>) return store(to, load(to) + x);
        for (int j = 0; j < valid; ++j) to[j] += x[j];
    }
};

// to[row * stride] += sum over the samples of a panel group
template <class T>
void add_lanes(const T* from, int rows, int groups, T* to, long stride) {
    using L = Samples<T>;
    for (int r = 0; r < rows; ++r) {
        Vec<T> sum{};
        for (int g = 0; g < groups; ++g) {
            const T* x = from + g * L::panel(rows) + static_cast<long>(r) * L::width;
            for (int v = 0; v < 3; ++v) sum += load(x + v * lanes<T>);
        }
        to[r * stride] += sum_lanes(sum);
    }
}

template <class T>
SLOPENET_INLINE T sample_weight(const Task<T>& task, long s) {
    return task.sample_weight ? task.sample_weight[s] : T(1);
}

}  // namespace slopenet::SLOPENET_ISA
