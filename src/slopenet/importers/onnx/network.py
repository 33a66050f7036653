"""ONNX graphs, as torch, Keras, tf2onnx and skl2onnx write them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet.importers._options import Options
from slopenet.importers._verify import Report, compare
from slopenet.importers.onnx.branches import network_of_branches
from slopenet.importers.onnx.file import read_model
from slopenet.importers.onnx.graph import Graph, graph_of, steps_of_graph
from slopenet.importers.onnx.run import runner
from slopenet.io.contents import ModelFileError
from slopenet.maps.affine import UnsupportedNetworkError
from slopenet.network import Network

_LIMIT = 1e-6  # attributes are float32, and so are some operations of onnx.reference


def from_onnx(
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
    """Import an ONNX graph that is a chain of dense layers and activations.

    Parameters
    ----------
    model : path, or onnx.ModelProto
        With inputs and outputs (N, ...), the batch along the first axis, fixed or free. Weights in
        files of their own must be in the folder of the model, and no links.
    inputs, outputs : sequence of str, optional
        Names of the graph's inputs and outputs, those that are wanted and in which order. By
        default all, without inputs that no output needs. Several are stacked: numbers of one after
        those of the other.
    dtype : {float64, float32}, optional
        Of the network, instead of the weights'. Folding maps in float32 may cost digits.
    input_names, output_names : sequence of str, optional
        Labels of the network; by default those that slopenet's export keeps in a file.
    input_scaling, output_scaling : scaling, optional
        Maps that were applied to inputs and outputs before training, and are not part of the
        source; see `Network.scaled`. Names are then those of raw inputs and outputs.
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
    and Cast, Constant, Dropout, Flatten, Identity, Reshape, Squeeze and Unsqueeze where they change
    nothing. A network is data: nothing of the file but these is computed.

    Attributes of ONNX, such as the slope of LeakyRelu, are float32 in float64 graphs too. They are
    taken as the shortest decimal that rounds to them, 0.01 and not 0.00999999978, and selu's as the
    exact constants, since the author of the file meant those.
    """
    try:
        import onnx
    except ImportError as error:
        raise ImportError("from_onnx needs onnx: pip install 'slopenet[onnx]'") from error
    options = Options(dtype, input_names, output_names, input_scaling, output_scaling, report)
    given = isinstance(model, onnx.ModelProto)
    name = "the ModelProto" if given else os.fspath(model)
    try:
        proto = model if given else read_model(model)
        folder = None if given else Path(model).resolve().parent
        graph = graph_of(proto, folder, inputs, outputs)
        with np.errstate(all="ignore"):
            network, graph = _network_of_rows_or_column(graph, options)
            network = _labelled(network, proto)
        run = runner(proto, graph)
        compare("the graph", network, run, graph.dtype, report, limit=_LIMIT)
    except ModelFileError as error:
        raise ModelFileError(f"{name} {error}") from error
    except MemoryError as error:
        raise ModelFileError(f"{name} needs more memory than there is") from error
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{name} is damaged: a name in it is not text") from error
    except UnsupportedNetworkError as error:
        raise UnsupportedNetworkError(f"{name}: {error}") from error
    return options.scaled(network)


def _network_of_rows_or_column(graph: Graph, options: Options) -> tuple[Network, Graph]:
    """The network of a graph; a column (n, 1) that is not a batch of n rows may be one sample."""
    before = graph.budget.left
    try:
        return _network(graph, options), graph
    except UnsupportedNetworkError:
        column = graph.of_a_column()
        if column is None:
            raise
        graph.budget.left = before
        try:
            return _network(column, options), column
        except (UnsupportedNetworkError, ModelFileError):
            pass
        raise


def _network(graph: Graph, options: Options) -> Network:
    """The network of a graph: a chain of steps, or else one of branches."""
    if not graph.is_plain:
        try:
            return network_of_branches(graph, options)
        except UnsupportedNetworkError as error:
            if len(graph.outputs) == 1:
                raise
            names = ", ".join(repr(name[:80]) for name in graph.outputs[:9])
            raise UnsupportedNetworkError(f"{error}; outputs= takes some of {names}") from None
    before = graph.budget.left
    try:
        return options.network("the graph", steps_of_graph(graph), graph.budget)
    except UnsupportedNetworkError as error:
        chain = error
    graph.budget.left = before
    try:
        return network_of_branches(graph, options)
    except (UnsupportedNetworkError, ModelFileError) as error:
        where = str(chain).partition(": ")[0]
        worse = isinstance(error, ModelFileError) or "do not fit" in str(error)
        same = str(error).startswith(where) and "slopenet has no" not in str(chain)
        raise (chain if worse or same else error) from None


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
