"""The numbers of standard deviations in a file, from the posterior of a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import Head
from slopenet.derivation import Chain
from slopenet.evaluate.derivatives import Derivatives
from slopenet.exporters._deviations import Deviations, Full, Group, Process, Projected
from slopenet.parameters import count
from slopenet.posterior.features import learned_sizes, trained
from slopenet.posterior.full import FullPosterior
from slopenet.posterior.laplace import LaplacePosterior
from slopenet.posterior.posterior import Posterior
from slopenet.posterior.process import Group as Known
from slopenet.posterior.process import ProcessPosterior

# The most numbers of a posterior in a file: 2 MiB of float64, some 5 MB of source.
MOST = 1 << 18


def deviations(net: Derivatives, posterior: Posterior, dtype: np.dtype[Any]) -> Deviations:
    """The numbers of the posterior of a network for a file of numbers of `dtype`.

    Raises
    ------
    ValueError
        If there are too many for a source file, or for another dtype than float64: variances are
        small differences of large numbers.
    """
    if dtype != np.float64:
        raise ValueError(
            f"standard deviations need float64; export with dtype='float64', not {dtype}"
        )
    chain = net.chain()
    if isinstance(chain.activations[-1], Head):
        raise chain.activations[-1].refusal
    match posterior:
        case ProcessPosterior():
            return _process(posterior)
        case LaplacePosterior():
            return _projected(chain, posterior)
        case FullPosterior():
            return _full(net, chain, posterior)
    raise TypeError(f"a posterior of the kind {posterior.kind!r} cannot be exported")


def _process(posterior: ProcessPosterior) -> Process:
    units, found = posterior.units, []
    _require_small(posterior.X.size + sum(_triangle(_targets(g)) for g in posterior.groups))
    for group, given in zip(posterior.groups, posterior.given, strict=True):
        index, factor, ones, root, level = given.numbers
        row, j = np.divmod(index, group.known.shape[1])
        targets = row * (1 + posterior.inputs) + j
        packed = _packed(factor)
        found.append(Group(group.outputs, group.scales, targets, packed, ones, root, level))
    variance = posterior.process_variance * (posterior.inflation * units.s_y) ** 2
    distance = (posterior.distance * units.s_y[:, None]) ** 2
    return Process(units, posterior.X, found, variance, distance)


def _projected(chain: Chain, posterior: LaplacePosterior) -> Projected:
    units, rivals = posterior.units, posterior.rivals
    _require_small(posterior.root.size + sum(count(each.sizes) for each in rivals))
    root = posterior.root.transpose(1, 0, 2)
    m = len(root) - len(rivals)
    in_units = tuple(each.scaled(units.s_y) for each in rivals)
    own = root[:m] * units.s_y[:, None]
    return Projected(units, trained(chain, units), own, in_units, root[m:])


def _full(net: Any, chain: Chain, posterior: FullPosterior) -> Full:
    weights = count(learned_sizes(chain, posterior.units))
    _require_small(_triangle(weights))
    factor = posterior.factor(net) / np.sqrt(posterior.ridge[2])
    return Full(posterior.units, trained(chain, posterior.units), _packed(factor))


def _require_small(numbers: int) -> None:
    if numbers > MOST:
        raise ValueError(
            f"the posterior of this network would be {numbers} numbers in the file, and {MOST} is"
            " the most; fit on fewer rows, or with method='lm' and posterior='auto'"
        )


def _targets(group: Known) -> int:
    """R: where no value is known, one stands for the level."""
    return int(group.known.sum()) + (not group.known[:, 0].any())


def _triangle(n: int) -> int:
    return n * (n + 1) // 2


def _packed(L: Floats) -> Floats:
    return np.asarray(L[np.tril_indices(len(L))])
