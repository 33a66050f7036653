"""Width, activation and first weights where they are left to the data: by a fit of some rows."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data, Names
from slopenet.dataset.partitions import Partitions
from slopenet.network import Network
from slopenet.training.fit import fit
from slopenet.training.settings import AUTO, FitSettings

# About how many rows choose.
ROWS = 500


def chosen_for(
    settings: FitSettings, parts: Partitions, names: Names, lengths: Floats, seed: int
) -> tuple[FitSettings, Network | None, str]:
    """Settings without "auto", the network to start from if there is one, and a sentence on it."""
    if settings.hidden != AUTO:
        return settings.resolved(), None, ""
    share = min(1.0, ROWS / float(lengths.sum()))
    drawn = [each for each in parts.each(_some, share, seed) if len(each)]
    given = [_column(drawn, name) for name in ("X", "y", "dydx")]
    found = fit(
        *given,
        method="lm",  # L-BFGS would spoil a kriging start: its l2 does not suit many sines
        activation=settings.activation,
        output=settings.output,
        transform="none",
        posterior="none",
        rng=seed,
        input_names=names.inputs,
        output_names=names.outputs,
    )
    network = found.network
    sigma: Any = network.activations[0]  # one for all units: no other network is tried
    chosen = replace(settings, hidden=network.sizes[1:-1], activation=sigma)
    sentence = f" Its shape and first weights are from {sum(map(len, drawn))} rows: {found.reason}"
    return chosen, network, sentence


def _column(parts: list[Data], name: str) -> Floats | None:
    """One array of all parts; None if no part has it, NaN where one has not."""
    columns = [getattr(each, name) for each in parts]
    shapes = {column.shape[1:] for column in columns if column is not None}
    if not shapes:
        return None
    (shape,) = shapes
    return np.concatenate(
        [
            np.full((len(part), *shape), np.nan) if column is None else column
            for part, column in zip(parts, columns, strict=True)
        ]
    )


def _some(data: Data, share: float, seed: int) -> Data:
    """Each row with the probability `share`: small partitions are drawn from as large ones are."""
    rng = np.random.default_rng([seed, zlib.crc32(data.X.tobytes())])
    return data.rows(np.flatnonzero(rng.random(len(data)) < share))
