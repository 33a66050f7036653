"""OpenMDAO: a network as a component with exact partials, and `fit` as a metamodel's surrogate.

model.add_subsystem("wing", NetworkComp(network=net, num_nodes=20))
metamodel = om.MetaModelUnStructuredComp(default_surrogate=NetworkSurrogate(hidden=(12,), rng=0))
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet import derivation
from slopenet._types import Floats
from slopenet.adapters import _fit
from slopenet.adapters._parts import bounds
from slopenet.network import Network
from slopenet.training.fit import fit
from slopenet.validate.frames import Names

try:
    from openmdao.api import ExplicitComponent
    from openmdao.surrogate_models.surrogate_model import SurrogateModel
except ImportError as error:
    raise ImportError(
        "slopenet.adapters.openmdao needs OpenMDAO: pip install 'slopenet[openmdao]'"
    ) from error

_Variables = dict[str, list[int]]
"""The columns of X, or of H, of each variable of the component."""


class NetworkComp(ExplicitComponent):  # type: ignore[misc, unused-ignore]
    """H(x) as an explicit component, at one point or at many.

    Its options are `network`, a Network, and `num_nodes`, the number of points computed at once
    (default 1). Each named input and output is a separate variable (num_nodes,). Without names they
    are the vectors ``x`` (num_nodes, n_1) and ``H`` (num_nodes, n_L), without axes of length 1.

    The partials are ∂H/∂x, sparse between points. `slopenet.derivation` computes values at complex
    inputs, so the component supports the complex step.
    """

    def bounds(self, name: str) -> dict[str, Floats]:
        """``lower`` and ``upper`` of an input: the ranges of the training data.

        They are infinite for a network without a card.
        ``model.add_design_var("T", **component.bounds("T"))``.

        Raises
        ------
        ValueError
            If there is no such input.
        """
        network, nodes = self.options["network"], self.options["num_nodes"]
        inputs = _variables(network.input_names, network.sizes[0], "x")
        if name not in inputs:
            raise ValueError(f"name must be one of {', '.join(inputs)}, got {name!r}")
        shape = _shape(nodes, len(inputs[name]))
        ends = [np.tile(end[inputs[name]], nodes).reshape(shape) for end in bounds(network)]
        return dict(zip(("lower", "upper"), ends, strict=True))

    def initialize(self) -> None:
        """Declare the options."""
        self.options.declare("network", types=Network, desc="the network H(x)")
        self.options.declare("num_nodes", types=int, default=1, lower=1, desc="points at once")

    def setup(self) -> None:
        """Declare variables and partials."""
        network, nodes = self.options["network"], self.options["num_nodes"]
        self._of_x = _variables(network.input_names, network.sizes[0], "x")
        self._of_H = _variables(network.output_names, network.sizes[-1], "H")
        for variables, add in ((self._of_x, self.add_input), (self._of_H, self.add_output)):
            for name, columns in variables.items():
                add(name, shape=_shape(nodes, len(columns)))
        for of, outputs in self._of_H.items():
            for wrt, inputs in self._of_x.items():
                self.declare_partials(of, wrt, **_pattern(nodes, len(outputs), len(inputs)))

    def compute(self, inputs: Any, outputs: Any) -> None:
        """H(x) of every point."""
        X, network = self._points(inputs), self.options["network"]
        H = derivation.forward(network.chain(), X).a[-1] if np.iscomplexobj(X) else network(X)
        for name, columns in self._of_H.items():
            outputs[name] = H[:, columns].reshape(outputs[name].shape)

    def compute_partials(self, inputs: Any, partials: Any) -> None:
        """∂H/∂x of every point."""
        J = self.options["network"].jacobian(self._points(inputs).real)
        for of, outputs in self._of_H.items():
            for wrt, columns in self._of_x.items():
                block = J[:, outputs][:, :, columns]
                partials[of, wrt] = block[0] if len(J) == 1 else block.ravel()

    def _points(self, inputs: Any) -> Floats:
        nodes = self.options["num_nodes"]
        return np.concatenate([inputs[name].reshape(nodes, -1) for name in self._of_x], axis=1)


class NetworkSurrogate(SurrogateModel):  # type: ignore[misc, unused-ignore]
    """A surrogate for MetaModelUnStructuredComp: trained by `slopenet.fit`, exact in `linearize`.

    Its options are the settings of `slopenet.fit`, with the same meanings and defaults, and
    `eval_rmse`, as of OpenMDAO's KrigingSurrogate: whether `predict` also gives the standard
    deviation (n_L,), that of `slopenet.Network.std`. Then the metadata of the metamodel's output
    have it as ``"rmse"``.

    Attributes
    ----------
    network : Network
        After training, in the units of the training data.
    reason : str
        The chosen method, why it was chosen, and why training ended.
    """

    network: Network
    reason: str

    def _declare_options(self) -> None:
        for name, default in _fit.settings().items():
            self.options.declare(name, default=default, desc=f"{name} of slopenet.fit")
        self.options.declare("eval_rmse", types=bool, default=False, desc="deviations too")

    def train(self, x: Any, y: Any) -> None:
        """Fit a network on values x (N, n_1), y (N, n_L)."""
        super().train(x, y)
        result = fit(x, y, **{name: self.options[name] for name in _fit.settings()})
        self.network, self.reason = result.network, result.reason

    def predict(self, x: Any) -> Floats | tuple[Floats, Floats]:
        """H (n_L,) at the point x (n_1,), with `eval_rmse` a pair of it and its deviation."""
        super().predict(x)
        H = np.asarray(self.network(np.ravel(x)))
        return (H, self.network.std(np.ravel(x))) if self.options["eval_rmse"] else H

    # No vectorized_predict: OpenMDAO would give its result the shape of one point, and fail.

    def linearize(self, x: Any) -> Floats:
        """∂H/∂x (n_L, n_1) at the point x (n_1,)."""
        super().predict(x)
        return np.asarray(self.network.jacobian(np.ravel(x)))


def _variables(names: Names, n: int, vector: str) -> _Variables:
    return (
        {vector: list(range(n))} if names is None else {name: [i] for i, name in enumerate(names)}
    )


def _shape(nodes: int, n: int) -> tuple[int, ...]:
    """(nodes, n) without axes of length 1; (1,) if both are."""
    return tuple(size for size in (nodes, n) if size > 1) or (1,)


def _pattern(nodes: int, p: int, q: int) -> dict[str, Any]:
    """The sparsity of a block (nodes, p, q) between variables of nodes·p and nodes·q entries."""
    if nodes == 1:
        return {}
    node, of, wrt = np.indices((nodes, p, q)).reshape(3, -1)
    return {"rows": node * p + of, "cols": node * q + wrt}
