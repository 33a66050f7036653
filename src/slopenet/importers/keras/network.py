"""Networks of Keras: Dense stacks, Sequential or functional, and layers that fold into them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.importers._budget import Budget
from slopenet.importers._graph import Node, Start, stacked, values_at
from slopenet.importers._options import Options
from slopenet.importers._verify import Report, compare
from slopenet.importers.keras import archive, file
from slopenet.importers.keras import model as in_memory
from slopenet.importers.keras.chain import Heads
from slopenet.importers.keras.merging import chosen, columns, heads, needed
from slopenet.importers.keras.model import InMemory
from slopenet.io.contents import ModelFileError
from slopenet.maps.affine import UnsupportedNetworkError
from slopenet.network import Network

_LIMIT = 1e-5  # Keras computes parts of a float64 model in float32


def from_keras(
    model: Any,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_scaling: Any = None,
    output_scaling: Any = None,
    report: Report | None = None,
) -> Network:
    """Import a network of Keras, as it is in inference.

    Parameters
    ----------
    model : keras.Model, or path
        A Sequential or functional model of Dense, activations, BatchNormalization, Normalization,
        Rescaling, Dropout, Flatten, Concatenate, Add, Subtract, Average, Maximum and Minimum,
        other such models among them; or a .keras or .h5 file of one, of Keras 2 (.h5) or 3.
    inputs, outputs : sequence of str, optional
        Names of the inputs (their Input layers) and outputs (the last layers) that are wanted, in
        this order. By default all, without inputs that no output needs. Several are stacked:
        numbers of one after those of the other.
    dtype : {float64, float32}, optional
        Of the network, instead of the weights'. Folding in float32 may cost digits.
    input_names, output_names : sequence of str, optional
        Labels of the network.
    input_scaling, output_scaling : scaling, optional
        Maps that were applied to inputs and outputs before training, and are not part of the
        source; see `Network.scaled`. Names are then those of raw inputs and outputs.
    report : callable, optional
        Called with a `Comparison` of the network and the model on random points; of a file, with
        its layers computed one after the other.

    Raises
    ------
    UnsupportedNetworkError
        If a layer is none of those above, which is named, or if the values differ.
    ModelFileError
        If a file is damaged or hostile, or has weights alone, which go to `from_state_dict`.
    OSError
        If it cannot be read.
    ImportError
        If Keras is not installed, for a model in memory; if h5py is not, for a file.

    Notes
    -----
    Activations of a model in memory are recognised by their values, so a function of your own will
    do if it is one of slopenet's table. A file is read by h5py, without Keras. No code in it is
    run, and no link out of it is followed.
    """
    options = Options(dtype, input_names, output_names, input_scaling, output_scaling, report)
    if not isinstance(model, str | os.PathLike):
        found = in_memory.read(model)
        network, output, starts = _network(found.source, found.heads, inputs, outputs, options)
        places = chosen("output", found.heads.names, outputs)

        def values(X: Floats) -> Floats:
            return _of_model(found, X, starts, places)

        return options.compared(found.source, network, values, found.precision, limit=_LIMIT)
    name = os.fspath(model)
    try:
        contents = archive.read(Path(model))
        heads_ = file.graph_of(contents)
        network, output, starts = _network(
            "the model", heads_, inputs, outputs, options, contents.budget
        )
        kind = np.float64 if network.dtype == np.float64 else np.float32
        compare("the model", network, lambda X: values_at(output, starts, X), kind, report)
    except ModelFileError as error:
        raise ModelFileError(f"{name} {error}") from error
    except MemoryError as error:
        raise ModelFileError(f"{name} needs more memory than there is") from error
    except UnsupportedNetworkError as error:
        raise UnsupportedNetworkError(f"{name}: {error}") from error
    return options.scaled(network)


def _network(  # noqa: PLR0917
    source: str,
    found: Heads,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
    options: Options,
    budget: Budget | None = None,
) -> tuple[Network, Node, list[Start]]:
    """The network of the outputs that are wanted; its output and inputs in the graph."""
    places = chosen("output", found.names, outputs)
    parts = [found.outputs[i] for i in places]
    output = stacked(source, parts)
    starts = needed(source, output, found.starts, inputs)
    named = options.named(
        heads(source, [found.names[i] for i in places], parts),
        heads(source, [start.name for start in starts], starts),
    )
    return named.network_of_graph(source, output, starts, budget), output, starts


def _of_model(found: InMemory, X: Floats, starts: list[Start], places: list[int]) -> Floats:
    """Values of a model, zeros for inputs that do not matter."""
    by_start = dict(zip(map(id, starts), columns(starts), strict=True))
    given = []
    for start in found.heads.starts:
        own = by_start.get(id(start))
        given.append(
            np.zeros((len(X), start.width or 1), X.dtype)
            if own is None
            else X
            if start.width is None
            else X[:, own]
        )
    results = found.values(given)
    return np.concatenate([results[i].reshape(len(X), -1) for i in places], axis=1)
