// sum_l Z'[l]^T diag(w[l]) Z'[l] of each sample, symmetric to the bit: one triangle is computed and written
// twice. Layers and their rows are added in order, whatever the layout.
#pragma once

#include "forward.hpp"

namespace slopenet::SLOPENET_ISA {

// The rows of a layer that bend an output, and the panels of their weights.
template <class T>
struct Bend {
    int from, to;
    const T* weight;
};

template <class L, class T>
class Gram;

template <class T>
class Gram<Samples<T>, T> {
    using L = Samples<T>;

  public:
    // Z' as the tangents leave it: a panel a direction. Z'[2] = W[2] is read where it stands.
    static long size(int rows, int inputs, int groups, bool shared) {
        return shared ? 0 : inputs * groups * L::panel(rows);
    }
    static void arrange(int, int, T*, T*) {}
    static void arrange_shared(const T*, int, int, T*) {}

    Gram(int inputs, int groups) : n(inputs), groups(groups) {}
    void add(const Bend<T>& bend, const Layer<T>& layer, const T* Z, bool shared) {
        parts[count++] = {bend, shared ? layer.W : Z, L::panel(layer.rows), shared};
    }
    // to[sample * stride + a n_1 + b], samples < samples_left
    void write(long samples, T* to, long stride) const {
        if (n == 1) return blocks<1>(samples, to, stride);
        if (n == 2) return blocks<2>(samples, to, stride);
        if (n == 3 || micro_rows < 8) return blocks<3>(samples, to, stride);
        blocks<4>(samples, to, stride);
    }

  private:
    struct Part {
        Bend<T> bend;
        const T* Z;
        long panel;
        bool shared;
    };

    template <int N>
    void blocks(long samples, T* to, long stride) const {
        for (int g = 0; g < groups; ++g) {
            for (int v = 0; v < L::width; v += lanes<T>) {
                const long s0 = static_cast<long>(g) * L::width + v;
                if (s0 >= samples) return;
                const int used = static_cast<int>(samples - s0 < lanes<T> ? samples - s0 : lanes<T>);
                for (int a = 0; a < n; a += N) {
                    for (int b = a; b < n; b += N) block<N>(a, b, g, v, used, to + s0 * stride, stride);
                }
            }
        }
    }

    // N x N entries of one vector of samples; beyond the last direction the last is taken again.
    template <int N>
    void block(int a, int b, int g, int v, int used, T* to, long stride) const {
        Vec<T> sum[N][N] = {};
        long at_a[N], at_b[N];
        for (int i = 0; i < N; ++i) {
            at_a[i] = a + i < n ? a + i : n - 1;
            at_b[i] = b + i < n ? b + i : n - 1;
        }
        for (int p = 0; p < count; ++p) {
            const Part& part = parts[p];
            const T* w = part.bend.weight + g * part.panel + v;
            if (part.shared) {
                for (int j = part.bend.from; j < part.bend.to; ++j) {
                    const T* row = part.Z + static_cast<long>(j) * n;
                    add_row<N>(
                        load(w + j * L::width), sum, [&](int i) { return broadcast(row[at_a[i]]); },
                        [&](int i) { return broadcast(row[at_b[i]]); });
                }
            } else {
                const T* za[N];
                const T* zb[N];
                for (int i = 0; i < N; ++i) {
                    za[i] = part.Z + (at_a[i] * groups + g) * part.panel + v;
                    zb[i] = part.Z + (at_b[i] * groups + g) * part.panel + v;
                }
                for (int j = part.bend.from; j < part.bend.to; ++j) {
                    const long at = static_cast<long>(j) * L::width;
                    add_row<N>(
                        load(w + at), sum, [&](int i) { return load(za[i] + at); },
                        [&](int i) { return load(zb[i] + at); });
                }
            }
        }
        for (int i = 0; i < N && a + i < n; ++i) {
            for (int j = 0; j < N && b + j < n; ++j) {
                if (b + j < a + i) continue;
                T entries[lanes<T>];
                store(entries, sum[i][j]);
                T* upper = to + static_cast<long>(a + i) * n + b + j;
                T* lower = to + static_cast<long>(b + j) * n + a + i;
                for (int lane = 0; lane < used; ++lane)
                    upper[lane * stride] = lower[lane * stride] = entries[lane];
            }
        }
    }
    template <int N, class Za, class Zb>
    static SLOPENET_INLINE void add_row(Vec<T> w, Vec<T> (&sum)[N][N], const Za& za, const Zb& zb) {
        Vec<T> right[N];
        for (int j = 0; j < N; ++j) right[j] = zb(j);
        for (int i = 0; i < N; ++i) {
            const Vec<T> weighted = w * za(i);
            for (int j = 0; j < N; ++j) sum[i][j] = fma(weighted, right[j], sum[i][j]);
        }
    }

    int n, groups, count = 0;
    Part parts[max_depth];
};

template <class T>
class Gram<Rows<T>, T> {
    using L = Rows<T>;

  public:
    // Lanes are directions: Z' is turned into [row][direction].
    static long size(int rows, int inputs, int, bool) {
        const long turned = rows * padded(inputs), made = inputs * L::panel(rows);
        return turned > made ? turned : made;
    }
    static void arrange(int rows, int inputs, T* Z, T* scratch) {
        const long made = inputs * L::panel(rows);
        std::memcpy(scratch, Z, static_cast<std::size_t>(made) * sizeof(T));
        for (int j = 0; j < rows; ++j) {
            for (long i = 0; i < padded(inputs); ++i)
                Z[j * padded(inputs) + i] = i < inputs ? scratch[i * L::panel(rows) + j] : T(0);
        }
    }
    static void arrange_shared(const T* W, int rows, int inputs, T* Z) {
        for (int j = 0; j < rows; ++j) {
            for (long i = 0; i < padded(inputs); ++i)
                Z[j * padded(inputs) + i] = i < inputs ? W[static_cast<long>(j) * inputs + i] : T(0);
        }
    }

    Gram(int inputs, int) : n(inputs) {}
    void add(const Bend<T>& bend, const Layer<T>&, const T* Z, bool) { parts[count++] = {bend, Z}; }
    void write(long, T* to, long) const {
        constexpr int N = 4;
        for (int a = 0; a < n; a += N) {
            for (int b = a / lanes<T> * lanes<T>; b < n; b += lanes<T>) {
                Vec<T> sum[N] = {};
                for (int p = 0; p < count; ++p) {
                    const Bend<T>& bend = parts[p].bend;
                    for (int j = bend.from; j < bend.to; ++j) {
                        const T* row = parts[p].Z + j * padded(n);
                        const Vec<T> right = load(row + b);
                        for (int i = 0; i < N; ++i) {
                            const T weighted = bend.weight[j] * row[a + i < n ? a + i : n - 1];
                            sum[i] = fma(broadcast(weighted), right, sum[i]);
                        }
                    }
                }
                for (int i = 0; i < N && a + i < n; ++i) {
                    for (int j = 0; j < lanes<T> && b + j < n; ++j) {
                        if (b + j < a + i) continue;
                        to[static_cast<long>(a + i) * n + b + j] = to[static_cast<long>(b + j) * n + a + i] =
                            sum[i][j];
                    }
                }
            }
        }
    }

  private:
    static long padded(int inputs) { return round_up<long>(inputs, lanes<T>); }
    struct Part {
        Bend<T> bend;
        const T* Z;
    };
    int n, count = 0;
    Part parts[max_depth];
};

}  // namespace slopenet::SLOPENET_ISA
