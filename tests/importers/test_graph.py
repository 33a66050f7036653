"""Graphs of branches become chains of layers: the right values, and no wider than they must be."""

from __future__ import annotations

import numpy as np
import pytest

from slopenet.importers._cut import narrowest
from slopenet.importers._graph import After, Node, Start, stacked, total, values_at
from slopenet.importers._layers import steps_of_graph
from slopenet.importers._steps import Sigma, sigma
from slopenet.importers._verify import values_of
from slopenet.maps.affine import Affine, UnsupportedNetworkError, affine

RNG = np.random.default_rng(0)


def dense(x: Node, m: int) -> Node:
    W = RNG.normal(size=(m, x.width or 1)) / np.sqrt(x.width or 1)
    return After(x, affine("dense", W, RNG.normal(size=m)))


def act(x: Node, spec: object = "tanh") -> Node:
    return After(x, sigma("act", spec))


def plus(*parts: Node) -> Node:
    return total("sum", [(1.0, part) for part in parts])


def residual() -> tuple[Node, list[Start]]:
    x = Start("x", 3)
    h = act(dense(x, 8))
    for _ in range(4):
        h = plus(h, act(dense(h, 8)))
    return dense(h, 1), [x]


def input_skip() -> tuple[Node, list[Start]]:
    x = Start("x", 30)
    h = act(dense(act(dense(x, 8)), 8))
    return plus(dense(h, 2), dense(x, 2)), [x]


def densely_connected() -> tuple[Node, list[Start]]:
    x = Start("x", 3)
    h: Node = x
    for _ in range(3):
        h = stacked("concat", [h, act(dense(h, 4))])
    return dense(h, 1), [x]


def input_convex() -> tuple[Node, list[Start]]:
    x = Start("x", 3)
    z = act(dense(x, 6), "softplus")
    for _ in range(2):
        z = act(plus(dense(z, 6), dense(x, 6)), "softplus")
    return dense(z, 1), [x]


def heads() -> tuple[Node, list[Start]]:
    x = Start("x", 3)
    h = act(dense(x, 8))
    return stacked("heads", [dense(h, 1), act(dense(h, 1), "softplus")]), [x]


def deep_head_and_flat_head() -> tuple[Node, list[Start]]:
    x = Start("x", 3)
    h = act(dense(x, 64))
    deep = dense(act(dense(act(dense(h, 8)), 8)), 1)
    return stacked("heads", [act(dense(h, 1), "softplus"), deep]), [x]


def narrow_input_late() -> tuple[Node, list[Start]]:
    """A branch of one layer, 64 wide, next to one of three: it is computed last."""
    x = Start("x", 2)
    deep = act(dense(act(dense(act(dense(x, 8)), 8)), 8))
    return dense(stacked("concat", [deep, act(dense(x, 64), "sin")]), 1), [x]


def two_inputs() -> tuple[Node, list[Start]]:
    x, u = Start("x", 3), Start("u", 2)
    return dense(act(dense(stacked("concat", [x, u]), 8)), 1), [x, u]


def an_input_that_joins_late() -> tuple[Node, list[Start]]:
    x, u = Start("x", 3), Start("u", 2)
    return dense(act(dense(stacked("concat", [act(dense(x, 8)), u]), 8)), 1), [x, u]


def fourier() -> tuple[Node, list[Start]]:
    x = Start("x", 2)
    p = dense(x, 8)
    features = stacked("features", [act(p, "sin"), act(p, "gaussian"), x])
    return dense(act(dense(features, 16)), 1), [x]


def only_affine() -> tuple[Node, list[Start]]:
    x = Start("x", 3)
    return total("sum", [(2.0, dense(x, 2)), (np.array([1.0, 3.0]), dense(x, 2))], [1.0, 2.0]), [x]


def reversed_heads() -> tuple[Node, list[Start]]:
    x = Start("x", 3)
    h = act(dense(x, 4), "relu")
    return total("gather", [(np.eye(4)[::-1], h)]), [x]


