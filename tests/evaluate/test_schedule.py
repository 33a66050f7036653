"""The schedule of the chain: the product of all layers, whatever the order, in steps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from networks import random_network

from slopenet.evaluate.plan import Bracket, Layout, Step, schedule

RNG = np.random.default_rng(0)
SIZES = (3, 5, 2, 4, 6)
W = {l: RNG.normal(size=(n, m)) for l, (m, n) in enumerate(pairwise(SIZES), start=2)}


def orders(first: int, last: int) -> list[Bracket]:
    """All ways to bracket the layers first..last."""
    if first == last:
        return [Bracket(first, last, None)]
    return [
        Bracket(first, last, (left, right))
        for cut in range(first, last)
        for left in orders(cut + 1, last)
        for right in orders(first, cut)
    ]


def computed(steps: list[Step]) -> np.ndarray:
    """The last step's result; results are stored as their layouts say."""
    results: list[np.ndarray] = []
    for step in steps:
        operands = [results[i] for i in step.operands]
        match step.operation:
            case "layer":
                found = W[step.layer] if step.layout == "rows" else W[step.layer].T
            case "rows times W":
                found = operands[0] @ W[step.layer]
            case "W times columns":
                found = operands[0] @ W[step.layer].T
            case "product":
                left, right = operands
                by_columns = steps[step.operands[1]].layout == "columns"
                found = left @ (right.T if by_columns else right)
            case "transpose":
                found = operands[0].T
        results.append(found)
    return results[-1]


@pytest.mark.parametrize("right", ["rows", "columns"])
@pytest.mark.parametrize("order", orders(2, 5), ids=Bracket.text)
def test_steps_of_every_order_give_the_product(order: Bracket, right: Layout) -> None:
    steps = schedule(order, right=right)
    assert steps[-1].layout == "rows"
    np.testing.assert_allclose(computed(steps), W[5] @ W[4] @ W[3] @ W[2], rtol=1e-13)
    taken = [i for step in steps for i in step.operands]
    assert sorted(taken) == list(range(len(steps) - 1))
    assert all(i < index for index, step in enumerate(steps) for i in step.operands)


def test_steps_run_over_the_layers_as_the_bracket_says() -> None:
    layers = {l: Bracket(l, l, None) for l in range(2, 6)}
    halves = Bracket(4, 5, (layers[5], layers[4])), Bracket(2, 3, (layers[3], layers[2]))
    steps = schedule(Bracket(2, 5, halves), right="columns")
    assert [(step.operation, step.layer, step.layout) for step in steps] == [
        ("layer", 5, "rows"),
        ("rows times W", 4, "rows"),
        ("layer", 2, "columns"),
        ("W times columns", 3, "columns"),
        ("product", 0, "rows"),
    ]


def test_the_schedule_of_a_network_is_that_of_its_plan() -> None:
    net = random_network((8, 9, 9, 2))
    steps = schedule(net.plan.chain, right="rows")
    assert steps[-1].bracket == net.plan.chain
    assert {step.layer for step in steps if step.layer} == {2, 3, 4}
