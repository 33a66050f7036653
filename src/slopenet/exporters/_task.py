"""The input and the output of an exporter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from slopenet.activations import Head, normalise
from slopenet.derivation import Chain
from slopenet.evaluate.plan import Bracket
from slopenet.exporters._deviations import Deviations, Projected
from slopenet.io.card import Card
from slopenet.posterior.rivals import Rival
from slopenet.validate.frames import Names

Arrays: TypeAlias = dict[str, np.ndarray[Any, Any]]

FunctionName: TypeAlias = Literal["value", "jacobian", "jvp", "vjp", "hessian"]
# The functions that can be exported, and the result of each: H(x), ∂H/∂x, J v, Jᵀ u, ∇²H.
OUTPUTS = {
    "value": "y",
    "jacobian": "J",
    "jvp": "Jv",
    "vjp": "uJ",
    "hessian": "H",
}
# The standard deviations that a file with `std` has too.
DEVIATIONS = {"std": "s", "jacobian_std": "S"}
RESULTS = OUTPUTS | DEVIATIONS
# The points of a task that a file may test itself at.
FIRST = 3


@dataclass(frozen=True)
class Task:
    """A network to be written, and the results that its file must give.

    Attributes
    ----------
    name : str
        Of the file, without its suffix.
    chain : Chain
        W[l], b[l] and σ; their dtype is that of the file.
    plan : Bracket
        The order of the products of ∂H/∂x.
    derivatives : tuple of str
        The functions to be written, names of `RESULTS`.
    input_names, output_names : sequence of str or None
        Labels, for comments.
    inputs : dict of str to array
        Points "x" and directions "v" and "u", a row each.
    outputs : dict of str to array
        The results of the network there, by the values of `RESULTS`; always "y" and "J".
    tolerances : dict of str to float
        Of each of these, how far the file's may be from it, over the largest entry.
    first_tolerances : dict of str to float
        The same of the `FIRST` points alone, where rounding may be larger than that.
    card : Card or None
        What the network was trained on, for comments and constants.
    deviations : Deviations or None
        The numbers of the standard deviations, if these are to be written.
    """

    name: str
    chain: Chain
    plan: Bracket
    derivatives: tuple[str, ...]
    input_names: Names
    output_names: Names
    inputs: Arrays
    outputs: Arrays
    tolerances: dict[str, float]
    first_tolerances: dict[str, float]
    card: Card | None = None
    deviations: Deviations | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_1, ..., n_L."""
        return (self.chain.W[0].shape[1], *(W.shape[0] for W in self.chain.W))

    @property
    def head(self) -> Head | None:
        """The softmax that the last layer has, if it has one."""
        last = self.chain.activations[-1]
        return last if isinstance(last, Head) else None

    @property
    def logits(self) -> Chain:
        """The chain without its softmax; itself without one."""
        if self.head is None:
            return self.chain
        below = [*self.chain.activations[:-1], normalise("identity")]
        return Chain(self.chain.W, self.chain.b, below)

    @property
    def rivals(self) -> tuple[Rival, ...]:
        """The other networks of its standard deviations."""
        return self.deviations.rivals if isinstance(self.deviations, Projected) else ()

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of all numbers in the file."""
        found: np.dtype[Any] = self.chain.W[0].dtype
        return found


@dataclass(frozen=True)
class Written:
    """The bytes of each file, by its suffix, and their results at the task's inputs.

    `outputs` has the names of `RESULTS`' values; it is empty where nothing could run the file, and
    `run_by` then says why.
    """

    files: dict[str, bytes]
    outputs: Arrays
    run_by: str
