"""An atom's network of n2p2 or RuNNer, in energies over symmetry functions."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.activations import ActivationSpec
from slopenet.importers._budget import Budget
from slopenet.importers._options import Options
from slopenet.importers._state_dict import with_activations
from slopenet.importers._steps import Step, scaled
from slopenet.importers._text import naming, read
from slopenet.importers._verify import Report
from slopenet.importers.n2p2 import ranges, weights
from slopenet.importers.n2p2.settings import SYMBOLS, Settings, read_settings
from slopenet.io.contents import ModelFileError, require
from slopenet.maps.affine import affine, refuse
from slopenet.network import Network

NAME = re.compile(r"weights(?P<charge>e?)\.(?P<number>\d{3})\.(data|\d+\.out)")
"""Names of n2p2's files of weights; the number is the atomic number of the element."""

# Of each letter: the factor before the activation, its name, and its formula.
_SIGMA: dict[str, tuple[float, str, Callable[[Floats], Floats]]] = {
    "l": (1, "identity", lambda z: z),
    "t": (1, "tanh", np.tanh),
    "s": (1, "sigmoid", lambda z: 1 / (1 + np.exp(-z))),
    "S": (-1, "sigmoid", lambda z: 1 - 1 / (1 + np.exp(-z))),
    "p": (1, "softplus", lambda z: np.logaddexp(0, z)),
    "r": (1, "relu", lambda z: np.maximum(z, 0)),
    "g": (1 / sqrt(2), "gaussian", lambda z: np.exp(-z * z / 2)),
    "c": (1, "cos", np.cos),
    "e": (-1, "exp", lambda z: np.exp(-z)),
}


def from_n2p2(
    path: str | os.PathLike[str],
    activation: ActivationSpec | Sequence[ActivationSpec] | None = None,
    output: ActivationSpec = "identity",
    *,
    element: str | None = None,
    settings: str | os.PathLike[str] | None = None,
    scaling: str | os.PathLike[str] | None = None,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_scaling: Any = None,
    output_scaling: Any = None,
    report: Report | None = None,
) -> Network:
    """Import an atom's network of n2p2 or RuNNer: ``weights.001.data``.

    With the settings of ``input.nn``, inputs are symmetry functions G as they are computed, and
    the output is the energy of the atom in the units of the training data, as in n2p2:

        E(G) = H(s(G)) / conv_energy + mean_energy + atom_energy,

    where s scales and centres G by ``scaling.data`` as the settings say. Its Jacobian is
    ∂E/∂G, the factor of the forces -∂E/∂G ∂G/∂r. Absent keywords count as none.

    With `activation`, the file of weights is read alone, and H itself is imported.

    Parameters
    ----------
    path : path
        The file of weights.
    activation : activation, or sequence of activations, optional
        σ of the hidden layers, one for all or one per layer, if there are no settings.
    output : activation
        σ of the last layer then.
    element : str, optional
        Symbol of the element. It follows from a name such as ``weights.008.data``, or from
        settings of one element.
    settings, scaling : path, optional
        ``input.nn`` and ``scaling.data`` in the folder of the weights, unless given.
    dtype : {float64, float32}, optional
        Of the network; float64 unless given.
    input_names, output_names : sequence of str, optional
        Labels of the network.
    input_scaling, output_scaling : scaling, optional
        Maps that were applied to inputs and outputs, and are not part of these files; see
        `Network.scaled`.
    report : callable, optional
        Called with a `Comparison` of the network and its formula on random points, as ``print``.

    Raises
    ------
    ModelFileError
        If a file is damaged or hostile, or if the files contradict each other.
    UnsupportedNetworkError
        If slopenet cannot represent the network: the activation h (squares), charges that pass
        between atoms (``nnp_type`` of the fourth generation).
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> energy = sn.load("hdnnp-data/weights.008.data")  # doctest: +SKIP
    >>> energy.jacobian(G)  # ∂E/∂G, (N, 1, n_1)  # doctest: +SKIP
    >>> sn.from_n2p2("weights.008.data", "tanh")  # scaled G, scaled energy  # doctest: +SKIP
    """
    options = Options(dtype, input_names, output_names, input_scaling, output_scaling, report)
    path = Path(path)
    with naming(path):
        raw = read(path)
    budget = Budget(len(raw))
    if activation is not None:
        if any(each is not None for each in (element, settings, scaling, report)):
            raise ValueError("activation= is for weights alone, without input.nn and scaling.data")
        with naming(path):
            layers = weights.layers(raw, None)
            dense = [affine(f"layer {l}", W, b) for l, (W, b) in enumerate(layers, start=1)]
            steps = with_activations(dense, activation, output)
            return options.scaled(options.network("the file", steps, budget, np.float64))
    given = _settings(path, path.with_name("input.nn") if settings is None else settings, element)
    with naming(path):
        layers = weights.layers(raw, given.nodes)
        _require_agreement(given, layers)
    place = path.with_name("scaling.data") if scaling is None else Path(scaling)
    n = layers[0][0].shape[1]
    factor, offset = np.ones(n), np.zeros(n)
    if given.centre or given.spread:
        with naming(place):
            scales = read(place)
            budget.add_file(str(place), len(scales))
            factor, offset = ranges.scaling(scales, given, n)
    with naming(path), np.errstate(all="ignore"):  # infinities are refused
        steps = list(_steps(layers, given, factor, offset))
        network = options.network("the file", steps, budget, np.float64)
        function = _function(layers, given, factor, offset)
        return options.compared("the file", network, function, np.dtype(np.float64))


