"""L-BFGS learns the weight of noisy slopes, and l2 where rows are held out."""

from __future__ import annotations

import numpy as np
import pytest
from waves import wave

import slopenet as sn
from slopenet.training.methods import METHODS, Setup
from slopenet.training.plan import make_plan
from slopenet.training.settings import FitSettings


def _setup(*, l2: float | None, held_out: bool, find_balance: bool) -> Setup:
    plan = make_plan(FitSettings(method="lbfgs"), 2, 1, rows=300, targets=3)
    return Setup(plan.method, 300, l2=l2, held_out=held_out, find_balance=find_balance)


def test_what_is_learned_depends_on_what_is_known() -> None:
    def learned(**given):
        found = METHODS["lbfgs"].optimizer(_setup(**given))
        return found.find_l2, found.find_balance

    assert learned(l2=None, held_out=True, find_balance=True) == (True, True)
    assert learned(l2=None, held_out=False, find_balance=True) == (False, True)
    assert learned(l2=0.1, held_out=True, find_balance=False) == (False, False)


@pytest.mark.filterwarnings("ignore::slopenet.SlopeWarning")
def test_noisy_slopes_count_less() -> None:
    X, y, T = wave(150)
    rng = np.random.default_rng(1)
    noisy = T + 0.5 * np.sqrt(np.mean(T**2, axis=0)) * rng.normal(size=T.shape)
    errors = []
    for weight in (1.0, "auto"):
        found = sn.fit(
            X, y, noisy, hidden=(12,), activation="tanh", method="lbfgs", slope_weight=weight,
            rng=0, transform="none",
        )  # fmt: skip
        errors.append(np.sqrt(np.mean((found.network(X)[:, 0] - y) ** 2)))
    assert errors[1] < 0.2 * errors[0]
