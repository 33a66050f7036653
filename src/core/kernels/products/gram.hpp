// sum_l Z'[l]^T diag(w[l]_k) Z'[l] of each sample and output k. The sum is symmetric to the bit: one triangle
// is computed and written twice. Both layouts add layers and their rows in the same order.
#pragma once

#include "rows.hpp"
#include "samples.hpp"

namespace slopenet::SLOPENET_ISA {

// The weights w[l]_k of the rows of a layer from `first` to before `last`, a panel for each output k. In the
// last layer all outputs may share a panel, of which output k takes row k only, if it is among them.
template <class T>
struct OutputWeights {
    int first, last;
    bool only_own_row;
    const T* panels;
    long stride;  // from the panel of an output to the next
    int from(int k) const { return only_own_row && k > first ? k : first; }
    int to(int k) const { return only_own_row && k + 1 < last ? k + 1 : last; }
    const T* of(int k) const { return panels + k * stride; }
};

template <class Layout, class T>
class Gram;

template <class T>
class Gram<Rows<T>, T> {
    using Layout = Rows<T>;

  public:
    // Lanes are directions: Z' becomes [row][direction].
    static long size(int rows, int inputs, int, bool) {
        const long transposed = rows * padded(inputs), panels = inputs * Layout::panel(rows);
        return transposed > panels ? transposed : panels;
    }
    static void arrange(int rows, int inputs, T* Z, T* scratch) {
        const long size = inputs * Layout::panel(rows);
        std::memcpy(scratch, Z, static_cast<std::size_t>(size) * sizeof(T));
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
    void add(const OutputWeights<T>& weights, const Layer<T>&, const T* Z, bool) {
        parts[count++] = {weights, Z};
    }
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

    // Entries of `tall` rows and V vectors of columns. Rows beyond the last repeat it and are not written.
    template <int V>
    void block(int k, int a, int b, T* to) const {
        Vec<T> sum[tall][V];
        zero(sum);
        for (int p = 0; p < count; ++p) {
            const OutputWeights<T>& weights = parts[p].weights;
            const T* weight = weights.of(k);
            for (int j = weights.from(k); j < weights.to(k); ++j) {
                const T* row = parts[p].Z + j * padded(n);
                Vec<T> columns[V];
                for (int v = 0; v < V; ++v) columns[v] = load(row + b + v * lanes<T>);
                for (int i = 0; i < tall; ++i) {
                    const Vec<T> weighted = broadcast(weight[j] * row[a + i < n ? a + i : n - 1]);
                    for (int v = 0; v < V; ++v) sum[i][v] = fma(weighted, columns[v], sum[i][v]);
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
        OutputWeights<T> weights;
        const T* Z;
    };
    int n, count = 0;
    Part parts[max_depth];
};

}  // namespace slopenet::SLOPENET_ISA
