"""The demonstration: a curve and its tangents, then steam, each with and without slopes."""

from slopenet.demo.steam import load_steam, run

__all__ = ["load_steam", "run"]
