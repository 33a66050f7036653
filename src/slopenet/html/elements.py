"""Elements of HTML: texts, tables, a box. They need no style sheet, and suit dark pages too."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Collection, Iterable, Sequence

_BOX = "max-width:66em;line-height:1.45;font-size:13px"
_MUTED = "opacity:.7;margin:.3em 0;overflow-wrap:anywhere"
_TABLE = "border-collapse:collapse;margin:.5em 0;font-size:12px"
_CELL = "padding:.15em .7em;border:0;font-variant-numeric:tabular-nums"
_RULE = "border-bottom:1px solid rgba(128,128,128,.45)"
# Categories of characters that are not shown: controls, marks of direction, surrogates, breaks.
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def visible(words: str) -> str:
    r"""Return a text with a code such as ``\x1b`` for each character that is not visible."""
    return "".join(_code(c) if unicodedata.category(c) in _HIDDEN else c for c in words)


def text(words: str) -> str:
    """Return a text as HTML: escaped and visible."""
    return html.escape(visible(words))


def name(words: str) -> str:
    """Return a name as HTML; its direction does not change that of its neighbours."""
    return f"<bdi>{text(words)}</bdi>"


def number(x: float) -> str:
    """Return a number with five digits; nothing for NaN."""
    return "" if math.isnan(x) else f"{x:.5g}"


def percent(share: float) -> str:
    """Return a share in percent with three digits; nothing for NaN."""
    return "" if math.isnan(share) else f"{100 * share:.3g} %"


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[int] = (0,)
) -> str:
    """Return a table of cells of HTML; `words` are the columns that are not of numbers."""

    def line(tag: str, cells: Sequence[str], rule: str = "") -> str:
        each = (_cell(tag, cell, rule, left=i in words) for i, cell in enumerate(cells))
        return f"<tr>{''.join(each)}</tr>"

    head, body = line("th", headings, _RULE), "".join(line("td", row) for row in rows)
    return f'<table style="{_TABLE}"><thead>{head}</thead><tbody>{body}</tbody></table>'


def note(words: str) -> str:
    """Return a sentence in muted colour."""
    return f'<div style="{_MUTED}">{text(words)}</div>' if words else ""


def box(title: str, subtitle: str, *parts: str) -> str:
    """Return a title with its parts of HTML below."""
    head = f"<strong>{text(title)}</strong> <span style='opacity:.7'>{text(subtitle)}</span>"
    return f'<div style="{_BOX}"><div>{head}</div>{"".join(parts)}</div>'


def side_by_side(*parts: str) -> str:
    """Return parts of HTML next to each other, where the page is wide enough."""
    cells = "".join(f"<div>{part}</div>" for part in parts)
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:0 2em;align-items:flex-start">{cells}</div>'
    )


def _cell(tag: str, content: str, rule: str, *, left: bool) -> str:
    align = "text-align:left" if left else "text-align:right"
    align += ";white-space:nowrap" if tag == "th" or not left else ";overflow-wrap:anywhere"
    return f'<{tag} style="{";".join(filter(None, (_CELL, align, rule)))}">{content}</{tag}>'


def _code(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
