"""`input.nn`: keywords of n2p2 and RuNNer, of which an atom's network needs some ten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from slopenet.importers._text import lines, number
from slopenet.io.contents import ModelFileError, require
from slopenet.maps.affine import refuse

SYMBOLS = str.split(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br"
    " Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho"
    " Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es"
    " Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
)
"""Elements in the order of their atomic numbers."""

_NORMALISATION = ("mean_energy", "conv_energy", "conv_length")

Centre: TypeAlias = Literal["min", "mean"]
Spread: TypeAlias = Literal["range", "sigma"]
Keywords: TypeAlias = dict[str, list[tuple[int, list[str]]]]
"""Of each keyword: the number of each of its lines, and the words behind it."""


@dataclass(frozen=True)
class Settings:
    """What `input.nn` says of the network of one element.

    Attributes
    ----------
    number : int
        Of the element in the file of symmetry functions: 1 for the lightest.
    activations : tuple of str
        A letter per layer.
    nodes : tuple of int, or None
        Units of the hidden layers, where they are said.
    normalised : bool
        Whether a layer's z is divided by the number of units before it.
    centre, spread : str or None
        The column that is subtracted from a symmetry function, and the one that then divides it.
    low, high : float
        Symmetry functions over their spread are multiplied by high - low, and low is added.
    factor, offset : float
        The energy of an atom is offset + output / factor.
    """

    number: int
    activations: tuple[str, ...]
    nodes: tuple[int, ...] | None
    normalised: bool
    centre: Centre | None
    spread: Spread | None
    low: float
    high: float
    factor: float
    offset: float


def read_settings(raw: bytes, element: str | None) -> Settings:
    """Read the settings of an element; None is the only one."""
    keywords: Keywords = {}
    for at, text in lines(raw, "#", "!"):
        key, *words = text.split()
        keywords.setdefault(key, []).append((at, words))
    _require_second_generation(keywords)
    symbol, place = _element(keywords, element)
    normalisation = [_number(keywords, key) for key in _NORMALISATION]
    known = [each is not None for each in normalisation]
    require(all(known) or not any(known), f"must have all of {', '.join(_NORMALISATION)}, or none")
    mean, factor, _ = normalisation
    require(factor != 0, "is damaged: its conv_energy is 0")
    low = _number(keywords, "scale_min_short", "scale_min_short_atomic")
    high = _number(keywords, "scale_max_short", "scale_max_short_atomic")
    return Settings(
        place,
        _activations(keywords, symbol),
        _nodes(keywords, symbol),
        "normalize_nodes" in keywords,
        *_scaling(keywords),
        0.0 if low is None else low,
        1.0 if high is None else high,
        1.0 if factor is None else factor,
        (mean or 0.0) + _atom_energy(keywords, symbol),
    )


def _scaling(keywords: Keywords) -> tuple[Centre | None, Spread | None]:
    """Centre and spread; n2p2 knows sigma only where symmetry functions are not centred."""
    centred = "center_symmetry_functions" in keywords
    if "scale_symmetry_functions" in keywords:
        return "mean" if centred else "min", "range"
    if centred:
        return "mean", None
    return ("mean", "sigma") if "scale_symmetry_functions_sigma" in keywords else (None, None)


def _require_second_generation(keywords: Keywords) -> None:
    for key in ("nnp_type", "nnp_generation", "nnp_gen"):
        at, words = _once(keywords, key) or (0, ["2"])
        if words not in (["2"], ["2G-HDNNP"]):
            refuse(
                f"line {at} of input.nn",
                f"{key} {' '.join(words)[:40]} is not of the second generation, so that more than"
                " symmetry functions goes in; activation= imports the network alone",
            )


def _element(keywords: Keywords, element: str | None) -> tuple[str, int]:
    """Symbol of the element, and its number among all, 1 for the lightest."""
    at, words = _once(keywords, "elements") or (0, [])
    require(words, "names no elements")
    for word in words:
        require(word in SYMBOLS, f"is damaged: line {at} has the element {word[:40]!r}")
    known = sorted(set(words), key=SYMBOLS.index)
    if element is None:
        require(len(known) == 1, f"has the elements {' '.join(known)}; pass element=")
        element = known[0]
    require(element in known, f"has the elements {' '.join(known)}, not {element}")
    return element, 1 + known.index(element)


def _activations(keywords: Keywords, symbol: str) -> tuple[str, ...]:
    common = _once(keywords, "global_activation_short")
    own = _of_element(keywords, "element_activation_short", symbol)
    if own is None:
        require(common is not None, f"has no activations of {symbol}")
        return tuple(common[1]) if common else ()
    at, words = own
    if common is not None and common[1][-1:] != words[-1:]:
        refuse(
            f"line {at} of input.nn",
            "n2p2 takes the activation of the output from global_activation_short, RuNNer from"
            " here, and they differ",
        )
    return tuple(words)


def _nodes(keywords: Keywords, symbol: str) -> tuple[int, ...] | None:
    own = _of_element(keywords, "element_nodes_short", symbol)
    at, words = own or _once(keywords, "global_nodes_short") or (0, [])
    if own is None and _of_element(keywords, "element_hidden_layers_short", symbol):
        return None
    for word in words:
        right = word.isascii() and word.isdecimal() and len(word) < 10 and int(word) > 0
        require(right, f"is damaged: line {at} has {word[:40]!r}, not a number of units")
    return tuple(map(int, words)) if at else None


def _atom_energy(keywords: Keywords, symbol: str) -> float:
    found = _of_element(keywords, "atom_energy", symbol)
    return 0.0 if found is None else _one_number(*found)


def _number(keywords: Keywords, *names: str) -> float | None:
    """The number behind a keyword, under one of these names."""
    found = [each for each in (_once(keywords, name) for name in names) if each is not None]
    require(len(found) <= 1, f"must have one of {' and '.join(names)}")
    return _one_number(*found[0]) if found else None


def _one_number(at: int, words: list[str]) -> float:
    if len(words) != 1:
        raise ModelFileError(f"is damaged: line {at} has {len(words)} values, not 1")
    return number(at, words[0])


def _once(keywords: Keywords, key: str) -> tuple[int, list[str]] | None:
    found = keywords.get(key, [])
    require(len(found) <= 1, f"has {key} twice, in lines {[at for at, _ in found[:2]]}")
    return found[0] if found else None


def _of_element(keywords: Keywords, key: str, symbol: str) -> tuple[int, list[str]] | None:
    """The words behind the element's symbol."""
    found = [(at, words[1:]) for at, words in keywords.get(key, []) if words[:1] == [symbol]]
    require(len(found) <= 1, f"has {key} {symbol} twice, in lines {[at for at, _ in found[:2]]}")
    return found[0] if found else None
