"""∇²H_k in C, one output after the other."""

from __future__ import annotations

from slopenet.exporters.c.sweeps import Body, Layers, forward
from slopenet.exporters.c.workspace import Workspace


def hessian(layers: Layers) -> Body:
    """H(x), ∂H/∂x and ∇²H_k = Σ_l Z'[l]ᵀ diag(c[l]_k ∘ σ''(z[l])) Z'[l].

    Z'[l] = ∂z[l]/∂x is stored by columns, as W[l] is, so that Z'[2] is W[2] itself. A sweep
    backward for each output k gives c[l]_k, the row k of ∂H/∂x at its end, and what each layer
    adds to the half of ∇²H_k that is then mirrored.
    """
    work = Workspace()
    layers.take_D(work)
    layers.take_S(work)
    lines = forward(layers, work, 2)
    slopes = _slopes(layers, work, lines)
    p, n_1, n_L = layers.names.prefix, layers.n(1), layers.n(layers.last)
    for name in ("c", "g", "u", "v"):
        work.take(name, max(layers.sizes[1:]))
    above, spare = "c", "g"
    lines += [
        f"    memset(H, 0, {n_L * n_1 * n_1} * sizeof *H);",
        f"    for (r = 0; r < {n_L}; ++r) {{",
        f"        {layers.names.real} *const h = H + r * {n_1 * n_1};",
        f"        memset({above}, 0, {n_L} * sizeof *{above});",
        f"        {above}[r] = {layers.names.number(1)};",
    ]
    for l in range(layers.last, 1, -1):
        n = layers.n(l)
        if layers.curved(l):
            lines += [
                f"        /* + Z'[{l}]' diag(c[{l}] s[{l}]) Z'[{l}] */",
                f"        {p}_scaled(s{l}, {above}, u, {n});",
                f"        for (i = 0; i < {n_1}; ++i) {{",
                f"            {p}_scaled(u, {slopes[l]} + i * {n}, v, {n});",
                f"            for (k = 0; k <= i; ++k) h[i * {n_1} + k] +="
                f" {p}_dot(v, {slopes[l]} + k * {n}, {n});",
                "        }",
            ]
        lines.append(f"        /* c[{l - 1}] = W[{l}]' D[{l}] c[{l}] */")
        if not layers.linear(l):
            lines.append(f"        {p}_scale(d{l}, {above}, {n});")
        below = f"J + r * {n_1}" if l == 2 else spare
        lines.append(f"        {p}_back{l}({above}, {below});")
        above, spare = spare, above
    lines += [
        f"        for (i = 0; i < {n_1}; ++i)",
        f"            for (k = 0; k < i; ++k) h[k * {n_1} + i] = h[i * {n_1} + k];",
        "    }",
    ]
    return Body(lines, work, "i, k, r")


def _slopes(layers: Layers, work: Workspace, lines: list[str]) -> dict[int, str]:
    """Z'[l] = W[l] A'[l-1],  A'[l] = D[l] Z'[l], as far up as a curved layer needs them."""
    p, n_1 = layers.names.prefix, layers.n(1)
    slopes = {2: f"{p}_W2"}
    highest = max((l for l in range(2, layers.last + 1) if layers.curved(l)), default=2)
    column = work.take("column", max(layers.sizes[1:])) if highest > 2 else ""
    for l in range(3, highest + 1):
        n, m = layers.n(l), layers.n(l - 1)
        slopes[l] = work.take(f"Z{l}", n_1 * n)
        below = f"{slopes[l - 1]} + i * {m}"
        lines += [
            f"    /* Z'[{l}] = W[{l}] D[{l - 1}] Z'[{l - 1}] */",
            f"    memset(Z{l}, 0, {n_1 * n} * sizeof *Z{l});",
            f"    for (i = 0; i < {n_1}; ++i) {{",
        ]
        if not layers.linear(l - 1):
            lines.append(f"        {p}_scaled(d{l - 1}, {below}, {column}, {m});")
            below = column
        lines += [f"        {p}_times{l}({below}, Z{l} + i * {n});", "    }"]
    if column:
        work.give(column)
    return slopes
