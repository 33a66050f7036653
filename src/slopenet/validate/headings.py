"""Headings of columns: names with units, such as ``rho [kg/m3]``, and slopes, ``drho/dT``."""

from __future__ import annotations

import re

DIMENSIONLESS = "-"
_BRACKETS = re.compile(r"\[[^\[\]]*\]")
# Units that need parentheses below a fraction bar.
_COMPOUND = re.compile(r"[\s/*·]")


def split_unit(heading: str) -> tuple[str, str]:
    """Return the name and the unit of a heading: ``rho [kg/m3]`` is ``rho`` in ``kg/m3``.

    The unit is empty where there is none.
    """
    name, _, rest = heading.rpartition("[")
    unit = rest[:-1].strip()
    if not (name.strip() and rest.endswith("]") and _is_unit(unit)):
        return heading, ""
    return name.rstrip(), unit


def slope_name(output: str, input_: str) -> str:
    """Return the heading of the slope of an output by an input, ``drho/dT``.

    It has a unit if both have one: ``drho/dT [kg/m3/K]``.
    """
    (output, above), (input_, below) = split_unit(output), split_unit(input_)
    name = f"d{output}/d{input_}"
    if not (above and below):
        return name
    if below == DIMENSIONLESS:
        return f"{name} [{above}]"
    below = f"({below})" if _COMPOUND.search(below) else below
    return f"{name} [{'1' if above == DIMENSIONLESS else above}/{below}]"


def slope_key(heading: str) -> str:
    """Return the form that all spellings of a slope share.

    It is the same for ``drho/dT``, ``drho/dT [kg/m3/K]``, ``∂rho/∂T`` and ``d(rho)/d(T)``.
    """
    plain = _BRACKETS.sub(lambda found: "" if _is_unit(found[0][1:-1]) else found[0], heading)
    return re.sub(r"[()\s]", "", plain.replace("∂", "d"))


def _is_unit(text: str) -> bool:
    """Return whether the text in brackets is a unit, and not an index, as in x[0]."""
    letters = any(sign.isalpha() or sign in "%‰°" for sign in text)
    return text.strip() == DIMENSIONLESS or (letters and "]" not in text)
