// The table of activations: sigma, sigma' and sigma'' of each, computed from z.
//
// Never from a = sigma(z): 1 - a^2 and a (1 - a) lose every digit in the tails. With e = exp(-|z|)
// each formula keeps its digits wherever the result is a normal number. At a kink each row returns
// one member of the Clarke subdifferential, the same on every path: the left derivative at 0.
//
// To add an activation: write its struct, then add one line to `table` (and one to activations.py).
// float32 is evaluated in float64 and rounded once.
#pragma once

#include "elementary.hpp"
#include "kernels.hpp"

namespace slopenet::SLOPENET_ISA {

struct Sigma {
    F64 a, d, s;  // sigma(z), sigma'(z), sigma''(z)
};

SLOPENET_INLINE F64 clamp(F64 z, double limit) {
    z = z > limit ? broadcast(limit) : z;
    return z < -limit ? broadcast(-limit) : z;
}

struct Identity {
    static SLOPENET_INLINE Sigma at(F64 z, double) { return {z, broadcast(1.0), F64{}}; }
};

// The logistic function of -|x|, with what its derivatives share.
struct Logistic {
    F64 e, q, t;  // exp(-|x|), 1/(1 + e), tanh(|x|/2)
    explicit SLOPENET_INLINE Logistic(Exp x) : e(x.e), q(1.0 / (x.e + 1.0)), t(-x.m1 * q) {}
    SLOPENET_INLINE F64 value(I64 negative) const { return negative ? e * q : q; }
    SLOPENET_INLINE F64 slope() const { return e * q * q; }
};

struct Sigmoid {
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        const Logistic f(exp_negative(-abs(z)));
        const F64 slope = f.slope();
        return {f.value(z < 0.0), slope, slope * copysign(f.t, -z)};
    }
};

struct Tanh {
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        const Logistic f(exp_negative(abs(z) * -2.0));
        const F64 a = copysign(f.t, z), d = f.slope() * 4.0;
        return {a, d, a * d * -2.0};
    }
};

struct Relu {
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        const I64 on = z > 0.0;
        return {z < 0.0 ? F64{} : z, on ? broadcast(1.0) : F64{}, F64{}};
    }
};

struct LeakyRelu {
    static SLOPENET_INLINE Sigma at(F64 z, double slope) {
        const I64 on = z > 0.0;
        return {on ? z : z * slope, on ? broadcast(1.0) : broadcast(slope), F64{}};
    }
};

SLOPENET_INLINE Sigma exponential_unit(F64 z, double alpha, double scale) {
    const I64 on = z > 0.0;
    const Exp f = exp_negative(on ? F64{} : z);
    const F64 e = f.e * (alpha * scale);
    return {on ? z * scale : f.m1 * (alpha * scale), on ? broadcast(scale) : e, on ? F64{} : e};
}
struct Elu {
    static SLOPENET_INLINE Sigma at(F64 z, double alpha) { return exponential_unit(z, alpha, 1.0); }
};
struct Selu {  // Klambauer et al. 2017
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        return exponential_unit(z, 1.6732632423543772848, 1.0507009873554804934);
    }
};

struct Softplus {  // log(1 + exp(beta z)) / beta
    static SLOPENET_INLINE Sigma at(F64 z, double beta) {
        const Pair x = product(clamp(z, 2000.0 / beta), broadcast(beta));
        const I64 negative = x.hi < 0.0;
        const Logistic f(exp_negative(-abs(x.hi), negative ? x.lo : -x.lo));
        return {(negative ? F64{} : z) + log1p_unit(f.e) / beta, f.value(negative), f.slope() * beta};
    }
};

// z s(x), where s is the logistic function and x(z) has x' = v and x'' = w.
SLOPENET_INLINE Sigma gated(F64 z, Exp x, F64 v, F64 w) {
    const Logistic f(x);
    const I64 negative = z < 0.0;
    const F64 near = clamp(z, 1000.0);  // where z counts beside exp(-|z|)
    const F64 s = f.value(negative);
    const F64 one_minus_s = negative ? f.q : f.e * f.q;
    const F64 bend = v * 2.0 + near * w - abs(near) * v * v * f.t;
    return {z * s, s * fma(near * v, one_minus_s, 1.0), f.slope() * bend};
}

struct Silu {
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        return gated(z, exp_negative(-abs(z)), broadcast(1.0), F64{});
    }
};

