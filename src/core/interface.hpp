// What the rest of the core sees of an instruction set: plain data and a table of functions.
//
// Layers l = 2..L of the derivation are layers[0..depth-1] here. W[l] is (rows, cols), row-major.
#pragma once

#include <cstdint>

// Included by every instruction set's file: a function here must never exist as a symbol of its own,
// or the linker might pick the AVX2 copy for a machine without it.
#define SLOPENET_INLINE inline __attribute__((always_inline))

namespace slopenet {

// The way of an activation that makes sigma'' from sigma and sigma' where it can.
inline constexpr int brief = 3;

template <class T>
struct Activation {
    const char* name;
    int parameters;              // how many it carries: 0 or 1
    double preset;               // the parameter's value unless given
    bool has_second_derivative;  // sigma'' is not 0 everywhere
    // sigma, then with sigma', then with sigma'', then with a `brief` sigma'', over n entries
    void (*apply[4])(const T* z, double parameter, T* a, T* d, T* s, long n);
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

// A part of the chain D[L] W[L] ... D[2] W[2], layers first..last, and the two factors that it is the
// product of (places in the list of brackets); -1 for a single layer. The first in the list is the whole.
struct Bracket {
    int first, last, left, right;
    SLOPENET_INLINE bool single() const { return left < 0; }
};

// The axes that arrays have besides the samples: as long as there are inputs, or outputs.
enum Axis { no_axis, n_1, n_L };

template <class T>
struct Net {
    int depth;
    const Layer<T>* layers;
    const Bracket* brackets;
    SLOPENET_INLINE int inputs() const { return layers[0].cols; }
    SLOPENET_INLINE int outputs() const { return layers[depth - 1].rows; }
    SLOPENET_INLINE int width(Axis axis) const {
        return axis == no_axis ? 1 : axis == n_1 ? inputs() : outputs();
    }
    SLOPENET_INLINE long parameters() const {
        long n = 0;
        for (int i = 0; i < depth; ++i) n += layers[i].parameters();
        return n;
    }
};

// Values and derivatives of H at points. A new one needs its row in `operations`.
enum class Operation { values, jacobian, jvp, vjp, hessian, hvp, weighted_hessian, laplacian };

// About how often an operation goes through all the weights for each sample: constant + inputs n_1 + outputs
// n_L times. The plan counts the products of dH/dx.
struct Passes {
    int constant, inputs, outputs;
};
struct OperationInfo {
    const char* name;
    Axis vector;      // v along the inputs, u along the outputs, or none
    Axis shape[3];    // of the result of one sample
    int derivatives;  // how many of sigma it needs
    Passes passes;
    const char* help;
};

// All that differs between operations except their arithmetic (sweep.hpp), in the order of the enumeration.
// clang-format off
inline constexpr OperationInfo operations[] = {
    {"values",           no_axis, {n_L},           0, {1, 0, 0}, "H(x) (N, n_L)."},
    {"jacobian",         no_axis, {n_L, n_1},      1, {1, 0, 0}, "dH/dx (N, n_L, n_1)."},
    {"jvp",              n_1,     {n_L},           1, {2, 0, 0}, "J v (N, n_L)."},
    {"vjp",              n_L,     {n_1},           1, {2, 0, 0}, "J^T u (N, n_1)."},
    {"hessian",          no_axis, {n_L, n_1, n_1}, 2, {1, 1, 1}, "Hessians (N, n_L, n_1, n_1)."},
    {"hvp",              n_1,     {n_L, n_1},      2, {2, 0, 2}, "Hessians times v (N, n_L, n_1)."},
    {"weighted_hessian", n_L,     {n_1, n_1},      2, {1, 1, 1}, "sum_k u_k Hessian of H_k (N, n_1, n_1)."},
    {"laplacian",        no_axis, {n_L},           2, {1, 1, 1}, "Laplacians (N, n_L)."},
};
// clang-format on
SLOPENET_INLINE constexpr const OperationInfo& info_of(Operation operation) {
    return operations[static_cast<int>(operation)];
}

// Asked on the way, some hundred times a second; if it says yes, the results do not matter any more.
struct Stop {
    bool (*ask)(const void* context);
    const void* context;
    SLOPENET_INLINE bool operator()() const { return ask && ask(context); }
};

// Rows of arrays handed to a kernel; null where not given or not wanted.
template <class T>
struct Points {
    long n;           // samples
    const T* X;       // (n, n_1)
    const T* vector;  // v (n, n_1) or u (n, n_L)
    T* H;             // (n, n_L)
    T* J;             // (n, n_L, n_1)
    T* result;        // of the operation; values write H, and jacobian J
    Stop stop;
};

// Entries of an operation's result for each sample.
template <class T>
SLOPENET_INLINE long result_size(const Net<T>& net, Operation operation) {
    long size = 1;
    for (const Axis axis : info_of(operation).shape) size *= net.width(axis);
    return size;
}

// Weights of the entries of a target: one set that all rows share, or one for each.
template <class T>
struct Weights {
    const T* data;
    long step;  // from one row's set to the next; 0 where they share one
    SLOPENET_INLINE const T* of(long row) const { return data + row * step; }
};

// Backpropagation of values, slopes and slopes along M directions v_m of each sample. Either the targets of a
// squared error, NaN in dydx or along being a missing slope,
//     C = 1/2 |y - H|^2 + 1/2 sum_ki slope_weight_ki (J_ki - dydx_ki)^2
//                       + 1/2 sum_mk along_weight_mk ((J v_m)_k - along_mk)^2,
// or, with `given`, y, dydx and along themselves hold the cotangents of H, J and J v_m.
template <class T>
struct Task {
    long n;
    const T* X;               // (n, n_1)
    const T* y;               // (n, n_L)
    const T* dydx;            // (n, n_L, n_1) or null
    Weights<T> slope_weight;  // sets of (n_L, n_1), rows are samples
    int M;
    const T* directions;      // (n, M, n_1)
    const T* along;           // (n, M, n_L)
    Weights<T> along_weight;  // sets of (n_L), rows are directions of samples
    const T* sample_weight;   // (n) or null
    bool given;
    const std::int64_t* order = nullptr;  // which samples these are, of longer arrays; null: all, in order
    SLOPENET_INLINE long row(long s) const { return order ? static_cast<long>(order[s]) : s; }
};
template <class T>
struct Gradient {
    T* theta;         // W[2], b[2], ..., W[L], b[L], flat; summed over the samples; null: the cost alone
    T* const* delta;  // depth pointers to (n, n_l), or null; with theta only
    double value_cost, slope_cost;  // slopes of either kind
};

// Residuals of least squares: of H_k, and of J_k v_m along M tangents; a sample's rows are its n_L values,
// then its M n_L slopes. Pointers are null where not wanted; the factors (see gauss_newton.hpp) go together.
template <class T>
struct Residuals {
    long n;
    int tangents;     // M
    const T* X;       // (n, n_1)
    const T* V;       // (n, M, n_1), or null: the unit vectors
    const T* scale;   // (n (1 + M) n_L), what each row is multiplied by
    T* H;             // (n, n_L)
    T* Jv;            // (n, M, n_L)
    T* rows;          // (n (1 + M) n_L, parameters)
    T* const* a;      // depth pointers to (n, n_{l-1})
    T* const* G;      // (n, n_L, n_l)
    T* const* along;  // (n, M, n_{l-1})
    T* const* E;      // (n, M, n_L, n_l)
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

// One step of mini-batch descent, by the sum of a gradient over so many samples.
struct Step {
    double samples, l2, rate;
    const double* constants;  // of the rule
};
template <class T>
struct Rule {
    const char* name;
    int constants;  // how many it takes
    int buffers;    // how many arrays it keeps beside theta
    // moves n entries
    void (*apply)(const Step&, const T* sum, T* theta, T* const* buffers, long n);
};

// Entries of workspace for one thread; samples of a tile, of one of its chunks, and of a vector.
struct Need {
    long workspace;
    int tile, chunk, vector;
};

template <class T>
struct Kernels {
    const Activation<T>* activations;
    int activation_count;
    const Rule<T>* rules;
    int rule_count;
    int pack_rows;
    void (*pack)(const T* W, int rows, int cols, bool transpose, T* to);
    Need (*need)(const Net<T>&, const Points<T>&, Operation);
    // false if an entry of X or of the vector is not finite
    bool (*run)(const Net<T>&, const Points<T>&, Operation, T* workspace);
    Need (*backprop_need)(const Net<T>&, const Task<T>&);
    void (*backprop)(const Net<T>&, const Task<T>&, Gradient<T>&, long first, long n, T* workspace);
    Need (*gauss_newton_need)(const Net<T>&, int tangents);
    void (*gauss_newton)(const Net<T>&, const Residuals<T>&, long first, long n, T* workspace);
    long (*descent_workspace)(const Net<T>&);
    void (*descend)(const Net<T>&, const Descent<T>&, T* theta, T* workspace);
};

}  // namespace slopenet
