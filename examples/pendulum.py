"""Swing a pendulum up by predictive control through a learned model of it.

A network learns the change of angle and speed in a tenth of a second, from 80 states with slopes.
At each step IPOPT plans the torques of the next three seconds with this model and its exact
derivatives, and applies the first torque to the true pendulum. Needs CasADi:
pip install 'slopenet[casadi]'.

    python examples/pendulum.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import casadi as ca
import numpy as np

import slopenet as sn
from slopenet.adapters.casadi import expression

SECONDS, LIMIT, HORIZON = 0.1, 2.0, 30
HANGING, UPRIGHT = np.zeros(2), np.array([np.pi, 0.0])


class Plan(NamedTuple):
    """Torques (HORIZON,), the resulting states (2, HORIZON + 1), and IPOPT's iterations."""

    torques: np.ndarray
    states: np.ndarray
    iterations: int


def change(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Change of angle and speed (N, 2) per step, slopes (N, 2, 3); X is angle, speed, torque."""
    angle, speed, torque = X.T
    pull = torque - np.sin(angle) - 0.1 * speed
    y = np.stack([SECONDS * (speed + SECONDS / 2 * pull), SECONDS * pull], axis=1)
    pull_dx = np.stack([-np.cos(angle), np.full(len(X), -0.1), np.ones(len(X))], axis=1)
    dydx = np.stack([SECONDS**2 / 2 * pull_dx, SECONDS * pull_dx], axis=1)
    dydx[:, 0, 1] += SECONDS
    return y, dydx


def learn(seed: int = 0) -> sn.Network:
    """Return a network that learns `change` from 80 random states and torques."""
    X = np.random.default_rng(seed).uniform([-4, -3, -LIMIT], [4, 3, LIMIT], (80, 3))
    return sn.fit(X, *change(X), hidden=(16,), epochs=100, rng=seed).network


def planner(step: Any) -> Callable[[np.ndarray], Plan]:
    """Return a function from a state to the torques that bring the pendulum upright.

    `step` is a network as a Function of CasADi, or a callback.
    """
    opti = ca.Opti()
    x, u = opti.variable(2, HORIZON + 1), opti.variable(1, HORIZON)
    start = opti.parameter(2)
    opti.subject_to(x[:, 0] == start)
    for k in range(HORIZON):
        opti.subject_to(x[:, k + 1] == x[:, k] + step(ca.vertcat(x[:, k], u[k])))
    opti.subject_to(opti.bounded(-LIMIT, u, LIMIT))
    away = x - ca.repmat(UPRIGHT, 1, HORIZON + 1)
    opti.minimize(ca.sumsqr(away[0, :]) + 0.1 * ca.sumsqr(away[1, :]) + 0.01 * ca.sumsqr(u))
    opti.solver("ipopt", {"print_time": False, "ipopt": {"print_level": 0, "sb": "yes"}})

    def plan(state: np.ndarray) -> Plan:
        opti.set_value(start, state)
        opti.set_initial(x, np.linspace(state, UPRIGHT, HORIZON + 1).T)
        solution = opti.solve()
        torques, states = np.asarray(solution.value(u)), np.asarray(solution.value(x))
        return Plan(torques, states, solution.stats()["iter_count"])

    return plan


def swing_up(network: sn.Network, steps: int = 40) -> np.ndarray:
    """States (steps + 1, 2) of the true pendulum; the torque is planned again at each step."""
    x = ca.MX.sym("x", 3)
    plan, states = planner(ca.Function("change", [x], [expression(network, x)])), [HANGING]
    for _ in range(steps):
        torque = plan(states[-1]).torques[0]
        states.append(states[-1] + change(np.array([[*states[-1], torque]]))[0][0])
    return np.array(states)


if __name__ == "__main__":
    for k, (angle, speed) in enumerate(swing_up(learn())):
        if k % 4 == 0:
            print(f"{SECONDS * k:4.1f} s   angle {np.degrees(angle):6.1f}°   speed {speed:5.2f}/s")
