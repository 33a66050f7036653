"""The functions that CasADi's `external` calls in a shared library: f, jac_f, jac_jac_f.

f(x) -> y, jac_f(x, out_y) -> ∂y/∂x, and jac_jac_f(x, out_y, out_jac_y_x) -> the derivatives of that
with respect to x and, none, to out_y: the names and the order of `Function.jacobian` of CasADi 3.6
and later. Matrices are CasADi's, column after column.
"""

from __future__ import annotations

from dataclasses import dataclass

from slopenet.exporters._task import Task
from slopenet.exporters.c.names import Names

_HEAD = """\
/* For external("{p}", "./{p}.so") of CasADi 3.6 and later. */
#if defined(__cplusplus)
extern "C" {{
#endif
"""
_TAIL = """\
#if defined(__cplusplus)
}}
#endif
"""
_FUNCTION = """\
int {f}(const double **arg, double **res, long long int *iw, double *w, int mem);
long long int {f}_n_in(void);
long long int {f}_n_out(void);
const char *{f}_name_in(long long int i);
const char *{f}_name_out(long long int i);
const long long int *{f}_sparsity_in(long long int i);
const long long int *{f}_sparsity_out(long long int i);
int {f}_work(long long int *n_arg, long long int *n_res, long long int *n_iw, long long int *n_w);

int {f}(const double **arg, double **res, long long int *iw, double *w, int mem)
{{
{body}
    (void)iw;
    (void)mem;
    return 0;
}}
long long int {f}_n_in(void) {{ return {n_in}; }}
long long int {f}_n_out(void) {{ return {n_out}; }}
const char *{f}_name_in(long long int i)
{{
    static const char *const names[] = {{{names_in}}};
    return i >= 0 && i < {n_in} ? names[i] : 0;
}}
const char *{f}_name_out(long long int i)
{{
    static const char *const names[] = {{{names_out}}};
    return i >= 0 && i < {n_out} ? names[i] : 0;
}}
const long long int *{f}_sparsity_in(long long int i)
{{
{sparsity_in}
    return i >= 0 && i < {n_in} ? patterns[i] : 0;
}}
const long long int *{f}_sparsity_out(long long int i)
{{
{sparsity_out}
    return i >= 0 && i < {n_out} ? patterns[i] : 0;
}}
int {f}_work(long long int *n_arg, long long int *n_res, long long int *n_iw, long long int *n_w)
{{
    if (n_arg) *n_arg = {n_in};
    if (n_res) *n_res = {n_out};
    if (n_iw) *n_iw = 0;
    if (n_w) *n_w = {work};
    return 0;
}}
"""
_VALUE = """\
    double *const y = w + {workspace}, *const x = y + {n_L};
    int i;
    for (i = 0; i < {n_1}; ++i) x[i] = arg[0] ? arg[0][i] : 0.0; /* none stands for zeros */
    {p}_value(x, y, w);
    for (i = 0; res[0] && i < {n_L}; ++i) res[0][i] = y[i];"""
_VALUE_OF_JACOBIAN = """\
    double *const y = w + {workspace}, *const J = y + {n_L}, *const x = J + {n_J};
    int i;
    for (i = 0; i < {n_1}; ++i) x[i] = arg[0] ? arg[0][i] : 0.0; /* none stands for zeros */
    {p}_jacobian(x, y, J, w);
    for (i = 0; res[0] && i < {n_L}; ++i) res[0][i] = y[i];"""
_JACOBIAN = """\
    double *const y = w + {workspace}, *const J = y + {n_L}, *const x = J + {n_J};
    int i, k;
    for (i = 0; i < {n_1}; ++i) x[i] = arg[0] ? arg[0][i] : 0.0; /* none stands for zeros */
    {p}_jacobian(x, y, J, w);
    for (i = 0; res[0] && i < {n_1}; ++i)
        for (k = 0; k < {n_L}; ++k) res[0][i * {n_L} + k] = J[k * {n_1} + i];"""
_HESSIAN = """\
    double *const y = w + {workspace}, *const J = y + {n_L}, *const H = J + {n_J};
    double *const x = H + {n_H};
    int i, j, k;
    for (i = 0; i < {n_1}; ++i) x[i] = arg[0] ? arg[0][i] : 0.0; /* none stands for zeros */
    {p}_hessian(x, y, J, H, w);
    for (j = 0; res[0] && j < {n_1}; ++j)
        for (i = 0; i < {n_1}; ++i)
            for (k = 0; k < {n_L}; ++k)
                res[0][j * {n_J} + i * {n_L} + k] = H[(k * {n_1} + i) * {n_1} + j];"""


@dataclass(frozen=True)
class _Argument:
    """A name, a shape, and whether all entries are there or none."""

    name: str
    rows: int
    columns: int
    dense: bool = True

    def pattern(self) -> list[int]:
        """CasADi's compressed columns: 1 says dense, else where each column begins."""
        ends = [1] if self.dense else [0] * (self.columns + 1)
        return [self.rows, self.columns, *ends]


def external(names: Names, task: Task, workspace: int) -> str:
    """CasADi's functions of the network and, as far as they are exported, of its derivatives."""
    n_1, n_L = task.sizes[0], task.sizes[-1]
    p, n_J = names.prefix, n_L * n_1
    x, y = _Argument("x", n_1, 1), _Argument("y", n_L, 1)
    out_y = _Argument("out_y", n_L, 1, dense=False)
    out_J = _Argument("out_jac_y_x", n_L, n_1, dense=False)
    given = {"p": p, "n_1": n_1, "n_L": n_L, "n_J": n_J, "n_H": n_J * n_1, "workspace": workspace}
    size = workspace + n_L + n_J + n_1
    body = (_VALUE if "value" in task.derivatives else _VALUE_OF_JACOBIAN).format(**given)
    jacobian = (_Argument("jac_y_x", n_L, n_1),)
    parts = [
        _function(p, body, (x,), (y,), size),
        _function(f"jac_{p}", _JACOBIAN.format(**given), (x, out_y), jacobian, size),
    ]
    if "hessian" in task.derivatives:
        second = _Argument("jac_jac_y_x_x", n_J, n_1)
        none = _Argument("jac_jac_y_x_out_y", n_J, n_L, dense=False)
        size += n_J * n_1
        body = _HESSIAN.format(**given)
        parts.append(_function(f"jac_jac_{p}", body, (x, out_y, out_J), (second, none), size))
    return "\n".join([_HEAD.format(p=p), *parts, _TAIL.format()])


def _function(
    f: str, body: str, taken: tuple[_Argument, ...], given: tuple[_Argument, ...], work: int
) -> str:
    return _FUNCTION.format(
        f=f, body=body, n_in=len(taken), n_out=len(given), work=work,
        names_in=_quoted(taken), names_out=_quoted(given),
        sparsity_in=_patterns(taken), sparsity_out=_patterns(given),
    )  # fmt: skip


def _quoted(arguments: tuple[_Argument, ...]) -> str:
    return ", ".join(f'"{argument.name}"' for argument in arguments)


def _patterns(arguments: tuple[_Argument, ...]) -> str:
    lines = [
        f"    static const long long int s{i}[] = {{{', '.join(map(str, argument.pattern()))}}};"
        for i, argument in enumerate(arguments)
    ]
    listed = ", ".join(f"s{i}" for i in range(len(arguments)))
    return "\n".join([*lines, f"    static const long long int *const patterns[] = {{{listed}}};"])
