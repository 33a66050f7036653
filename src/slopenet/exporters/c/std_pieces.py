"""The constants and functions in C from which standard deviations are put together.

K = 1 for values, K = 1 + n_1 with slopes. Vectors with their slopes are K rows, the value's first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slopenet.exporters import _text
from slopenet.exporters._deviations import Deviations, Full, Process, Projected
from slopenet.exporters.c.code import Piece
from slopenet.exporters.c.layers import constant
from slopenet.exporters.c.names import Names

_STANDARD = """\
/* u, the inputs in standard units, and its slopes: K rows */
static void {p}_standard(const {real} *{restrict} x, {real} *{restrict} u, int K)
{{
    int i;
    for (i = 0; i < K * {n_1}; ++i) u[i] = {zero};
    for (i = 0; i < {n_1}; ++i) {{
{standard}
    }}
}}
"""
_PLAIN = """\
        u[i] = (x[i] - {p}_std_centre[i]) / {p}_std_scale[i];
        if (K > 1) u[(1 + i) * {n_1} + i] = {one} / {p}_std_scale[i];"""
_LOGARITHMS = """\
        const {real} inside = {p}_std_log[i] * x[i] + {p}_std_log[{n_1} + i];
        u[i] = (log(inside) - {p}_std_centre[i]) / {p}_std_scale[i];
        if (K > 1) u[(1 + i) * {n_1} + i] = {p}_std_log[i] / (inside * {p}_std_scale[i]);"""
_SOLVE = """\
/* h = L^-1 h, L a lower triangle row after row, h K rows of n numbers */
static void {p}_solve(const {real} *{restrict} L, {real} *{restrict} h, int n, int K)
{{
    int i, r;
    for (r = 0; r < n; ++r) {{
        for (i = 0; i < K; ++i) {{
            {real} *const row = h + i * n;
            row[r] = (row[r] - {p}_dot(L, row, r)) / L[r];
        }}
        L += r + 1;
    }}
}}
"""
_SQUARES = """\
/* v_i = h_i' h_i and c_i = h_0' h_i for K rows of n numbers, `step` apart */
static void {p}_squares(const {real} *h, int n, int step, {real} *v, {real} *c, int K)
{{
    int i;
    for (i = 0; i < K; ++i) {{
        v[i] = {p}_dot(h + i * step, h + i * step, n);
        c[i] = {p}_dot(h, h + i * step, n);
    }}
}}
"""
_COMBINE = """\
/* h += F' a, K rows of m numbers from K rows of n */
static void {p}_combine(const {real} *{restrict} F, const {real} *{restrict} a,
                        {real} *{restrict} h, int n, int m, int K)
{{
    int i, j, q;
    for (i = 0; i < K; ++i)
        for (j = 0; j < n; ++j)
            for (q = 0; q < m; ++q) h[i * m + q] += F[j * m + q] * a[i * n + j];
}}
"""
_COMPARE = """\
/* h_k += (g_k - o_k) F_k of n outputs, F_k of r numbers: K rows */
static void {p}_compare(const {real} *{restrict} g, const {real} *{restrict} o,
                        const {real} *{restrict} F, {real} *{restrict} h, int n, int r, int K)
{{
    int i, k, q;
    for (i = 0; i < K; ++i)
        for (k = 0; k < n; ++k) {{
            const {real} distance = g[i * n + k] - o[i * n + k];
            for (q = 0; q < r; ++q) h[(i * n + k) * r + q] += distance * F[k * r + q];
        }}
}}
"""
_BEND = """\
/* g = D c and its slopes g_i = D c_i + diag(s) diag(z_i) c: K rows of n */
static void {p}_bend(const {real} *{restrict} d, const {real} *{restrict} s,
                     const {real} *{restrict} z, const {real} *{restrict} c,
                     {real} *{restrict} g, int n, int K)
{{
    int i, j;
    for (j = 0; j < n; ++j) g[j] = d[j] * c[j];
    for (i = 1; i < K; ++i)
        for (j = 0; j < n; ++j)
            g[i * n + j] = d[j] * c[i * n + j] + s[j] * z[i * n + j] * c[j];
}}
"""
_WEIGH = """\
/* t = unit (g a', g) and its slopes, K rows p apart: n x m weights, then n biases */
static void {p}_weigh(const {real} *{restrict} g, const {real} *{restrict} a,
                      {real} *{restrict} t, {real} unit, int n, int m, int p, int K)
{{
    int i, j, k;
    for (i = 0; i < K; ++i) {{
        for (k = 0; k < n; ++k)
            for (j = 0; j < m; ++j) {{
                {real} by = g[i * n + k] * a[j];
                if (i) by += g[k] * a[i * m + j];
                t[i * p + k * m + j] = unit * by;
            }}
        for (k = 0; k < n; ++k) t[i * p + n * m + k] = unit * g[i * n + k];
    }}
}}
"""
_TARGETS = """\
/* t, the covariances of value and slopes at u with R targets of a process: K rows of R;
 * target b (1 + n_1) + j is the value (j = 0) or a slope at point b; e is for n_1 numbers */
