// The rules of mini-batch descent. With g the gradient of the batch's mean cost, an entry p of theta moves
// by:
//
//     adam      m += (1 - beta_1) (g - m),  v += (1 - beta_2) (g^2 - v),  p -= eta m/(sqrt(v) + epsilon)
//     momentum  u = mu u + g,  p -= eta u
//     nesterov  u = mu u + g,  p -= eta (g + mu u)
#pragma once

#include "../vector/simd.hpp"

namespace slopenet::SLOPENET_ISA {

// direction() returns the step against which p moves, without eta, and updates the buffers of the rule.
struct Adam {
    static constexpr const char* name = "adam";
    static constexpr int constants = 3, buffers = 2;
    template <class V>
    SLOPENET_INLINE static V direction(const double* c, V g, V* kept) {
        using T = Scalar<V>;
        V &m = kept[0], &v = kept[1];
        m = fma(broadcast(static_cast<T>(1 - c[0])), g - m, m);
        v = fma(broadcast(static_cast<T>(1 - c[1])), fma(g, g, -v), v);
        return m / (sqrt(v) + static_cast<T>(c[2]));
    }
};
struct Momentum {
    static constexpr const char* name = "momentum";
    static constexpr int constants = 1, buffers = 1;
    template <class V>
    SLOPENET_INLINE static V direction(const double* c, V g, V* kept) {
        return kept[0] = fma(broadcast(static_cast<Scalar<V>>(c[0])), kept[0], g);
    }
};
struct Nesterov : Momentum {
    static constexpr const char* name = "nesterov";
    template <class V>
    SLOPENET_INLINE static V direction(const double* c, V g, V* kept) {
        return fma(broadcast(static_cast<Scalar<V>>(c[0])), Momentum::direction(c, g, kept), g);
    }
};

template <class R, class T>
void apply(const Step& step, const T* sum, T* theta, T* const* buffers, long n) {
    const auto move = [&](const T* sum, T* theta, T* const* kept, long offset) {
        const Vec<T> p = load(theta);
        const Vec<T> g =
            fma(broadcast(static_cast<T>(step.l2)), p, load(sum) / broadcast(static_cast<T>(step.samples)));
        Vec<T> keep[R::buffers];
        for (int k = 0; k < R::buffers; ++k) keep[k] = load(kept[k] + offset);
        store(theta, fma(broadcast(static_cast<T>(-step.rate)), R::direction(step.constants, g, keep), p));
        for (int k = 0; k < R::buffers; ++k) store(kept[k] + offset, keep[k]);
    };
    long i = 0;
    for (; i + lanes<T> <= n; i += lanes<T>) move(sum + i, theta + i, buffers, i);
    if (i == n) return;
    // The last entries fill a vector in part: they move in copies.
    T rest[2 + R::buffers][lanes<T>] = {};
    T* kept[R::buffers];
    const auto bytes = static_cast<std::size_t>(n - i) * sizeof(T);
    std::memcpy(rest[0], sum + i, bytes);
    std::memcpy(rest[1], theta + i, bytes);
    for (int k = 0; k < R::buffers; ++k) std::memcpy(kept[k] = rest[2 + k], buffers[k] + i, bytes);
    move(rest[0], rest[1], kept, 0);
    std::memcpy(theta + i, rest[1], bytes);
    for (int k = 0; k < R::buffers; ++k) std::memcpy(buffers[k] + i, kept[k], bytes);
}

template <class R, class T>
constexpr Rule<T> rule() {
    return {R::name, R::constants, R::buffers, apply<R, T>};
}
template <class T>
inline constexpr Rule<T> rules[] = {rule<Adam, T>(), rule<Momentum, T>(), rule<Nesterov, T>()};
template <class T>
inline constexpr int rule_count = sizeof rules<T> / sizeof rules<T>[0];

}  // namespace slopenet::SLOPENET_ISA
