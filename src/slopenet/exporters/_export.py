"""One call: what is asked for is checked, written, run, compared, and put in its place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet.derivation import Chain
from slopenet.evaluate.derivatives import Derivatives
from slopenet.exporters import _compare, _python, c, onnx
from slopenet.exporters._result import Export
from slopenet.exporters._task import OUTPUTS, Task, Written
from slopenet.io.files import replacing, require_writable
from slopenet.validate import settings
from slopenet.validate.frames import Names
from slopenet.validate.layers import common_dtype

SUFFIXES = (".c", ".onnx", ".py")


def export(
    net: Derivatives,
    path: str | os.PathLike[str],
    names: tuple[Names, Names],
    *,
    derivatives: Sequence[str] = ("value", "jacobian"),
    dtype: DTypeLike | None = None,
    prefix: str | None = None,
    casadi: bool = False,
) -> Export:
    """Write `net`, whose inputs and outputs have `names`, to `path`; see `Network.export`."""
    target = Path(path)
    suffix = settings.choice("path must end in", target.suffix, SUFFIXES)
    wanted = settings.names("derivatives", derivatives) or ("value", "jacobian")
    for name in wanted:
        settings.choice("each of derivatives must be", name, tuple(OUTPUTS))
    if suffix != ".c" and (prefix is not None or casadi):
        raise ValueError(f"prefix and casadi are for C files (.c), not for {suffix}")
    require_writable(target)
    task = _task(net, target.stem, wanted, names, dtype)
    if suffix == ".c":
        written = c.write(task, prefix, casadi=casadi)
    else:
        written = (_python if suffix == ".py" else onnx).write(task)
    for ending, content in reversed(written.files.items()):
        with replacing(target.with_suffix(ending)) as file:
            file.write(content)
    return _verdict(target, task, written)


def _task(
    net: Derivatives,
    name: str,
    derivatives: tuple[str, ...],
    names: tuple[Names, Names],
    dtype: DTypeLike | None,
) -> Task:
    chain = _rounded(net.chain(), dtype)
    inputs = _compare.inputs(net, chain.W[0].dtype)
    inputs, outputs = _compare.finite(inputs, _compare.outputs(net, inputs, derivatives))
    tolerances = _compare.tolerances(net, inputs, outputs, derivatives)
    order = tuple(known for known in OUTPUTS if known in derivatives)
    return Task(name, chain, net.plan.chain, order, *names, inputs, outputs, tolerances)


def _rounded(chain: Chain, dtype: DTypeLike | None) -> Chain:
    kind = common_dtype([*chain.W, *chain.b], dtype)
    with np.errstate(over="ignore"):
        W, b = ([a.astype(kind) for a in arrays] for arrays in (chain.W, chain.b))
    for l, arrays in enumerate(zip(W, b, strict=True), start=2):
        for letter, array in zip("Wb", arrays, strict=True):
            if not np.isfinite(array).all():
                raise ValueError(f"{letter}[{l}] has an entry that is too large for {kind}")
    return Chain(W, b, chain.activations)


def _verdict(path: Path, task: Task, written: Written) -> Export:
    outputs: dict[str, Any] = {
        name: written.outputs[OUTPUTS[name]]
        for name in task.derivatives
        if OUTPUTS[name] in written.outputs
    }
    wanted = {name: task.outputs[OUTPUTS[name]] for name in outputs}
    return Export(
        path,
        _compare.differences(outputs, wanted),
        {name: task.tolerances[OUTPUTS[name]] for name in outputs},
        written.run_by,
    )
