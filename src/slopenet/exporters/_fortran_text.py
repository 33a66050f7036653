"""The fixed parts of a Fortran module, and the sweeps through the layers."""

from __future__ import annotations

from collections.abc import Iterator

from slopenet.activations import Activation, LayerActivation
from slopenet.exporters._task import Task

_STACK = 4096  # numbers; larger local arrays are on the heap

HEAD = """\
! A feed-forward network and its derivatives in Fortran 2008, written by slopenet.
!
! {description}
! x: {inputs}
! y: {outputs}
!
! Procedures are pure. dydx(k, i) is the derivative of y(k) with respect to x(i), d2ydx2(k, i, j)
! that of dydx(k, i) with respect to x(j).
module {p}
    use, intrinsic :: iso_fortran_env, only: rk => {kind}
    implicit none
    private
    public :: {public}
    integer, parameter, public :: {p}_kind = rk, {p}_inputs = {n_1}, {p}_outputs = {n_L}
    integer, parameter :: n1 = {n_1}, nl = {n_L}
"""
FUNCTIONS = {
    "value": """\
    pure subroutine {p}_value(x, y)
        real(rk), intent(in) :: x(n1)
        real(rk), intent(out) :: y(nl)
{sweeps}
    end subroutine {p}_value
""",
    "jacobian": """\
    pure subroutine {p}_jacobian(x, y, dydx)
        real(rk), intent(in) :: x(n1)
        real(rk), intent(out) :: y(nl), dydx(nl, n1)
{sweeps}
    end subroutine {p}_jacobian
""",
    "hessian": """\
    pure subroutine {p}_hessian(x, y, dydx, d2ydx2)
        real(rk), intent(in) :: x(n1)
        real(rk), intent(out) :: y(nl), dydx(nl, n1), d2ydx2(nl, n1, n1)
{sweeps}
    end subroutine {p}_hessian
""",
}
SIGMA = """\
    ! {title}
    pure elemental subroutine {name}({arguments})
        real(rk), intent(in) :: z
        real(rk), intent(out) :: {out}
{local}{body}
    end subroutine {name}
"""
PROGRAM = """
program run
    use {p}, rk => {p}_kind
    implicit none
    real(rk) :: x({p}_inputs), y({p}_outputs)
    real(rk), allocatable :: dydx(:, :), d2ydx2(:, :, :)
    integer :: row
    allocate (dydx({p}_outputs, {p}_inputs))
    allocate (d2ydx2(size(y), size(x), size(x)))
    do row = 1, {rows}
        read (*, *) x
        call {p}_{name}(x, y{more}){write}
    end do
end program run
"""


def sweeps(task: Task, different: list[Activation], name: str) -> str:
    """The body of a procedure.

    Forward, z = W a + b and, for slopes, the tangents Z' = W A', A' = D Z'. For the Hessian of
    output k the adjoint c goes back, and every layer adds Z'ᵀ diag(c S) Z'.
    """
    order = ("value", "jacobian", "hessian").index(name)
    n, last = task.sizes, len(task.sizes)
    arrays: list[tuple[str, tuple[int, ...]]] = []
    body: list[str] = []
    for l in range(2, last + 1):
        size, below = n[l - 1], n[l - 2]
        a = "x" if l == 2 else f"a{l - 1}"
        out = ["y" if l == last else f"a{l}", f"d{l}", f"s{l}"][: order + 1]
        arrays += [(f"z{l}", (size,)), *((each, (size,)) for each in out if each != "y")]
        body += [
            f"do k = 1, {size}",
            f"    z{l}(k) = b{l}(k)",
            f"    do i = 1, {below}",
            f"        z{l}(k) = z{l}(k) + w{l}(i, k) * {a}(i)",
            "    end do",
            "end do",
            *_sigmas(task.chain.activations[l - 2], different, order, [f"z{l}", *out], size),
        ]
        if order and l == 2:
            arrays.append((f"t{l}", (n[0], size)))
            body += [f"do k = 1, {size}", f"    t{l}(:, k) = w{l}(:, k)", "end do"]
        elif order:
            arrays.append((f"t{l}", (n[0], size)))
            body += [
                f"do k = 1, {size}",
                f"    t{l}(:, k) = 0.0_rk",
                f"    do i = 1, {below}",
                f"        t{l}(:, k) = t{l}(:, k) + (w{l}(i, k) * d{l - 1}(i)) * t{l - 1}(:, i)",
                "    end do",
                "end do",
            ]
    if order:
        body += ["do k = 1, nl", f"    dydx(k, :) = d{last}(k) * t{last}(:, k)", "end do"]
    if order == 2:
        body += _hessian(n, arrays)
    counters = "k, i" if order < 2 else "k, i, j, m"
    return "\n".join(_declared(arrays, counters) + [f"        {line}" for line in body])


def _sigmas(
    activation: LayerActivation, different: list[Activation], order: int, names: list[str], n: int
) -> Iterator[str]:
    """Calls of σ, one for each run of units."""
    begin = 0
    for each, count in activation.runs(n):
        part = "" if count == n else f"({begin + 1}:{begin + count})"
        arguments = ", ".join(f"{name}{part}" for name in names)
        yield f"call sigma{different.index(each) + 1}_{order}({arguments})"
        begin += count


def _hessian(n: tuple[int, ...], arrays: list[tuple[str, tuple[int, ...]]]) -> list[str]:
    last = len(n)
    arrays += [(f"c{l}", (n[l - 1],)) for l in range(2, last + 1)]
    body = ["d2ydx2 = 0.0_rk", "do k = 1, nl", f"    c{last} = 0.0_rk", f"    c{last}(k) = 1.0_rk"]
    for l in range(last, 1, -1):
        body += [
            f"    do m = 1, {n[l - 1]}",
            "        do j = 1, n1",
            "            do i = 1, j",
            f"                d2ydx2(k, i, j) = d2ydx2(k, i, j) + c{l}(m) * s{l}(m) * t{l}(i, m)"
            f" * t{l}(j, m)",
            "            end do",
            "        end do",
            "    end do",
        ]
        if l > 2:
            body += [
                f"    c{l - 1} = 0.0_rk",
                f"    do m = 1, {n[l - 1]}",
                f"        c{l - 1} = c{l - 1} + (c{l}(m) * d{l}(m)) * w{l}(:, m)",
                "    end do",
            ]
    return [
        *body,
        "    do j = 1, n1",
        "        do i = 1, j - 1",
        "            d2ydx2(k, j, i) = d2ydx2(k, i, j)",
        "        end do",
        "    end do",
        "end do",
    ]


def _declared(arrays: list[tuple[str, tuple[int, ...]]], counters: str) -> list[str]:
    lines, allocated = [f"        integer :: {counters}"], []
    for name, shape in arrays:
        size = ", ".join(map(str, shape))
        entries = shape[0] * (shape[1] if len(shape) > 1 else 1)
        if entries <= _STACK:
            lines.append(f"        real(rk) :: {name}({size})")
        else:
            colons = ", ".join(":" * len(shape))
            lines.append(f"        real(rk), allocatable :: {name}({colons})")
            allocated.append(f"        allocate ({name}({size}))")
    return lines + allocated
