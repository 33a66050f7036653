"""Expressions and numbers as lines of C or of Python, which write both the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np

from slopenet.exporters._expression import Expression, in_order, uses

Writer: TypeAlias = Callable[[Expression, list[str]], str]
"""Writes an operation that is not arithmetic, from the texts of its arguments."""

_BINARY = {"add": ("+", 1), "sub": ("-", 1), "mul": ("*", 2), "div": ("/", 2)}
_UNARY, _ATOM, _LONG = 3, 4, 70


def statements(
    results: tuple[Expression, ...], write: Writer
) -> tuple[list[tuple[str, str]], list[str]]:
    """(name, text) of every part that is used twice or is long, and the texts of the results."""
    counts = uses(results)
    named: list[tuple[str, str]] = []
    texts: dict[int, tuple[str, int]] = {}
    ends = {id(x) for x in results}
    for x in in_order(results):
        text, binds = _text(x, [texts[id(argument)] for argument in x.args], write)
        if x.args and (counts[id(x)] > 1 or (len(text) > _LONG and id(x) not in ends)):
            named.append((f"t{len(named)}", text))
            text, binds = named[-1][0], _ATOM
        texts[id(x)] = text, binds
    return named, [texts[id(x)][0] for x in results]


def _text(x: Expression, args: list[tuple[str, int]], write: Writer) -> tuple[str, int]:
    if x.op in _BINARY:
        sign, binds = _BINARY[x.op]
        left, right = _within(args[0], binds), _within(args[1], binds + 1)
        return f"{left} {sign} {right}", binds
    if x.op == "neg":
        return f"-{_within(args[0], _ATOM)}", _UNARY
    text = write(x, [text for text, _ in args])
    return text, _UNARY if x.op == "number" and text.startswith("-") else _ATOM


def _within(argument: tuple[str, int], binds: int) -> str:
    text, own = argument
    return text if own >= binds else f"({text})"


def literals(array: np.ndarray[Any, Any]) -> list[str]:
    """The shortest decimals that are read back as the same numbers, whatever the locale."""
    if array.dtype == np.float64:
        return [repr(x) for x in array.ravel().tolist()]
    return [str(x) for x in array.ravel()]


def lines(items: Iterable[str], indent: str, width: int = 100) -> Iterator[str]:
    """The items, separated by commas, as many on a line as fit."""
    line = indent
    for item in items:
        if len(line) + len(item) + 2 > width and line != indent:
            yield line.rstrip()
            line = indent
        line += f"{item}, "
    yield line.rstrip()
