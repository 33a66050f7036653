"""The core of a network whose last layer is a softmax: that of the logits, and the closed form."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet import softmax
from slopenet._types import Floats
from slopenet.activations import Head


class Headed:
    """The methods of `_core.Model64` for a network with a head.

    Parameters
    ----------
    logits : Network
        The network without the head.
    head : Head
    """

    def __init__(self, logits: Any, head: Head) -> None:
        self._logits, self._head = logits._core, head
        self._dtype, self._outputs = logits.dtype, logits.sizes[-1]
        self.brackets = self._logits.brackets
        self.multiplications = self._logits.multiplications

    def __getattr__(self, name: str) -> Any:
        """A method of the core that takes (X, out, threads) or (X, vector, out, threads)."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in softmax.NAMES:
            raise self._head.refusal
        if name in softmax.OF_VECTORS:
            return lambda X, vector, out, threads: self._result(name, X, (vector,), out, threads)
        return lambda X, out, threads: self._result(name, X, (), out, threads)

    def _result(
        self, name: str, X: Any, vectors: tuple[Any, ...], out: Any, threads: int | None
    ) -> Any:
        """As the core: None where an argument has to be converted first."""
        z = self._logits.values(X, None, threads)
        if z is None or not all(self._ready(v, z) for v in vectors):
            return None
        # raises the errors of the core, of a vector that is not finite or an unsuitable `out`
        written: Any = None
        if vectors or out is not None:
            written = getattr(self._logits, name)(X, *vectors, out, threads)
            if written is None:
                return None

        def logits(method: str, *given: Floats) -> Any:
            if method == "values":
                return z
            return getattr(self._logits, method)(X, *given, None, threads)

        log = self._head.name == "log_softmax"
        found = softmax.result(name, logits, *vectors, log=log)
        if out is None:
            return found
        pairs = zip(written, found, strict=True) if isinstance(found, tuple) else [(written, found)]
        for to, numbers in pairs:
            to[...] = numbers
        return written

    def _ready(self, vector: Any, z: Floats) -> bool:
        return isinstance(vector, np.ndarray) and vector.dtype == z.dtype and vector.ndim == z.ndim
