"""∇²H_k in C, one output after the other."""

from __future__ import annotations

from slopenet.exporters.c.code import Code
from slopenet.exporters.c.sweeps import Layers, forward


def hessian(layers: Layers) -> Code:
    """H(x), ∂H/∂x and ∇²H_k = Σ_l Z'[l]ᵀ diag(c[l]_k ∘ σ''(z[l])) Z'[l].

    Z'[l] = ∂z[l]/∂x is stored by columns, as W[l] is, so that Z'[2] is W[2] itself. A sweep
    backward for each output k gives c[l]_k and, at its end, row k of ∂H/∂x. On the way each layer
    adds its term to one half of ∇²H_k, which is then mirrored.
    """
    code = Code(layers.names)
    work, at, call = code.work, code.at, code.call
    layers.take_D(work)
    layers.take_S(work)
    forward(layers, code, 2)
    _slopes(layers, code)
    n_1, n_L = layers.n(1), layers.n(layers.last)
    for name in ("c", "g", "u", "v"):
        work.take(name, max(layers.sizes[1:]))
    above, spare = "c", "g"
    code.say(
        f"    {code.zeros('H', n_L * n_1 * n_1)}",
        f"    {code.loop('r', n_L)} {{",
        f"        {layers.names.real} *const h = H + r * {n_1 * n_1};",
        f"        {code.zeros(above, n_L)}",
        f"        {at(above)}[r] = {layers.names.number(1)};",
    )
    for l in range(layers.last, 1, -1):
        n = layers.n(l)
        if layers.has_second_derivative(l):
            column, row = (_slope(code, l, f"{counter} * {n}") for counter in "ik")
            code.say(
                f"        /* + Z'[{l}]' diag(c[{l}] s[{l}]) Z'[{l}] */",
                f"        {call('scaled', at(f's{l}'), at(above), at('u'), n)};",
                f"        {code.loop('i', n_1)} {{",
                f"            {call('scaled', at('u'), column, at('v'), n)};",
                f"            {code.loop('k', 'i', '<=')} h[i * {n_1} + k] +="
                f" {call('dot', at('v'), row, n)};",
                "        }",
            )
        code.say(f"        /* c[{l - 1}] = W[{l}]' D[{l}] c[{l}] */")
        if not layers.linear(l):
            code.say(f"        {call('scale', at(f'd{l}'), at(above), n)};")
        below = f"J + r * {n_1}" if l == 2 else at(spare)
        code.say(f"        {call(f'back{l}', at(above), below)};")
        above, spare = spare, above
    code.say(
        f"        {code.loop('i', n_1)}",
        f"            {code.loop('k', 'i')} h[k * {n_1} + i] = h[i * {n_1} + k];",
        "    }",
    )
    return code


def _slopes(layers: Layers, code: Code) -> None:
    """Z'[l] = W[l] A'[l-1],  A'[l] = D[l] Z'[l], as far up as a layer with σ'' needs them."""
    work, at, call, n_1 = code.work, code.at, code.call, layers.n(1)
    highest = max(
        (l for l in range(2, layers.last + 1) if layers.has_second_derivative(l)), default=2
    )
    column = work.take("column", max(layers.sizes[1:])) if highest > 2 else ""
    for l in range(3, highest + 1):
        n, m = layers.n(l), layers.n(l - 1)
        Z = work.take(f"Z{l}", n_1 * n)
        below = _slope(code, l - 1, f"i * {m}")
        code.say(
            f"    /* Z'[{l}] = W[{l}] D[{l - 1}] Z'[{l - 1}] */",
            f"    {code.zeros(Z, n_1 * n)}",
            f"    {code.loop('i', n_1)} {{",
        )
        if not layers.linear(l - 1):
            code.say(f"        {call('scaled', at(f'd{l - 1}'), below, at(column), m)};")
            below = column
        code.say(f"        {call(f'times{l}', below, at(Z, f'i * {n}'))};", "    }")
    if column:
        work.give(column)


def _slope(code: Code, l: int, offset: str) -> str:
    """A place within Z'[l]."""
    return code.at(code.symbol("W2") if l == 2 else f"Z{l}", offset)