static void {p}_targets(const {real} *{restrict} u, const {real} *{restrict} scale,
                        const int *{restrict} known, {real} *{restrict} e, {real} *{restrict} t,
                        int R, int K)
{{
    {real} k = {zero};
    int b = -1, i, j, r;
    for (r = 0; r < R; ++r) {{
        if (known[r] / {kinds} != b) {{
            {real} sum = {zero};
            b = known[r] / {kinds};
            for (i = 0; i < {n_1}; ++i) {{
                const {real} v = (u[i] - {p}_std_points[b * {n_1} + i]) / scale[i];
                sum += v * v;
                e[i] = v / scale[i];
            }}
            k = exp(-sum / {two});
        }}
        j = known[r] % {kinds};
        t[r] = j ? k * e[j - 1] : k;
        for (i = 1; i < K; ++i) t[i * R + r] = -e[i - 1] * t[r];
        if (j && K > 1) t[j * R + r] += k / (scale[j - 1] * scale[j - 1]);
    }}
}}
"""
_PROCESS = """\
/* v, the variances of value and slopes at u over sigma^2, and c, the covariances with the value */
static void {p}_process(const {real} *{restrict} u, const {real} *{restrict} scale,
                        const int *{restrict} known, const {real} *{restrict} factor,
                        const {real} *{restrict} ones, {real} root, {level_argument}int R,
                        {real} *{restrict} v, {real} *{restrict} c, {real} *{restrict} w, int K)
{{
    {real} *const e = w, *const g = e + {n_1}, *const h = g + K;
    int i{r};
    {p}_targets(u, scale, known, e, h, R, K);
    for (i = 0; i < K; ++i) g[i] = (i ? {zero} : root) - {p}_dot(h + i * R, ones, R);
    {p}_solve(factor, h, R, K);
{less}    {p}_squares(h, R, R, v, c, K);
    for (i = 0; i < K; ++i) {{
        const {real} prior = i ? {one} / (scale[i - 1] * scale[i - 1]) : {one};
        v[i] = prior + g[i] * g[i] - v[i];
        c[i] = g[0] * g[i] - c[i];
    }}
{more}}}
"""
_LESS = """\
    if (level) {{ /* no value is known: f less its mean over the points */
        for (r = 0; r < R; ++r) h[r] -= level[r];
        g[0] -= level[R];
    }}
"""
_MORE = """\
    if (level) {{
        {p}_targets(u, scale, {p}_std_values, e, h, {n}, K);
        v[0] += level[R + 1];
        for (r = 0; r < {n}; ++r) {{
        v[0] -= {two} * h[r] / {n};
            for (i = 0; i < K; ++i) c[i] -= h[i * {n} + r] / {n};
        }}
    }}
"""
_OUTPUT = """\
/* the variances and covariances of output k from those of its process */
static void {p}_output(int k, const {real} *{restrict} u, const {real} *v, const {real} *c,
                       {real} *{restrict} to_v, {real} *{restrict} to_c, int K)
{{
    int i;
    for (i = 0; i < K; ++i) {{
        const {real} rate = i ? u[i * {n_1} + i - 1] : {one};
        to_v[i] = {p}_std_variance[k] * v[i] + {p}_std_distance[k * {kinds} + i];
        to_v[i] *= rate * rate;
        to_c[i] = {p}_std_variance[k] * c[i] * rate;
    }}
}}
"""
_ROOTS = """\
/* s_k and S_k from the variances */
static void {p}_roots(int k, const {real} *v, {real} *{restrict} s, {real} *{restrict} S, int K)
{{
    int i;
    s[k] = v[0] > 0 ? sqrt(v[0]) : {zero};
    for (i = 1; i < K; ++i) S[k * {n_1} + i - 1] = v[i] > 0 ? sqrt(v[i]) : {zero};
}}
"""
_ROOTS_BEHIND = """\
/* s_k and S_k of the function behind an exponential e: its value changes by e times the change of
 * g, and its slope by e times that of the slope of g, and J_i times that of g; a is H and its
 * slopes */
