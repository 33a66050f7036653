// What the rest of the core sees of an instruction set: plain data and a table of functions.
//
// Layers l = 2..L of the derivation are layers[0..depth-1] here. W[l] is (rows, cols), row-major.
#pragma once

// Included by every instruction set's file: a function here must never exist as a symbol of its own,
// or the linker might pick the AVX2 copy for a machine without it.
#define SLOPENET_INLINE inline __attribute__((always_inline))

namespace slopenet {

template <class T>
struct Activation {
    const char* name;
    int parameters;  // how many it carries: 0 or 1
    double preset;   // the parameter's value unless given
    // sigma, then with sigma', then with sigma'', over n entries
    void (*apply[3])(const T* z, double parameter, T* a, T* d, T* s, long n);
};

template <class T>
struct Layer {
    int rows, cols;
    const Activation<T>* activation;
    double parameter;
    const T* W;
    const T* b;
    // made by `pack`: W in blocks of rows, its transpose in blocks, b padded with zeros
    const T* packed;
    const T* packed_transpose;
    const T* padded_b;
    SLOPENET_INLINE long parameters() const { return static_cast<long>(rows) * (cols + 1); }
};

template <class T>
struct Net {
    int depth;
    const Layer<T>* layers;
    SLOPENET_INLINE int inputs() const { return layers[0].cols; }
    SLOPENET_INLINE int outputs() const { return layers[depth - 1].rows; }
    SLOPENET_INLINE long parameters() const {
        long n = 0;
        for (int i = 0; i < depth; ++i) n += layers[i].parameters();
        return n;
    }
};

// Which way the chain D[L] W[L] ... D[2] W[2] is multiplied.
enum class Direction { forward, reverse };

// Forward carries n_1 tangents through W[3..L], reverse n_L rows through W[L-1..2]: the outermost
// product with a shared W is a scaling in both. Chosen from the sizes alone, never from the batch.
template <class T>
SLOPENET_INLINE Direction best_direction(const Net<T>& net) {
    double forward = 0, reverse = 0;
    for (int i = 0; i < net.depth; ++i) {
        const double size = static_cast<double>(net.layers[i].rows) * net.layers[i].cols;
        if (i > 0) forward += size * net.inputs();
        if (i < net.depth - 1) reverse += size * net.outputs();
    }
    return forward < reverse ? Direction::forward : Direction::reverse;
}

// Rows of arrays handed to a kernel; null where not given or not wanted.
template <class T>
struct Points {
    long n;           // samples
    const T* X;       // (n, n_1)
    const T* vector;  // jvp: v (n, n_1); vjp: u (n, n_L)
    T* H;             // (n, n_L)
    T* J;             // (n, n_L, n_1); jvp: (n, n_L); vjp: (n, n_1)
};

// Backpropagation of values and slopes. Either the targets of a squared error,
//     C = 1/2 |y - H|^2 + 1/2 sum_ki weight_ki (J_ki - dydx_ki)^2,   NaN in dydx is a missing slope,
// or, with `given`, y and dydx themselves hold the cotangents of H and J.
template <class T>
struct Task {
    long n;
    const T* X;              // (n, n_1)
    const T* y;              // (n, n_L)
    const T* dydx;           // (n, n_L, n_1) or null
    const T* slope_weight;   // (n_L, n_1)
    const T* sample_weight;  // (n) or null
    bool given;
};
template <class T>
struct Gradient {
    T* theta;         // W[2], b[2], ..., W[L], b[L], flat; summed over the samples; null: the cost alone
    T* const* delta;  // depth pointers to (n, n_l) or null
    double value_cost, slope_cost;
};

// Single-sample stochastic gradient descent.
template <class T>
struct Descent {
    const T* X;        // (N, n_1)
    const T* y;        // (N, n_L)
    const int* order;  // the sample of each step
    long steps;
    const T* rates;  // learning rate of each step
};

enum class Operation { values, jacobian, jvp, vjp };

template <class T>
struct Kernels {
    const Activation<T>* activations;
    int activation_count;
    int pack_rows;
    void (*pack)(const T* W, int rows, int cols, bool transpose, T* to);
    // entries of workspace and samples per tile, then the work on at most that many samples a tile
    long (*workspace)(const Net<T>&, Operation, Direction);
    int (*tile)(const Net<T>&, Operation, Direction);
    bool (*run)(const Net<T>&, Operation, Direction, const Points<T>&, T* workspace);
    long (*backprop_workspace)(const Net<T>&, bool slopes);
    int (*backprop_tile)(const Net<T>&, bool slopes);
    void (*backprop)(const Net<T>&, const Task<T>&, Gradient<T>&, long first, long end, T* workspace);
    long (*descent_workspace)(const Net<T>&);
    void (*descend)(const Net<T>&, const Descent<T>&, T* theta, T* workspace);
};

}  // namespace slopenet
