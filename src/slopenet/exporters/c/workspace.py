"""The parts of the caller's workspace while a function runs."""

from __future__ import annotations


class Workspace:
    """Parts are taken and given back, and space that was given back is taken again.

    Attributes
    ----------
    size : int
        Numbers of workspace that the function needs.
    parts : dict of str to int
        Where each part begins.
    """

    def __init__(self) -> None:
        self.size = 0
        self.parts: dict[str, int] = {}
        self._held: dict[str, tuple[int, int]] = {}

    def take(self, name: str, length: int) -> str:
        """Give the lowest free place of this length a name."""
        start = 0
        for begin, end in sorted(self._held.values()):
            if begin - start >= length:
                break
            start = max(start, end)
        self._held[name] = start, start + length
        self.parts[name] = start
        self.size = max(self.size, start + length)
        return name

    def give(self, name: str) -> None:
        """Take a part back; other names are ignored."""
        self._held.pop(name, None)