struct GeluTanh {  // z/2 (1 + tanh(c (z + k z^3))) = z s(2 c z (1 + k z^2)), c = sqrt(2/pi)
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        const Pair c2{broadcast(0x1.9884533d43651p+0), broadcast(-0x1.cbc0d30ebfd15p-54)};
        const Pair k{broadcast(0x1.6e4e26d4801f7p-5), broadcast(0x1.441355475a31ap-59)};
        const F64 t = abs(clamp(z, 64.0));
        const Pair kt2 = product(k, product(t, t));
        const Pair one = sum(broadcast(1.0), kt2.hi);
        const Pair x = product(product(c2, {t, F64{}}), {one.hi, one.lo + kt2.lo});
        const F64 v = c2.hi * fma(kt2.hi, broadcast(3.0), 1.0);
        const F64 w = (c2.hi * k.hi * 6.0) * copysign(t, z);
        return gated(z, exp_negative(-x.hi, -x.lo), v, w);
    }
};

struct Gelu {  // z Phi(z); Phi(-t) = phi(t) M(t) with the Mills ratio M
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        const F64 t = abs(clamp(z, 64.0));
        const F64 phi = gauss(t, 0.5) * 0x1.9884533d43651p-2;
        const F64 mills = mills_ratio(t);
        const I64 negative = z < 0.0;
        const F64 tail = phi * mills, slope = phi * (mills - t);
        return {z * (negative ? tail : 1.0 - tail), negative ? slope : 1.0 - slope, phi * (2.0 - t * t)};
    }
};

struct Mish {  // z tau, tau = tanh(log(1 + exp z)), as rational functions of e = exp(-|z|)
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        const F64 e = exp_negative(-abs(z)).e;
        const I64 negative = z < 0.0;
        const F64 near = clamp(z, 1000.0);
        const F64 r = 1.0 / (negative ? e * (e + 2.0) + 2.0 : e * (e + 1.0) * 2.0 + 1.0);
        const F64 tau = (negative ? e * (e + 2.0) : e * 2.0 + 1.0) * r;
        const F64 factor = (negative ? e : e * e) * 4.0 * r * r;
        const F64 tau1 = factor * (e + 1.0);
        const F64 cubic =
            negative ? 2.0 + e * (2.0 - e * (3.0 + e * 2.0)) : e * (e * (e * 2.0 + 2.0) - 3.0) - 2.0;
        const F64 tau2 = factor * r * cubic;
        return {z * tau, tau + near * tau1, tau1 * 2.0 + near * tau2};
    }
};

struct Softsign {
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        const F64 n = abs(z) + 1.0, q = 1.0 / n, d = q * q;
        const F64 bend = d * q * 2.0;
        return {z / n, d, z > 0.0 ? -bend : bend};
    }
};

struct Sin {
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        const SinCos f = sin_cos(z);
        return {f.sin, f.cos, -f.sin};
    }
};

struct Gaussian {  // exp(-z^2)
    static SLOPENET_INLINE Sigma at(F64 z, double) {
        const F64 a = gauss(abs(z), 1.0), near = clamp(z, 64.0);
        return {a, near * a * -2.0, a * fma(near * near, broadcast(4.0), -2.0)};
    }
};

// sigma over n consecutive entries (whole vectors); d and s are written as far as `order` asks.
template <class A, int order, class T>
void apply(const T* z, double parameter, T* a, T* d, T* s, long n) {
    constexpr int step = lanes<double>;
    for (long i = 0; i < n; i += step) {
        const auto put = [](T* to, F64 v) {
            if constexpr (sizeof(T) == sizeof(double)) {
                store(to, v);
            } else {
                store(to, __builtin_convertvector(v, F32Half));
            }
        };
        F64 x;
        if constexpr (sizeof(T) == sizeof(double)) {
            x = load(z + i);
        } else {
            x = __builtin_convertvector(load_as<F32Half>(z + i), F64);
        }
        const Sigma sigma = A::at(x, parameter);
        put(a + i, sigma.a);
        if constexpr (order > 0) put(d + i, sigma.d);
        if constexpr (order > 1) put(s + i, sigma.s);
    }
}

template <class A, class T>
constexpr Activation<T> row(const char* name, int parameters = 0, double preset = 0) {
    return {name, parameters, preset, {apply<A, 0, T>, apply<A, 1, T>, apply<A, 2, T>}};
}

template <class T>
inline constexpr Activation<T> table[] = {
    row<Identity, T>("identity"),
    row<Sigmoid, T>("sigmoid"),
    row<Tanh, T>("tanh"),
    row<Relu, T>("relu"),
    row<LeakyRelu, T>("leaky_relu", 1, 0.01),
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
