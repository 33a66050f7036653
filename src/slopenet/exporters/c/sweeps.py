"""The sweeps in C: value, J v and Jᵀ u. Each is one block of the derivation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slopenet.activations import Activation, Head, LayerActivation, different
from slopenet.exporters.c.code import Code
from slopenet.exporters.c.head import start
from slopenet.exporters.c.names import Names
from slopenet.exporters.c.sigma import name_of
from slopenet.exporters.c.workspace import Workspace


@dataclass(frozen=True)
class Layers:
    """n_1 .. n_L and σ of a network; index i of `activations` is layer l = i + 2.

    With a `head` these are the layers of the logits. `others` are activations that the file has
    beside these; the layers of its further networks have numbers from `first` on, instead of 1.
    """

    names: Names
    sizes: tuple[int, ...]
    activations: tuple[LayerActivation, ...]
    head: Head | None = None
    others: tuple[LayerActivation, ...] = ()
    first: int = 1

    @property
    def different(self) -> list[Activation]:
        """The activations of all units, each once."""
        return sorted(different((*self.activations, *self.others)))

    @property
    def last(self) -> int:
        """L."""
        return self.first + len(self.sizes) - 1

    def n(self, l: int) -> int:
        """n_l."""
        return self.sizes[l - self.first]

    def sigma(self, l: int) -> LayerActivation:
        """σ of layer l."""
        return self.activations[l - self.first - 1]

    def linear(self, l: int) -> bool:
        """Whether D[l] = I."""
        return self.sigma(l).linear

    def has_second_derivative(self, l: int) -> bool:
        """Whether S[l] is not 0."""
        return self.sigma(l).has_second_derivative

    def take_D(self, work: Workspace) -> None:
        """Take workspace for D[l] of all layers."""
        for l in range(2, self.last + 1):
            if not self.linear(l):
                work.take(f"d{l}", self.n(l))

    def take_S(self, work: Workspace) -> None:
        """Take workspace for S[l] of all layers."""
        for l in range(2, self.last + 1):
            if self.has_second_derivative(l):
                work.take(f"s{l}", self.n(l))


def forward(layers: Layers, code: Code, order: int) -> None:
    """z[l] = W[l] a[l-1] + b[l],  a[l] = σ(z[l]), and D[l], S[l] as far as `order`; y = a[L]."""
    _take_two(layers, code.work)
    at, below = code.at, "x"
    for l in range(2, layers.last + 1):
        linear, top = layers.linear(l), l == layers.last
        z, b = "y" if linear and top else _other(below), code.symbol(f"b{l}")
        code.say(
            f"    /* z[{l}] = W[{l}] a[{l - 1}] + b[{l}], a[{l}] = sigma(z[{l}]) */",
            f"    {code.library('memcpy')}({at(z)}, {b}, sizeof {b});",
            f"    {code.call(f'times{l}', at(below), at(z))};",
        )
        below = z
        if not linear:
            below = "y" if top else _other(z)
            high = min(order, 2 if layers.has_second_derivative(l) else 1)
            derivatives = (at(f"{letter}{l}") for letter in "ds"[:high])
            activate(layers, code, l, [at(z), at(below), *derivatives])
    _give_two(code.work)


def activate(layers: Layers, code: Code, l: int, arrays: Sequence[str]) -> None:
    """The calls of σ of layer l, for the arrays z, a and as many derivatives of σ as there are."""
    begin = 0
    for activation, count in layers.sigma(l).runs(layers.n(l)):
        function = name_of(layers.different, activation, len(arrays) - 2)
        here = [f"{array} + {begin}" if begin else array for array in arrays]
        code.say(f"    {code.call(function, *here, count)};")
        begin += count


def value(layers: Layers) -> Code:
    """H(x)."""
    code = Code(layers.names)
    forward(layers, code, 0)
    return code


def jvp(layers: Layers) -> Code:
    """J v:  t[1] = v,  t[l] = D[l] W[l] t[l-1]."""
    code = Code(layers.names)
    layers.take_D(code.work)
    forward(layers, code, 1)
    _take_two(layers, code.work)
    at, below = code.at, "v"
    for l in range(2, layers.last + 1):
        linear, top, n = layers.linear(l), l == layers.last, layers.n(l)
        s = "Jv" if linear and top else _other(below)
        code.say(
            f"    /* t[{l}] = D[{l}] W[{l}] t[{l - 1}] */",
            f"    {code.zeros(s, n)}",
            f"    {code.call(f'times{l}', at(below), at(s))};",
        )
        below = s
        if not linear:
            below = "Jv" if top else _other(s)
            code.say(f"    {code.call('scaled', at(f'd{l}'), at(s), at(below), n)};")
    return code


def vjp(layers: Layers) -> Code:
    """Jᵀ u:  c[L] = u,  c[l-1] = W[l]ᵀ D[l] c[l]."""
    code = Code(layers.names)
    layers.take_D(code.work)
    forward(layers, code, 1)
    _take_two(layers, code.work)
    at, above = code.at, "u"
    if layers.head is not None:
        start(layers.head, code, layers.n(layers.last))
        above = code.work.take("hu", layers.n(layers.last))
        code.say(f"    {code.call('pull', at('h'), 'u', at('hu'), layers.n(layers.last))};")
    for l in range(layers.last, 1, -1):
        code.say(f"    /* c[{l - 1}] = W[{l}]' D[{l}] c[{l}] */")
        g = above
        if not layers.linear(l):
            g = _other(above)
            code.say(f"    {code.call('scaled', at(f'd{l}'), at(above), at(g), layers.n(l))};")
        above = "uJ" if l == 2 else _other(g)
        code.say(f"    {code.call(f'back{l}', at(g), at(above))};")
    return code


def _take_two(layers: Layers, work: Workspace) -> None:
    """Take two vectors that alternate as the input and the output of a layer."""
    for name in ("p", "q"):
        work.take(name, max(layers.sizes[1:]))


def _give_two(work: Workspace) -> None:
    for name in ("p", "q"):
        work.give(name)


def _other(name: str) -> str:
    return "q" if name == "p" else "p"
