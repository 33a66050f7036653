"""An ONNX graph under construction: operators, constants and the names of outputs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from slopenet.exporters._task import Task

_OPSET, _IR = 17, 8  # of 2022: old enough for installed runtimes


def package() -> Any:
    """Return the onnx package.

    Raises
    ------
    ImportError
        If it is not installed; the message says how to install it.
    """
    try:
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError as error:
        raise ImportError("ONNX files need onnx: pip install 'slopenet[onnx]'") from error
    return onnx


class Graph:
    """Operators in order; the same operator of the same arguments is added once.

    Parameters
    ----------
    dtype : dtype
        Of all real numbers.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._onnx = package()
        self._nodes: list[Any] = []
        self._constants: dict[str, np.ndarray[Any, Any]] = {}
        self._known: dict[tuple[Any, ...], str] = {}
        self._opset = _OPSET

    def need(self, opset: int) -> None:
        """Raise the version of ONNX's operators, if one is of a later version."""
        self._opset = max(self._opset, opset)

    def op(self, operator: str, *given: str, name: str | None = None, **attributes: Any) -> str:
        """The output of an operator, called `name` or by a number."""
        key = (operator, given, json.dumps(attributes))
        if key not in self._known:
            output = name or f"{operator.lower()}_{len(self._nodes)}"
            self._nodes.append(
                self._onnx.helper.make_node(operator, given, [output], name=output, **attributes)
            )
            self._known[key] = output
        return self._known[key]

    def constant(self, name: str, array: np.ndarray[Any, Any]) -> str:
        """Numbers that the file contains."""
        self._constants[name] = array
        return name

    def number(self, value: float) -> str:
        """A real number."""
        return self.constant(f"number_{value!r}", np.array(value, self.dtype))

    def integers(self, *values: int) -> str:
        """Axes, or a shape."""
        name = "integers_" + "_".join(map(str, values))
        return self.constant(name, np.array(values, np.int64))

    def unsqueeze(self, x: str, axis: int) -> str:
        """The tensor with an axis of length 1 more."""
        return self.op("Unsqueeze", x, self.integers(axis))

    def transpose(self, x: str, axes: int) -> str:
        """The tensor of so many axes with its last two swapped."""
        order = list(range(axes))
        order[-2:] = order[:-3:-1]
        return self.op("Transpose", x, perm=order)

    def model(self, task: Task, results: dict[str, str]) -> Any:
        """The model, with the names and shapes of its input and outputs."""
        helper = self._onnx.helper
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        n_1, n_L = task.sizes[0], task.sizes[-1]
        shapes = {
            "y": ["N", n_L], "jacobian": ["N", n_L, n_1], "hessian": ["N", n_L, n_1, n_1],
        }  # fmt: skip
        for output, source in results.items():
            if source != output:
                self.op("Identity", source, name=output)
        used = {name for node in self._nodes for name in node.input}
        graph = helper.make_graph(
            self._nodes,
            "network",
            [helper.make_tensor_value_info("x", kind, ["N", n_1])],
            [helper.make_tensor_value_info(name, kind, shapes[name]) for name in results],
            [
                self._onnx.numpy_helper.from_array(array, name)
                for name, array in self._constants.items()
                if name in used
            ],
        )
        model = helper.make_model(
            graph,
            producer_name="slopenet",
            opset_imports=[helper.make_opsetid("", self._opset)],
            ir_version=_IR,
        )
        labels = {"input_names": task.input_names, "output_names": task.output_names}
        helper.set_model_props(model, {key: json.dumps(names) for key, names in labels.items()})
        return model
