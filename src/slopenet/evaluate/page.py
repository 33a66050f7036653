"""The record of one point: every z, a, D, product and δ, printed as the derivation reads."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from slopenet import derivation
from slopenet._types import Floats

# Arrays of more entries are cut on a page that is not full.
SHOWN = 64


@dataclass(frozen=True, repr=False, eq=False)
class Derivation:
    """Everything the derivation says of one point x. Index i of each list is layer l = i + 2.

    Attributes
    ----------
    x : (n_1,)
    z, a : list of (n_l,)
        z[l] = W[l] a[l-1] + b[l] and a[l] = σ(z[l]).
    D : list of (n_l,)
        The diagonal of D[l] = diag(σ'(z[l])).
    partial_products : list of (n_l, n_1)
        ∂a[l]/∂x = D[l] W[l] ··· D[2] W[2]; the last is ∂H/∂x.
    y : (n_L,) or None
    delta : list of (n_l,) or None
        δ[l] = ∂C/∂z[l] = ∂C/∂b[l], of C = ½ ‖y - H(x)‖².
    dW : list of (n_l, n_{l-1}) or None
        ∂C/∂W[l] = δ[l] a[l-1]ᵀ.
    cost : float or None
    """

    chain: derivation.Chain
    x: Floats
    z: list[Floats]
    a: list[Floats]
    D: list[Floats]
    partial_products: list[Floats]
    y: Floats | None = None
    delta: list[Floats] | None = None
    dW: list[Floats] | None = None
    cost: float | None = None
    input_names: Sequence[str] | None = field(default=None, kw_only=True)
    output_names: Sequence[str] | None = field(default=None, kw_only=True)

    @classmethod
    def of(
        cls,
        chain: derivation.Chain,
        x: Floats,
        y: Floats | None,
        input_names: Sequence[str] | None,
        output_names: Sequence[str] | None,
    ) -> Derivation:
        """Work through the derivation at x."""
        sweep = derivation.forward(chain, x)
        D = derivation.D(chain, sweep)
        products = derivation.partial_products(chain, D)
        delta = dW = cost = None
        if y is not None:
            delta = derivation.delta(chain, sweep, y)
            dW = derivation.dC_dW(delta, sweep)
            cost = float(derivation.cost(sweep.a[-1], y))
        return cls(
            chain, x, sweep.z, sweep.a, D, products, y, delta, dW, cost,
            input_names=input_names, output_names=output_names,
        )  # fmt: skip

    @property
    def H(self) -> Floats:
        """H(x) = a[L], (n_L,)."""
        return self.a[-1]

    @property
    def jacobian(self) -> Floats:
        """∂H/∂x, (n_L, n_1)."""
        return self.partial_products[-1]

    def __str__(self) -> str:
        return self.page()

    __repr__ = __str__

    def page(self, *, full: bool = False) -> str:
        """Return the derivation as text.

        Parameters
        ----------
        full : bool
            Print every entry of every array. Otherwise W[l] and b[l] are printed while they are
            small, and an array of more than 64 entries is cut, and three dots mark the place.
        """
        limit = sys.maxsize if full else SHOWN
        lines = [*self._heading(), *self._forward(limit), *self._slope(limit)]
        if self.y is not None and self.delta is not None and self.dW is not None:
            lines += self._backward(limit, self.y, self.delta, self.dW)
        if any("..." in line for line in lines):
            lines += ["", "... stands for entries left out; .page(full=True) prints them all."]
        return "\n".join(lines)

    def _heading(self) -> list[str]:
        sizes = "-".join(str(n) for n in (self.x.size, *(z.size for z in self.z)))
        return [f"Derivation of H at one point, network {sizes}", ""]

    def _forward(self, limit: int) -> list[str]:
        lines = _quantity("a[1] = x", self.x, limit, self.input_names)
        for i, (W, b, activation) in enumerate(zip(*self.chain, strict=True)):
            l = i + 2
            below = "x" if l == 2 else f"a[{l - 1}]"
            lines += ["", f"layer l = {l}: σ = {activation}, W[{l}] is {W.shape[0]} x {W.shape[1]}"]
            if W.size <= limit:
                lines += _quantity(f"W[{l}]", W, limit) + _quantity(f"b[{l}]", b, limit)
            product = " ".join(f"D[{m}] W[{m}]" for m in range(l, 1, -1))
            lines += [
                *_quantity(f"z[{l}] = W[{l}] {below} + b[{l}]", self.z[i], limit),
                *_quantity(f"a[{l}] = σ(z[{l}])", self.a[i], limit),
                *_quantity(f"D[{l}] = diag(σ'(z[{l}]))", self.D[i], limit),
                *_quantity(f"∂a[{l}]/∂x = {product}", self.partial_products[i], limit),
            ]
        return lines

    def _slope(self, limit: int) -> list[str]:
        L = len(self.z) + 1
        lines = ["", *_quantity(f"H(x) = a[{L}]", self.H, limit, self.output_names)]
        J, inputs, outputs = self.jacobian, self.input_names, self.output_names
        if inputs is None or outputs is None or J.size > limit:
            return lines + _quantity("∂H/∂x", J, limit)
        lines.append("  ∂H/∂x =")
        for k, out in enumerate(outputs):
            entries = (f"∂{out}/∂{name} = {_number(J[k, i])}" for i, name in enumerate(inputs))
            lines.append("    " + "   ".join(entries))
        return lines

    def _backward(self, limit: int, y: Floats, delta: list[Floats], dW: list[Floats]) -> list[str]:
        L = len(self.z) + 1
        lines = ["", *_quantity("y", y, limit, self.output_names)]
        lines.append(f"  C = ½ ‖y - H(x)‖² = {self.cost:.6g}")
        for l in range(L, 1, -1):
            rule = f"(a[{L}] - y)" if l == L else f"(W[{l + 1}]ᵀ δ[{l + 1}])"
            label = f"δ[{l}] = σ'(z[{l}]) ∘ {rule} = ∂C/∂b[{l}]"
            lines += _quantity(label, delta[l - 2], limit)
        lines.append("")
        for l in range(2, L + 1):
            below = "x" if l == 2 else f"a[{l - 1}]"
            lines += _quantity(f"∂C/∂W[{l}] = δ[{l}] {below}ᵀ", dW[l - 2], limit)
        return lines


def _number(x: float) -> str:
    return f"{x:.6g}"


def _quantity(label: str, x: Floats, limit: int, names: Sequence[str] | None = None) -> list[str]:
    if names is not None:
        shown = ", ".join(f"{name} = {_number(v)}" for name, v in zip(names, x, strict=True))
        return [f"  {label} = ({shown})"]
    width = max((len(_number(v)) for v in x.flat), default=0) if x.ndim > 1 else 0
    text = np.array2string(
        x,
        max_line_width=96,
        threshold=limit,
        edgeitems=3,
        formatter={"float_kind": lambda v: _number(float(v)).rjust(width)},
    )
    if "\n" not in text:
        return [f"  {label} = {text}"]
    return [f"  {label} =", *(f"    {line}" for line in text.split("\n"))]
