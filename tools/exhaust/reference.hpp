// sigma, sigma' and sigma'' of every activation, written for accuracy and not for speed.
//
// Shares nothing with src/core. With e = exp(-|z|) every factor keeps its digits in both tails. Arguments
// whose error an exponential would magnify (z^2, beta z, z / sqrt 2, the cubic of gelu_tanh) are a Pair.
#pragma once

#include "real.hpp"

namespace exhaust {

template <class R>
struct Sigma {
    R of[3];  // by order
};

inline constexpr Constant sqrt_half{0x1.6a09e667f3bcdp-1, -0x1.bdd3413b26456p-55, 0x1.57d3e3adec175p-109};
inline constexpr Constant inverse_sqrt_2pi{0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56,
                                           -0x1.c7402c7d60cfbp-112};
inline constexpr Constant two_over_sqrt_pi{0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56,
                                           -0x1.3cbbebf65f145p-111};
inline constexpr Constant gelu_tanh_2c{0x1.9884533d43651p+0, -0x1.cbc0d30ebfd15p-54,
                                       -0x1.c7402c7d60cfbp-110};  // 2 sqrt(2/pi)
inline constexpr Constant gelu_tanh_k{0x1.6e4e26d4801f7p-5, 0x1.441355475a31ap-59, 0x1.2f6e82949a565p-113};
inline constexpr Constant selu_scale{0x1.0cfabd6a91132p+0, 0x1.6fc7d272f2695p-55, 0x1.4e9ab43a155ffp-110};
inline constexpr Constant selu_scale_alpha{0x1.c212cc640f031p+0, 0x1.05161b045a1fep-56,
                                           -0x1.86ea9161b1aeep-110};

// exp(-x)
template <class R>
R exp_minus(Pair<R> x) {
    const R e = Number<R>::exp(-x.hi);
    return e - e * x.lo;
}

// Of an x given as |x| and its sign.
template <class R>
struct Logistic {
    R e, s, t, h;  // exp(-|x|), 1/(1 + exp(-x)), 1/(1 + exp(x)), tanh(x/2)
    Logistic(Pair<R> x, bool negative) : e(exp_minus(x)) {
        const R near = 1 / (1 + e), far = e / (1 + e);
        const R m1 = Number<R>::expm1(-x.hi) - e * x.lo;
        s = negative ? far : near;
        t = negative ? near : far;
        h = negative ? m1 / (1 + e) : -m1 / (1 + e);
    }
};

template <class R>
R magnitude(R z) {
    return z < 0 ? -z : z;
}

template <class R>
Logistic<R> logistic(R z) {
    return {{magnitude(z), 0}, z < 0};
}

template <class R>
Sigma<R> identity(R z, double) {
    return {{z, 1, 0}};
}

template <class R>
Sigma<R> sigmoid(R z, double) {
    const Logistic<R> f = logistic(z);
    return {{f.s, f.s * f.t, -f.s * f.t * f.h}};
}

template <class R>
Sigma<R> tanh(R z, double) {
    const Logistic<R> f = logistic(2 * z);
    return {{f.h, 4 * f.s * f.t, -8 * f.h * f.s * f.t}};
}

// At a kink: the left derivatives.
template <class R>
Sigma<R> relu(R z, double) {
    return z > 0 ? Sigma<R>{{z, 1, 0}} : Sigma<R>{{0, 0, 0}};
}

template <class R>
Sigma<R> leaky_relu(R z, double slope) {
    return z > 0 ? Sigma<R>{{z, 1, 0}} : Sigma<R>{{z * R(slope), R(slope), 0}};
}

template <class R>
Sigma<R> clip(R z, double) {  // by its preset, -1 to 1
    if (z > 1) return {{1, 0, 0}};
    return z > -1 ? Sigma<R>{{z, 1, 0}} : Sigma<R>{{-1, 0, 0}};
}

template <class R>
Sigma<R> exponential_unit(R z, R scale, R scale_alpha) {
    if (z > 0) return {{scale * z, scale, 0}};
    const R e = scale_alpha * Number<R>::exp(z);
    return {{scale_alpha * Number<R>::expm1(z), e, e}};
}

template <class R>
Sigma<R> elu(R z, double alpha) {
    return exponential_unit(z, R(1), R(alpha));
}

template <class R>
Sigma<R> selu(R z, double) {
    return exponential_unit(z, selu_scale.value<R>(), selu_scale_alpha.value<R>());
}

template <class R>
Sigma<R> softplus(R z, double beta) {  // beta > 0
    const Logistic<R> f(product(magnitude(z), R(beta)), z < 0);
    return {{(z > 0 ? z : 0) + Number<R>::log1p(f.e) / R(beta), f.s, R(beta) * f.s * f.t}};
}

template <class R>
Sigma<R> silu(R z, double) {
    const Logistic<R> f = logistic(z);
    return {{z * f.s, f.s * (1 + z * f.t), f.s * f.t * (2 - z * f.h)}};
}

template <class R>
Sigma<R> gelu(R z, double) {
    const R t = magnitude(z);
    const Pair<R> square = product(t, t);
    const R gauss = exp_minus<R>({square.hi / 2, square.lo / 2});
    const R phi = gauss * inverse_sqrt_2pi.value<R>();
    const Pair<R> x = product<R>(sqrt_half.pair<R>(), {t, 0});
    const R tail = (Number<R>::erfc(x.hi) - two_over_sqrt_pi.value<R>() * gauss * x.lo) / 2;
    const R Phi = z < 0 ? tail : 1 - tail;
    return {{z * Phi, Phi + z * phi, phi * (2 - z * z)}};
}

template <class R>
Sigma<R> gelu_tanh(R z, double) {  // z s(x), x = 2 sqrt(2/pi) (z + 0.044715 z^3)
    const R t = magnitude(z), c = gelu_tanh_2c.value<R>();
    const Pair<R> cubic = product(gelu_tanh_k.pair<R>(), product(t, t));
    const Pair<R> x = product(product<R>(gelu_tanh_2c.pair<R>(), {t, 0}), one_plus(cubic));
    const R slope = c * (1 + 3 * cubic.hi), bend = 6 * c * gelu_tanh_k.value<R>() * z;
    const Logistic<R> f(x, z < 0);
    return {
        {z * f.s, f.s * (1 + z * slope * f.t), f.s * f.t * (2 * slope + z * (bend - slope * slope * f.h))}};
}

template <class R>
Sigma<R> mish(R z, double) {  // z tau, tau = tanh(log(1 + exp z)), as fractions in e = exp(-|z|)
    const Logistic<R> f = logistic(z);
    const R e = f.e, below = z < 0 ? 2 + 2 * e + e * e : 1 + 2 * e + 2 * e * e;
    const R tau = (z < 0 ? e * (2 + e) : 1 + 2 * e) / below;
    const R slope = 4 * (z < 0 ? e : e * e) * (1 + e) / below / below;
    return {{z * tau, tau + z * slope, slope * (2 + z * (f.t - 2 * tau * f.s))}};
}

template <class R>
Sigma<R> softsign(R z, double) {
    const R n = 1 + magnitude(z), bend = 2 / n / n / n;
    return {{z / n, 1 / n / n, z > 0 ? -bend : bend}};
}

template <class R>
Sigma<R> sin(R z, double) {
    const R s = Number<R>::sin(z);
    return {{s, Number<R>::cos(z), -s}};
}

template <class R>
Sigma<R> cos(R z, double) {
    const R c = Number<R>::cos(z);
    return {{c, -Number<R>::sin(z), -c}};
}

template <class R>
Sigma<R> gaussian(R z, double) {
    const R e = exp_minus(product(z, z));
    return {{e, -2 * z * e, (4 * z * z - 2) * e}};
}

template <class R>
Sigma<R> exp(R z, double) {
    const R e = Number<R>::exp(z);
    return {{e, e, e}};
}

template <class R>
Sigma<R> log(R z, double) {  // NaN where z < 0
    const R value = Number<R>::log(z);
    const R q = z < 0 ? value : 1 / z;
    return {{value, q, -q * q}};
}

// The measured functions: plain(f) for an activation without a parameter, with(f, p) for each parameter p
// that matters.
#define EXHAUST_CASES(plain, with)                                                                          \
    plain(identity), plain(sigmoid), plain(tanh), plain(relu), with(leaky_relu, 0.01),                      \
        with(leaky_relu, 0.2), with(elu, 1.0), with(elu, 1.7), plain(selu), with(softplus, 1.0),            \
        with(softplus, 0.6), with(softplus, 10.0), plain(silu), plain(gelu), plain(gelu_tanh), plain(mish), \
        plain(softsign), plain(sin), plain(cos), plain(clip), plain(gaussian), plain(exp), plain(log)

}  // namespace exhaust
