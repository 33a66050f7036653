"""softmax and log-softmax in C: from results of the logits, in place, to those of the network."""

from __future__ import annotations

from slopenet.activations import Head
from slopenet.exporters.c.code import Code, Piece
from slopenet.exporters.c.names import Names

_SOFTMAX = """\
/* p = softmax(y), and y = {meaning} */
static void {p}_{name}({real} *{restrict} y, {real} *{restrict} p, int n)
{{
    {real} rest = {zero}, most;
    int k, r = 0;
    for (k = 1; k < n; ++k)
        if (y[k] > y[r]) r = k;
    most = y[r];
    for (k = 0; k < n; ++k) {{
        y[k] -= most;
        p[k] = {exp}(y[k]);
        if (k != r) rest += p[k];
    }}
    for (k = 0; k < n; ++k) {{
        p[k] /= {one} + rest;
        y[k] = {result};
    }}
}}
"""
_CENTRE = """\
/* a_k -= sum_m p_m a_m for n rows of m numbers: differences from the row of the largest p first */
static void {p}_centre(const {real} *{restrict} p, {real} *{restrict} a, int n, int m)
{{
    int i, k, r = 0;
    for (k = 1; k < n; ++k)
        if (p[k] > p[r]) r = k;
    for (i = 0; i < m; ++i) {{
        const {real} most = a[r * m + i];
        {real} mean = {zero};
        for (k = 0; k < n; ++k) {{
            a[k * m + i] -= most;
            mean += p[k] * a[k * m + i];
        }}
        for (k = 0; k < n; ++k) a[k * m + i] -= mean;
    }}
}}
"""
_ROWS = """\
/* a_k *= p_k for n rows of m numbers */
static void {p}_rows(const {real} *{restrict} p, {real} *{restrict} a, int n, int m)
{{
    int i, k;
    for (k = 0; k < n; ++k)
        for (i = 0; i < m; ++i) a[k * m + i] *= p[k];
}}
"""
_CURVE = """\
/* h_k {own}- sum_m p_m g_m g_m', for n rows g of m numbers and centred second derivatives h */
static void {p}_curve(const {real} *{restrict} p, const {real} *{restrict} g, {real} *{restrict} h,
                      int n, int m)
{{
    int i, j, k;
    for (i = 0; i < m; ++i)
        for (j = 0; j < m; ++j) {{
            {real} sum = {zero};
            for (k = 0; k < n; ++k) sum += p[k] * (g[k * m + i] * g[k * m + j]);
            for (k = 0; k < n; ++k) {{
                {real} *const at = h + (k * m + i) * m + j;
                *at = {curved};
            }}
        }}
}}
"""
_PULL_LOG = """\
/* v_k = u_k - p_k sum_m u_m, without cancellation where p_k is nearly 1 */
static void {p}_pull(const {real} *{restrict} p, const {real} *{restrict} u, {real} *{restrict} v,
                     int n)
{{
    int k, m;
    for (k = 0; k < n; ++k) {{
        {real} rest = {zero}, others = {zero};
        for (m = 0; m < n; ++m)
            if (m != k) rest += p[m], others += u[m];
        v[k] = u[k] * rest - p[k] * others;
    }}
}}
"""
_PULL = """\
/* v_k = p_k (u_k - sum_m p_m u_m) */
static void {p}_pull(const {real} *{restrict} p, const {real} *{restrict} u, {real} *{restrict} v,
                     int n)
{{
    int k;
    for (k = 0; k < n; ++k) v[k] = u[k];
    {p}_centre(p, v, n, 1);
    for (k = 0; k < n; ++k) v[k] *= p[k];
}}
"""


def pieces(names: Names, head: Head) -> list[Piece]:
    """The functions that the bodies call."""
    log = head.name == "log_softmax"
    code = Code(names)
    result = f"y[k] - {code.library('log1p')}(rest)" if log else "p[k]"
    g = "g[k * m + i] * g[k * m + j]"
    given = {
        "p": names.prefix, "real": names.real, "restrict": names.restrict, "name": head.name,
        "zero": names.number(0), "one": names.number(1), "result": result,
        "exp": code.library("exp"), "meaning": "log p" if log else "p",
        "own": "" if log else "+ g_k g_k' ",
        "curved": "*at - sum" if log else f"p[k] * ({g} + (*at - sum))",
    }  # fmt: skip
    texts: dict[str, str] = {head.name: _SOFTMAX, "centre": _CENTRE, "rows": _ROWS, "curve": _CURVE}
    texts["pull"] = _PULL_LOG if log else _PULL
    uses: dict[str, frozenset[str]] = {"pull": frozenset() if log else frozenset({"centre"})}
    headers: dict[str, frozenset[str]] = {head.name: frozenset(code.headers)}
    return [
        Piece(
            name, text.format(**given), uses.get(name, frozenset()), headers.get(name, frozenset())
        )
        for name, text in texts.items()
    ]


def start(head: Head, code: Code, n_L: int) -> None:
    """Write the value in place of the logits y, and p to the workspace."""
    code.work.take("h", n_L)
    code.say(
        f"    /* y = {head.name}(z) */", f"    {code.call(head.name, 'y', code.at('h'), n_L)};"
    )


def finish(head: Head, code: Code, name: str, n_1: int, n_L: int) -> None:
    """Write the results of a function in place of those of the logits."""
    start(head, code, n_L)
    p = code.at("h")
    widths = {"jacobian": ("J", n_1), "jvp": ("Jv", 1), "hessian": ("J", n_1)}
    if name not in widths:
        return
    array, m = widths[name]
    code.say(f"    {code.call('centre', p, array, n_L, m)};")
    if name == "hessian":
        code.say(
            f"    {code.call('centre', p, 'H', n_L, n_1 * n_1)};",
            f"    {code.call('curve', p, 'J', 'H', n_L, n_1)};",
        )
    if head.name == "softmax":
        code.say(f"    {code.call('rows', p, array, n_L, m)};")
