"""σ, σ' and σ'' in C: loops without a branch, which compilers vectorise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from slopenet.activations import Activation
from slopenet.exporters import _functions, _text
from slopenet.exporters._expression import Expression, in_order, traced
from slopenet.exporters.c.code import Code, Piece
from slopenet.exporters.c.exponential import exponentials
from slopenet.exporters.c.names import Names

_REPLACED = {
    "tanh": _functions.tanh_by_exp,
    "log1p": _functions.log1p_by_atanh,
    "erfc": _functions.erfc_by_mills,
}
_COMPARISONS = {"positive": ">", "not_positive": "<="}
_LIBRARY = {"abs": "fabs", "log": "log", "sin": "sin", "cos": "cos"}


def name_of(activations: Sequence[Activation], activation: Activation, order: int) -> str:
    """The name of an activation's function, as far as `order`; `activations` are all there are."""
    same = [other for other in activations if other.name == activation.name]
    number = "" if len(same) == 1 else str(same.index(activation) + 1)
    return f"{activation.name}{number}_{order}"


def functions(names: Names, activations: Sequence[Activation]) -> list[Piece]:
    """The functions a = σ(z), d = σ'(z), s = σ''(z) of every order, after those they call."""
    loops = [
        _loop(
            names,
            name_of(activations, activation, order),
            activation,
            traced(activation, order, _REPLACED),
        )
        for activation in activations
        for order in range(3)
    ]
    return [*exponentials(names), *loops]


def _loop(
    names: Names, name: str, activation: Activation, results: tuple[Expression, ...]
) -> Piece:
    real, restrict = names.real, names.restrict
    code = Code(names)
    named, texts = _text.statements(results, partial(_write, code))
    letters = "ads"[: len(results)]
    outputs = "".join(f", {real} *{restrict} {letter}" for letter in letters)
    word = activation.info.parameter
    parameter = f" ({word} {activation.parameter!r})" if word else ""
    meaning = ", ".join(f"{letter} = sigma{i * chr(39)}(z)" for i, letter in enumerate(letters))
    uses_z = any(x.op == "z" for x in in_order(results))
    code.say(
        f"/* {activation.name}{parameter}: {meaning} */",
        f"static void {names.prefix}_{name}(const {real} *{restrict} z{outputs}, int n)",
        "{",
        "    int j;",
        "    for (j = 0; j < n; ++j) {",
        *([f"        const {real} x = z[j];"] if uses_z else []),
        *(f"        const {real} {label} = {text};" for label, text in named),
        *(f"        {letter}[j] = {text};" for letter, text in zip(letters, texts, strict=True)),
        "    }",
        "}",
        "",
    )
    return Piece(name, "\n".join(code.lines), frozenset(code.symbols), frozenset(code.headers))


def _write(code: Code, x: Expression, args: list[str]) -> str:  # noqa: PLR0911
    match x.op:
        case "z":
            return "x"
        case "number":
            return code.names.number(x.value)
        case "positive" | "not_positive":
            return f"{args[0]} {_COMPARISONS[x.op]} {code.names.number(0)}"
        case "min":
            return code.call("select", f"{args[0]} > {args[1]}", args[1], args[0])
        case "max":
            return code.call("select", f"{args[0]} < {args[1]}", args[1], args[0])
        case "where":
            return code.call("select", *args)
        case "abs" | "log" | "sin" | "cos":
            return f"{code.library(_LIBRARY[x.op])}({args[0]})"
        case "exp" if x.args[0].op == "z":  # the exp of the file takes x <= 0
            return f"{code.library('exp')}({args[0]})"
        case _:  # exp and expm1, which are pieces of the file
            return code.call(x.op, *args)
