// The activations: sigma, sigma' and sigma'' of each, computed from z.
//
// Never from a = sigma(z): 1 - a^2 and a (1 - a) lose every digit in the tails. With e = exp(-|z|)
// each formula keeps its digits wherever the result is a normal number. At a kink each returns
// one member of the Clarke subdifferential, the same on every path: the left derivative at 0.
//
// To add an activation: write its struct, then add one line to `table` in table.hpp (and one to
// activations.py). A struct has
//
//   at             sigma and its derivatives, of vectors of either precision; or
//   exponent, of   the same as a function of z and exp(exponent(z)), which table.hpp interleaves;
//   limit          for |z| < limit a faster path gives the same bits: there 2^n of every exp is normal;
//   in_range       false where floats are to be evaluated in double and rounded once;
//   lost_from      the order from which on `of` needs what rounding loses of the exp.
#pragma once

#include "elementary.hpp"
#include "exponential.hpp"
#include "normal.hpp"

namespace slopenet::SLOPENET_ISA {

template <class V>
struct Sigma {
    V a, d, s;  // sigma(z), sigma'(z), sigma''(z)
};

// |z|, at most `most`; on the fast path it is less.
template <bool fast, class V>
SLOPENET_INLINE V size_up_to(V z, Scalar<V> most) {
    const V t = abs(z);
    if constexpr (fast) return t;
    return t > most ? broadcast(most) : t;  // keeps a NaN
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
    SLOPENET_INLINE V q_squared() const { return product_plus(q, q, (q + q) * rest()); }
    SLOPENET_INLINE V exact_tanh_half() const {
        const V m1 = -x.minus_one();
        return product_plus(m1, q, fma(m1, rest(), -x.minus_one_lost() * q));
    }
};

struct Sigmoid {
    static constexpr int lost_from = 2;
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return ExpConstants<V>::normal;
    }
    template <bool fast, class V>
    static SLOPENET_INLINE V exponent(V z, double) {
        return minus_abs(z);
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x, double) {
        const Logistic<E> f(x);
        const V t = abs(z), second = f.x.times(f.q_squared(), f.exact_tanh_half());
        const V near = t < Scalar<V>(0x1p-30) ? t * Scalar<V>(0.125) : second;  // a subnormal is rounded once
        return {f.value(z < Scalar<V>(0)), f.slope(), copysign(near, -z)};
    }
};

struct Tanh {
    static constexpr int lost_from = 2;
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return ExpConstants<V>::normal / 2;
    }
    template <bool fast, class V>
    static SLOPENET_INLINE V exponent(V z, double) {
        return minus_abs(z + z);
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x, double) {
        const Logistic<E> f(x);
        const V u = f.e * f.q, four_u = f.x.times(f.q * Scalar<V>(4));
        const V second = f.x.times(f.q_squared() * Scalar<V>(8), f.exact_tanh_half());
        return {copysign(f.tanh_half(), z), four_u * (one<V> - u), copysign(second, -z)};
    }
    template <class V>
    static SLOPENET_INLINE V second_for_sums(const Sigma<V>& sigma) {
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

struct Clip {  // z from the first parameter to the second
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, Parameter bounds) {
        const V low = broadcast(Scalar<V>(bounds.first)), high = broadcast(Scalar<V>(bounds.second));
        const Mask<V> above = z > high;
        const V slope = z > low ? broadcast(one<V>) : V{};
        return {above ? high : (z < low ? low : z), above ? V{} : slope, V{}};
    }
};

template <class V, class E>
SLOPENET_INLINE Sigma<V> exponential_unit(V z, E f, double alpha, double scale) {
    const V bottom = broadcast(Scalar<V>(alpha * scale)), top = broadcast(Scalar<V>(scale));
    const Mask<V> on = z > Scalar<V>(0);
    const V e = f.times(bottom);
    return {on ? z * top : f.minus_one() * bottom, on ? top : e, on ? V{} : e};
}
template <class V>
SLOPENET_INLINE V negative_part(V z) {
    return z > Scalar<V>(0) ? V{} : z;
}
struct Elu {
    static constexpr int lost_from = 3;
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return ExpConstants<V>::normal;
    }
    template <bool fast, class V>
    static SLOPENET_INLINE V exponent(V z, double) {
        return negative_part(z);
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x, double alpha) {
        return exponential_unit(z, x, alpha, 1.0);
    }
};
struct Selu {  // Klambauer et al. 2017
    static constexpr int lost_from = 3;
    static constexpr double alpha = 1.6732632423543772848, scale = 1.0507009873554804934;
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return ExpConstants<V>::normal;
    }
    template <bool fast, class V>
    static SLOPENET_INLINE V exponent(V z, double) {
        return negative_part(z);
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x, double) {
        return exponential_unit(z, x, alpha, scale);
    }
};

