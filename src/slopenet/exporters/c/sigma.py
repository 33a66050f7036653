"""σ, σ' and σ'' in C: loops without a branch, which compilers vectorise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from slopenet.activations import TABLE
from slopenet.derivation import Spec
from slopenet.exporters import _functions, _text
from slopenet.exporters._expression import Expression, in_order, traced
from slopenet.exporters.c.exponential import exponentials
from slopenet.exporters.c.names import Names, Piece

_REPLACED = {
    "tanh": _functions.tanh_by_exp,
    "log1p": _functions.log1p_by_atanh,
    "erfc": _functions.erfc_by_mills,
}
_OPERATIONS = {
    "positive": "{0} > {zero}", "not_positive": "{0} <= {zero}",
    "where": "{p}_select({0}, {1}, {2})",
    "min": "{p}_select({0} > {1}, {1}, {0})", "max": "{p}_select({0} < {1}, {1}, {0})",
    "exp": "{p}_exp({0})", "expm1": "{p}_expm1({0})",
    "abs": "{fabs}({0})", "sin": "{sin}({0})", "cos": "{cos}({0})",
}  # fmt: skip


def name_of(names: Names, specs: Sequence[Spec], spec: Spec, order: int) -> str:
    """What the function of an activation is called; `specs` are all that the network has."""
    same = sorted({other for other in specs if other[0] == spec[0]})
    number = "" if len(same) == 1 else str(same.index(spec) + 1)
    return f"{names.prefix}_{spec[0]}{number}_{order}"


def functions(names: Names, specs: Sequence[Spec]) -> list[Piece]:
    """The functions a = σ(z), d = σ'(z), s = σ''(z) as far as each order, and what they call."""
    loops = [
        Piece(name, _loop(names, name, spec, traced(spec, order, _REPLACED)))
        for spec in sorted(set(specs))
        for order in range(3)
        for name in [name_of(names, specs, spec, order)]
    ]
    return [*exponentials(names), *loops]


def _loop(names: Names, name: str, spec: Spec, results: tuple[Expression, ...]) -> str:
    real, restrict = names.real, names.restrict
    named, texts = _text.statements(results, partial(_write, names))
    letters = "ads"[: len(results)]
    outputs = "".join(f", {real} *{restrict} {letter}" for letter in letters)
    parameter = f" ({TABLE[spec[0]].parameter} {spec[1]!r})" if TABLE[spec[0]].parameter else ""
    meaning = ", ".join(f"{letter} = sigma{i * chr(39)}(z)" for i, letter in enumerate(letters))
    uses_z = any(x.op == "z" for x in in_order(results))
    return "\n".join(
        [
            f"/* {spec[0]}{parameter}: {meaning} */",
            f"static void {name}(const {real} *{restrict} z{outputs}, int n)",
            "{",
            "    int j;",
            "    for (j = 0; j < n; ++j) {",
            *([f"        const {real} x = z[j];"] if uses_z else []),
            *(f"        const {real} {label} = {text};" for label, text in named),
            *(
                f"        {letter}[j] = {text};"
                for letter, text in zip(letters, texts, strict=True)
            ),
            "    }",
            "}",
            "",
        ]
    )


def _write(names: Names, x: Expression, args: list[str]) -> str:
    if x.op == "z":
        return "x"
    if x.op == "number":
        return names.number(x.value)
    library = {name: names.function(name) for name in ("fabs", "sin", "cos")}
    return _OPERATIONS[x.op].format(*args, zero=names.number(0), p=names.prefix, **library)
