"""One `load` for every file: the kind follows from the first bytes, or else from the name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

from numpy.typing import DTypeLike

from slopenet import network
from slopenet.importers._nnet import from_nnet
from slopenet.importers._options import Options
from slopenet.importers._verify import Report
from slopenet.importers.keras.network import from_keras
from slopenet.importers.n2p2.network import NAME, from_n2p2
from slopenet.importers.onnx.network import from_onnx
from slopenet.io import model_file
from slopenet.io.contents import ModelFileError
from slopenet.io.files import regular
from slopenet.network import Network
from slopenet.training.ensemble import Ensemble

ModelT = TypeVar("ModelT", Network, Ensemble)

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_KERAS = (".keras", ".h5", ".hdf5")
# Advice for files that would run code when they are opened.
_PICKLES = {
    ".pt": "torch.load(path, weights_only=True) and sn.from_state_dict, or sn.from_torch",
    ".pth": "torch.load(path, weights_only=True) and sn.from_state_dict, or sn.from_torch",
    ".ckpt": "torch.load(path, weights_only=True) and sn.from_state_dict",
    ".joblib": "joblib.load and sn.from_sklearn, if you trust the file",
    ".pkl": "pickle.load and sn.from_sklearn or sn.from_torch, if you trust the file",
    ".pickle": "pickle.load and sn.from_sklearn or sn.from_torch, if you trust the file",
    ".npz": "numpy.load and sn.from_state_dict",
}


@overload
def load(
    path: str | os.PathLike[str],
    *,
    expect: type[ModelT],
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_scaling: Any = None,
    output_scaling: Any = None,
    report: Report | None = None,
) -> ModelT: ...
@overload
def load(
    path: str | os.PathLike[str],
    *,
    expect: None = None,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_scaling: Any = None,
    output_scaling: Any = None,
    report: Report | None = None,
) -> Network | Ensemble: ...
def load(
    path: str | os.PathLike[str],
    *,
    expect: type[Any] | None = None,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_scaling: Any = None,
    output_scaling: Any = None,
    report: Report | None = None,
) -> Network | Ensemble:
    """Load a network that `Network.save` wrote, or an ONNX or Keras file; or a saved `Ensemble`.

    Parameters
    ----------
    path : path
        Of a model of slopenet, of an .onnx file (see `from_onnx`), of a .keras or .h5 file (see
        `from_keras`; Keras is not needed), of NNet's .nnet, or of n2p2's weights.001.data with
        input.nn and scaling.data in its folder (see `from_n2p2`). A pickle, such as .pt, .pkl or
        .joblib, is not opened, since that may run anything; the error says what to call instead.
    expect : {Network, Ensemble}, optional
        The class of the result. Another kind of file is an error, and type checkers know the class.
        Unless given, both are loaded, and ``isinstance`` tells them apart.
    inputs, outputs : sequence of str, optional
        Names of the inputs and outputs of an ONNX or Keras file that are wanted, in this order;
        see `from_onnx` and `from_keras`.
    dtype : {float64, float32}, optional
        Of the network, instead of the file's.
    input_names, output_names : sequence of str, optional
        Labels of the network, instead of the file's.
    input_scaling, output_scaling : scaling, optional
        Maps that were applied to inputs and outputs before training, and are not part of the
        source; see `Network.scaled`. Names are then those of raw inputs and outputs.
    report : callable, optional
        Called with a `Comparison` of the network and its source on random points, as ``print``; not
        for slopenet's own files, whose every bit is under a checksum.

    Raises
    ------
    ModelFileError
        If the file is damaged, hostile, of none of these kinds, written by a newer version, or
        has another kind of model than `expect`.
    UnsupportedNetworkError
        If slopenet cannot represent a network of another library.
    OSError
        If it cannot be read.
    ImportError
        If onnx or h5py is needed and not installed.
    """
    options = Options(dtype, input_names, output_names, input_scaling, output_scaling, report)
    found = _load(path, options, inputs, outputs)
    if expect is not None and not isinstance(found, expect):
        raise ModelFileError(
            f"{os.fspath(path)} has a model of class {type(found).__name__}, but"
            f" expect={expect.__name__}"
        )
    return found


def _load(
    path: str | os.PathLike[str],
    options: Options,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
) -> Network | Ensemble:
    suffix = Path(path).suffix.lower()
    start = _start(path)
    if suffix == ".onnx":
        return from_onnx(path, inputs=inputs, outputs=outputs, **vars(options))
    if start.startswith(_HDF5) or (start.startswith(_ZIP) and suffix == ".keras"):
        if suffix not in _KERAS:
            message = f"{os.fspath(path)} is an HDF5 file; if it is of Keras, name it .h5"
            raise ModelFileError(message)
        return from_keras(path, inputs=inputs, outputs=outputs, **vars(options))
    if suffix in _PICKLES or (start[:1] == b"\x80" and start[8:9] != b"{"):
        advice = _PICKLES.get(suffix, _PICKLES[".pkl"])
        raise ModelFileError(
            f"{os.fspath(path)} is not a model file of slopenet; a pickle may run code, so it is"
            f" not opened here: use {advice}"
        )
    if inputs is not None or outputs is not None:
        raise ValueError("inputs and outputs are chosen in ONNX and Keras files alone")
    if suffix == ".nnet":
        return from_nnet(path, options)
    if NAME.fullmatch(Path(path).name):
        return from_n2p2(path, **vars(options))
    contents = model_file.read(path)
    found = [
        _changed(network.of_contents(path, each), options)
        for each in (contents if isinstance(contents, tuple) else (contents,))
    ]
    return Ensemble(found) if isinstance(contents, tuple) else found[0]


def _changed(own: Network, options: Options) -> Network:
    """The same network with the dtype, the labels and the scaling given."""
    labels = options.labels()
    if options.dtype is not None or any(labels.values()):
        own = Network(
            *(own.weights, own.biases, own.activations),
            input_names=labels["input_names"] or own.input_names,
            output_names=labels["output_names"] or own.output_names,
            dtype=own.dtype if options.dtype is None else options.dtype,
            card=own.card,
            posterior=own.posterior,
        )
    return options.scaled(own)


def _start(path: str | os.PathLike[str]) -> bytes:
    with regular(path) as opened:
        return b"" if opened is None else opened[0].read(16)