struct Softplus {  // log(1 + exp(beta z)) / beta
    static constexpr int lost_from = 3;
    // Whether beta, 1/beta and beta z are normal numbers of the precision, where they matter.
    template <class V>
    static constexpr bool in_range(double beta) {
        return sizeof(Scalar<V>) == 8 || (beta > 0x1p-40 && beta < 0x1p40);
    }
    template <class V>
    static constexpr Scalar<V> limit(double beta) {
        return beta > 0x1p-40 && beta < 0x1p40 ? static_cast<Scalar<V>>(ExpConstants<V>::normal / beta) : 0;
    }
    template <bool fast, class V>
    static SLOPENET_INLINE DoubleDouble<V> exponent(V z, double beta) {
        const DoubleDouble<V> factor = constant<V>(-beta, 0);
        const V t = size_up_to<fast>(z, static_cast<Scalar<V>>(2000.0 / beta));
        DoubleDouble<V> x = two_product(factor.hi, t);
        if constexpr (sizeof(Scalar<V>) == sizeof(float)) x.lo = fma(factor.lo, t, x.lo);
        return x;
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x, double beta) {
        const Mask<V> negative = z < Scalar<V>(0);
        const Logistic f(x);
        const V tail = f.x.times(log1p_over_x(f.e, beta));
        return {(negative ? V{} : z) + tail, f.value(negative),
                f.x.times(f.q_squared() * static_cast<Scalar<V>>(beta))};
    }
};

// What x(z) of `gated` gives for |z|: |z| x', 2 x' + |z| x'' and |z| x'^2.
template <class V>
struct Gate {
    DoubleDouble<V> rise, turn, drop;
};
// z s(x), where s is the logistic function and x(z) is odd; given exp(-|x|). Near their roots sigma' and
// sigma'' are differences of these terms of the gate, so each term comes as a pair.
template <class V, class E>
SLOPENET_INLINE Sigma<V> gated(V z, E x, const Gate<V>& gate) {
    const auto& [rise, turn, drop] = gate;
    const Logistic f(x);
    const Mask<V> negative = z < Scalar<V>(0);
    const V t = size_up_to<E::fast>(z, Scalar<V>(1000));  // where z counts next to exp(-|z|)
    const V rest = f.rest(), u = f.e * f.q, one_v = broadcast(one<V>);
    // sigma' = s(x) (1 + z x' s(-x)): s(-x) is q below 0, and u above
    const V below = residual(one_v, rise.hi, f.q) - fma(rise.hi, rest, rise.lo * f.q);
    const V above = fma(rise.hi, u, one_v);
    // |z| x' (1 - 2 s(-|x|)) from 2 x' + |z| x''; the rounding error of each product is added
    const DoubleDouble<V> fall = two_sum(turn.hi, -drop.hi);
    const V u_lost = fma(f.e, rest, -residual(u, f.e, f.q)), twice = drop.hi + drop.hi;
    const V second = residual(fall.hi, -twice, u) +
                     fma(twice, u_lost, fma(drop.lo + drop.lo, u, fall.lo - (drop.lo - turn.lo)));
    return {negative ? -x.times(t * f.q) : z * f.q,
            negative ? x.times(product_plus(f.q, below, rest * below)) : f.q * above,
            x.times(f.q_squared() * second)};
}

struct Silu {
    static constexpr int lost_from = 3;
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return ExpConstants<V>::normal;
    }
    template <bool fast, class V>
    static SLOPENET_INLINE V exponent(V z, double) {
        return minus_abs(z);
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x, double) {
        const V t = size_up_to<E::fast>(z, Scalar<V>(1000));
        return gated(z, x, {{t, V{}}, {broadcast(Scalar<V>(2)), V{}}, {t, V{}}});
    }
};

