"""Standard deviations in C: one function of all outputs, for values or for values and slopes.

K = 1 for values, K = 1 + n_1 with slopes. Vectors with their slopes are K rows, the value's first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slopenet.exporters._deviations import Deviations, Full, Process, Projected
from slopenet.exporters.c.code import Code
from slopenet.exporters.c.sweeps import Layers, activate
from slopenet.parameters import count

_PUBLIC = """\
/* {meaning} */
{signature}
{{
    {p}_deviations(x, s, {S}, w, {K});
}}
"""


def definitions(code: Code, functions: dict[str, tuple[str, str]], n_1: int) -> list[str]:
    """A function with the lines of `deviations`, and `std` and `jacobian_std`, which call it.

    `functions` has the signature and the meaning of these two, as far as they are wanted.
    """
    p, pointer = code.names.prefix, f"{code.names.real} *{code.names.restrict}"
    signature = (
        f"static void {p}_deviations(const {pointer} x, {pointer} s,\n{' ' * (len(p) + 24)}"
        f"{code.names.real} *S, {pointer} w, int K)"
    )
    found = [code.text(signature, "s_k of every output and, if K > 1, S_ki of every slope")]
    for name, (own, meaning) in functions.items():
        S, K = ("S", 1 + n_1) if name == "jacobian_std" else ("0", 1)
        found.append(_PUBLIC.format(p=p, signature=own, meaning=meaning, S=S, K=K))
    return found


def deviations(
    layers: Layers, found: Deviations, *, slopes: bool, rivals: Sequence[Layers] = ()
) -> Code:
    """The lines of that function; only values are possible unless `slopes`."""
    code = Code(layers.names)
    writer = _Writer(layers, code, found.units.log_y is not None, 1 + layers.n(1) * slopes)
    code.work.take("u", writer.rows * layers.n(1))
    code.say(f"    {code.call('standard', 'x', code.at('u'), 'K')};")
    for part in ("v", "c"):
        code.work.take(part, writer.rows)
    match found:
        case Process():
            writer.process(found)
        case Projected():
            writer.projected(found, rivals)
        case Full():
            writer.full(found)
    return code


class _Writer:
    """Writes into `code`; `rows` is the largest K.

    `behind` says that the outputs are behind an exponential, so that H and its slopes are needed.
    """

    def __init__(self, layers: Layers, code: Code, behind: bool, rows: int) -> None:
        self.layers, self.code, self.behind, self.rows = layers, code, behind, rows

    def process(self, found: Process) -> None:
        """Variances of each group of outputs, then of its outputs."""
        code, at, symbol = self.code, self.code.at, self.code.symbol
        level = any(group.level is not None for group in found.groups)
        if self.behind:
            self.jets(self.layers.last, 1)
        targets = max(len(group.targets) for group in found.groups)
        most = max(targets, level * len(found.points))
        code.work.take("h", self.layers.n(1) + (1 + most) * self.rows)
        for part in ("to_v", "to_c"):
            code.work.take(part, self.rows)
        for i, group in enumerate(found.groups):
            arrays = [symbol(f"std_{name}{i}") for name in ("length", "known", "factor", "ones")]
            if level:
                known = group.level is not None
                arrays.append(symbol(f"std_level{i}") if known else "0")
            root = code.names.number(group.root)
            arrays = [*arrays[:4], root, *arrays[4:], str(len(group.targets))]
            call = code.call("process", at("u"), *arrays, at("v"), at("c"), at("h"), "K")
            output = f"{symbol(f'std_outputs{i}')}[j]"
            moved = [at(part) for part in ("u", "v", "c", "to_v", "to_c")]
            code.say(
                f"    {call};",
                f"    {code.loop('j', len(group.outputs))} {{",
                f"        {code.call('output', output, *moved, 'K')};",
                f"        {self.roots(output, 'to_v', 'to_c')};",
                "    }",
            )

    def projected(self, found: Projected, rivals: Sequence[Layers]) -> None:
        """h = Fᵀ (1, u, a[l], g_j - H) of all outputs: K rows of n_L r."""
        code, layers, at = self.code, self.layers, self.code.at
        _, n_L, r = found.root.shape
        m, root = n_L * r, code.symbol("std_root")
        code.work.take("h", self.rows * m)

        def add(below: int, n: int, part: str) -> None:
            rows = f"{root} + {below * m}"
            code.say(f"    {code.call('combine', rows, at(part), at('h'), n, m, 'K')};")

        code.say(
            "    /* h = F' (1, u, a[l]) and its slopes */",
            f"    {code.zeros('h', f'K * {m}')}",
            f"    {code.library('memcpy')}({at('h')}, {root}, {m} * sizeof *{root});",
        )
        add(1, layers.n(1), "u")
        below = 1 + layers.n(1)
        first, last = found.trained.start + 2, found.trained.stop + 1

        def after(l: int) -> None:
            nonlocal below
            if first <= l < last:
                add(below, layers.n(l), f"a{l}")
                below += layers.n(l)
            if rivals and l == last - 1:
                code.work.take("o", self.rows * n_L)
                times = code.call(
                    f"times{last}", at(f"a{l}", f"i * {layers.n(l)}"), at("o", f"i * {n_L}")
                )
                code.say(
                    f"    {code.zeros('o', f'K * {n_L}')}", f"    {code.loop('i', 'K')} {times};"
                )

        self.jets(layers.last if self.behind else last - 1, 1, after)
        for j, each in enumerate(rivals):
            code.say(f"    /* of another network, layers {each.first + 1} to {each.last} */")
            _Writer(each, code, self.behind, self.rows).jets(each.last, 1, start="u")
            rows = f"{code.symbol('std_of_rivals')} + {j * m}"
            call = code.call("compare", at(f"a{each.last}"), at("o"), rows, at("h"), n_L, r, "K")
            code.say(f"    {call};")
            code.work.give(f"a{each.last}")
        squares = code.call("squares", at("h", f"k * {r}"), r, m, at("v"), at("c"), "K")
        code.say(
            f"    {code.loop('k', n_L)} {{",
            f"        {squares};",
            f"        {self.roots('k', 'v', 'c')};",
            "    }",
        )

    def full(self, found: Full) -> None:
        """t = L⁻¹ of ∂H_k/∂θ and its slopes, for one output after the other."""
        code, layers, at = self.code, self.layers, self.code.at
        first, last = found.trained.start + 2, found.trained.stop + 1
        curved = not (self.behind or layers.linear(last))
        self.jets(layers.last if self.behind else last - (not curved), 2, keep=True)
        p = count(layers.sizes[first - 2 : last])
        code.work.take("t", p * self.rows)
        code.work.take(f"c{last}", layers.n(last) * self.rows)
        code.say(
            f"    {code.loop('k', layers.n(last))} {{",
            f"        {code.zeros(f'c{last}', f'K * {layers.n(last)}')}",
            f"        {at(f'c{last}')}[k] = {code.names.number(1)};",
        )
        offset = p
        for l in range(last, first - 1, -1):
            n, m = layers.n(l), layers.n(l - 1)
            offset -= n * (m + 1)
            code.say(f"        /* the gradient by W[{l}] and b[{l}] */")
            g = self.bent(l) if curved or l < last else f"c{l}"
            unit = f"{code.symbol('std_unit')}[k]" if l == last else code.names.number(1)
            below = at("u" if l == first else f"a{l - 1}")
            weigh = code.call("weigh", at(g), below, at("t", str(offset)), unit, n, m, p, "K")
            code.say(f"        {weigh};")
            if l > first:
                code.work.take(f"c{l - 1}", m * self.rows)
                here = code.at(f"c{l - 1}", f"i * {m}")
                back = code.call(f"back{l}", at(g, f"i * {n}"), here)
                code.say(f"        {code.loop('i', 'K')} {back};")
            for part in {g, f"c{l}"}:
                code.work.give(part)
        factor = code.symbol("std_factor")
        code.say(
            f"        {code.call('solve', factor, at('t'), p, 'K')};",
            f"        {code.call('squares', at('t'), p, p, at('v'), at('c'), 'K')};",
            f"        {self.roots('k', 'v', 'c')};",
            "    }",
        )

    def bent(self, l: int) -> str:
        """g = D[l] c[l] and its slopes; c[l] itself where D[l] = I."""
        code, layers, at = self.code, self.layers, self.code.at
        n = layers.n(l)
        if layers.linear(l):
            return f"c{l}"
        g = code.work.take(f"g{l}", n * self.rows)
        if layers.has_second_derivative(l):
            parts = [at(f"{letter}{l}") for letter in "dszcg"]
            code.say(f"        {code.call('bend', *parts, n, 'K')};")
        else:
            parts = [at(f"d{l}"), at(f"c{l}", f"i * {n}"), at(g, f"i * {n}")]
            code.say(f"        {code.loop('i', 'K')} {code.call('scaled', *parts, n)};")
        return g

    def roots(self, k: str, v: str, c: str) -> str:
        """The call that writes s_k and S_k."""
        code, at = self.code, self.code.at
        more = [at(c), at(f"a{self.layers.last}")] if self.behind else []
        return code.call("roots", k, at(v), *more, "s", "S", "K")

    def jets(
        self,
        top: int,
        order: int,
        after: Callable[[int], None] | None = None,
        *,
        keep: bool = False,
        start: str = "",
    ) -> None:
        """a[l] and its slopes for l = first..top, each followed by `after`.

        With `keep` all stay in the workspace, with z[l] and the derivatives of σ; else the last.
        a[first] is x, or the part `start`.
        """
        first = self.layers.first
        if top <= first:
            return
        code, at, n_1 = self.code, self.code.at, self.layers.n(first)
        a = code.work.take(f"a{first}", self.rows * n_1)
        code.counters.add("i")
        if start:
            copied = f"({at(a)}, {at(start)}, K * {n_1} * sizeof *{start})"
            code.say(f"    {code.library('memcpy')}{copied};")
        else:
            code.say(
                f"    {code.zeros(a, f'K * {n_1}')}",
                f"    {code.library('memcpy')}({at(a)}, x, {n_1} * sizeof *x);",
                f"    for (i = 1; i < K; ++i) {at(a)}[i * {n_1} + i - 1] = {code.names.number(1)};",
            )
        for l in range(first + 1, top + 1):
            self.layer(l, order)
            if not keep:
                for part in (f"a{l - 1}", f"z{l}", f"d{l}"):
                    code.work.give(part)
            if after is not None:
                after(l)

    def layer(self, l: int, order: int) -> None:
        """z[l], a[l] and their slopes, with σ' and, if `order` is 2, σ''."""
        code, layers, at = self.code, self.layers, self.code.at
        n, m, linear = layers.n(l), layers.n(l - 1), layers.linear(l)
        z, b = code.work.take(f"a{l}" if linear else f"z{l}", self.rows * n), code.symbol(f"b{l}")
        times = code.call(f"times{l}", at(f"a{l - 1}", f"i * {m}"), at(z, f"i * {n}"))
        code.say(
            f"    /* z[{l}] = W[{l}] a[{l - 1}] + b[{l}], a[{l}] = sigma(z[{l}]), their slopes */",
            f"    {code.zeros(z, f'K * {n}')}",
            f"    {code.library('memcpy')}({at(z)}, {b}, sizeof {b});",
            f"    {code.loop('i', 'K')} {times};",
        )
        if linear:
            return
        high = min(order, 2 if layers.has_second_derivative(l) else 1)
        for letter in "ads"[: 1 + high]:
            code.work.take(f"{letter}{l}", n * (self.rows if letter == "a" else 1))
        activate(layers, code, l, [at(f"{letter}{l}") for letter in "zads"[: 2 + high]])
        parts = [at(f"d{l}"), at(z, f"i * {n}"), at(f"a{l}", f"i * {n}"), n]
        code.say(f"    for (i = 1; i < K; ++i) {code.call('scaled', *parts)};")