def _settings(path: Path, place: str | os.PathLike[str], element: str | None) -> Settings:
    named = NAME.fullmatch(path.name)
    if named is not None and named["charge"]:
        refuse(path.name, "networks of charges are imported with activation= alone")
    if element is None and named is not None:
        number = int(named["number"])
        require(1 <= number <= len(SYMBOLS), f"{path} has the number {number}, of no element")
        element = SYMBOLS[number - 1]
    try:
        with naming(place):
            return read_settings(read(place), element)
    except FileNotFoundError as error:
        raise ModelFileError(
            f"{path} has weights alone, and there is no {place}, which has the activations; pass"
            " settings= or activation= to sn.from_n2p2"
        ) from error


def _require_agreement(given: Settings, layers: Sequence[tuple[Floats, Floats]]) -> None:
    """That weights and settings are of one network."""
    nodes = tuple(len(b) for _, b in layers[:-1])
    require(
        len(given.activations) == len(layers),
        f"has {len(layers)} layers, input.nn has {len(given.activations)} activations",
    )
    require(
        given.nodes in (None, nodes),
        f"has hidden layers of {nodes} units, input.nn says {given.nodes}",
    )
    for l, letter in enumerate(given.activations, start=1):
        if letter not in _SIGMA:
            refuse(f"layer {l}", f"its activation {letter[:40]!r} is not one of {' '.join(_SIGMA)}")


def _steps(
    layers: Sequence[tuple[Floats, Floats]], given: Settings, factor: Floats, offset: Floats
) -> Iterator[Step]:
    yield affine("scaling.data", factor, offset)
    for l, ((W, b), letter) in enumerate(zip(layers, given.activations, strict=True), start=1):
        before = W.shape[1] if given.normalised else 1
        yield affine(f"layer {l}", W / before, b / before)
        inner, name, _ = _SIGMA[letter]
        yield from scaled(f"layer {l}", inner, name, 1.0)
    yield affine("input.nn", 1 / given.factor, given.offset)


def _function(
    layers: Sequence[tuple[Floats, Floats]], given: Settings, factor: Floats, offset: Floats
) -> Callable[[Floats], Floats]:
    """E(G) without folding."""

    def energy(G: Floats) -> Floats:
        a = factor * np.asarray(G, np.float64) + offset
        for (W, b), letter in zip(layers, given.activations, strict=True):
            z = (a @ W.T + b) / (W.shape[1] if given.normalised else 1)
            a = _SIGMA[letter][2](z)
        found: Floats = a / given.factor + given.offset
        return found

    return energy