struct GeluTanh {  // z/2 (1 + tanh(c (z + k z^3))) = z s(2 c z (1 + k z^2)), c = sqrt(2/pi), k = 0.044715
    static constexpr int lost_from = 3;
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return sizeof(Scalar<V>) == 8 ? 21 : Scalar<V>(9.5);  // where x is `normal`
    }
    // c_0 + c_1 t^2
    template <class V>
    static SLOPENET_INLINE DoubleDouble<V> quadratic(DoubleDouble<V> c0, DoubleDouble<V> c1,
                                                     DoubleDouble<V> t2) {
        const DoubleDouble<V> p = two_product(c1.hi, t2.hi), w = two_sum(c0.hi, p.hi);
        return {w.hi, w.lo + (p.lo + fma(c1.hi, t2.lo, fma(c1.lo, t2.hi, c0.lo)))};
    }
    template <bool fast, class V>
    static SLOPENET_INLINE DoubleDouble<V> exponent(V z, double) {
        const auto c0 = constant<V>(0x1.9884533d43651p+0, -0x1.cbc0d30ebfd15p-54);
        const auto c1 = constant<V>(0x1.2444f2a4d8b4bp-4, -0x1.6c843a29d1c70p-61);
        const V t = size_up_to<fast>(z, Scalar<V>(64));
        const DoubleDouble<V> w = quadratic(c0, c1, two_product(t, t));
        const V x = w.hi * -t;
        return {x, fma(w.lo, -t, -residual(x, w.hi, -t))};
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x, double) {
        const V t = size_up_to<E::fast>(z, Scalar<V>(64));
        const DoubleDouble<V> t2 = two_product(t, t);
        const auto slope = quadratic(constant<V>(0x1.9884533d43651p+0, -0x1.cbc0d30ebfd15p-54),
                                     constant<V>(0x1.b6676bf7450f0p-3, 0x1.bba7351828aabp-57), t2);
        const auto turn = quadratic(constant<V>(2 * 0x1.9884533d43651p+0, 2 * -0x1.cbc0d30ebfd15p-54),
                                    constant<V>(4 * 0x1.b6676bf7450f0p-3, 4 * 0x1.bba7351828aabp-57), t2);
        const V rise = slope.hi * t, rise_lost = fma(slope.lo, t, -residual(rise, slope.hi, t));
        const V drop = rise * slope.hi;
        const V drop_lost = fma(rise, slope.lo, fma(rise_lost, slope.hi, -residual(drop, rise, slope.hi)));
        return gated(z, x, {{rise, rise_lost}, turn, {drop, drop_lost}});
    }
};

struct Gelu {  // z Phi(z); Phi(-t) = exp(-t^2/2) m(t), m the Mills ratio over sqrt(2 pi)
    static constexpr int lost_from = 3;
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return sizeof(Scalar<V>) == 8 ? mills_limit<V> : Scalar<V>(12.5);  // where t^2/2 is `normal`
    }
    template <bool fast, class V>
    static SLOPENET_INLINE DoubleDouble<V> exponent(V z, double) {
        const V t = size_up_to<fast>(z, normal_limit<V>);
        return two_product(t, t * Scalar<V>(-0.5));
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E phi, double) {
        const auto c = constant<V>(0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56);  // 1/sqrt(2 pi)
        const V t = size_up_to<E::fast>(z, normal_limit<V>);
        const Mask<V> negative = z < Scalar<V>(0);
        const DoubleDouble<V> square = two_product(t, t), m = mills<E::fast>(t);
        const V slope = phi.times(residual(m.hi, t, c.hi) + fma(-t, c.lo, m.lo));
        const V t_m = t * m.hi, t_m_lost = fma(t, m.lo, -residual(t_m, t, m.hi));
        const V tail = phi.times(DoubleDouble<V>{t_m, t_m_lost});  // t Phi(-t)
        return {(negative ? V{} : z) - tail, negative ? slope : one<V> - slope,
                phi.times(((Scalar<V>(2) - square.hi) - square.lo) * c.hi)};
    }

  private:
    template <bool fast, class V>
    static SLOPENET_INLINE DoubleDouble<V> mills(V t) {
        if constexpr (fast || sizeof(Scalar<V>) == sizeof(float)) {
            return mills_ratio(t);
        } else {
            const Mask<V> near = t < mills_limit<V>;
            const DoubleDouble<V> m = mills_ratio(near ? t : V{}),
                                  far = mills_ratio_far(near ? broadcast(mills_limit<V>) : t);
            return {near ? m.hi : far.hi, near ? m.lo : far.lo};
        }
    }
};

