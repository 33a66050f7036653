"""Operations of torch on tensors of a graph: entries move, mix, or change each on their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._expression import compose
from slopenet.importers._graph import After
from slopenet.importers._steps import sigma, sigmas
from slopenet.importers._tensor import (
    Tensor,
    activated,
    by_entry,
    fresh,
    linear,
    moved,
    settled,
)
from slopenet.importers.torch.call import Call, numbers_of
from slopenet.importers.torch.elementwise import is_elementwise
from slopenet.importers.torch.entrywise import entrywise
from slopenet.importers.torch.numbers import numpy_of
from slopenet.maps.affine import affine, refuse

# Operations that only move entries, or leave out or repeat some of them.
MOVES = {
    "_reshape_alias", "_unsafe_view", "alias", "as_strided", "cat", "chunk", "clone", "contiguous",
    "detach", "diagonal", "expand", "expand_as", "fill", "flatten", "flip", "gather", "index",
    "index_select", "lift_fresh", "movedim", "narrow", "permute", "pixel_shuffle", "repeat",
    "repeat_interleave", "reshape", "roll", "rot90", "select", "slice", "split",
    "split_with_sizes", "squeeze", "stack", "swapaxes", "t", "take", "take_along_dim", "tile",
    "transpose", "unbind", "unflatten", "unfold", "unsafe_chunk", "unsafe_split",
    "unsafe_split_with_sizes", "unsqueeze", "view",
}  # fmt: skip
# Operations that are linear in each tensor, or in all of them together.
LINEAR = {
    "_adaptive_avg_pool2d", "addbmm", "addmm", "addmv", "addr", "avg_pool1d", "avg_pool2d",
    "baddbmm", "bmm", "cat", "constant_pad_nd", "convolution", "copy", "cumsum", "diff", "dot",
    "einsum", "index_add", "index_put", "linear", "masked_fill", "matmul", "mean", "mm", "mv",
    "new_zeros", "reflection_pad1d", "replication_pad1d", "scatter", "select_scatter",
    "slice_scatter", "stack", "sum", "trapezoid", "tril", "triu", "vdot",
}  # fmt: skip
_NORMS = {"native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training"}
_NORMS |= {"batch_norm", "_batch_norm_no_update", "cudnn_batch_norm", "miopen_batch_norm"}
_WITHOUT_VALUES = {"zeros_like", "ones_like", "full_like", "empty_like", "new_ones", "new_full"}
_WITHOUT_VALUES |= {"new_empty", "new_zeros", "sym_size", "size", "new_empty_strided"}
_KNOWN = {
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
    "_fused_rms_norm": "rms_norm",
}


def result_of(  # noqa: PLR0911
    call: Call, result: Any
) -> list[Tensor | None]:
    """Tensors of the graph for each tensor of a result; None for one without a value.

    Raises
    ------
    UnsupportedNetworkError
        If the operation is none of a network.
    """
    name = call.name.removesuffix("_copy") if call.name != "index_copy" else call.name
    values = [call.get(x) for x in call.tensors]
    if name in _WITHOUT_VALUES:
        return [None]
    if name in _NORMS:
        return [_batch_norm(call, result)]
    if name in ("_softmax", "_log_softmax", "softmax", "log_softmax"):
        return [_head(call, name.removeprefix("_"))]
    if name == "_to":
        return [_cast(call, result)]
    if name in ("_prelu_kernel", "prelu"):
        return [_prelu(call)]
    if name in ("index_put", "scatter") and call.kwargs.get("accumulate"):
        refuse(call.where, f"slopenet has no {name} that adds")
    if name in MOVES and all(
        value is not None or not x.is_floating_point()
        for value, x in zip(values, call.tensors, strict=True)
    ):
        return list(_moved(call))
    if name in LINEAR:
        return [_linear(call, result)]
    found = entrywise(call, name, result) if is_elementwise(name) else None
    if found is None:
        shown = _KNOWN.get(call.name, call.name)
        refuse(
            call.where,
            f"slopenet has no {shown}; a network of the weights alone would leave it out",
        )
    return [found]


def _moved(call: Call) -> list[Tensor]:
    given = [call.get(x) for x in call.tensors]
    tensors = [x for x, value in zip(call.tensors, given, strict=True) if value is not None]

    def function(*indices: Any) -> Any:
        by_id = {id(x): index for x, index in zip(tensors, indices, strict=True)}
        found = call.rerun(lambda x: by_id.get(id(x)), double=False)
        if isinstance(found, tuple | list):
            return [each.numpy() for each in found]
        return found.numpy()

    return moved(call.where, function, [x for x in given if x is not None], call.rows)


def _linear(call: Call, result: Any) -> Tensor:
    tensors = list({id(x): x for x in call.tensors if call.get(x) is not None}.values())
    plain = _matmul(call, tensors)
    if plain is not None:
        return plain

    def function(*given: Any) -> Any:
        by_id = {id(x): each for x, each in zip(tensors, given, strict=True)}
        return call.rerun(lambda x: by_id.get(id(x)), double=True).numpy()

    del result
    values = [value for x in tensors if (value := call.get(x)) is not None]
    return linear(call.where, function, values, [numbers_of(x) for x in tensors], call.rows)


def _matmul(call: Call, tensors: list[Any]) -> Tensor | None:
    """x A (+ c), by far the most frequent case, without unit vectors."""
    if call.name not in ("mm", "addmm") or len(tensors) != 1 or call.kwargs:
        return None
    *c, x, A = call.args
    value = call.get(x)
    if value is None or x is A or any(call.get(each) is not None for each in (*c, A)):
        return None
    x_ = settled(call.where, value, call.rows)
    if x_.shape[0] != call.rows or (x_.index != np.arange(x_.index.size).reshape(x_.shape)).any():
        return None
    offset = numpy_of(c[0]) if c else 0.0
    if np.ndim(offset) > 1:
        return None
    W = numpy_of(A).T
    node = After(x_.stem.node, affine(call.where, W, offset))
    index = np.arange(call.rows * len(W)).reshape(call.rows, len(W))
    return fresh(node, len(W), index, value.dtype)


def _batch_norm(call: Call, result: Any) -> Tensor:
    x, gamma, beta, mean, variance, *rest = call.args
    value = call.get(x)
    if value is None or any(
        call.get(each) is not None for each in (mean, variance) if each is not None
    ):
        refuse(call.where, "its statistics depend on the input")
    training = rest[0] if isinstance(rest[0], bool) else False
    if training or mean is None:
        refuse(call.where, "its values depend on the whole batch")
    del result
    shape = [1, -1, *[1] * (x.ndim - 2)]
    epsilon = float(rest[-1])
    root = np.sqrt(numbers_of(variance) + epsilon)
    A = (1.0 if gamma is None else numbers_of(gamma)) / root
    c = (0.0 if beta is None else numbers_of(beta)) - numbers_of(mean) * A
    wide = [np.broadcast_to(each.reshape(shape), x.shape) for each in (A, c)]
    return by_entry(call.where, value, wide[0], wide[1], call.rows)


def _head(call: Call, name: str) -> Tensor:
    """softmax or log-softmax of each row."""
    x, axis = call.args[:2]
    value = call.get(x)
    if value is None or x.ndim != 2 or axis not in (1, -1):
        refuse(call.where, f"{name} of another axis than that of a row is no layer")
    value = settled(call.where, value, call.rows)
    node = After(value.stem.node, sigma(call.where, name))
    return fresh(node, value.stem.width, value.index, value.dtype)


def _cast(call: Call, result: Any) -> Tensor:
    x = call.args[0]
    value = call.get(x)
    if value is None or not result.is_floating_point():
        refuse(call.where, f"it makes {result.dtype} of values that depend on the input")
    if x.is_floating_point():
        return value
    f = compose(call.where, "Where", value.f, 1.0, 0.0)
    return Tensor(value.stem, f, value.index, value.dtype)


def _prelu(call: Call) -> Tensor:
    x, weight = call.args
    value = call.get(x)
    if value is None or call.get(weight) is not None:
        refuse(call.where, "its slopes depend on the input")
    slopes = np.broadcast_to(numbers_of(weight), x.shape)

    def step(each: Floats) -> Any:
        return sigmas(call.where, [("leaky_relu", float(slope)) for slope in each])

    return activated(call.where, value, step, slopes, call.rows)
