// The activations: sigma, sigma' and sigma'' of each, computed from z.
//
// Never from a = sigma(z): 1 - a^2 and a (1 - a) lose every digit in the tails. With e = exp(-|z|)
// each formula keeps its digits wherever the result is a normal number. At a kink each returns
// one member of the Clarke subdifferential, the same on every path: the left derivative at 0.
//
// To add an activation: write its struct, then add one line to `table` in table.hpp (and one to
// activations.py). One whose `at` takes any vector is evaluated in its own precision; one that takes F64
// alone needs digits that float32 lacks, and is there evaluated in float64 and rounded once. Two shorter ways
// are taken where a struct has them: of one that is a function `of` exp(`exponent`), where |z| < `limit` and
// so that exp is normal, with the same bits; and a `brief_bend`.
#pragma once

#include "elementary.hpp"
#include "../../interface.hpp"

namespace slopenet::SLOPENET_ISA {

template <class V>
struct Sigma {
    V a, d, s;  // sigma(z), sigma'(z), sigma''(z)
};

template <class V>
SLOPENET_INLINE V clamp(V z, Scalar<V> limit) {
    z = z > limit ? broadcast(limit) : z;
    return z < -limit ? broadcast(-limit) : z;
}

template <class V>
inline constexpr Scalar<V> one = 1;

struct Identity {
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double) {
        return {z, broadcast(one<V>), V{}};
    }
};

// The logistic function of -|x| and what its derivatives share. With u = e/(1 + e) the slope is u (1 - u), of
// which a relative error in e is at most passed on, never doubled. Second derivatives are made of a
// 1/(1 + e) with twice the digits.
template <class E, class V = typename E::Vector>
struct Logistic {
    E x;
    V e, den, q;  // exp(-|x|), 1 + e, 1/(1 + e)
    explicit SLOPENET_INLINE Logistic(E x) : x(x), e(x.value()), den(e + one<V>), q(one<V> / den) {}
    SLOPENET_INLINE V value(Mask<V> negative) const { return negative ? e * q : q; }
    SLOPENET_INLINE V slope() const {
        const V u = e * q;
        return u * (one<V> - u);
    }
    SLOPENET_INLINE V tanh_half() const { return -x.minus_one() * q; }  // tanh(|x|/2)

    // what q lacks of 1/(1 + e)
    SLOPENET_INLINE V rest() const {
        const V lost = e - (den - one<V>);
        return q * fma(-lost, q, residual(broadcast(one<V>), den, q));
    }
    SLOPENET_INLINE V q_squared() const { return corrected(q, q, (q + q) * rest()); }
    SLOPENET_INLINE V exact_tanh_half() const {
        const V m1 = -x.minus_one();
        return corrected(m1, q, fma(m1, rest(), -x.minus_one_lost() * q));
    }
};

struct Sigmoid {
    template <class V>
    static constexpr Scalar<V> limit = ExpConstants<V>::normal;
    template <class V>
    static SLOPENET_INLINE V exponent(V z) {
        return minus_abs(z);
    }
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double) {
        return of(z, exp_negative(exponent(z)));
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x) {
        const Logistic<E> f(x);
        const V t = abs(z), bend = f.x.times(f.q_squared(), f.exact_tanh_half());
        const V near = t < Scalar<V>(0x1p-30) ? t * Scalar<V>(0.125) : bend;  // a subnormal is rounded once
        return {f.value(z < Scalar<V>(0)), f.slope(), copysign(near, -z)};
    }
};

struct Tanh {
    template <class V>
    static constexpr Scalar<V> limit = ExpConstants<V>::normal / 2;
    template <class V>
    static SLOPENET_INLINE V exponent(V z) {
        return minus_abs(z + z);
    }
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double) {
        return of(z, exp_negative(exponent(z)));
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x) {
        const Logistic<E> f(x);
        const V u = f.e * f.q, four_u = f.x.times(f.q * Scalar<V>(4));
        const V bend = f.x.times(f.q_squared() * Scalar<V>(8), f.exact_tanh_half());
        return {copysign(f.tanh_half(), z), four_u * (one<V> - u), copysign(bend, -z)};
    }
    template <class V>
    static SLOPENET_INLINE V brief_bend(const Sigma<V>& sigma) {
        return sigma.a * sigma.d * Scalar<V>(-2);
    }
};

struct Relu {
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double) {
        return {z < Scalar<V>(0) ? V{} : z, z > Scalar<V>(0) ? broadcast(one<V>) : V{}, V{}};
    }
};

struct LeakyRelu {
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double parameter) {
        const V slope = broadcast(Scalar<V>(parameter));
        const Mask<V> on = z > Scalar<V>(0);
        return {on ? z : z * slope, on ? broadcast(one<V>) : slope, V{}};
    }
};

