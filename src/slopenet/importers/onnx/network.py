"""ONNX graphs, as torch, Keras, tf2onnx and skl2onnx write them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet.importers._fold import network_of
from slopenet.importers._steps import UnsupportedNetworkError
from slopenet.importers._verify import Report, compare
from slopenet.importers.onnx.file import read_model
from slopenet.importers.onnx.graph import graph_of, steps_of_graph
from slopenet.importers.onnx.run import runner
from slopenet.io.contents import ModelFileError
from slopenet.network import Network

_LIMIT = 1e-6  # attributes are float32, and so are some operations of onnx.reference


def from_onnx(
    model: Any,
    *,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    report: Report | None = None,
) -> Network:
    """Import an ONNX graph that is a chain of dense layers and activations.

    Parameters
    ----------
    model : path, or onnx.ModelProto
        With one input, (N, n_1) or of other axes, and one output. Weights in files of their own
        must be in the folder of the model, and no links.
    dtype : {float64, float32}, optional
        Of the network, instead of the weights'. Folding maps in float32 may cost digits.
    input_names, output_names : sequence of str, optional
        Labels of the network; by default those that slopenet's export keeps in a file.
    report : callable, optional
        Called with a `Comparison` of the network and the graph, run by onnxruntime where it is
        installed and has the operations, else by onnx.reference, on random points.

    Returns
    -------
    Network
        float32 if the weights are float32 or shorter, else float64.

    Raises
    ------
    UnsupportedNetworkError
        If the graph is not such a chain; the node is named. Or if the values differ.
    ModelFileError
        If the file is damaged or hostile.
    OSError
        If it cannot be read.
    ImportError
        If onnx is not installed.

    Notes
    -----
    Understood are Gemm, MatMul, Add, Sub, Mul, Div, BatchNormalization and Scaler with constants;
    the activations of the table, as a node or as any composition of nodes that has their values;
    and Cast, Constant, Dropout, Identity. Flatten, Reshape, Squeeze, Unsqueeze and Transpose are
    understood where the numbers of a sample keep their order, with sizes that are constants or come
    from Shape. The network takes the numbers of a sample as one row. A network is data: nothing of
    the file but these is computed.

    Attributes of ONNX, such as the slope of LeakyRelu, are float32 in float64 graphs too. They are
    taken as the shortest decimal that rounds to them, 0.01 and not 0.00999999978, and selu's as the
    exact constants, since the author of the file meant those.
    """
    try:
        import onnx
    except ImportError as error:
        raise ImportError("from_onnx needs onnx: pip install 'slopenet[onnx]'") from error
    given = isinstance(model, onnx.ModelProto)
    name = "the ModelProto" if given else os.fspath(model)
    try:
        proto = model if given else read_model(model)
        folder = None if given else Path(model).resolve().parent
        graph = graph_of(proto, folder)
        with np.errstate(all="ignore"):
            steps = steps_of_graph(graph)
        network = network_of(
            "the graph",
            steps,
            dtype=dtype,
            input_names=input_names,
            output_names=output_names,
            budget=graph.budget,
        )
        network = _labelled(network, proto)
        run = runner(proto, graph)
        return compare("the graph", network, run, graph.dtype, report, limit=_LIMIT)
    except ModelFileError as error:
        raise ModelFileError(f"{name} {error}") from error
    except MemoryError as error:
        raise ModelFileError(f"{name} needs more memory than there is") from error
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{name} is damaged: a name in it is not text") from error
    except UnsupportedNetworkError as error:
        raise UnsupportedNetworkError(f"{name}: {error}") from error


def _labelled(network: Network, proto: Any) -> Network:
    """The network with the names in the file where it has none; other metadata is ignored."""
    kept = {each.key: each.value for each in proto.metadata_props}
    try:
        inputs, outputs = (
            json.loads(kept.get(key, "null")) for key in ("input_names", "output_names")
        )
        return Network(
            network.weights,
            network.biases,
            network.activations,
            input_names=network.input_names or inputs,
            output_names=network.output_names or outputs,
        )
    except (ValueError, TypeError, RecursionError):
        return network
