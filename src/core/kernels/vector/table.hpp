// The table of activations, and how its rows go over many entries.
#pragma once

#include "activation.hpp"

namespace slopenet::SLOPENET_ISA {

// Whether A has a faster path, with the same bits, where |z| < A::limit.
template <class A>
constexpr auto has_fast_path(int) -> decltype(A::template limit<F32>(0.0), true) {
    return true;
}
template <class A>
constexpr bool has_fast_path(long) {
    return false;
}

// Vectors of the fast path computed together: a single one waits for each of its own results.
inline constexpr int interleaved = 3;

// f(j) for each of the interleaved vectors.
template <class F>
SLOPENET_INLINE void each_interleaved(const F& f) {
    SLOPENET_UNROLL for (int j = 0; j < interleaved; ++j) f(j);
}

// Whether A is a function of z and exp(A::exponent(z)).
template <class A>
constexpr auto has_exponent(int) -> decltype(A::template exponent<true>(F32{}, 0.0), true) {
    return true;
}
template <class A>
constexpr bool has_exponent(long) {
    return false;
}

// sigma at any z
template <class A, class V>
SLOPENET_INLINE Sigma<V> sigma_at(V z, Parameter parameter) {
    if constexpr (has_exponent<A>(0)) {
        return A::of(z, exp_negative<false>(A::template exponent<false>(z, parameter)), parameter);
    } else if constexpr (has_fast_path<A>(0)) {
        return A::template at<false>(z, parameter);
    } else {
        return A::at(z, parameter);
    }
}

// Vectors of a batch: their exp is taken before the first goes on from there. In one go a vector needs so
// many registers, and waits for so long, that few others can be under way.
inline constexpr int batch = 8 * interleaved;

// put(k, sigma) for the vectors k < count of z by the fast path, count being at most `batch` and a multiple
// of `interleaved`; false, and nothing is put, if an entry is not within the limit.
template <class A, bool with_lost, class T, class Put>
SLOPENET_INLINE bool fast_path(const T* z, Parameter parameter, int count, const Put& put) {
    using V = Vec<T>;
    const Scalar<V> limit = A::template limit<V>(parameter);
    const auto vector = [=](int k) { return load(z + k * lanes<T>); };
    Mask<V> within = Mask<V>{} - 1;
    if constexpr (has_exponent<A>(0)) {
        V p[batch], lost[batch];
        Mask<V> power[batch];
        for (int k = 0; k < count; k += interleaved) {
            V x[interleaved];
            ExpParts<V, true> e[interleaved];
            each_interleaved([&](int j) { x[j] = vector(k + j); });
            each_interleaved([&](int j) { within &= abs(x[j]) < limit; });
            each_interleaved(
                [&](int j) { e[j] = exp_negative<true>(A::template exponent<true>(x[j], parameter)); });
            each_interleaved([&](int j) {
                p[k + j] = e[j].p;
                power[k + j] = e[j].power;
                if constexpr (with_lost) lost[k + j] = e[j].lost;
            });
        }
        if (any(~within)) return false;
        for (int k = 0; k < count; k += interleaved) {
            Sigma<V> sigma[interleaved];
            each_interleaved([&](int j) {
                const V rest = with_lost ? lost[k + j] : V{};
                sigma[j] =
                    A::of(vector(k + j), ExpParts<V, true>{p[k + j], V{}, rest, power[k + j]}, parameter);
            });
            each_interleaved([&](int j) { put(k + j, sigma[j]); });
        }
    } else {
        for (int k = 0; k < count; ++k) within &= abs(vector(k)) < limit;
        if (any(~within)) return false;
        for (int k = 0; k < count; k += interleaved) {
            Sigma<V> sigma[interleaved];
            each_interleaved([&](int j) { sigma[j] = A::template at<true>(vector(k + j), parameter); });
            each_interleaved([&](int j) { put(k + j, sigma[j]); });
        }
    }
    return true;
}

template <class A>
constexpr auto lost_from(int) -> decltype(A::lost_from) {
    return A::lost_from;
}
template <class A>
constexpr int lost_from(long) {
    return 3;
}

// Whether A has a shorter way to sigma'', some ulp less exact, which is enough for sums over samples.
template <class A>
constexpr auto has_second_for_sums(int) -> decltype(A::second_for_sums(Sigma<F64>{}), true) {
    return true;
}
template <class A>
constexpr bool has_second_for_sums(long) {
    return false;
}

// Whether A takes vectors of T with this parameter.
template <class A, class T>
constexpr auto takes(Parameter parameter, int) -> decltype(A::template in_range<Vec<T>>(parameter)) {
    return A::template in_range<Vec<T>>(parameter);
}
template <class A, class T>
constexpr bool takes(double, long) {
    return true;
}

template <class A, int order, class T>
void apply(const T* z, Parameter parameter, T* a, T* d, T* s, long n);

// The same of floats, evaluated in double and rounded once.
template <class A, int order>
void apply_in_double(const float* z, Parameter parameter, float* a, float* d, float* s, long n) {
    constexpr int most = batch * lanes<double>;
    alignas(vector_bytes) double wide[4][most];
    for (long i = 0; i < n; i += most) {
        const int count = static_cast<int>(n - i < most ? n - i : most);
        for (int k = 0; k < count; k += lanes<double>)
            store(wide[0] + k, __builtin_convertvector(load_as<F32Half>(z + i + k), F64));
        apply<A, order>(wide[0], parameter, wide[1], wide[2], wide[3], count);
        float* const to[] = {a, d, s};
        for (int j = 0; j <= (order > 2 ? 2 : order); ++j) {
            for (int k = 0; k < count; k += lanes<double>)
                store(to[j] + i + k, __builtin_convertvector(load(wide[1 + j] + k), F32Half));
        }
    }
}

// sigma over n consecutive entries (whole vectors); d and s are written as far as `order` asks, s the shorter
// way if that is `second_for_sums`.
template <class A, int order, class T>
void apply(const T* z, Parameter parameter, T* a, T* d, T* s, long n) {
    using V = Vec<T>;
    constexpr bool for_sums = order == second_for_sums && has_second_for_sums<A>(0);
    const auto put = [&](long i, const Sigma<V>& sigma) {
        store(a + i, sigma.a);
        if constexpr (order > 0) store(d + i, sigma.d);
        if constexpr (for_sums) {
            store(s + i, A::second_for_sums(sigma));
        } else if constexpr (order > 1) {
            store(s + i, sigma.s);
        }
    };
    if constexpr (sizeof(T) == sizeof(float)) {
        if (!takes<A, T>(parameter, 0)) {
            return apply_in_double<A, order>(z, parameter, a, d, s, n);
        }
    }
    long i = 0;
    if constexpr (has_fast_path<A>(0)) {
        constexpr bool with_lost = (for_sums ? 1 : order) >= lost_from<A>(0);
        for (long left = n / (interleaved * lanes<T>)*interleaved; left;) {
            const int count = static_cast<int>(left < batch ? left : batch);
            const auto put_vector = [&](int k, const auto& sigma) { put(i + k * lanes<T>, sigma); };
            if (!fast_path<A, with_lost>(z + i, parameter, count, put_vector)) {
                for (int k = 0; k < count; ++k)
                    put_vector(k, sigma_at<A>(load(z + i + k * lanes<T>), parameter));
            }
            left -= count;
            i += count * lanes<T>;
        }
    }
    for (; i < n; i += lanes<T>) put(i, sigma_at<A>(load(z + i), parameter));
}

template <class A, class T>
constexpr Activation<T> row(const char* name, int parameters = 0, Parameter preset = 0,
                            bool has_second = true) {
    return {name,
            parameters,
            preset,
            has_second,
            {apply<A, 0, T>, apply<A, 1, T>, apply<A, 2, T>, apply<A, second_for_sums, T>}};
}

template <class T>
inline constexpr Activation<T> table[] = {
    row<Identity, T>("identity", 0, 0, false),
    row<Sigmoid, T>("sigmoid"),
    row<Tanh, T>("tanh"),
    row<Relu, T>("relu", 0, 0, false),
    row<LeakyRelu, T>("leaky_relu", 1, 0.01, false),
    row<Clip, T>("clip", 2, {-1, 1}, false),
    row<Elu, T>("elu", 1, 1.0),
    row<Selu, T>("selu"),
    row<Softplus, T>("softplus", 1, 1.0),
    row<Silu, T>("silu"),
    row<Gelu, T>("gelu"),
    row<GeluTanh, T>("gelu_tanh"),
    row<Mish, T>("mish"),
    row<Softsign, T>("softsign"),
    row<Sin, T>("sin"),
    row<Cos, T>("cos"),
    row<Gaussian, T>("gaussian"),
    row<Exp, T>("exp"),
    row<Log, T>("log"),
};
template <class T>
inline constexpr int table_size = sizeof table<T> / sizeof table<T>[0];

}  // namespace slopenet::SLOPENET_ISA
