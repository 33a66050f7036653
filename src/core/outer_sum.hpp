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
        return static_cast<long>(count) * chunk<T> * round_up(cols, 3 * lanes<T>);
    }

    static void add(const T* G, const T* A, int rows, int cols, int count, T* dW, T* scratch) {
        const int ld = round_up(cols, 3 * lanes<T>);
        const long panel = Samples<T>::panel(cols);
        for (int c = 0; c < count; ++c) {
            for (int k = 0; k < ld; ++k) {
                T* out = scratch + static_cast<long>(c) * chunk<T> * ld + k;
                const T* in = A + c * panel + static_cast<long>(k) * chunk<T>;
                for (int s = 0; s < chunk<T>; ++s) out[static_cast<long>(s) * ld] = k < cols ? in[s] : T(0);
            }
        }
        for (int k = 0; k < cols; k += 3 * lanes<T>) {
            int row = 0;
            for (; row + 4 <= rows; row += 4) block<4>(G, scratch + k, ld, rows, row, cols, k, count, dW);
            for (; row < rows; ++row) block<1>(G, scratch + k, ld, rows, row, cols, k, count, dW);
        }
    }

  private:
    template <int R>
    static void block(const T* G, const T* At, int ld, int rows, int row, int cols, int col, int count,
                      T* dW) {
        Vec<T> sum[R][3] = {};
        for (int c = 0; c < count; ++c) {
            const T* g = G + c * Samples<T>::panel(rows) + static_cast<long>(row) * chunk<T>;
            const T* a = At + static_cast<long>(c) * chunk<T> * ld;
            for (int s = 0; s < chunk<T>; ++s, a += ld) {
                const Vec<T> a0 = load(a), a1 = load(a + lanes<T>), a2 = load(a + 2 * lanes<T>);
                for (int i = 0; i < R; ++i) {
                    const Vec<T> gi = broadcast(g[i * chunk<T> + s]);
                    sum[i][0] = fma(gi, a0, sum[i][0]);
                    sum[i][1] = fma(gi, a1, sum[i][1]);
                    sum[i][2] = fma(gi, a2, sum[i][2]);
                }
            }
        }
        for (int i = 0; i < R; ++i) {
            T total[3 * lanes<T>];
            for (int j = 0; j < 3; ++j) store(total + j * lanes<T>, sum[i][j]);
            T* out = dW + static_cast<long>(row + i) * cols + col;
            const int valid = cols - col < 3 * lanes<T> ? cols - col : 3 * lanes<T>;
            for (int j = 0; j < valid; ++j) out[j] += total[j];
        }
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
