"""Networks of Keras: Dense stacks, Sequential or functional, and layers that fold into them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet.importers._options import Options
from slopenet.importers._verify import Report, compare, values_of
from slopenet.importers.keras import archive, file
from slopenet.importers.keras import model as in_memory
from slopenet.io.contents import ModelFileError
from slopenet.maps.affine import UnsupportedNetworkError
from slopenet.network import Network

_LIMIT = 1e-5  # Keras computes parts of a float64 model in float32


def from_keras(
    model: Any,
    *,
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
        A Sequential or functional model that is one chain of Dense, activations,
        BatchNormalization, Normalization, Rescaling, Dropout and Flatten, other such models among
        them; or a .keras or .h5 file of one, of Keras 2 (.h5) or 3.
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
        source, steps, values, precision = in_memory.steps_and_values(model)
        network = options.network(source, steps)
        return options.compared(source, network, values, precision, limit=_LIMIT)
    name = os.fspath(model)
    try:
        contents = archive.read(Path(model))
        steps = file.steps_of(contents)
        network = options.network("the model", steps, contents.budget)
        kind = np.float64 if network.dtype == np.float64 else np.float32
        compare("the model", network, lambda X: values_of(steps, X), kind, report)
    except ModelFileError as error:
        raise ModelFileError(f"{name} {error}") from error
    except MemoryError as error:
        raise ModelFileError(f"{name} needs more memory than there is") from error
    except UnsupportedNetworkError as error:
        raise UnsupportedNetworkError(f"{name}: {error}") from error
    return options.scaled(network)
