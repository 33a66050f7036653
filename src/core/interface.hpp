// The interface between host and kernels: plain data, and the table of functions of one instruction set.
//
// Layers l = 2..L of the derivation are layers[0..depth-1] here. W[l] is (rows, cols), row-major.
#pragma once

#include <cstdint>

// The kernels of every instruction set include this file. A function here must never exist as a symbol of its
// own: the linker might choose the AVX2 copy for a machine without AVX2.
#define SLOPENET_INLINE inline __attribute__((always_inline))

namespace slopenet {

// The variant of an activation that computes sigma'' from sigma and sigma' where it can.
inline constexpr int second_for_sums = 3;

// The numbers of an activation. Where there is one, it is a double.
struct Parameter {
    double first, second;
    SLOPENET_INLINE constexpr Parameter(double first = 0, double second = 0) : first(first), second(second) {}
    SLOPENET_INLINE constexpr operator double() const { return first; }
};

template <class T>
struct Activation {
    const char* name;
    int parameters;              // 0, 1 or 2
    Parameter preset;            // unless given
    bool has_second_derivative;  // sigma'' is not 0 everywhere
    // n entries of sigma; of sigma and sigma'; of all three; of all three with a `second_for_sums` sigma''
    void (*apply[4])(const T* z, Parameter parameter, T* a, T* d, T* s, long n);
};

// Consecutive rows of a layer with the same sigma.
template <class T>
struct Run {
    int rows;
    const Activation<T>* activation;
    Parameter parameter;
};

template <class T>
struct Layer {
    int rows, cols;
    const Run<T>* runs;
    int run_count;
    // The rows that have a second derivative lie between these; equal where there are none.
    int curved_from, curved_to;
    const T* W;
    const T* b;
    // W and its transpose in blocks of rows, as `pack` leaves them; b padded with zeros
    const T* packed;
    const T* packed_transpose;
    const T* padded_b;
    SLOPENET_INLINE long parameters() const { return static_cast<long>(rows) * (cols + 1); }
};

// A part of the chain D[L] W[L] ... D[2] W[2]: the layers first..last, and the indices of its two factors in
// the list of brackets, -1 for a single layer. Bracket 0 is the whole chain.
struct Bracket {
    int first, last, left, right;
    SLOPENET_INLINE bool single() const { return left < 0; }
};

// The axes of arrays, apart from that of the samples: n_1 inputs, n_L outputs.
enum Axis { no_axis, n_1, n_L };

// What acts on all outputs of the last layer together, whose own sigma is then the identity.
enum class Head { none, softmax, log_softmax };

template <class T>
struct Net {
    int depth;
    const Layer<T>* layers;
    const Bracket* brackets;
    Head head;
    SLOPENET_INLINE int inputs() const { return layers[0].cols; }
    SLOPENET_INLINE int outputs() const { return layers[depth - 1].rows; }
    SLOPENET_INLINE int width(Axis axis) const {
        return axis == no_axis ? 1 : axis == n_1 ? inputs() : outputs();
    }
    SLOPENET_INLINE bool has_second_derivative(int layer) const {
        return layers[layer].curved_from < layers[layer].curved_to;
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

// A kernel asks this about a hundred times a second. If the answer is yes, it may leave results unfinished.
struct Stop {
    bool (*ask)(const void* context);
    const void* context;
    SLOPENET_INLINE bool operator()() const { return ask && ask(context); }
};

// Rows of the arrays of a call; null where an input is not given or a result is not wanted.
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

// Whether dH/dx is computed: second derivatives of a head need it even if the caller does not want it.
template <class T>
SLOPENET_INLINE bool needs_jacobian(const Net<T>& net, const Points<T>& points, Operation operation) {
    return points.J || (net.head != Head::none && info_of(operation).derivatives > 1);
}

// Entries of an operation's result for each sample.
template <class T>
SLOPENET_INLINE long result_size(const Net<T>& net, Operation operation) {
    long size = 1;
    for (const Axis axis : info_of(operation).shape) size *= net.width(axis);
    return size;
}

// Weights of known slopes: one set per row, or one set that all rows share.
template <class T>
struct Weights {
    const T* data;
    long stride;  // from one row's set to the next; 0 for a shared set
    SLOPENET_INLINE const T* of(long row) const { return data + row * stride; }
    SLOPENET_INLINE bool per_row() const { return stride != 0; }
};

// Backpropagation of values H, slopes J = dH/dx, and slopes J v_m along M directions v_m of each sample. The
// cost of one sample, in which a NaN is a missing value or slope:
//
//     C = 1/2 sum_k  y_weight_k     (H_k         - y_k)^2
//       + 1/2 sum_ki dydx_weight_ki (J_ki        - dydx_ki)^2
//       + 1/2 sum_mk dydv_weight_mk ((J v_m)_k   - dydv_mk)^2
//
// With `cotangents`, y, dydx and dydv are not targets but the cotangents of H, J and J v_m.
template <class T>
struct Task {
    long n;
    const T* X;              // (n, n_1)
    const T* y;              // (n, n_L)
    const T* y_weight;       // (n, n_L), or null: 1
    const T* dydx;           // (n, n_L, n_1) or null
    Weights<T> dydx_weight;  // sets of (n_L, n_1), a row is a sample
    int M;
    const T* directions;     // (n, M, n_1)
    const T* dydv;           // (n, M, n_L)
    Weights<T> dydv_weight;  // sets of (n_L), a row is a direction of a sample
    const T* sample_weight;  // (n) or null
    bool cotangents;
    const std::int64_t* sample_index = nullptr;  // sample s of the task is row sample_index[s]; null: row s
    SLOPENET_INLINE long row(long s) const { return sample_index ? static_cast<long>(sample_index[s]) : s; }
};
template <class T>
struct Gradient {
    T* theta;         // W[2], b[2], ..., W[L], b[L], flat; summed over the samples; null: the cost alone
    T* const* delta;  // depth pointers to (n, n_l), or null; with theta only
    double value_cost, slope_cost;  // slope_cost: of J and of J v_m
};

// Residuals of least squares, of H_k and of J_k v_m along M tangents v_m. A sample has a row for each of its
// n_L values, then for each of its M n_L slopes. Pointers are null where not wanted; a, G, A and E (see
// gauss_newton.hpp) are all given or all null.
template <class T>
struct Residuals {
    long n;
    int M;
    const T* X;      // (n, n_1)
    const T* V;      // (n, M, n_1), or null: the unit vectors
    const T* scale;  // (n (1 + M) n_L), the factor of each row
    T* H;            // (n, n_L)
    T* Jv;           // (n, M, n_L)
    T* rows;         // (n (1 + M) n_L, parameters)
    T* const* a;     // depth pointers to (n, n_{l-1})
    T* const* G;     // (n, n_L, n_l)
    T* const* A;     // A', (n, M, n_{l-1})
    T* const* E;     // (n, M, n_L, n_l)
};

// Single-sample stochastic gradient descent.
template <class T>
struct Descent {
    const T* X;               // (N, n_1)
    const T* y;               // (N, n_L)
    const int* sample_index;  // of each step
    long steps;
    const T* rates;  // learning rate of each step
};

// One step of mini-batch descent.
struct Step {
    double samples;  // in the batch whose gradient was summed
    double l2, rate;
    const double* constants;  // of the rule
};
template <class T>
struct Rule {
    const char* name;
    int constants;  // how many it takes
    int buffers;    // how many arrays of theta's size it keeps
    // moves n entries of theta
    void (*apply)(const Step&, const T* sum, T* theta, T* const* buffers, long n);
};

// Entries of workspace for one thread; the samples of a tile, of a chunk and of a vector.
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
    Need (*gauss_newton_need)(const Net<T>&, int M);
    void (*gauss_newton)(const Net<T>&, const Residuals<T>&, long first, long n, T* workspace);
    long (*descent_workspace)(const Net<T>&);
    void (*descend)(const Net<T>&, const Descent<T>&, T* theta, T* workspace);
};

}  // namespace slopenet
