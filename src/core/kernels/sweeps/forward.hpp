// The forward sweep of a tile:
//
//     z[l] = W[l] a[l-1] + b[l],  a[l] = sigma(z[l]),  and on request D[l] = sigma'(z[l]), S[l] =
//     sigma''(z[l])
#pragma once

#include "../vector/table.hpp"
#include "../products/rows.hpp"
#include "../products/samples.hpp"

namespace slopenet::SLOPENET_ISA {

// The record of a forward sweep that later sweeps read. a[i + 1], D[i] and S[i] belong to layer i.
template <class Layout, class T>
struct Tape {
    T* a[max_depth + 1];
    T* D[max_depth];
    T* S[max_depth];

    // `derivatives` of sigma are kept, 0, 1 or 2. With `keep_values` so is every a[l]; otherwise the layers
    // take turns with two buffers.
    Tape(Arena<T>& arena, const Net<T>& net, int groups, int derivatives, bool keep_values) {
        if (keep_values) {
            a[0] = arena.take(groups * Layout::panel(net.inputs()));
        } else {
            const long size = groups * Layout::panel(widest(net));
            a[0] = arena.take(size);
            a[1] = arena.take(size);
        }
        for (int i = 0; i < net.depth; ++i) {
            const long size = groups * Layout::panel(net.layers[i].rows);
            if (keep_values) {
                a[i + 1] = arena.take(size);
            } else if (i > 0) {
                a[i + 1] = a[i - 1];
            }
            D[i] = derivatives > 0 ? arena.take(size) : nullptr;
            S[i] = derivatives > 1 ? arena.take(size) : nullptr;
        }
    }
};

// sigma and its derivatives of a layer, z becomes a. derivatives: 0, 1, 2 or `second_for_sums`
template <class Layout, class T>
void apply_runs(const Layer<T>& layer, int derivatives, int groups, T* z, T* D, T* S) {
    const long panel = Layout::panel(layer.rows);
    if (layer.run_count == 1) {
        layer.runs->activation->apply[derivatives](z, layer.runs->parameter, z, D, S, groups * panel);
        return;
    }
    const auto at = [](T* panels, long offset) { return panels ? panels + offset : nullptr; };
    for (int g = 0; g < groups; ++g) {
        long begin = g * panel;
        for (int r = 0; r < layer.run_count; ++r) {
            const Run<T>& run = layer.runs[r];
            const bool last = r + 1 == layer.run_count;  // takes the padding too
            const long end = last ? (g + 1) * panel : begin + static_cast<long>(run.rows) * Layout::width;
            Layout::apply(run, derivatives, z + begin, at(D, begin), at(S, begin), end - begin);
            begin = end;
        }
    }
}

// derivatives: of sigma, 0, 1, 2 or `second_for_sums`
template <class Layout, class T>
void forward(const Net<T>& net, const Tape<Layout, T>& tape, int groups, int derivatives) {
    for (int i = 0; i < net.depth; ++i) {
        const Layer<T>& layer = net.layers[i];
        T* z = tape.a[i + 1];
        Layout::product(layer.packed, layer.rows, layer.cols, tape.a[i], z, groups, Bias<T>{layer.padded_b});
        apply_runs<Layout>(layer, derivatives, groups, z, tape.D[i], tape.S[i]);
    }
}

}  // namespace slopenet::SLOPENET_ISA