template <class V>
SLOPENET_INLINE Sigma<V> exponential_unit(V z, double alpha, double scale) {
    const V bottom = broadcast(Scalar<V>(alpha * scale)), top = broadcast(Scalar<V>(scale));
    const Mask<V> on = z > Scalar<V>(0);
    const auto f = exp_negative(on ? V{} : z);
    const V e = f.times(bottom);
    return {on ? z * top : f.minus_one() * bottom, on ? top : e, on ? V{} : e};
}
struct Elu {
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double alpha) {
        return exponential_unit(z, alpha, 1.0);
    }
};
struct Selu {  // Klambauer et al. 2017
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double) {
        return exponential_unit(z, 1.6732632423543772848, 1.0507009873554804934);
    }
};

struct Softplus {  // log(1 + exp(beta z)) / beta
    static SLOPENET_INLINE Sigma<F64> at(F64 z, double beta) {
        const Pair<F64> x = product(clamp(z, 2000.0 / beta), broadcast(beta));
        const I64 negative = x.hi < 0.0;
        const Logistic f(exp_negative(-abs(x.hi), negative ? x.lo : -x.lo));
        // log(1 + e) is e, where e is far below 1, and then the quotient is to be rounded once
        const F64 tail = f.e < 0x1p-60 ? f.x.times(broadcast(1.0 / beta)) : log1p_unit(f.e) / beta;
        return {(negative ? F64{} : z) + tail, f.value(negative), f.x.times(f.q_squared() * beta)};
    }
};

// z s(x), where s is the logistic function; x(z) is odd and so given for |z|, with |z| x', 2 x' + |z| x'' and
// |z| x'^2. Near their roots sigma' and sigma'' are differences of those, which is why they come as pairs.
template <class V>
SLOPENET_INLINE Sigma<V> gated(V z, Exp<V, false> x, Pair<V> rise, Pair<V> turn, Pair<V> drop) {
    const Logistic f(x);
    const Mask<V> negative = z < Scalar<V>(0);
    const V t = abs(clamp(z, Scalar<V>(1000)));  // where z counts beside exp(-|z|)
    const V u = corrected(f.e, f.q, f.e * f.rest());
    const Pair<V> left = sum(broadcast(one<V>), -rise.hi), fall = sum(turn.hi, -drop.hi);
    const V below = residual(left.hi + (left.lo - rise.lo), -rise.hi, u), above = fma(rise.hi, u, one<V>);
    const V bend = fma(drop.hi + drop.hi, u, fall.hi + (fall.lo - (drop.lo - turn.lo)));
    return {negative ? -x.times(t * f.q) : z * f.q,
            negative ? x.times(corrected(f.q, below, f.rest() * below)) : f.q * above,
            x.times(f.q_squared() * bend)};
}

struct Silu {
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double) {
        const V t = abs(clamp(z, Scalar<V>(1000)));
        return gated(z, exp_negative(minus_abs(z)), {t, V{}}, {broadcast(Scalar<V>(2)), V{}}, {t, V{}});
    }
};

struct GeluTanh {  // z/2 (1 + tanh(c (z + k z^3))) = z s(2 c z (1 + k z^2)), c = sqrt(2/pi)
    static SLOPENET_INLINE Sigma<F64> at(F64 z, double) {
        const Pair<F64> c2{broadcast(0x1.9884533d43651p+0), broadcast(-0x1.cbc0d30ebfd15p-54)};
        const Pair<F64> k{broadcast(0x1.6e4e26d4801f7p-5), broadcast(0x1.441355475a31ap-59)};
        const F64 t = abs(clamp(z, 64.0));
        const Pair<F64> kt2 = product(k, product(t, t));
        const Pair<F64> x = product(product(c2, t), sum(broadcast(1.0), kt2));
        const Pair<F64> slope = product(c2, sum(broadcast(1.0), product(kt2, broadcast(3.0))));
        const Pair<F64> turn = product(c2, sum(broadcast(2.0), product(kt2, broadcast(12.0))));
        const Pair<F64> rise = product(slope, t);
        return gated(z, exp_negative(-x.hi, -x.lo), rise, turn, product(rise, slope));
    }
};

struct Gelu {  // z Phi(z); Phi(-t) = exp(-t^2/2) m(t), m the Mills ratio over sqrt(2 pi)
    static SLOPENET_INLINE Sigma<F64> at(F64 z, double) {
        constexpr double c = 0x1.9884533d43651p-2, c_low = -0x1.cbc0d30ebfd15p-56;  // 1/sqrt(2 pi)
        const F64 near = clamp(z, 64.0), t = abs(near);
        const Pair<F64> square = product(t, t);
        const auto phi = gauss(square, 0.5);
        const I64 negative = z < 0.0, central = t < 0.75;
        const Pair<F64> mills = mills_ratio(central ? broadcast(0.75) : t);
        const F64 half = normal_centre(near), centre = half + 0.5,
                  slope =
                      phi.times(residual(mills.hi, t, broadcast(c)) + fma(t, broadcast(-c_low), mills.lo));
        const F64 outside =
            negative ? phi.times(fma(near, mills.hi, near * mills.lo)) : z * (1.0 - phi.times(mills.hi));
        return {central ? z * centre : outside,
                central    ? centre + fma(near, phi.times(broadcast(c)), half - (centre - 0.5))
                : negative ? slope
                           : 1.0 - slope,
                phi.times(((2.0 - square.hi) - square.lo) * c)};
    }
};

