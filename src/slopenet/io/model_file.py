"""The model file: a safetensors file with one checksum over all its bits.

The tensors are ``W2, b2, W3, b3, ..., WL, bL``, layer l = 2..L of the derivation, all float64 or
all float32. The metadata, all text, are

==================  ===========================================================================
``format``          ``slopenet``
``version``         of this layout, a whole number; every later version keeps the checksum rule
``activations``     JSON, one ``[name, [parameter, ...]]`` per layer; since version 4 also a list
                    of runs, ``[name, [parameter, ...], units]``, for a layer
``input_names``     JSON, one name per component of x, or ``null``
``output_names``    JSON, one name per component of H(x), or ``null``
``card``            JSON, the texts and whole numbers of a `Card`, or ``null``; since version 2
``posterior``       JSON, the kind of a posterior, or ``null``; since version 3
``rivals``          JSON, the ``activations`` of each other network of the posterior; since
                    version 5
``checksum``        SHA-256 of the whole file, computed with these 64 digits set to zero
==================  ===========================================================================

With a card there are the float64 tensors ``inputs`` (n_1, 7) and ``outputs`` (n_L, 7), minimum,
maximum and quantiles, and ``errors_values`` (n_L,) and ``errors_slopes`` (n_L, n_1) if errors are
known; NaN is unknown. A posterior has float64 tensors with the prefix ``posterior_``, see
`slopenet.io.stored_posterior`. Rival i of it has float64 tensors ``W2, b2, ...`` with the prefix
``rivali.``.

A network of one activation per layer has the version 2, or 3 if it has a posterior; one with runs
of activations has the version 4, and one whose posterior has rivals the version 5.

An ensemble has the format ``slopenet ensemble``. Tensors of its network i have the prefix ``i.``;
``networks``, JSON, has the entries from ``activations`` on of each.

A file is untrusted data. Nothing is parsed before the checksum agrees, no code in it runs, no other
file is read, and reading needs at most twice the size of the file plus 16 MiB of memory.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slopenet.io.card import Card
from slopenet.io.contents import (
    Contents,
    ModelFileError,
    StoredLayer,
    StoredPosterior,
    StoredRival,
    require,
)
from slopenet.io.files import regular, replacing
from slopenet.io.layout import ZEROS, header_length, serialise
from slopenet.io.parse import (
    ENSEMBLE,
    ENTRIES,
    FORMAT,
    OF_POSTERIOR,
    OF_RUNS,
    PLAIN,
    VERSION,
    parse,
    prefix_of,
)
from slopenet.io.stored_card import stored
from slopenet.io.stored_posterior import PREFIX, rival_prefix

__all__ = ["FORMAT", "VERSION", "Contents", "ModelFileError", "read", "write", "write_ensemble"]


def write(  # noqa: PLR0917
    path: str | os.PathLike[str],
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[StoredLayer],
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
    card: Card | None = None,
    posterior: StoredPosterior | None = None,
) -> None:
    """Write the file of a network atomically: a failure or Ctrl-C leaves the old file unchanged.

    The same network gives the same bytes. A symbolic link is followed and kept.

    Parameters
    ----------
    path : path
        The file; an existing one is replaced.
    weights, biases, activations, input_names, output_names, card, posterior
        As in `Contents`.

    Raises
    ------
    ModelFileError
        If `path` exists and is not a regular file, or if `read` would refuse the result.
    OSError
        If the file cannot be written.
    """
    contents = Contents(
        tuple(weights),
        tuple(biases),
        tuple(activations),
        None if input_names is None else tuple(input_names),
        None if output_names is None else tuple(output_names),
        card,
        posterior,
    )
    version = _version([contents])
    entry, tensors = _entry(contents, "", version)
    texts = {name: json.dumps(value) for name, value in entry.items()}
    _save(path, {"format": FORMAT, "version": version, **texts}, tensors)


def write_ensemble(path: str | os.PathLike[str], networks: Sequence[Contents]) -> None:
    """Write the file of several networks, as `write` does of one."""
    version = _version(networks)
    pairs = [_entry(each, prefix_of(i), version) for i, each in enumerate(networks)]
    entries = [entry for entry, _ in pairs]
    tensors = {name: array for _, own in pairs for name, array in own.items()}
    metadata = {"format": ENSEMBLE, "version": version, "networks": json.dumps(entries)}
    _save(path, metadata, tensors)


def _version(networks: Sequence[Contents]) -> str:
    """The oldest version that has all entries of the networks, so that old readers know it."""
    if any(each.posterior is not None and each.posterior.rivals for each in networks):
        return VERSION
    activations = [each for network in networks for each in network.activations]
    if any(not isinstance(each[0], str) for each in activations):
        return OF_RUNS
    return PLAIN if all(each.posterior is None for each in networks) else OF_POSTERIOR


def _entry(
    network: Contents, prefix: str, version: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The values of a network, for JSON, and its tensors."""
    tensors = _matrices(network, prefix)
    rivals = () if network.posterior is None else network.posterior.rivals
    values, arrays = (None, {}) if network.card is None else stored(network.card)
    tensors |= {f"{prefix}{name}": array for name, array in arrays.items()}
    entry = {
        "activations": network.activations,
        "input_names": network.input_names,
        "output_names": network.output_names,
        "card": values,
        "posterior": network.posterior and network.posterior.kind,
        "rivals": [each.activations for each in rivals],
    }
    if network.posterior is not None:
        own = network.posterior.arrays.items()
        tensors |= {f"{prefix}{PREFIX}{name}": array for name, array in own}
    for i, rival in enumerate(rivals):
        tensors |= _matrices(rival, prefix + rival_prefix(i))
    return {name: entry[name] for name in ENTRIES[version]}, tensors


def _matrices(network: Contents | StoredRival, prefix: str) -> dict[str, np.ndarray]:
    layers = enumerate(zip(network.weights, network.biases, strict=True), start=2)
    return {
        f"{prefix}{k}{layer}": each
        for layer, pair in layers
        for k, each in zip("Wb", pair, strict=True)
    }


def _save(
    path: str | os.PathLike[str], metadata: dict[str, str], tensors: dict[str, np.ndarray]
) -> None:
    try:
        raw = serialise(tensors, metadata | {"checksum": ZEROS.decode()})
        parse(raw)
        target = Path(path)
        require(target.is_file() or not target.exists(), "is not a regular file")
        with replacing(target) as file:
            file.write(raw)
    except ModelFileError as error:
        raise ModelFileError(f"cannot save: {os.fspath(path)} {error}") from error


def read(path: str | os.PathLike[str]) -> Contents | tuple[Contents, ...]:
    """Read the contents of a network, or of each network of an ensemble.

    Raises
    ------
    ModelFileError
        If the file is not a valid model file.
    OSError
        If the file is missing or cannot be read.
    """
    try:
        return parse(_read_bytes(path))
    except MemoryError as error:
        raise ModelFileError(f"{os.fspath(path)} needs more memory than there is") from error
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)} {error}") from error


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    with regular(path) as opened:
        if opened is None:
            raise ModelFileError("is not a regular file")
        file, size = opened
        header_length(file.read(8), size)
        file.seek(0)
        return file.read(size)
