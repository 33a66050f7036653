"""Plots, drawn in given axes or in a new figure outside of pyplot."""

from slopenet.plot._learning import learning_curve
from slopenet.plot._network import parity_of, parity_of_all
from slopenet.plot._parity import Panel, parity, parity_grid
from slopenet.plot._profile import profile

__all__ = [
    "Panel",
    "learning_curve",
    "parity",
    "parity_grid",
    "parity_of",
    "parity_of_all",
    "profile",
]
