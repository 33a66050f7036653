"""A module's own forward as a graph: each operation of torch is seen as it runs.

The module is run on a batch of a few rows. A mode of torch sees every operation of its core
library, after views and changes in place were made functional. Operations on weights alone are
run as they are, so that their results are constants; the others go to `operations`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slopenet.activations import ActivationSpec
from slopenet.importers._graph import Node, Start
from slopenet.importers._tensor import Tensor, moved, require_order, settled, whole
from slopenet.importers.torch.call import Call
from slopenet.importers.torch.modules import running_modules
from slopenet.importers.torch.operations import result_of
from slopenet.importers.torch.outputs import flat_outputs
from slopenet.maps.affine import UnsupportedNetworkError, refuse

_OUTSIDE = (
    "torch.onnx.export(module, example, path) and sn.load(path) may read it; weights alone would"
    " lose what forward does with them"
)


def traced(
    source: str,
    module: Any,
    example: Sequence[Any],
    known: Mapping[type, ActivationSpec],
) -> tuple[Node, list[Start], list[tuple[str, int]]]:
    """The graph of a module at the rows of an example: its output, its inputs, its heads.

    Parameters
    ----------
    source : str
    module : torch.nn.Module
        In eval mode; a copy, which may be changed.
    example : sequence of torch.Tensor
        Its inputs, rows along the first axis.
    known : mapping of type to activation
        Which σ module classes of the user are.

    Returns
    -------
    output : Node
        All outputs of a row, one below the other.
    starts : list of Start
        An input for each of the example.
    heads : list of (str, int)
        Name of each output, "" without one, and how many numbers it has.

    Raises
    ------
    UnsupportedNetworkError
        If an operation is none of a network, which is named with its module.
    """
    import torch

    rows = len(example[0])
    starts = [Start(f"input {i}", x[0].numel()) for i, x in enumerate(example)]
    tracer = _Tracer(source, module, rows)
    buffers = {name: x.clone() for name, x in module.named_buffers()}

    def run(*given: Any) -> Any:
        for start, x in zip(starts, given, strict=True):
            inner = torch._from_functional_tensor(x)
            tracer.put(inner, whole(start, tuple(x.shape), rows, _kind(x)))
        return module(*given)

    with torch.no_grad(), running_modules(tracer.path, module, known):
        try:
            with tracer.staying(), tracer.mode():
                output = torch.func.functionalize(run, remove="mutations")(*example)
        except UnsupportedNetworkError:
            raise
        except Exception as error:
            said = " ".join(str(error).split())[:200]
            refuse(
                source, f"its forward cannot be traced ({type(error).__name__}: {said}); {_OUTSIDE}"
            )
    for name, before in buffers.items():
        if not torch.equal(before, dict(module.named_buffers())[name]):
            refuse(source, f"its forward changes the buffer {name!r}, so it is no function of x")
    return tracer.output(output), starts, tracer.heads(output)


def _kind(x: Any) -> np.dtype[Any]:
    import torch

    return np.dtype(np.float64 if x.dtype == torch.float64 else np.float32)


class _Tracer:
    """Which tensors of torch are tensors of the graph, and which module runs at the moment."""

    def __init__(self, source: str, module: Any, rows: int) -> None:
        self.source, self.rows = source, rows
        self.known: dict[int, tuple[Any, Tensor]] = {}  # tensors stay alive, and so their ids
        self.path: list[str] = [f"module itself ({type(module).__name__})"]
        self.owned = {
            id(x): name for name, x in (*module.named_parameters(), *module.named_buffers())
        }

    def put(self, tensor: Any, value: Tensor) -> None:
        self.known[id(tensor)] = (tensor, value)

    def get(self, tensor: Any) -> Tensor | None:
        found = self.known.get(id(tensor))
        return None if found is None else found[1]

    def mode(self) -> Any:
        """A mode of torch that sends every operation on a tensor of the graph to `see`."""
        from torch.utils._python_dispatch import TorchDispatchMode

        tracer = self

        class Mode(TorchDispatchMode):  # type: ignore[misc]
            def __torch_dispatch__(
                self, func: Any, types: Any, args: Any = (), kwargs: Any = None
            ) -> Any:
                del types
                return tracer.see(func, args, kwargs or {})

        return Mode()

    def staying(self) -> Any:
        """A mode of torch in which no value that is traced leaves torch.

        Such a tensor has no memory of its own; an array of it would be one of any memory.
        """
        import torch
        from torch.overrides import TorchFunctionMode

        tracer = self
        ways = {"numpy", "__array__", "__dlpack__", "tolist", "data_ptr", "untyped_storage"}

        class Mode(TorchFunctionMode):  # type: ignore[misc]
            def __torch_function__(
                self, func: Any, types: Any, args: Any = (), kwargs: Any = None
            ) -> Any:
                del types
                name = getattr(func, "__name__", "")
                if name in ways and torch._is_functional_tensor(args[0]):
                    refuse(
                        tracer.path[-1],
                        f"{name} leaves torch, so what is computed then is unknown",
                    )
                return func(*args, **(kwargs or {}))

        return Mode()

    def see(self, function: Any, args: Any, kwargs: Any) -> Any:
        import torch
        from torch.utils import _pytree as tree

        given = [x for x in tree.tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        name = function.overloadpacket.__name__
        where = self.path[-1]
        if torch.Tag.nondeterministic_seeded in function.tags and not _is_inference(name, args):
            refuse(where, f"{name} is random; a network is a function of its inputs alone")
        changed = [
            self.owned[id(x)]
            for argument, x in zip(function._schema.arguments, args, strict=False)
            if argument.is_write and id(x) in self.owned
        ]
        if changed:
            refuse(where, f"it changes {changed[0]!r}, so it is no function of its inputs alone")
        values = [self.get(x) for x in given]
        if all(value is None for value in values):
            return function(*args, **kwargs)
        if name in ("_local_scalar_dense", "is_nonzero", "equal", "item"):
            refuse(
                where,
                "its forward decides by a value that depends on the input, so that a network would"
                " be one of its branches alone",
            )
        writes = any(argument.is_write for argument in function._schema.arguments)
        if writes and not _is_inference(name, args):
            refuse(where, f"{name} changes a tensor in place that is no result of forward")
        result = function(*args, **kwargs)
        call = Call(where, name, function, args, kwargs, self.get, self.rows)
        made = result_of(call, result)
        each = result if isinstance(result, tuple | list) else [result]
        for tensor, value in zip(each, made, strict=False):
            if value is not None:
                self.put(tensor, value)
        return result

    def results(self, output: Any) -> list[tuple[str, Tensor]]:
        """The outputs of forward by name; those of a sequence have none."""
        found = []
        for name, x in flat_outputs(self.source, output):
            value = self.get(x)
            if value is None:
                refuse(self.source, f"its output {name or x.shape} does not depend on its input")
            found.append((name, value))
        if not found:
            refuse(self.source, "its forward returns no tensor")
        return found

    def output(self, output: Any) -> Node:
        parts = [value for _, value in self.results(output)]
        shaped = [settled(self.source, value, self.rows) for value in parts]
        (row,) = moved(
            self.source,
            lambda *each: np.concatenate([self.by_row(x) for x in each], axis=1),
            shaped,
            self.rows,
        )
        require_order(self.source, row)
        return settled(self.source, row, self.rows).stem.node

    def by_row(self, index: Any) -> Any:
        """The entries of an output in rows, those of the batch."""
        if not index.shape or index.shape[0] != self.rows:
            refuse(self.source, f"its output of shape {index.shape} does not have a row per sample")
        return index.reshape(self.rows, -1)

    def heads(self, output: Any) -> list[tuple[str, int]]:
        return [(name, value.index.size // self.rows) for name, value in self.results(output)]


def _is_inference(name: str, args: Any) -> bool:
    """Whether an operation that is random in training, and then writes its noise, is not."""
    return name == "rrelu_with_noise" and not (len(args) > 4 and args[4])