// z tau, tau = tanh(log(1 + exp z)). All are quotients of polynomials in e = exp(-|z|), brought to one
// denominator so that what nearly cancels at a root of sigma' or sigma'' is exact: 4 + 4 z, 4 + 2 z, 2 - 2 z.
struct Mish {
    static constexpr int lost_from = 3;
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return ExpConstants<V>::normal / 2;
    }
    template <bool fast, class V>
    static SLOPENET_INLINE DoubleDouble<V> exponent(V z, double) {
        return {minus_abs(z), V{}};
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x, double) {
        const auto number = [](double x) { return broadcast(Scalar<V>(x)); };
        const V v1 = number(1), v2 = number(2), v3 = number(3), v4 = number(4), v6 = number(6),
                v8 = number(8);
        const V e = x.value(), near = copysign(size_up_to<E::fast>(z, Scalar<V>(1000)), z);
        const Mask<V> negative = z < Scalar<V>(0);
        // tau = top / den, where z < 0 times e
        const V c = negative ? v2 : v1, factor = negative ? e : e + e;
        const V side = e + c, den = fma(factor, side, c), top = factor + c;
        // what den lacks, its inverse r
        const V lost = fma(factor, e - (side - c), residual(c - den, -factor, side));
        const V r = v1 / den, rest = r * fma(-lost, r, residual(v1, den, r));
        const V r2 = product_plus(r, r, (r + r) * rest);
        // sigma' = fall r^2 times e where z < 0, else tau + rise r^2
        const V fall = product_plus(e, fma(e, e + v4, fma(near, v4, v6)), fma(near, v4, v4));
        const V rise = (near * v4) * ((e + v1) * (e * e));
        const V tau = product_plus(top, r, top * rest), up = (negative ? fall : rise) * r2;
        // sigma'' = 4 cubic r^3, times e or e^2
        const V r2_rest = fma(r + r, rest, -residual(r2, r, r));
        const V r3_rest = fma(r2, rest, r2_rest * r), r3 = product_plus(r2, r, r3_rest);
        const V r3_lost = r3_rest - residual(r3, r2, r);
        const V two = v2 - (near + near), four = v4 + (near + near), eight = v8 + (near + near);
        const V three = fma(near, -v3, v6);
        const V c0 = negative ? four : two, c1 = negative ? eight : three;
        const V c2 = negative ? three : eight, c3 = negative ? two : four;
        const V high = fma(e, c3, c2), inner = fma(e, high, c1), cubic = fma(e, inner, c0);
        const V inner_lost = residual(c1 - inner, -e, high);
        const V cubic_lost = fma(e, inner_lost, residual(c0 - cubic, -e, inner));
        const V p = negative ? x.p : fma(x.p, x.p, x.p + x.p);
        const V scaled_cubic = cubic * r3,
                scaled_lost = fma(cubic_lost, r3, fma(cubic, r3_lost, -residual(scaled_cubic, cubic, r3)));
        const V second = (scaled_cubic + fma(p, scaled_cubic, fma(p, scaled_lost, scaled_lost))) * v4;
        return {negative ? x.times(near * tau) : z * tau, negative ? x.times(up) : tau + up,
                x.power_or_square(negative).scale(second)};
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
        const V d = fma(q, q, (q + q) * rest), second = d * (q + q);
        return {z / n, d, z > Scalar<V>(0) ? -second : second};
    }
};

struct Sin {
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return Scalar<V>(sin_limit);
    }
    template <bool fast, class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double) {
        const SinCos<V> f = fast ? sin_cos_near(z) : sin_cos(z);
        return {f.sin, f.cos, -f.sin};
    }
};

struct Cos {
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return Scalar<V>(sin_limit);
    }
    template <bool fast, class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double) {
        const SinCos<V> f = fast ? sin_cos_near(z) : sin_cos(z);
        return {f.cos, -f.sin, -f.cos};
    }
};

struct Exp {
    static constexpr int lost_from = 3;
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return ExpConstants<V>::normal;
    }
    template <bool fast, class V>
    static SLOPENET_INLINE V exponent(V z, double) {
        if constexpr (fast) return z;
        return z > -ExpConstants<V>::least ? broadcast(-ExpConstants<V>::least) : z;  // keeps a NaN
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V, E x, double) {
        const V e = x.value();
        return {e, e, e};
    }
};

struct Log {  // NaN below 0, the slopes too
    template <class V>
    static SLOPENET_INLINE Sigma<V> at(V z, double) {
        const V q = z < Scalar<V>(0) ? broadcast(Scalar<V>(__builtin_nan(""))) : one<V> / z;
        return {log_of(z), q, -(q * q)};
    }
};

struct Gaussian {  // exp(-z^2)
    static constexpr int lost_from = 3;
    template <class V>
    static constexpr Scalar<V> limit(double) {
        return 26;  // where z^2 is `normal`
    }
    template <bool fast, class V>
    static SLOPENET_INLINE DoubleDouble<V> exponent(V z, double) {
        const V t = size_up_to<fast>(z, Scalar<V>(64));
        return two_product(-t, t);
    }
    template <class V>
    static constexpr bool in_range(double) {
        return sizeof(Scalar<V>) == 8;
    }
    template <class V, class E>
    static SLOPENET_INLINE Sigma<V> of(V z, E x, double) {
        const V t = size_up_to<E::fast>(z, Scalar<V>(64)), four = broadcast(Scalar<V>(4));
        return {x.value(), x.times(copysign(t + t, -z)), x.times(fma(t * t, four, Scalar<V>(-2)))};
    }
};

}  // namespace slopenet::SLOPENET_ISA
