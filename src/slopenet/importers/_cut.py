"""The narrowest set of values that everything after a layer can be computed from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def narrowest(
    count: int,
    capacities: Sequence[int],
    edges: Sequence[tuple[int, int]],
    sources: Sequence[int],
    sinks: Sequence[int],
) -> list[int]:
    """Vertices of the smallest total capacity that every path from a source to a sink goes through.

    A minimum vertex cut: each vertex is an edge of its capacity, from a node i to a node i + count,
    in a network whose maximum flow SciPy finds.

    Parameters
    ----------
    count : int
        How many vertices there are.
    capacities : sequence of int
        Of each vertex; 0 for one that cannot be cut.
    edges : sequence of (int, int)
    sources, sinks : sequence of int
        Which may be cut too.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    endless = sum(capacities) + 1
    source, sink = 2 * count, 2 * count + 1
    links = [(i, i + count, capacity or endless) for i, capacity in enumerate(capacities)]
    links += [(i + count, j, endless) for i, j in dict.fromkeys(edges)]
    links += [(source, i, endless) for i in dict.fromkeys(sources)]
    links += [(i + count, sink, endless) for i in dict.fromkeys(sinks)]
    rows, columns, limits = np.array(links, np.int32).T
    shape = (2 * count + 2, 2 * count + 2)
    graph = csr_array((limits, (rows, columns)), shape=shape)
    rest = graph - maximum_flow(graph, source, sink).flow
    rest.data[rest.data < 0] = 0
    rest.eliminate_zeros()
    reached = set(breadth_first_order(rest, source, return_predecessors=False).tolist())
    return [i for i in range(count) if i in reached and i + count not in reached]
