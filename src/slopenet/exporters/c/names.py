"""Names of types and literals of numbers in an exported C file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet.exporters import _text


@dataclass(frozen=True)
class Names:
    """The prefix of every symbol, and float64 or float32 as C's double or float."""

    prefix: str
    dtype: np.dtype[Any]

    @property
    def real(self) -> str:
        """C's type of all numbers."""
        return "double" if self.dtype == np.float64 else "float"

    @property
    def restrict(self) -> str:
        """The macro for C's restrict, which C++ lacks."""
        return f"{self.prefix.upper()}_RESTRICT"

    def number(self, value: float) -> str:
        """A literal of the type."""
        return self.literals(np.array([value], self.dtype))[0]

    def literals(self, array: np.ndarray[Any, Any]) -> list[str]:
        """Literals of the type."""
        suffix = "" if self.dtype == np.float64 else "f"
        return [text + suffix for text in _text.literals(array)]

    def function(self, name: str) -> str:
        """The name of a function of the C library for this type."""
        return name if self.dtype == np.float64 else f"{name}f"
