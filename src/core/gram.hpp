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
    // to[sample * stride + a n_1 + b], sample < samples
    void write(long samples, T* to, long stride, const Stop& stop) const {
        for (int g = 0; g < groups; ++g) {
            for (int v = 0; v < L::width; v += lanes<T>) {
                const long s0 = static_cast<long>(g) * L::width + v;
                if (s0 >= samples) return;
                const Place at{g, v, static_cast<int>(samples - s0 < lanes<T> ? samples - s0 : lanes<T>),
                               to + s0 * stride, stride};
                for (int a = 0; a < n && !stop(); a += side) {
                    diagonal<side>(n - a, a, at);
                    for (int b = a + side; b < n; b += side) {
                        for (int i = 0; i < side; i += tall) beside<side>(n - b, a + i, b, at);
                    }
                }
            }
        }
    }

  private:
    // Entries of a block: side x side on the diagonal, of which one half is computed, tall x side beside it.
    static constexpr int side = 4, tall = micro_rows == 8 ? 4 : 2;
    struct Part {
        Bend<T> bend;
        const T* Z;
        long panel;
        bool shared;
    };
    struct Place {
        int g, v, used;
        T* to;
        long stride;
    };

    // As many columns as there are, up to N.
    template <int N>
    void diagonal(int left, int a, const Place& at) const {
        if constexpr (N > 1) {
            if (left < N) return diagonal<N - 1>(left, a, at);
        }
        block<N, N, true>(a, a, at);
    }
    template <int N>
    void beside(int left, int a, int b, const Place& at) const {
        if constexpr (N > 1) {
            if (left < N) return beside<N - 1>(left, a, b, at);
        }
        block<tall, N, false>(a, b, at);
    }

    // M x N entries of one vector of samples; on the diagonal those above it.
    template <int M, int N, bool triangle>
    void block(int a, int b, const Place& at) const {
        Vec<T> sum[M][N] = {};
        for (int p = 0; p < count; ++p) {
            const Part& part = parts[p];
            const T* w = part.bend.weight + at.g * part.panel + at.v;
            if (part.shared) {
                for (int j = part.bend.from; j < part.bend.to; ++j) {
                    const T* row = part.Z + static_cast<long>(j) * n;
                    add_row<M, N, triangle>(
                        load(w + j * L::width), sum, [&](int i) { return broadcast(row[a + i]); },
                        [&](int i) { return broadcast(row[b + i]); });
                }
            } else {
                const long next = groups * part.panel;
                const T* za = part.Z + a * next + at.g * part.panel + at.v;
                const T* zb = part.Z + b * next + at.g * part.panel + at.v;
                for (int j = part.bend.from; j < part.bend.to; ++j) {
                    const long row = static_cast<long>(j) * L::width;
                    add_row<M, N, triangle>(
                        load(w + row), sum, [&](int i) { return load(za + i * next + row); },
                        [&](int i) { return load(zb + i * next + row); });
                }
            }
        }
        for (int i = 0; i < M; ++i) {
            for (int j = triangle ? i : 0; j < N; ++j) {
                T entries[lanes<T>];
                store(entries, sum[i][j]);
                T* upper = at.to + static_cast<long>(a + i) * n + b + j;
                T* lower = at.to + static_cast<long>(b + j) * n + a + i;
                for (int lane = 0; lane < at.used; ++lane)
                    upper[lane * at.stride] = lower[lane * at.stride] = entries[lane];
            }
        }
    }
    template <int M, int N, bool triangle, class Za, class Zb>
    static SLOPENET_INLINE void add_row(Vec<T> w, Vec<T> (&sum)[M][N], const Za& za, const Zb& zb) {
        Vec<T> right[N];
        for (int j = 0; j < N; ++j) right[j] = zb(j);
        for (int i = 0; i < M; ++i) {
            const Vec<T> weighted = w * (triangle ? right[i] : za(i));
            for (int j = triangle ? i : 0; j < N; ++j) sum[i][j] = fma(weighted, right[j], sum[i][j]);
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
    void write(long, T* to, long, const Stop& stop) const {
        for (int a = 0; a < n && !stop(); a += tall) {
            int b = a / lanes<T> * lanes<T>;
            for (; b + 3 * lanes<T> <= padded(n); b += 3 * lanes<T>) block<3>(a, b, to);
            for (; b < n; b += lanes<T>) block<1>(a, b, to);
        }
    }

  private:
    static constexpr int tall = 4;
    static long padded(int inputs) { return round_up<long>(inputs, lanes<T>); }

    // tall x V vectors of entries; beyond the last row the last is taken again.
    template <int V>
    void block(int a, int b, T* to) const {
        Vec<T> sum[tall][V] = {};
        for (int p = 0; p < count; ++p) {
            const Bend<T>& bend = parts[p].bend;
            for (int j = bend.from; j < bend.to; ++j) {
                const T* row = parts[p].Z + j * padded(n);
                Vec<T> right[V];
                for (int v = 0; v < V; ++v) right[v] = load(row + b + v * lanes<T>);
                for (int i = 0; i < tall; ++i) {
                    const Vec<T> weighted = broadcast(bend.weight[j] * row[a + i < n ? a + i : n - 1]);
                    for (int v = 0; v < V; ++v) sum[i][v] = fma(weighted, right[v], sum[i][v]);
                }
            }
        }
        for (int i = 0; i < tall && a + i < n; ++i) {
            for (int j = 0; j < V * lanes<T> && b + j < n; ++j) {
                if (b + j < a + i) continue;
                to[static_cast<long>(a + i) * n + b + j] = to[static_cast<long>(b + j) * n + a + i] =
                    sum[i][j / lanes<T>][j % lanes<T>];
            }
        }
    }
    struct Part {
        Bend<T> bend;
        const T* Z;
    };
    int n, count = 0;
    Part parts[max_depth];
};

}  // namespace slopenet::SLOPENET_ISA
