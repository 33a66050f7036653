"""Expected improvement: its formula, its gradient, its limits and its errors."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from networks_with_error_bars import fitted

import slopenet as sn
from slopenet.optimize import expected_improvement
from slopenet.optimize.improvement import log_improvement
from slopenet.posterior.process import ProcessPosterior

X = np.random.default_rng(0).uniform(-1, 1, (20, 2))
BOTH = pytest.mark.parametrize("maximise", [False, True])


class TestTheValue:
    @BOTH
    def test_is_that_of_the_formula_at_50_digits(self, net: sn.Network, *, maximise: bool) -> None:
        best, sign = 0.3, -1 if maximise else 1
        found = expected_improvement(net, X, best, maximise=maximise)
        for value, m, s in zip(found, net(X)[:, 0], net.std(X)[:, 0], strict=True):
            with mpmath.workdps(50):
                gain = mpmath.mpf(sign * (best - m))
                below = mpmath.erfc(-gain / s / mpmath.sqrt(2)) / 2
                expected = gain * below + s * mpmath.npdf(gain / s)
            assert value == pytest.approx(float(expected), rel=1e-11, abs=1e-290)

    @BOTH
    def test_is_the_mean_improvement_of_random_draws(
        self, net: sn.Network, *, maximise: bool
    ) -> None:
        draws = net(X) + net.std(X) * np.random.default_rng(2).normal(size=100_000)
        gains = np.maximum(draws - 0.3 if maximise else 0.3 - draws, 0.0)
        found = expected_improvement(net, X, 0.3, maximise=maximise)
        assert np.all(np.abs(gains.mean(axis=1) - found) <= 5 * gains.std(axis=1) / 316 + 1e-9)

    def test_of_a_logarithm_is_the_logarithm(self, net: sn.Network) -> None:
        logs = expected_improvement(net, X, 0.3, log=True)
        np.testing.assert_allclose(np.exp(logs), expected_improvement(net, X, 0.3), rtol=1e-12)

    def test_has_no_axis_for_one_point(self, net: sn.Network) -> None:
        value, gradient = expected_improvement(net, X[0], 0.3, gradient=True)
        assert np.shape(value) == ()
        assert gradient.shape == (2,)
        assert value == pytest.approx(expected_improvement(net, X, 0.3)[0], rel=1e-9)

    def test_takes_the_best_value_of_the_card(self, net: sn.Network) -> None:
        own = net.card.outputs[0]
        for maximise, best in ((False, own.minimum), (True, own.maximum)):
            np.testing.assert_array_equal(
                expected_improvement(net, X, maximise=maximise),
                expected_improvement(net, X, best, maximise=maximise),
            )


class TestTheGradient:
    @pytest.mark.parametrize("log", [False, True])
    @BOTH
    def test_is_that_of_central_differences(
        self, net: sn.Network, *, log: bool, maximise: bool
    ) -> None:
        def value(points: np.ndarray) -> np.ndarray:
            return expected_improvement(net, points, 0.3, log=log, maximise=maximise)

        _, found = expected_improvement(net, X, 0.3, log=log, maximise=maximise, gradient=True)
        steps = 1e-4 * np.eye(2)
        rough, fine = (
            np.stack([value(X + k * e) - value(X - k * e) for e in steps], axis=1) / (2e-4 * k)
            for k in (2, 1)
        )
        expected = (4 * fine - rough) / 3
        scale = np.abs(expected).max(axis=1, keepdims=True) + (0 if log else 1e-9)
        assert np.all(np.abs(found - expected) <= 1e-5 * scale)

    def test_is_right_behind_logarithms_of_the_output(self) -> None:
        net = fitted("process")
        known = net.posterior
        units = replace(known.units, log_y=np.array([[2.0], [8.0]]))  # those of log(2 f + 8)
        parts = known.groups, known.process_variance, known.inflation, known.distance
        net = net.with_posterior(ProcessPosterior(known.X, known.counts, *parts, units))
        _, found = expected_improvement(net, X, 1.0, log=True, gradient=True)
        steps = 1e-5 * np.eye(2)
        pairs = [
            [expected_improvement(net, X + sign * e, 1.0, log=True) for sign in (1, -1)]
            for e in steps
        ]
        expected = np.stack([(a - b) / 2e-5 for a, b in pairs], axis=1)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)

    def test_of_the_logarithm_remains_where_the_improvement_underflows(
        self, net: sn.Network
    ) -> None:
        far = float(net(X).min() - 100 * net.std(X).max())
        value, slopes = expected_improvement(net, X, far, gradient=True)
        logs, of_logs = expected_improvement(net, X, far, log=True, gradient=True)
        assert (value == 0).all()
        assert (slopes == 0).all()
        assert np.isfinite(logs).all()
        assert np.isfinite(of_logs).all()
        assert np.all(np.abs(of_logs).max(axis=1) > 1)


def test_without_uncertainty_it_is_the_gain_or_nothing() -> None:
    m = np.array([-1.0, 0.5])
    for s in (1e-3, 1e-8, 1e-100):
        logs, by_m, _ = log_improvement(0.0, m, np.array([s, s]))
        np.testing.assert_allclose(np.exp(logs), [1.0, 0.0], atol=1e-15)
        assert by_m[0] == pytest.approx(-1.0)
        assert np.isfinite(logs).all()


class TestErrors:
    def test_a_network_without_a_posterior_is_refused(self) -> None:
        plain = sn.Network.random((2, 3, 1), rng=0)
        with pytest.raises(ValueError, match="has no posterior"):
            expected_improvement(plain, X, 0.0)

    def test_the_best_value_is_asked_for_where_no_card_has_it(self, net: sn.Network) -> None:
        with pytest.raises(ValueError, match=r"^best must be given for a network without a card"):
            expected_improvement(net.with_card(None), X)

    def test_a_best_value_that_is_not_finite_is_refused(self, net: sn.Network) -> None:
        with pytest.raises(ValueError, match=r"^best must be a finite number, got nan"):
            expected_improvement(net, X, np.nan)

    def test_an_unknown_output_is_refused(self, net: sn.Network) -> None:
        with pytest.raises(ValueError, match=r"^output must be one of y1"):
            expected_improvement(net, X, 0.0, output=1)
