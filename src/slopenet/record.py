"""The record of one point: every z, a, D, product and δ, printed as the derivation reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from slopenet import derivation
from slopenet.activations import as_written
from slopenet.arrays import Floats


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
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> list[str]:
        L = len(self.z) + 1
        sizes = "-".join(str(n) for n in (self.x.size, *(z.size for z in self.z)))
        lines = [
            f"Derivation of H at one point, network {sizes}",
            "",
            *_quantity("a[1] = x", self.x, self.input_names),
        ]
        for i in range(L - 1):
            l = i + 2
            below = "x" if l == 2 else f"a[{l - 1}]"
            name = self.chain.activations[i]
            spec = as_written(*name)
            shown = spec if isinstance(spec, str) else f"{spec[0]}({spec[1]:g})"
            product = " ".join(f"D[{m}] W[{m}]" for m in range(l, 1, -1))
            lines += [
                "",
                f"layer l = {l}: σ = {shown}, W[{l}] is {self.chain.W[i].shape[0]} x"
                f" {self.chain.W[i].shape[1]}",
                *_quantity(f"z[{l}] = W[{l}] {below} + b[{l}]", self.z[i]),
                *_quantity(f"a[{l}] = σ(z[{l}])", self.a[i]),
                *_quantity(f"D[{l}] = diag(σ'(z[{l}]))", self.D[i]),
                *_quantity(f"∂a[{l}]/∂x = {product}", self.partial_products[i]),
            ]
        lines += ["", *_quantity(f"H(x) = a[{L}]", self.H, self.output_names)]
        lines += _jacobian("∂H/∂x", self.jacobian, self.input_names, self.output_names)
        if self.delta is not None and self.y is not None:
            lines += ["", *_quantity("y", self.y, self.output_names)]
            lines.append(f"C = ½ ‖y - H(x)‖² = {self.cost:.6g}")
            for l in range(L, 1, -1):
                rule = f"(a[{L}] - y)" if l == L else f"(W[{l + 1}]ᵀ δ[{l + 1}])"
                lines += _quantity(f"δ[{l}] = σ'(z[{l}]) ∘ {rule} = ∂C/∂b[{l}]", self.delta[l - 2])
            lines.append("")
            for l in range(2, L + 1):
                below = "x" if l == 2 else f"a[{l - 1}]"
                assert self.dW is not None  # noqa: S101
                lines += _quantity(f"∂C/∂W[{l}] = δ[{l}] {below}ᵀ", self.dW[l - 2])
        return lines


def _numbers(x: Floats) -> str:
    return np.array2string(
        x,
        precision=6,
        max_line_width=96,
        threshold=64,
        edgeitems=3,
        suppress_small=False,
        floatmode="maxprec_equal" if x.ndim > 1 else "maxprec",
        formatter={"float_kind": lambda v: f"{v:.6g}"} if x.ndim == 1 else None,
    )


def _quantity(label: str, x: Floats, names: Sequence[str] | None = None) -> list[str]:
    if names is not None:
        shown = ", ".join(f"{name} = {v:.6g}" for name, v in zip(names, x, strict=True))
        return [f"  {label} = ({shown})"]
    text = _numbers(x)
    if "\n" not in text:
        return [f"  {label} = {text}"]
    return [f"  {label} =", *(f"    {line}" for line in text.split("\n"))]


def _jacobian(
    label: str, J: Floats, inputs: Sequence[str] | None, outputs: Sequence[str] | None
) -> list[str]:
    if inputs is None or outputs is None or J.size > 64:
        return _quantity(label, J)
    lines = [f"  {label} ="]
    for k, out in enumerate(outputs):
        entries = (f"∂{out}/∂{name} = {J[k, i]:.6g}" for i, name in enumerate(inputs))
        lines.append("    " + "   ".join(entries))
    return lines
