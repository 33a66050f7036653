"""Lines of C that record the definitions they use while they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from slopenet.exporters.c.names import Names
from slopenet.exporters.c.workspace import Workspace

# The header of each function of the C library, and of each type, that a file may use.
_HEADERS = {
    "fabs": "math", "exp": "math", "log": "math", "log1p": "math", "sin": "math", "cos": "math",
    "memcpy": "string", "memset": "string",
    "uint32_t": "stdint", "uint64_t": "stdint",
}  # fmt: skip


@dataclass
class Code:
    """The lines of one definition, and everything that they use.

    Every reference to another definition, to the C library, to a part of the workspace or to a
    counter is written by the method of its kind, which records it.

    Attributes
    ----------
    names : Names
    work : Workspace
        Of the function.
    lines : list of str
    symbols : set of str
        Other definitions of the file that are used, without the prefix.
    headers : set of str
        Headers of the C library that are needed, without ``.h``.
    parts : set of str
        Parts of the workspace that are used.
    counters : set of str
        Counters of the loops.
    """

    names: Names
    work: Workspace = field(default_factory=Workspace)
    lines: list[str] = field(default_factory=list)
    symbols: set[str] = field(default_factory=set)
    headers: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    counters: set[str] = field(default_factory=set)

    def say(self, *lines: str) -> None:
        """Add lines."""
        self.lines.extend(lines)

    def symbol(self, name: str) -> str:
        """Another definition of the file."""
        self.symbols.add(name)
        return f"{self.names.prefix}_{name}"

    def call(self, name: str, *arguments: object) -> str:
        """A call of another function of the file."""
        return f"{self.symbol(name)}({', '.join(map(str, arguments))})"

    def library(self, name: str) -> str:
        """A function or a type of the C library, the function in the variant of the dtype."""
        self.headers.add(_HEADERS[name])
        return self.names.function(name) if _HEADERS[name] == "math" else name

    def at(self, name: str, offset: str = "") -> str:
        """A part of the workspace, or an argument of the function; with `offset`, within it."""
        if name in self.work.parts:
            self.parts.add(name)
        return f"{name} + {offset}" if offset else name

    def loop(self, counter: str, n: int | str, relation: str = "<") -> str:
        """The head of a loop from 0."""
        self.counters.add(counter)
        return f"for ({counter} = 0; {counter} {relation} {n}; ++{counter})"

    def zeros(self, name: str, n: int | str) -> str:
        """Set n numbers to 0."""
        return f"{self.library('memset')}({self.at(name)}, 0, {n} * sizeof *{name});"

    def text(self, signature: str, comment: str) -> str:
        """The lines as a C function."""
        parts = [
            f"    {self.names.real} *const {name} = w + {start};"
            for name, start in self.work.parts.items()
            if name in self.parts
        ]
        counters = [f"    int {', '.join(sorted(self.counters))};"] if self.counters else []
        unused = [] if parts else ["    (void)w;"]
        return "\n".join(
            [f"/* {comment} */", signature, "{", *parts, *counters, *unused, *self.lines, "}", ""]
        )


@dataclass(frozen=True)
class Piece:
    """A definition that is written only if something uses it.

    Attributes
    ----------
    symbol : str
        Its name, without the prefix.
    text : str
    uses : frozenset of str
        Symbols of the pieces before it that it uses.
    headers : frozenset of str
        Headers of the C library that it needs.
    """

    symbol: str
    text: str
    uses: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()


def needed(pieces: Iterable[Piece], used: Iterable[str]) -> list[Piece]:
    """The pieces that are used, by their symbols, or that a later one of these uses."""
    wanted, kept = set(used), []
    for piece in reversed(list(pieces)):
        if piece.symbol in wanted:
            kept.append(piece)
            wanted |= piece.uses
    return kept[::-1]