static void {p}_roots(int k, const {real} *v, const {real} *c, const {real} *a,
                      {real} *{restrict} s, {real} *{restrict} S, int K)
{{
    const {real} e = a[k] + {p}_std_shift[k];
    int i;
    s[k] = v[0] > 0 ? fabs(e) * sqrt(v[0]) : {zero};
    for (i = 1; i < K; ++i) {{
        const {real} J = a[i * {n_L} + k];
        const {real} t = e * e * v[i] + {two} * e * J * c[i] + J * J * v[0];
        S[k * {n_1} + i - 1] = t > 0 ? sqrt(t) : {zero};
    }}
}}
"""
_MATH = frozenset({"math"})


def pieces(names: Names, found: Deviations) -> Iterator[Piece]:
    """All constants, then the functions: those that are used are written."""
    yield from _constants(names, found)
    units = found.units
    n_1 = len(units.s_x)
    given = {
        "p": names.prefix, "real": names.real, "restrict": names.restrict, "n_1": n_1,
        "n_L": len(units.s_y), "kinds": 1 + n_1, "zero": names.number(0), "one": names.number(1),
        "two": names.number(2),
    }  # fmt: skip
    standard = (_PLAIN if units.log_x is None else _LOGARITHMS).format(**given)
    yield Piece(
        "standard",
        _STANDARD.format(**given, standard=standard),
        frozenset({"std_centre", "std_scale", "std_log"}),
        frozenset() if units.log_x is None else _MATH,
    )
    texts = {"solve": _SOLVE, "squares": _SQUARES, "combine": _COMBINE, "compare": _COMPARE}
    for name, text in (texts | {"bend": _BEND, "weigh": _WEIGH}).items():
        yield Piece(name, text.format(**given), frozenset({"dot"} if "_dot" in text else set()))
    if isinstance(found, Process):
        yield from _of_process(found, given)
    behind = units.log_y is not None
    roots = (_ROOTS_BEHIND if behind else _ROOTS).format(**given)
    yield Piece("roots", roots, frozenset({"std_shift"}), _MATH)


def _of_process(found: Process, given: dict[str, object]) -> Iterator[Piece]:
    level = any(group.level is not None for group in found.groups)
    more = {
        "r": ", r" if level else "",
        "level_argument": f"const {given['real']} *level, " if level else "",
        "less": _LESS if level else "",
        "more": _MORE.format(**given, n=len(found.points)) if level else "",
    }
    yield Piece("targets", _TARGETS.format(**given), frozenset({"std_points"}), _MATH)
    uses = frozenset({"targets", "dot", "solve", "squares"} | ({"std_values"} if level else set()))
    yield Piece("process", _PROCESS.format(**given, **more), uses)
    uses = frozenset({"std_variance", "std_distance"})
    yield Piece("output", _OUTPUT.format(**given), uses)


def _constants(names: Names, found: Deviations) -> Iterator[Piece]:
    units = found.units
    yield constant(names, "std_centre", units.m_x, "centre of the inputs")
    yield constant(names, "std_scale", units.s_x, "scale of the inputs")
    if units.log_x is not None:
        yield constant(names, "std_log", units.log_x, "c, d of log(c x + d)")
    if units.log_y is not None:
        yield constant(names, "std_shift", units.log_y[1] / units.log_y[0], "d/c of log(c y + d)")
    match found:
        case Projected():
            yield constant(
                names, "std_root", found.root, "F, {} x ({} x {})".format(*found.root.shape)
            )
            if found.of_rivals is not None and found.rivals:
                yield constant(names, "std_of_rivals", found.of_rivals, "F of other networks")
        case Full():
            yield constant(names, "std_unit", units.s_y, "scale of the outputs")
            yield constant(names, "std_factor", found.factor, "L of the weights")
        case Process():
            yield constant(names, "std_points", found.points, "points of the targets")
            yield constant(names, "std_variance", found.variance, "sigma^2 of the outputs")
            yield constant(names, "std_distance", found.distance, "squares to be added")
            kinds, n = 1 + found.points.shape[1], len(found.points)
            yield _integers(names, "std_values", range(0, n * kinds, kinds), "values at the points")
            for i, group in enumerate(found.groups):
                yield _integers(names, f"std_outputs{i}", group.outputs.tolist(), "outputs")
                yield _integers(names, f"std_known{i}", group.targets.tolist(), "known targets")
                yield constant(names, f"std_length{i}", group.scales, "length scales")
                yield constant(names, f"std_factor{i}", group.factor, "L of the known targets")
                yield constant(names, f"std_ones{i}", group.ones, "weights of the mean")
                if group.level is not None:
                    yield constant(names, f"std_level{i}", group.level, "means over the points")


def _integers(names: Names, name: str, values: Sequence[int], meaning: str) -> Piece:
    rows = _text.lines(map(str, values), "    ")
    head = f"static const int {names.prefix}_{name}[{len(values)}] = {{ /* {meaning} */"
    return Piece(name, "\n".join([head, *rows, "};", ""]))
