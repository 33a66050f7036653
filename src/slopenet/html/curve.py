"""Curves against epochs on a logarithmic axis, as SVG; they need no library."""

from __future__ import annotations

import math
from collections.abc import Sequence

from slopenet.html.elements import text

WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 24, 24
# More points than the picture has columns would not be seen.
POINTS = 400


def curves(
    epochs: Sequence[float],
    lines: Sequence[tuple[str, str, bool, Sequence[float]]],
    *,
    percent: bool,
) -> str:
    """Return a picture of curves; numbers that are not positive leave a gap.

    Parameters
    ----------
    epochs : sequence of float
    lines : sequence of (label, colour, whether it is broken, numbers)
        One number per epoch.
    percent : bool
        Whether the numbers are shares, whose axis is in percent.
    """
    drawn = [y for *_, numbers in lines for y in numbers if math.isfinite(y) and y > 0]
    if len(epochs) < 2 or not drawn:
        return ""
    low, high = math.log10(min(drawn)), math.log10(max(drawn))
    margin = 0.06 * (high - low) or 0.5
    low, high = low - margin, high + margin
    first, last = float(epochs[0]), float(epochs[-1])

    def x(epoch: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (epoch - first) / (last - first)

    def y(number: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - math.log10(number)) / (high - low)

    parts = [
        _grid(y(tick), f"{100 * tick:g} %" if percent else f"{tick:g}")
        for tick in _ticks(low, high)
    ]
    for epoch, anchor in ((first, "start"), (last, "end")):
        parts.append(_text(x(epoch), HEIGHT - 8, f"{epoch:g}", anchor))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "epoch", "middle"))
    along = LEFT
    for label, colour, broken, numbers in lines:
        dash = ' stroke-dasharray="4 3"' if broken else ""
        path = _path([(x(e), y(v) if v > 0 and math.isfinite(v) else None)
                      for e, v in _thinned(epochs, numbers)])  # fmt: skip
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>')
        parts.append(f'<path d="M{along} 10h16" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(_text(along + 20, 14, label, "start"))
        along += 34 + round(5.8 * len(label))
    width = max(WIDTH, along)
    return (
        f'<svg role="img" aria-label="learning curve" width="{width}" height="{HEIGHT}"'
        f' viewBox="0 0 {width} {HEIGHT}" style="font-size:11px">{"".join(parts)}</svg>'
    )


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between 10^low and 10^high: powers of ten, or 1, 2 and 5 times them."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    for steps in ((1,), (1, 2, 5)):
        found = [s * 10.0**p for p in powers for s in steps if low <= math.log10(s) + p <= high]
        if len(found) >= 2:
            break
    return found[:: 1 + len(found) // 6]


def _thinned(epochs: Sequence[float], numbers: Sequence[float]) -> list[tuple[float, float]]:
    step = 1 + len(epochs) // POINTS
    pairs = list(zip(epochs, numbers, strict=False))
    return [*pairs[:-1:step], pairs[-1]]


def _path(points: Sequence[tuple[float, float | None]]) -> str:
    words, broken = [], True
    for across, down in points:
        if down is not None:
            words.append(f"{'M' if broken else 'L'}{across:.1f} {down:.1f}")
        broken = down is None
    return "".join(words)


def _grid(height: float, label: str) -> str:
    line = f'<path d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}" stroke="#888" stroke-opacity=".3"/>'
    return line + _text(LEFT - 6, height + 4, label, "end")


def _text(across: float, down: float, words: str, anchor: str) -> str:
    return (
        f'<text x="{across:.1f}" y="{down:.1f}" text-anchor="{anchor}" fill="currentColor"'
        f' fill-opacity=".75">{text(words)}</text>'
    )
