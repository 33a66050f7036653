"""Types that every package uses. This module imports nothing of slopenet."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Floats = NDArray[Any]
