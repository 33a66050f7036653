"""The comments and constants of a header that say which network it is, and where it was trained."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from importlib.metadata import version

import numpy as np

from slopenet.exporters import _text
from slopenet.exporters._task import Task
from slopenet.exporters.c.names import Names
from slopenet.parameters import checksum
from slopenet.validate.frames import Names as Labels
from slopenet.validate.headings import split_unit

_LISTED = 60


def comment(text: str) -> str:
    """Text that ends no comment, begins none, continues no line; in ASCII, on one line."""
    shown = json.dumps(text)[1:-1]
    for sign in ("*/", "/*", "??"):
        shown = shown.replace(sign, " ".join(sign))
    return shown.replace("\\", "\\ ").rstrip()


def described(task: Task) -> str:
    """Lines of a comment: the names of inputs and outputs with their ranges, and the training."""
    card = task.card
    lines = []
    for letter, labels, n, ranges in (
        ("x", task.input_names, task.sizes[0], card and card.inputs),
        ("y", task.output_names, task.sizes[-1], card and card.outputs),
    ):
        lines.append(f"{letter}: {comment(', '.join(labels)) if labels else f'{n} numbers'}")
        for i, each in enumerate((ranges or ())[:_LISTED]):
            name = comment(labels[i]) if labels else f"{letter}{i + 1}"
            if np.isfinite([each.minimum, each.maximum]).all():
                lines.append(f"   {name}: {each.minimum:.6g} to {each.maximum:.6g}")
    if card is not None:
        lines.append(f"Trained on {card.rows} rows; ranges are those of the training data.")
    return "\n * ".join(lines)


def constants(names: Names, task: Task) -> str:
    """Macros: the version, a checksum of the weights, indices by name, ranges of the inputs."""
    P = names.prefix.upper()
    lines = [
        f'#define {P}_SLOPENET_VERSION "{version("slopenet")}"',
        f'#define {P}_CHECKSUM "{checksum(task.chain.W, task.chain.b)}"',
        *_indices(f"{P}_IN", task.input_names),
        *_indices(f"{P}_OUT", task.output_names),
    ]
    if task.card is not None and np.isfinite(task.card.bounds).all():
        for end, numbers in zip(("MIN", "MAX"), task.card.bounds.T, strict=True):
            literals = names.literals(numbers.astype(task.dtype))
            rows = " \\\n".join(_text.lines(literals, "    ")).rstrip(",")
            lines.append(f"#define {P}_X_{end} {{ \\\n{rows} }}")
    return "\n".join(lines)


def _indices(prefix: str, labels: Labels) -> Iterator[str]:
    """The index of each input or output whose name, in capital letters, is its own."""
    symbols = [_symbol(label) for label in labels or ()]
    for i, symbol in enumerate(symbols):
        if symbol and symbols.count(symbol) == 1:
            yield f"#define {prefix}_{symbol} {i}"


def _symbol(label: str) -> str:
    plain = unicodedata.normalize("NFKD", split_unit(label)[0]).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").upper()
