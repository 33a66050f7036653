// Single-sample stochastic gradient descent, the loop of Higham & Higham's netbp:
//
//     delta[L] = D[L] (a[L] - y),  delta[l] = D[l] W[l+1]^T delta[l+1]       C = 1/2 |y - a[L]|^2
//     W[l] -= eta delta[l] a[l-1]^T,  b[l] -= eta delta[l]                   of one sample per step
//
// W stays packed and is updated in place for the whole run. Lanes are rows of W.
#pragma once

#include "forward.hpp"

namespace slopenet::SLOPENET_ISA {

template <class T>
class Descend {
    using Layout = Rows<T>;

  public:
    Descend(const Net<T>& net, T* workspace) : net(net), arena{workspace}, tape(arena, net, 1, 1, true) {
        for (int i = 0; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            W[i] = arena.take(Layout::panel(layer.rows) * layer.cols);
            b[i] = arena.take(Layout::panel(layer.rows));
        }
        delta = arena.take(Layout::panel(widest(net)));
        below = arena.take(Layout::panel(widest(net)));
    }
    long workspace() const { return arena.peak; }

    void operator()(const Descent<T>& descent, T* theta) {
        read(theta);
        for (long step = 0; step < descent.steps; ++step) {
            const long sample = descent.sample_index[step];
            Layout::read(descent.X + sample * net.inputs(), 1, net.inputs(), 1, tape.a[0], net.inputs());
            for (int i = 0; i < net.depth; ++i) {
                const Layer<T>& layer = net.layers[i];
                T* z = tape.a[i + 1];
                Layout::product(W[i], layer.rows, layer.cols, tape.a[i], z, 1, Bias<T>{b[i]});
                apply_runs<Layout>(layer, 1, 1, z, tape.D[i], static_cast<T*>(nullptr));
            }
            back(descent.y + sample * net.outputs(), descent.rates[step]);
        }
        write(theta);
    }

  private:
    void back(const T* y, T rate) {
        const int outputs = net.outputs();
        const T* a = tape.a[net.depth];
        std::memset(delta, 0, static_cast<std::size_t>(Layout::panel(outputs)) * sizeof(T));
        for (int k = 0; k < outputs; ++k) delta[k] = a[k] - y[k];
        for (int i = net.depth - 1; i >= 0; --i) {
            const Layer<T>& layer = net.layers[i];
            const long panel = Layout::panel(layer.rows);
            multiply(delta, tape.D[i], delta, panel);
            std::memset(below, 0, static_cast<std::size_t>(Layout::panel(layer.cols)) * sizeof(T));
            for (int k = 0; k < layer.cols; ++k) {
                const Vec<T> step = broadcast(-rate * tape.a[i][k]);
                Vec<T> sum{};
                for (long r = 0; r < panel; r += lanes<T>) {
                    T* w = W[i] + r / pack_rows<T> * pack_rows<T> * layer.cols +
                           static_cast<long>(k) * pack_rows<T> + r % pack_rows<T>;
                    const Vec<T> old = load(w), d = load(delta + r);
                    sum = fma(old, d, sum);
                    store(w, fma(step, d, old));
                }
                below[k] = sum_lanes(sum);
            }
            for (long r = 0; r < panel; r += lanes<T>) {
                store(b[i] + r, fma(broadcast(-rate), load(delta + r), load(b[i] + r)));
            }
            swap(delta, below);
        }
    }

    void read(const T* theta) {
        for (int i = 0; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            pack(theta, layer.rows, layer.cols, false, W[i]);
            theta += static_cast<long>(layer.rows) * layer.cols;
            for (long r = 0; r < Layout::panel(layer.rows); ++r) b[i][r] = r < layer.rows ? theta[r] : T(0);
            theta += layer.rows;
        }
    }
    void write(T* theta) const {
        for (int i = 0; i < net.depth; ++i) {
            const Layer<T>& layer = net.layers[i];
            for (long r = 0; r < layer.rows; ++r) {
                for (long k = 0; k < layer.cols; ++k) {
                    *theta++ = W[i][r / pack_rows<T> * pack_rows<T> * layer.cols + k * pack_rows<T> +
                                    r % pack_rows<T>];
                }
            }
            for (int r = 0; r < layer.rows; ++r) *theta++ = b[i][r];
        }
    }

    const Net<T>& net;
    Arena<T> arena;
    Tape<Layout, T> tape;
    T* W[max_depth];
    T* b[max_depth];
    T *delta, *below;
};

}  // namespace slopenet::SLOPENET_ISA
