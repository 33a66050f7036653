// p = softmax(z) and l = log p of the logits z. Results of the logits are turned into theirs in place:
//
// clang-format off
//     p_k      = exp(z_k - z_r) / sum_m exp(z_m - z_r),  z_r the largest      l = log p
//     g_k      = J_k - sum_m p_m J_m                                          grad l_k = g_k,  grad p_k = p_k g_k
//     hess l_k = hess z_k - sum_m p_m hess z_m - sum_m p_m g_m g_m^T          hess p_k = p_k (g_k g_k^T + hess l_k)
// clang-format on
//
// Where p_r is nearly 1, sums over p are taken of differences from output r, whose own term is then exactly
// 0: small results keep their digits. Each sample is computed on its own, in the rows of the caller, and sums
// over outputs are added in their order, so no bit depends on the layout.
#pragma once

#include "../vector/table.hpp"
#include "../workspace.hpp"

namespace slopenet::SLOPENET_ISA {

template <class T>
class Softmax {
  public:
    // Rows for H and J of the logits where the caller does not want these; null where they are not needed.
    T *H = nullptr, *J = nullptr;

    Softmax(Arena<T>& arena, const Net<T>& net, const Points<T>& points, Operation operation, long samples)
        : operation(operation),
          log(net.head == Head::log_softmax),
          inputs(net.inputs()),
          outputs(net.outputs()),
          vector_width(info_of(operation).vector == no_axis ? 0 : net.width(info_of(operation).vector)),
          size(result_size(net, operation)) {
        if (net.head == Head::none) return;
        if (!points.H) H = arena.take(samples * outputs);
        if (!points.J && needs_jacobian(net, points, operation)) J = arena.take(samples * outputs * inputs);
        if (info_of(operation).vector == n_L) pulled = arena.take(samples * outputs);
        p = arena.take(round_up<long>(outputs, lanes<T>));
        mean = arena.take(operation == Operation::hessian ? square() : inputs);
    }

    // The gradients in z of u p, or of u l, for n samples: weights of the logits where u weighs the outputs.
    const T* pull(const T* z, const T* u, long n) {
        for (long s = 0; s < n; ++s) {
            evaluate(z + s * outputs);
            pull(u + s * outputs, pulled + s * outputs);
        }
        return pulled;
    }

    // Turns the results of n samples: H, J and `result`; the last two may be null. `vector`: v or u as given.
    void operator()(const T* vector, long n, T* H, T* J, T* result) {
        for (long s = 0; s < n; ++s) {
            evaluate(H + s * outputs);
            write_value(H + s * outputs);
            T* g = J ? J + s * outputs * inputs : nullptr;
            if (g) centre(g, inputs);
            if (result) turn(g, vector + s * vector_width, result + s * size);
            if (g) scale(g, inputs);
        }
    }

  private:
    long square() const { return static_cast<long>(inputs) * inputs; }

    // p of one sample.
    void evaluate(const T* z) {
        r = 0;
        for (int k = 1; k < outputs; ++k) {
            if (!(z[k] <= z[r]) && z[r] == z[r]) r = k;  // the first NaN, if there is one
        }
        const int padded = round_up(outputs, lanes<T>);
        for (int k = 0; k < outputs; ++k) p[k] = z[k] - z[r];
        for (int k = outputs; k < padded; ++k) p[k] = 0;
        apply<Exp, 0, T>(p, 0, p, nullptr, nullptr, padded);
        rest = 0;
        for (int k = 0; k < outputs; ++k) rest += k == r ? 0 : p[k];
        for (int k = 0; k < outputs; ++k) p[k] /= 1 + rest;
    }

    void write_value(T* z) const {
        const T largest = z[r], logarithm = log ? log1p(rest) : 0;
        for (int k = 0; k < outputs; ++k) z[k] = log ? z[k] - largest - logarithm : p[k];
    }
    // log(1 + x), x >= 0, with what 1 + x loses of x.
    static T log1p(T x) {
        const T sum = 1 + x;
        return log_of(broadcast(sum))[0] + (x - (sum - 1)) / sum;
    }