// z tau, tau = tanh(log(1 + exp z)). All are quotients of polynomials in e = exp(-|z|), brought to one
// denominator so that what nearly cancels at a root of sigma' or sigma'' is exact: 4 + 4 z, 4 + 2 z, 2 - 2 z.
struct Mish {
    static SLOPENET_INLINE Sigma<F64> at(F64 z, double) {
        const auto x = exp_negative(-abs(z), F64{});
        const F64 e = x.value(), near = clamp(z, 1000.0);
        const I64 negative = z < 0.0;
        const F64 c = negative ? broadcast(2.0) : broadcast(1.0), factor = negative ? e : e + e;
        const F64 side = e + c, den = fma(factor, side, c);
        // what e and den lack, den's inverse r, its square and cube
        const F64 e_lost = scaled(x.p - ((x.p + 1.0) - 1.0), x.n);
        const F64 steep = negative ? e + e + 2.0 : e * 4.0 + 2.0;
        const F64 lost = fma(e_lost, steep, fma(factor, e - (side - c), residual(c - den, -factor, side)));
        const F64 r = 1.0 / den, rest = r * fma(-lost, r, residual(broadcast(1.0), den, r));
        const F64 r2 = corrected(r, r, (r + r) * rest), r2_rest = fma(r + r, rest, -residual(r2, r, r));
        const F64 r3 = corrected(r2, r, fma(r2, rest, r2_rest * r));
        const F64 fall =
            corrected(e, fma(e, e + 4.0, fma(near, broadcast(4.0), 6.0)), fma(near, broadcast(4.0), 4.0));
        const F64 rise = near * (e + 1.0) * 4.0;
        const F64 two = 2.0 - (near + near), four = 4.0 + (near + near), eight = 8.0 + (near + near);
        const F64 three = fma(near, broadcast(-3.0), 6.0);
        const F64 c0 = negative ? four : two, c1 = negative ? eight : three;
        const F64 c2 = negative ? three : eight, c3 = negative ? two : four;
        const F64 high = fma(e, c3, c2), inner = fma(e, high, c1), cubic = fma(e, inner, c0);
        const F64 inner_lost = residual(c1 - inner, -e, high);
        const F64 slope = fma(e, fma(e * 3.0, c3, c2 + c2), c1);
        const F64 cubic_lost = fma(e_lost, slope, fma(e, inner_lost, residual(c0 - cubic, -e, inner)));
        // a factor e = (1 + p) 2^n where z is negative, else e^2
        const F64 twice = x.n + x.n, n = negative ? x.n : twice < -2000.0 ? broadcast(-2000.0) : twice;
        const F64 p = negative ? x.p : fma(x.p, x.p, x.p + x.p);
        const F64 tau = fma(e, broadcast(2.0), 1.0) * r, up = rise * r2;
        const F64 bend = cubic * r3, bend_lost = fma(cubic_lost, r3, -residual(bend, cubic, r3));
        return {negative ? x.times(fma(near * e, (e + 1.0) * -r, near)) : z * tau,
                negative ? x.times(fall, r2) : tau + scaled(fma(p, up, up), n),
                scaled(bend + fma(p, bend, fma(p, bend_lost, bend_lost)), n + 2.0)};
    }
};

struct Softsign {
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double) {
        const V t = abs(z), n = t + one<V>, q = one<V> / n;
        // what n lacks of 1 + |z|, and q of its inverse
        const V lost = t > one<V> ? one<V> - (n - t) : t - (n - one<V>);
        const Mask<V> far = t > Scalar<V>(0x1p100);
        const V near_n = far ? broadcast(one<V>) : n, near_q = far ? broadcast(one<V>) : q;
        const V rest = q * fma(-lost, q, residual(broadcast(one<V>), near_n, near_q));
        const V d = fma(q, q, (q + q) * rest), bend = d * (q + q);
        return {z / n, d, z > Scalar<V>(0) ? -bend : bend};
    }
};

struct Sin {
    static SLOPENET_INLINE Sigma<F64> at(F64 z, double) {
        const SinCos f = sin_cos(z);
        return {f.sin, f.cos, -f.sin};
    }
};

struct Gaussian {  // exp(-z^2)
    static SLOPENET_INLINE Sigma<F64> at(F64 z, double) {
        const F64 near = clamp(z, 64.0);
        const Pair<F64> square = product(near, near);
        const auto f = gauss(square, 1.0);
        return {f.value(), f.times(near * -2.0), f.times(fma(square.hi, broadcast(4.0), -2.0))};
    }
};

}  // namespace slopenet::SLOPENET_ISA
