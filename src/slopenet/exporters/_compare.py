"""The points at which a file is compared with its network, and the differences allowed there."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet.evaluate.agreement import largest_difference
from slopenet.evaluate.derivatives import Derivatives
from slopenet.evaluate.probe_points import unsaturated
from slopenet.exporters._task import OUTPUTS, Arrays
from slopenet.posterior.posterior import Posterior

_POINTS, _FAR = 12, 30.0
_ENTRIES = 2**22  # of Hessians that are held at once
_SECOND = 10.0  # more for second derivatives


def inputs(net: Derivatives, dtype: np.dtype[Any]) -> Arrays:
    """Points x with z[2] about N(0, 1), and some where the first layer is saturated.

    Each has its v and u, the directions of J v and Jᵀ u.
    """
    W, b, activations = net.chain()
    n_1, n_L = net.sizes[0], net.sizes[-1]
    rng = np.random.default_rng(0)
    points = int(np.clip(_ENTRIES // (n_L * n_1 * n_1), 1, _POINTS))
    spread = np.where(np.arange(points) > 2 * points // 3, _FAR, 1.0)
    x = unsaturated(W[0], b[0], spread, rng, activations[0])
    v, u = rng.standard_normal((points, n_1)), rng.standard_normal((points, n_L))
    return {name: a.astype(dtype, order="C") for name, a in {"x": x, "v": v, "u": u}.items()}


def outputs(
    net: Derivatives, given: Arrays, derivatives: tuple[str, ...], posterior: Posterior | None
) -> Arrays:
    """H(x), ∂H/∂x and the other results that are exported, at the inputs.

    Standard deviations are among them if there is a `posterior`.
    """
    x = given["x"]
    H, J = net.value_and_jacobian(x)
    found = {"y": H, "J": J}
    if "jvp" in derivatives:
        found["Jv"] = net.jvp(x, given["v"])
    if "vjp" in derivatives:
        found["uJ"] = net.vjp(x, given["u"])
    if "hessian" in derivatives:
        found["H"] = net.hessian(x)
    if posterior is not None:
        both = np.sqrt(posterior.variances(net, x, slopes=True))
        found["s"], found["S"] = both[:, :, 0], both[:, :, 1:]
    return found


def finite(given: Arrays, wanted: Arrays) -> tuple[Arrays, Arrays]:
    """The points where every result is a finite number of the dtype of `given`.

    Raises
    ------
    ValueError
        If there is none.
    """
    dtype = given["x"].dtype
    with np.errstate(over="ignore"):
        kept = np.logical_and.reduce(
            [np.isfinite(a.astype(dtype)).reshape(len(a), -1).all(axis=1) for a in wanted.values()]
        )
    if not kept.any():
        raise ValueError(
            f"the network or a derivative is beyond the range of {dtype} wherever it was tried, so"
            " that an export could not be compared with it"
        )
    points, results = ({key: a[kept] for key, a in arrays.items()} for arrays in (given, wanted))
    return points, results


def tolerances(
    net: Derivatives,
    given: Arrays,
    wanted: Arrays,
    derivatives: tuple[str, ...],
    posterior: Posterior | None,
) -> dict[str, float]:
    """5000 times the precision of file and network, or more where the network magnifies rounding.

    That is measured by a change of x, v and u by 4 units of the precision. Second derivatives have
    ten times as much. Variances that are differences of larger numbers may miss 100 units of these.
    """
    dtypes = given["x"].dtype, net.chain().W[0].dtype
    eps = max(float(np.finfo(dtype).eps) for dtype in dtypes)
    moved = {name: (a * (1 + 4 * eps)).astype(a.dtype) for name, a in given.items()}
    found = {}
    for name, array in outputs(net, moved, derivatives, posterior).items():
        change = largest_difference(array, wanted[name])
        found[name] = (_SECOND if name == OUTPUTS["hessian"] else 1) * max(5000 * eps, 100 * change)
    if posterior is not None:
        lost = 100 * eps * posterior.terms(net, given["x"])
        for name, of_kind in (("s", lost[:, :, 0]), ("S", lost[:, :, 1:])):
            by = of_kind / np.maximum(wanted[name], np.sqrt(of_kind) + 1e-300)
            found[name] += largest_difference(by, 0 * by, wanted[name].max())
    return found
