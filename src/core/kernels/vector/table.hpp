// The table of activations, and how its rows go over many entries.
#pragma once

#include "activation.hpp"

namespace slopenet::SLOPENET_ISA {

// Whether A::at takes vectors of floats.
template <class A>
constexpr auto in_float(int) -> decltype(A::template at<F32>(F32{}, 0.0), true) {
    return true;
}
template <class A>
constexpr bool in_float(long) {
    return false;
}
// Whether A has a shorter way, with the same bits, where |z| < A::limit.
template <class A>
constexpr auto has_limit(int) -> decltype(A::template limit<F32>, true) {
    return true;
}
template <class A>
constexpr bool has_limit(long) {
    return false;
}

// Vectors side by side on the shorter way: one by itself waits for each of its own results.
inline constexpr int abreast = 3;
// How many have their exp taken before the first goes on from there. In one go a vector needs so many
// registers, and waits for so long, that few others can be under way.
inline constexpr int ahead = 8 * abreast;

// f(j) for each of the vectors abreast, to be interleaved.
template <class F>
SLOPENET_INLINE void each_abreast(const F& f) {
    SLOPENET_UNROLL for (int j = 0; j < abreast; ++j) f(j);
}

// put(k, sigma) for the vectors k < count of z by the shorter way, count being at most `ahead` and a multiple
// of `abreast`; false, and nothing is put, if an entry is not within the limit.
template <class A, bool with_bend, class T, class Put>
SLOPENET_INLINE bool within_limit(const T* z, int count, const Put& put) {
    using V = Vec<T>;
    V p[ahead], lost[ahead];
    Mask<V> power[ahead], within = Mask<V>{} - 1;
    const auto vector = [=](int k) { return load(z + k * lanes<T>); };
    for (int k = 0; k < count; k += abreast) {
        V x[abreast];
        Exp<V, true> e[abreast];
        each_abreast([&](int j) { x[j] = vector(k + j); });
        each_abreast([&](int j) { within &= abs(x[j]) < A::template limit<V>; });
        each_abreast([&](int j) { e[j] = exp_normal(A::exponent(x[j])); });
        each_abreast([&](int j) {
            p[k + j] = e[j].p;
            power[k + j] = e[j].power;
            if constexpr (with_bend) lost[k + j] = e[j].lost;
        });
    }
    if (any(~within)) return false;
    for (int k = 0; k < count; k += abreast) {
        Sigma<V> sigma[abreast];
        each_abreast([&](int j) {
            const V rest = with_bend ? lost[k + j] : V{};
            sigma[j] = A::of(vector(k + j), Exp<V, true>{p[k + j], V{}, rest, power[k + j]});
        });
        each_abreast([&](int j) { put(k + j, sigma[j]); });
    }
    return true;
}

// Whether A has a shorter way to sigma'', some ulp less exact, which is enough for sums over samples.
template <class A>
constexpr auto has_brief_bend(int) -> decltype(A::brief_bend(Sigma<F64>{}), true) {
    return true;
}
template <class A>
constexpr bool has_brief_bend(long) {
    return false;
}

// sigma over n consecutive entries (whole vectors); d and s are written as far as `order` asks, s the shorter
// way if that is `brief`.
template <class A, int order, class T>
void apply(const T* z, double parameter, T* a, T* d, T* s, long n) {
    constexpr bool briefly = order == brief && has_brief_bend<A>(0);
    const auto put = [&](long i, const Sigma<Vec<T>>& sigma) {
        store(a + i, sigma.a);
        if constexpr (order > 0) store(d + i, sigma.d);
        if constexpr (briefly) {
            store(s + i, A::brief_bend(sigma));
        } else if constexpr (order > 1) {
            store(s + i, sigma.s);
        }
    };
    long i = 0;
    if constexpr (has_limit<A>(0)) {
        for (long left = n / (abreast * lanes<T>)*abreast; left;) {
            const int count = static_cast<int>(left < ahead ? left : ahead);
            const auto put_vector = [&](int k, const auto& sigma) { put(i + k * lanes<T>, sigma); };
            if (!within_limit<A, (order > 1 && !briefly)>(z + i, count, put_vector)) {
                for (int k = 0; k < count; ++k) put_vector(k, A::at(load(z + i + k * lanes<T>), parameter));
            }
            left -= count;
            i += count * lanes<T>;
        }
    }
    if constexpr (sizeof(T) == sizeof(double) || in_float<A>(0)) {
        for (; i < n; i += lanes<T>) put(i, A::at(load(z + i), parameter));
    } else {
        for (; i < n; i += lanes<double>) {
            const auto narrow = [](T* to, F64 v) { store(to, __builtin_convertvector(v, F32Half)); };
            const auto sigma = A::at(__builtin_convertvector(load_as<F32Half>(z + i), F64), parameter);
            narrow(a + i, sigma.a);
            if constexpr (order > 0) narrow(d + i, sigma.d);
            if constexpr (order > 1) narrow(s + i, sigma.s);
        }
    }
}

template <class A, class T>
constexpr Activation<T> row(const char* name, int parameters = 0, double preset = 0, bool curved = true) {
    return {name,
            parameters,
            preset,
            curved,
            {apply<A, 0, T>, apply<A, 1, T>, apply<A, 2, T>, apply<A, brief, T>}};
}

template <class T>
inline constexpr Activation<T> table[] = {
    row<Identity, T>("identity", 0, 0, false),
    row<Sigmoid, T>("sigmoid"),
    row<Tanh, T>("tanh"),
    row<Relu, T>("relu", 0, 0, false),
    row<LeakyRelu, T>("leaky_relu", 1, 0.01, false),
    row<Elu, T>("elu", 1, 1.0),
    row<Selu, T>("selu"),
    row<Softplus, T>("softplus", 1, 1.0),
    row<Silu, T>("silu"),
    row<Gelu, T>("gelu"),
    row<GeluTanh, T>("gelu_tanh"),
    row<Mish, T>("mish"),
    row<Softsign, T>("softsign"),
    row<Sin, T>("sin"),
    row<Gaussian, T>("gaussian"),
};
template <class T>
inline constexpr int table_size = sizeof table<T> / sizeof table<T>[0];

}  // namespace slopenet::SLOPENET_ISA
