"""Error bars once more points are known, before anyone knows their values.

The covariance of a posterior depends on where the function was evaluated, but not on the results.
If the results are what the network says, the network itself stays as it is too: this is the
kriging believer (Ginsbourger, Le Riche & Carraro 2010), here without a refit.
"""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.network import Network
from slopenet.posterior.full import FullPosterior
from slopenet.posterior.laplace import LaplacePosterior
from slopenet.posterior.posterior import Posterior
from slopenet.posterior.process import ProcessPosterior

# Singular values below so many times the largest say nothing new.
_RANK = 1e-10
# Believed values weigh so many times the surest residual of the data.
_SURE = 1e3


def believing(net: Network, points: Floats, *, slopes: bool = False) -> Network:
    """The network with the posterior that also knows the values at `points` (N, n_1).

    Parameters
    ----------
    net : Network
        With a posterior.
    points : (N, n_1)
    slopes : bool
        Whether the slopes will be known too, where the posterior has learned from slopes.

    Raises
    ------
    TypeError
        For a posterior of another kind.
    """
    known = net.posterior
    if not len(points):
        return net
    if isinstance(known, ProcessPosterior):
        return net.with_posterior(_process(known, points, slopes=slopes))
    if isinstance(known, LaplacePosterior):
        return net.with_posterior(_laplace(known, net, points, slopes=slopes))
    if isinstance(known, FullPosterior):
        return net.with_posterior(_full(known, points, slopes=slopes))
    raise TypeError(f"a posterior {type(known).__name__} cannot take points to believe")


def _process(known: ProcessPosterior, points: Floats, *, slopes: bool) -> Posterior:
    """More rows: the factor of the covariance matrix is computed again."""
    X = np.concatenate([known.X, known.units.standard(points)])
    counts = np.concatenate([known.counts, np.ones(len(points))])
    groups = []
    for each in known.groups:
        row = np.full(each.known.shape[1], float(slopes))
        row[0] = each.known[:, 0].any()  # of a function up to a constant, values stay unknown
        more = np.broadcast_to(row, (len(points), len(row)))
        groups.append(each._replace(known=np.concatenate([each.known, more])))
    rest = known.process_variance, known.inflation, known.distance, known.units
    return ProcessPosterior(X, counts, groups, *rest)


def _laplace(known: LaplacePosterior, net: Network, points: Floats, *, slopes: bool) -> Posterior:
    """The root F less its part along V = (φ F)ᵀ: F (1 - Q Qᵀ), Q an orthonormal base of V."""
    root = np.empty_like(known.root)
    halves = [half for _, half in known._blocks(net, points, slopes=slopes)]
    half = np.concatenate(halves)  # (N, kinds, n_L, r)
    for k, F in enumerate(known.root):
        V = half[:, :, k].reshape(-1, F.shape[1]).T
        Q, sizes, _ = np.linalg.svd(V, full_matrices=False)
        Q = Q[:, sizes > _RANK * max(sizes[0], 1e-300)]
        root[k] = F - (F @ Q) @ Q.T
    return known.with_root(root)


def _full(known: FullPosterior, points: Floats, *, slopes: bool) -> Posterior:
    """More residuals, of a large weight."""
    columns = known.scale.shape[1]
    row = np.zeros(columns)
    row[: columns if slopes else known.outputs] = _SURE * known.scale.max()
    X = np.concatenate([known.X, known.units.standard(points)])
    scale = np.concatenate([known.scale, np.broadcast_to(row, (len(points), columns))])
    return FullPosterior(X, scale, known.ridge, known.noise, known.units)
