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
    `names` gives variables other names, ``{"T": "temperature"}``, and `units` gives them units,
    ``{"T": "degK"}``; both go by the names of the network. OpenMDAO converts what is connected.

    The partials are ∂H/∂x, sparse between points. `slopenet.derivation` computes values at complex
    inputs, so the component supports the complex step.
    """

    def bounds(self, name: str) -> dict[str, Floats]:
        """``lower`` and ``upper`` of an input, by its variable: the ranges of the training data.

        They are in the units of the network, and are infinite for a network without a card.
        ``model.add_design_var("T", **component.bounds("T"))``.

        Raises
        ------
        ValueError
            If there is no such input.
        """
        network, nodes = self.options["network"], self.options["num_nodes"]
        inputs = self._named(_variables(network.input_names, network.sizes[0], "x"))
        if name not in inputs:
            raise ValueError(f"name must be one of {', '.join(inputs)}, got {name!r}")
        shape = _shape(nodes, len(inputs[name]))
        ends = [np.tile(end[inputs[name]], nodes).reshape(shape) for end in bounds(network)]
        return dict(zip(("lower", "upper"), ends, strict=True))

    def initialize(self) -> None:
        """Declare the options."""
        self.options.declare("network", types=Network, desc="the network H(x)")
        self.options.declare("num_nodes", types=int, default=1, lower=1, desc="points at once")
        self.options.declare("names", types=dict, default={}, desc="variables by network name")
        self.options.declare("units", types=dict, default={}, desc="units by network name")

    def setup(self) -> None:
        """Declare variables and partials.

        Raises
        ------
        ValueError
            If `names` or `units` has a name that the network has not, or two names become one.
        """
        network, nodes = self.options["network"], self.options["num_nodes"]
        of_x = _variables(network.input_names, network.sizes[0], "x")
        of_H = _variables(network.output_names, network.sizes[-1], "H")
        for option in ("names", "units"):
            for name in self.options[option]:
                if name not in of_x and name not in of_H:
                    raise ValueError(
                        f"{option} must be of {', '.join([*of_x, *of_H])}, got {name!r}"
                    )
        self._of_x, self._of_H = self._named(of_x), self._named(of_H)
        if len(self._of_x.keys() | self._of_H.keys()) != len(of_x) + len(of_H):
            raise ValueError(f"names must leave all variables different, got {self._names()}")
        units = {self._names().get(name, name): u for name, u in self.options["units"].items()}
        for variables, add in ((self._of_x, self.add_input), (self._of_H, self.add_output)):
            for name, columns in variables.items():
                add(name, shape=_shape(nodes, len(columns)), units=units.get(name))
        for of, outputs in self._of_H.items():
            for wrt, inputs in self._of_x.items():
                self.declare_partials(of, wrt, **_pattern(nodes, len(outputs), len(inputs)))

    def _names(self) -> dict[str, str]:
        found: dict[str, str] = self.options["names"]
        return found

    def _named(self, variables: _Variables) -> _Variables:
        return {self._names().get(name, name): columns for name, columns in variables.items()}

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
        """H (n_L,) at the point x (n_1,), with `eval_rmse` a pair of it and its deviation.

        The point may be complex, but not with `eval_rmse`.
        """
        super().predict(x)
        point = np.ravel(x)
        if np.iscomplexobj(point):
            return np.asarray(derivation.forward(self.network.chain(), point[None]).a[-1][0])
        H = np.asarray(self.network(point))
        return (H, self.network.std(point)) if self.options["eval_rmse"] else H

    # No vectorized_predict: OpenMDAO would give its result the shape of one point, and fail.

    def linearize(self, x: Any) -> Floats:
        """∂H/∂x (n_L, n_1) at the point x (n_1,)."""
        super().predict(x)
        return np.asarray(self.network.jacobian(np.ravel(x).real))


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
