"""The settings of `slopenet.fit` as options of a surrogate model, which gets its data later."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from slopenet.training.settings import FitSettings


def settings() -> dict[str, Any]:
    """Each setting with its default."""
    return {field.name: field.default for field in fields(FitSettings)}