    // Of log-softmax, 1 - p_r is rest p_r: where p_r is nearly 1 the difference would have no digits.
    void pull(const T* u, T* w) const {
        if (log) {
            T total = 0, others = 0;
            for (int k = 0; k < outputs; ++k) {
                total += u[k];
                others += k == r ? 0 : u[k];
            }
            for (int k = 0; k < outputs; ++k)
                w[k] = k == r ? u[k] * (rest * p[k]) - p[k] * others : u[k] - p[k] * total;
        } else {
            std::memcpy(w, u, static_cast<std::size_t>(outputs) * sizeof(T));
            centre(w, 1);
            scale(w, 1);
        }
    }

    // From the logits' result to that of the head, with g not yet scaled.
    void turn(const T* g, const T* vector, T* result) {
        switch (operation) {
            case Operation::values:
            case Operation::jacobian:
            case Operation::vjp:
                break;
            case Operation::jvp:
                centre(result, 1);
                scale(result, 1);
                break;
            case Operation::hessian:
                curve(result, square(), [=](int k, T c, T* to) { add_square(c, g + k * inputs, to); });
                break;
            case Operation::hvp:
                curve(result, inputs, [=](int k, T c, T* to) {
                    const T* g_k = g + k * inputs;
                    add(c * dot(g_k, vector), g_k, to);
                });
                break;
            case Operation::laplacian:
                curve(result, 1, [=](int k, T c, T* to) { *to += c * dot(g + k * inputs, g + k * inputs); });
                break;
            case Operation::weighted_hessian:
                add_squares(vector, g, result);
        }
    }

    // a_k - sum_m p_m a_m of rows (n_L, n).
    void centre(T* a, long n) const {
        long i = 0;
        for (; i + lanes<T> <= n; i += lanes<T>) centre_columns<Vec<T>>(a + i, n);
        for (; i < n; ++i) centre_columns<T>(a + i, n);
    }
    template <class V>
    void centre_columns(T* a, long n) const {
        const V largest = load_as<V>(a + r * n);
        V sum{};
        for (int k = 0; k < outputs; ++k) {
            const V difference = load_as<V>(a + k * n) - largest;
            sum += p[k] * difference;
            store(a + k * n, difference);
        }
        for (int k = 0; k < outputs; ++k) store(a + k * n, load_as<V>(a + k * n) - sum);
    }
    // p_k a_k of softmax
    void scale(T* a, long n) const {
        if (log) return;
        for (int k = 0; k < outputs; ++k) {
            for (long i = 0; i < n; ++i) a[k * n + i] *= p[k];
        }
    }

    // Second derivatives (n_L, n); add_product(k, c, to) adds c times the product of g_k with itself.
    template <class AddProduct>
    void curve(T* result, long n, const AddProduct& add_product) {
        centre(result, n);
        for (long i = 0; i < n; ++i) mean[i] = 0;
        for (int k = 0; k < outputs; ++k) add_product(k, p[k], mean);
        for (int k = 0; k < outputs; ++k) {
            for (long i = 0; i < n; ++i) result[k * n + i] -= mean[i];
            if (!log) add_product(k, T(1), result + k * n);
        }
        scale(result, n);
    }
    // sum_k c_k g_k g_k^T, which the head adds to the weighted Hessian of the logits
    void add_squares(const T* u, const T* g, T* result) {
        T total = 0;
        for (int k = 0; k < outputs; ++k) total += u[k];
        if (!log) pull(u, pulled);
        for (int k = 0; k < outputs; ++k) add_square(log ? -p[k] * total : pulled[k], g + k * inputs, result);
    }

    T dot(const T* a, const T* b) const {
        T sum = 0;
        for (int i = 0; i < inputs; ++i) sum += a[i] * b[i];
        return sum;
    }
    void add(T c, const T* a, T* to) const {
        for (int i = 0; i < inputs; ++i) to[i] += c * a[i];
    }
    // c a a^T, exactly symmetric
    void add_square(T c, const T* a, T* to) const {
        for (int i = 0; i < inputs; ++i) {
            for (int j = 0; j < inputs; ++j) to[static_cast<long>(i) * inputs + j] += c * (a[i] * a[j]);
        }
    }

    Operation operation;
    bool log;
    int inputs, outputs, vector_width;
    long size;
    T *pulled = nullptr, *mean = nullptr;
    // of the sample at hand: p, the index of the largest logit, and the sum of exp(z_k - z_r) over all others
    T* p = nullptr;
    int r = 0;
    T rest = 0;
};

}  // namespace slopenet::SLOPENET_ISA
