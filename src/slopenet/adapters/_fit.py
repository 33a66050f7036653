"""The settings of `slopenet.fit` as options of a surrogate model, which gets its data later."""

from __future__ import annotations

from inspect import signature
from typing import Any

from slopenet.training.fit import fit

_OF_THE_DATA = {"directions", "along", "sample_weight", "input_names", "output_names"}


def settings() -> dict[str, Any]:
    """Every setting with its default: a new setting of `fit` is an option of surrogates too."""
    keywords = [p for p in signature(fit).parameters.values() if p.kind is p.KEYWORD_ONLY]
    return {p.name: p.default for p in keywords if p.name not in _OF_THE_DATA}
