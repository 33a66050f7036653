// sum_l Z'[l]^T diag(w[l]) Z'[l] of each sample, symmetric to the bit: one triangle is computed and written
// twice. Layers and their rows are added in order, whatever the layout.
#pragma once

#include "rows.hpp"
#include "samples.hpp"

namespace slopenet::SLOPENET_ISA {

// The rows of a layer that bend output k, all or the k-th alone, and the panels of their weights.
template <class T>
struct Bends {
    int rows;
    bool own;
    const T* weights;
    long next;  // from the weights of an output to those of the next one
    int from(int k) const { return own ? k : 0; }
    int to(int k) const { return own ? k + 1 : rows; }
    const T* weight(int k) const { return weights + k * next; }
};

template <class Layout, class T>
class Gram;

template <class T>
class Gram<Rows<T>, T> {
    using Layout = Rows<T>;

  public:
    // Lanes are directions: Z' is turned into [row][direction].
    static long size(int rows, int inputs, int, bool) {
        const long turned = rows * padded(inputs), made = inputs * Layout::panel(rows);
        return turned > made ? turned : made;
    }
    static void arrange(int rows, int inputs, T* Z, T* scratch) {
        const long made = inputs * Layout::panel(rows);
        std::memcpy(scratch, Z, static_cast<std::size_t>(made) * sizeof(T));
        for (int j = 0; j < rows; ++j) {
            for (long i = 0; i < padded(inputs); ++i)
                Z[j * padded(inputs) + i] = i < inputs ? scratch[i * Layout::panel(rows) + j] : T(0);
        }
    }
    static void arrange_shared(const T* W, int rows, int inputs, T* Z) {
        for (int j = 0; j < rows; ++j) {
            for (long i = 0; i < padded(inputs); ++i)
                Z[j * padded(inputs) + i] = i < inputs ? W[static_cast<long>(j) * inputs + i] : T(0);
        }
    }

    static long space() { return 0; }
    Gram(int inputs, int, T*) : n(inputs) {}
    void add(const Bends<T>& bends, const Layer<T>&, const T* Z, bool) { parts[count++] = {bends, Z}; }
    void write(long, int outputs, T* to, const Stop& stop) const {
        for (int k = 0; k < outputs; ++k, to += static_cast<long>(n) * n) {
            for (int a = 0; a < n && !stop(); a += tall) {
                int b = a / lanes<T> * lanes<T>;
                for (; b + 3 * lanes<T> <= padded(n); b += 3 * lanes<T>) block<3>(k, a, b, to);
                for (; b < n; b += lanes<T>) block<1>(k, a, b, to);
            }
        }
    }

  private:
    static constexpr int tall = 4;
    static long padded(int inputs) { return round_up<long>(inputs, lanes<T>); }

    // tall x V vectors of entries; beyond the last row the last is taken again.
    template <int V>
    void block(int k, int a, int b, T* to) const {
        Vec<T> sum[tall][V];
        zero(sum);
        for (int p = 0; p < count; ++p) {
            const Bends<T>& bends = parts[p].bends;
            const T* weight = bends.weight(k);
            for (int j = bends.from(k); j < bends.to(k); ++j) {
                const T* row = parts[p].Z + j * padded(n);
                Vec<T> right[V];
                for (int v = 0; v < V; ++v) right[v] = load(row + b + v * lanes<T>);
                for (int i = 0; i < tall; ++i) {
                    const Vec<T> weighted = broadcast(weight[j] * row[a + i < n ? a + i : n - 1]);
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
        Bends<T> bends;
        const T* Z;
    };
    int n, count = 0;
    Part parts[max_depth];
};

}  // namespace slopenet::SLOPENET_ISA
