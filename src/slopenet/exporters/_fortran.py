"""The network as one Fortran 2008 module: no dependencies, no state, no files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from slopenet.activations import Activation, different
from slopenet.exporters import _functions, _text
from slopenet.exporters._expression import Expression, Trace, in_order, traced
from slopenet.exporters._fortran_text import FUNCTIONS, HEAD, PROGRAM, SIGMA, sweeps
from slopenet.exporters._task import Arrays, Task, Written
from slopenet.validate import settings
from slopenet.validate.frames import Names

DERIVATIVES = ("value", "jacobian", "hessian")
_LONGEST = 40  # of a prefix; Fortran's names have up to 63 letters
_SECONDS = 600.0  # for the compiler, and for the program
_CHUNK = 600  # numbers of one statement, which may have 255 continuation lines
_KIND = {"float64": "real64", "float32": "real32"}
_OPERATIONS = {
    "z": "z", "positive": "{0} > 0.0_rk", "not_positive": "{0} <= 0.0_rk",
    "where": "merge({1}, {2}, {0})",
}  # fmt: skip


def _subtracted(t: Trace, x: Expression) -> Expression:
    return t.node("sub", 0.0, x)


# Fortran has no sign after an operator, and no expm1 and log1p.
_REPLACED = {
    "neg": _subtracted,
    "expm1": _functions.expm1_by_tanh,
    "log1p": _functions.log1p_by_atanh,
}


def write(task: Task, *, prefix: str | None = None) -> Written:
    """Write the module, compile and run it where there is gfortran.

    Parameters
    ----------
    task : Task
    prefix : str, optional
        Name of the module, and prefix of its procedures; the file's name unless given.
    """
    symbol = _symbol(task.name, prefix)
    text = source(task, symbol)
    compiler = os.environ.get("FC") or shutil.which("gfortran")
    if compiler is None or shutil.which(compiler) is None:
        return Written({".f90": text.encode()}, {}, "there is no gfortran; set FC to a compiler")
    return Written({".f90": text.encode()}, _run(text, task, symbol, compiler), compiler)


def _symbol(name: str, given: str | None) -> str:
    symbol = re.sub(r"\W", "_", name, flags=re.ASCII) if given is None else given
    if given is None and not symbol[:1].isalpha():
        symbol = f"net_{symbol}"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", symbol) or len(symbol) > _LONGEST:
        raise ValueError(
            f"prefix must be up to {_LONGEST} letters, digits and underscores, a letter first,"
            f" got {settings.short(symbol)}"
        )
    return symbol


def source(task: Task, symbol: str) -> str:
    """The text of the module."""
    if task.head is not None:
        raise ValueError(
            f"derivatives of {task.head} are not written in Fortran yet; export the network of its"
            " logits, with output 'identity'"
        )
    each = different(task.chain.activations)
    names = ", ".join(map(str, task.chain.activations))
    public = [f"{symbol}_{name}" for name in DERIVATIVES if name in task.derivatives]
    head = HEAD.format(
        p=symbol,
        description=f"{'-'.join(map(str, task.sizes))}, {names}; {task.dtype.name}",
        inputs=_listed(task.input_names, task.sizes[0]),
        outputs=_listed(task.output_names, task.sizes[-1]),
        public=", ".join(public),
        kind=_KIND[task.dtype.name],
        n_1=task.sizes[0],
        n_L=task.sizes[-1],
    )
    parts = [head, *_parameters(task), "contains\n"]
    parts += [
        FUNCTIONS[name].format(p=symbol, sweeps=sweeps(task, each, name))
        for name in DERIVATIVES
        if name in task.derivatives
    ]
    parts += [
        _sigma(activation, at, k)
        for at, activation in enumerate(each, start=1)
        for k, name in enumerate(DERIVATIVES)
        if name in task.derivatives
    ]
    lines = "\n".join([*parts, f"end module {symbol}\n"]).split("\n")
    return "\n".join(short for line in lines for short in _wrapped(line))


def _listed(labels: Names, n: int) -> str:
    text = ", ".join(labels) if labels else f"{n} numbers"
    return text.encode("ascii", "backslashreplace").decode().replace("\n", "\\n")


def _wrapped(line: str) -> Iterator[str]:
    """A line as lines of at most 120 characters; comments go on as comments."""
    comment = line.lstrip().startswith("!")
    while len(line) > 120:
        at = line.rfind(" ", 40, 116)
        if at < 0:
            at = 115
        yield line[:at] + ("" if comment else " &")
        line = ("    ! " if comment else "        & ") + line[at + 1 if line[at] == " " else at :]
    yield line


def _parameters(task: Task) -> Iterator[str]:
    """W and b as data: W(i, k) is the weight from unit i to unit k."""
    yield "    integer :: i_"
    for l, (W, b) in enumerate(zip(task.chain.W, task.chain.b, strict=True), start=2):
        yield f"    real(rk), save :: w{l}({W.shape[1]}, {W.shape[0]}), b{l}({len(b)})"
    for l, (W, b) in enumerate(zip(task.chain.W, task.chain.b, strict=True), start=2):
        for k, row in enumerate(W, start=1):
            yield from _data(f"w{l}(i_, {k})", row)
        yield from _data(f"b{l}(i_)", b)
    yield ""


def _data(entry: str, array: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Iterator[str]:
    for start in range(0, len(array), _CHUNK):
        part = array[start : start + _CHUNK]
        numbers = ", ".join(f"{text}_rk" for text in _text.literals(part))
        yield f"    data ({entry}, i_ = {start + 1}, {start + len(part)}) / {numbers} /"


def _sigma(activation: Activation, at: int, order: int) -> str:
    """σ, and up to order its derivatives, as a procedure of one number."""
    results = traced(activation, order, _REPLACED)
    named, texts = _text.statements(results, _write)
    lines = [f"        {name} = {text}" for name, text in named]
    lines += [f"        {out} = {text}" for out, text in zip("ads", texts, strict=False)]
    if not any(x.op == "z" for x in in_order(results)):
        lines.append("        a = a + 0.0_rk * z")
    conditions = [name for name, text in named if text.endswith((" > 0.0_rk", " <= 0.0_rk"))]
    numbers = [name for name, _ in named if name not in conditions]
    local = [("real(rk)", numbers), ("logical", conditions)]
    return SIGMA.format(
        name=f"sigma{at}_{order}",
        title=str(activation),
        arguments=", ".join(["z", *"ads"[: order + 1]]),
        out=", ".join("ads"[: order + 1]),
        local="".join(f"        {kind} :: {', '.join(names)}\n" for kind, names in local if names),
        body="\n".join(lines),
    )


def _write(x: Expression, args: list[str]) -> str:
    if x.op == "number":
        text = f"{x.value!r}_rk"
        return f"({text})" if x.value < 0 else text
    return _OPERATIONS.get(x.op, f"{x.op}({', '.join(args)})").format(*args)


def _run(text: str, task: Task, symbol: str, compiler: str) -> Arrays:
    """Compile the module with a program that reads points and writes the results."""
    x = task.inputs["x"]
    n_1, n_L = task.sizes[0], task.sizes[-1]
    name = next(name for name in reversed(DERIVATIVES) if name in task.derivatives)
    order = DERIVATIVES.index(name)
    program = PROGRAM.format(
        p=symbol, name=name, rows=len(x),
        more="".join((", dydx", ", d2ydx2")[:order]),
        write="".join(
            f"\n        write (*, '(ES27.17E4)') {each}"
            for each in ("y", "transpose(dydx)", "reshape(d2ydx2, shape(d2ydx2))")[: order + 1]
        ),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "all.f90").write_text(text + program)
        command = [compiler, "-O2", "-std=f2008", "-J", folder, "-o", "run", "all.f90"]
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        if done.returncode:
            raise ChildProcessError(f"{compiler} failed: {' '.join(done.stderr.split())[:300]}")
        given = "\n".join(repr(float(v)) for v in x.ravel())
        output = subprocess.run(  # noqa: S603
            [str(place / "run")],
            input=given, capture_output=True, text=True, check=True, timeout=_SECONDS,
        ).stdout  # fmt: skip
    numbers = np.array(output.split(), dtype=np.float64).astype(task.dtype).reshape(len(x), -1)
    sizes = [n_L, n_L * n_1, n_L * n_1 * n_1][: order + 1]
    y, *others = np.split(numbers, np.cumsum(sizes)[:-1], axis=1)
    found = {"y": y}
    if order:
        found["J"] = others[0].reshape(-1, n_L, n_1)
    if order == 2:  # column after column, the output first
        found["H"] = others[1].reshape(-1, n_1, n_1, n_L).transpose(0, 3, 1, 2)
    return found
