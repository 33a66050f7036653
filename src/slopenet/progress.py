"""A bar of epochs on a terminal, and a log of epochs in JSON lines."""

from slopenet.training.progress import JsonLines, Progress, bar

__all__ = ["JsonLines", "Progress", "bar"]
