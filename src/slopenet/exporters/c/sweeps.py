"""The sweeps in C: value, Jacobian, J v, Jᵀ u, Hessian. Each is one block of the derivation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from slopenet.activations import TABLE
from slopenet.derivation import Spec
from slopenet.exporters.c.names import Names
from slopenet.exporters.c.sigma import name_of
from slopenet.exporters.c.workspace import Workspace


@dataclass(frozen=True)
class Body:
    """The lines of a function and the workspace that they need."""

    lines: list[str]
    work: Workspace
    counters: str = ""

    def text(self, names: Names, signature: str, comment: str) -> str:
        """The function in C."""
        body = "\n".join(self.lines)
        parts = [
            f"    {names.real} *const {name} = w + {start};"
            for name, start in self.work.parts.items()
            if re.search(rf"\b{name}\b", body)
        ]
        counters = [f"    int {self.counters};"] if self.counters else []
        unused = [] if parts else ["    (void)w;"]
        return "\n".join(
            [f"/* {comment} */", signature, "{", *parts, *counters, *unused, *self.lines, "}", ""]
        )


@dataclass(frozen=True)
class Layers:
    """n_1 .. n_L and σ of a network; index i of `specs` is layer l = i + 2."""

    names: Names
    sizes: tuple[int, ...]
    specs: tuple[Spec, ...]

    @property
    def last(self) -> int:
        """L."""
        return len(self.sizes)

    def n(self, l: int) -> int:
        """n_l."""
        return self.sizes[l - 1]

    def linear(self, l: int) -> bool:
        """Whether D[l] = I."""
        return self.specs[l - 2][0] == "identity"

    def curved(self, l: int) -> bool:
        """Whether S[l] is not 0."""
        return TABLE[self.specs[l - 2][0]].curved

    def take_D(self, work: Workspace) -> None:
        """Room for D[l] of all layers."""
        for l in range(2, self.last + 1):
            if not self.linear(l):
                work.take(f"d{l}", self.n(l))

    def take_S(self, work: Workspace) -> None:
        """Room for S[l] of all layers."""
        for l in range(2, self.last + 1):
            if self.curved(l):
                work.take(f"s{l}", self.n(l))


def forward(layers: Layers, work: Workspace, order: int) -> list[str]:
    """z[l] = W[l] a[l-1] + b[l],  a[l] = σ(z[l]), and D[l], S[l] as far as `order`; y = a[L]."""
    p = layers.names.prefix
    _take_two(layers, work)
    lines, below = [], "x"
    for l in range(2, layers.last + 1):
        linear, top = layers.linear(l), l == layers.last
        z = "y" if linear and top else _other(below)
        lines += [
            f"    /* z[{l}] = W[{l}] a[{l - 1}] + b[{l}], a[{l}] = sigma(z[{l}]) */",
            f"    memcpy({z}, {p}_b{l}, sizeof {p}_b{l});",
            f"    {p}_times{l}({below}, {z});",
        ]
        below = z
        if not linear:
            below = "y" if top else _other(z)
            high = min(order, 2 if layers.curved(l) else 1)
            slopes = "".join(f", {letter}{l}" for letter in "ds"[:high])
            function = name_of(layers.names, layers.specs, layers.specs[l - 2], high)
            lines.append(f"    {function}({z}, {below}{slopes}, {layers.n(l)});")
    _give_two(work)
    return lines


def value(layers: Layers) -> Body:
    """H(x)."""
    work = Workspace()
    return Body(forward(layers, work, 0), work)


def jvp(layers: Layers) -> Body:
    """J v:  t[1] = v,  t[l] = D[l] W[l] t[l-1]."""
    p, work = layers.names.prefix, Workspace()
    layers.take_D(work)
    lines, below = forward(layers, work, 1), "v"
    _take_two(layers, work)
    for l in range(2, layers.last + 1):
        linear, top, n = layers.linear(l), l == layers.last, layers.n(l)
        s = "Jv" if linear and top else _other(below)
        lines += [
            f"    /* t[{l}] = D[{l}] W[{l}] t[{l - 1}] */",
            f"    memset({s}, 0, {n} * sizeof *{s});",
            f"    {p}_times{l}({below}, {s});",
        ]
        below = s
        if not linear:
            below = "Jv" if top else _other(s)
            lines.append(f"    {p}_scaled(d{l}, {s}, {below}, {n});")
    return Body(lines, work)


def vjp(layers: Layers) -> Body:
    """Jᵀ u:  c[L] = u,  c[l-1] = W[l]ᵀ D[l] c[l]."""
    p, work = layers.names.prefix, Workspace()
    layers.take_D(work)
    lines, above = forward(layers, work, 1), "u"
    _take_two(layers, work)
    for l in range(layers.last, 1, -1):
        lines.append(f"    /* c[{l - 1}] = W[{l}]' D[{l}] c[{l}] */")
        g = above
        if not layers.linear(l):
            g = _other(above)
            lines.append(f"    {p}_scaled(d{l}, {above}, {g}, {layers.n(l)});")
        above = "uJ" if l == 2 else _other(g)
        lines.append(f"    {p}_back{l}({g}, {above});")
    return Body(lines, work)


def _take_two(layers: Layers, work: Workspace) -> None:
    """Two vectors that take turns: what a layer is computed from, and into."""
    for name in ("p", "q"):
        work.take(name, max(layers.sizes[1:]))


def _give_two(work: Workspace) -> None:
    for name in ("p", "q"):
        work.give(name)


def _other(name: str) -> str:
    return "q" if name == "p" else "p"