@pytest.mark.parametrize(
    ("made", "sizes"),
    [
        (residual, (3, 8, 16, 16, 16, 16, 1)),
        (input_skip, (30, 10, 10, 2)),
        (densely_connected, (3, 7, 11, 15, 1)),
        (input_convex, (3, 9, 9, 6, 1)),
        (heads, (3, 8, 2)),
        (deep_head_and_flat_head, (3, 64, 9, 9, 2)),
        (narrow_input_late, (2, 10, 10, 72, 1)),
        (two_inputs, (5, 8, 1)),
        (an_input_that_joins_late, (5, 10, 8, 1)),
        (fourier, (2, 18, 16, 1)),
        (only_affine, (3, 2)),
    ],
)
def test_values_and_widths(made, sizes: tuple[int, ...]) -> None:
    output, starts = made()
    steps = steps_of_graph("test", output, starts)
    X = RNG.normal(size=(20, sizes[0]))
    assert np.allclose(values_of(steps, X), values_at(output, starts, X), rtol=1e-13, atol=1e-13)
    maps = [step for step in steps if isinstance(step, Affine)]
    assert (maps[0].A.shape[1], *(step.A.shape[0] for step in maps)) == sizes


def test_carried_numbers_have_the_activation_identity_after_the_others() -> None:
    output, starts = residual()
    steps = steps_of_graph("test", output, starts)
    first, then, *_ = [step for step in steps if isinstance(step, Sigma)]
    assert str(first.uniform) == "tanh"
    assert [str(each) for each in then.each(16)] == ["tanh"] * 8 + ["identity"] * 8


def test_heads_are_the_last_layer_in_the_order_of_the_output() -> None:
    steps = steps_of_graph("test", *heads())
    assert isinstance(steps[-1], Sigma)
    assert [str(each) for each in steps[-1].each(2)] == ["identity", "softplus"]


def test_a_chain_stays_the_list_of_its_steps() -> None:
    output, starts = reversed_heads()
    steps = steps_of_graph("test", output, starts)
    assert [type(step) for step in steps] == [Affine, Sigma, Affine]


def test_a_width_that_nothing_told_yet_is_found_later() -> None:
    x = Start("x", None)
    y = After(act(After(x, affine("scale", 2.0))), affine("dense", np.ones((2, 5))))
    assert (x.width, y.width) == (5, 2)
    z = Start("z", None)
    assert total("sum", [(1.0, z), (np.ones((3, 3)), Start("w", None))]).width == 3


def test_numbers_that_do_not_fit_are_refused_by_name() -> None:
    x = Start("x", 3)
    with pytest.raises(UnsupportedNetworkError, match=r"^dense: it takes 4 numbers, and 3 come"):
        After(x, affine("dense", np.ones((2, 4))))
    with pytest.raises(UnsupportedNetworkError, match=r"^sum: 3 numbers meet 2"):
        total("sum", [(np.ones((2, 2)), Start("w", 2)), (1.0, x)])
    with pytest.raises(UnsupportedNetworkError, match=r"^sum: how many numbers come in is unknown"):
        total("sum", [(1.0, Start("a", None)), (1.0, Start("b", None))])


def test_random_graphs() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        starts = [Start(f"x{i}", int(rng.integers(1, 5))) for i in range(rng.integers(1, 3))]
        nodes: list[Node] = list(starts)
        for _ in range(rng.integers(1, 12)):
            a, b = (nodes[i] for i in rng.integers(len(nodes), size=2))
            match rng.integers(4):
                case 0:
                    nodes.append(act(dense(a, int(rng.integers(1, 6))), "sin"))
                case 1:
                    nodes.append(stacked("concat", [a, b]))
                case 2:
                    nodes.append(plus(dense(a, 3), dense(b, 3)))
                case 3:
                    nodes.append(act(a, "tanh"))
        output = stacked("outputs", [dense(nodes[-1], 2), nodes[-1]])
        steps = steps_of_graph("test", output, starts)
        X = rng.normal(size=(9, sum(start.width or 0 for start in starts)))
        wanted = values_at(output, starts, X)
        assert np.allclose(values_of(steps, X), wanted, rtol=1e-11, atol=1e-11), seed


def test_a_cut_takes_the_narrowest_place_on_every_path() -> None:
    # 0 -> 1 -> 2 -> 3 and 0 -> 3: vertex 1 is narrow, and the other path needs vertex 4.
    edges = [(0, 1), (1, 2), (2, 3), (0, 4), (4, 3)]
    assert narrowest(5, [9, 1, 9, 9, 2], edges, [0], [3]) == [1, 4]
    assert narrowest(5, [9, 1, 9, 2, 2], edges, [0], [3]) == [3]
    assert narrowest(5, [1, 1, 9, 0, 2], edges, [0], [3]) == [0]
