"""One call checks the request, writes the file, runs it, compares it, and puts it in its place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet.derivation import Chain
from slopenet.evaluate.agreement import Agreement, largest_difference
from slopenet.evaluate.derivatives import Derivatives
from slopenet.exporters import _compare, _targets
from slopenet.exporters._result import Export
from slopenet.exporters._targets import TARGETS, Target
from slopenet.exporters._task import FIRST, OUTPUTS, RESULTS, FunctionName, Task, Written
from slopenet.io.card import Card
from slopenet.io.files import replacing, require_writable
from slopenet.posterior.error_bars import known
from slopenet.posterior.posterior import Posterior
from slopenet.validate import settings
from slopenet.validate.frames import Names
from slopenet.validate.layers import common_dtype


def export(
    net: Derivatives,
    path: str | os.PathLike[str],
    names: tuple[Names, Names],
    *,
    derivatives: Sequence[FunctionName] = ("value", "jacobian"),
    dtype: DTypeLike | None = None,
    prefix: str | None = None,
    casadi: bool = False,
    fmi: int | None = None,
    std: bool = False,
    card: Card | None = None,
    posterior: Posterior | None = None,
) -> Export:
    """Write `net`, whose inputs and outputs have `names`, to `path`; see `Network.export`."""
    place = Path(path)
    target = TARGETS[settings.choice("path must end in", place.suffix, tuple(TARGETS))]
    wanted = settings.names("derivatives", derivatives) or ("value", "jacobian")
    for name in wanted:
        settings.choice("each of derivatives must be", name, tuple(OUTPUTS))
    given = {"prefix": prefix, "casadi": casadi or None, "fmi": fmi, "std": std or None}
    options = {name: value for name, value in given.items() if value is not None}
    _require_taken(target, place.suffix, wanted, options)
    options.pop("std", None)
    require_writable(place)
    chain = _rounded(net.chain(), dtype)
    kind = chain.W[0].dtype.name
    if kind not in target.dtypes:
        raise ValueError(
            f"{target.title} files are of {' or '.join(target.dtypes)}, not {kind};"
            f" export with dtype={target.dtypes[0]!r}"
        )
    own = known(posterior) if std else None
    task = _task(net, chain, place.stem, wanted, names=names, posterior=own)
    written = target.write(replace(task, card=card), **options)
    for ending, content in reversed(written.files.items()):
        with replacing(place.with_suffix(ending)) as file:
            file.write(content)
    return _verdict(place, task, written)


def _require_taken(
    target: Target, suffix: str, derivatives: tuple[str, ...], options: dict[str, Any]
) -> None:
    for name in options:
        if name not in target.options:
            files = _targets.with_option(name)
            raise ValueError(f"{name} is an option of {files} files, not of {suffix} files")
    for name in derivatives:
        if name not in target.derivatives:
            raise ValueError(
                f"{target.title} files have {', '.join(target.derivatives)}, not {name!r};"
                f" {_targets.with_derivative(name)} files have it"
            )


def _task(
    net: Derivatives,
    chain: Chain,
    name: str,
    derivatives: tuple[str, ...],
    *,
    names: tuple[Names, Names],
    posterior: Posterior | None,
) -> Task:
    numbers = None
    if posterior is not None:
        from slopenet.exporters._posteriors import deviations  # loads SciPy

        numbers = deviations(net, posterior, chain.W[0].dtype)
        derivatives += ("std", "jacobian_std")[: 1 + ("jacobian" in derivatives)]
    inputs = _compare.inputs(net, chain.W[0].dtype)
    wanted = _compare.outputs(net, inputs, derivatives, posterior)
    inputs, wanted = _compare.finite(inputs, wanted)
    points = {key: a[:FIRST] for key, a in inputs.items()}
    first = {key: a[:FIRST] for key, a in wanted.items()}
    tolerances = _compare.tolerances(net, inputs, wanted, derivatives, posterior)
    of_first = _compare.tolerances(net, points, first, derivatives, posterior)
    of_first = {key: max(each, tolerances[key]) for key, each in of_first.items()}
    order = tuple(each for each in RESULTS if each in derivatives)
    task = Task(name, chain, net.plan.chain, order, *names, inputs, wanted, tolerances, of_first)
    return replace(task, deviations=numbers)


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
    agreements = [
        Agreement(
            name,
            largest_difference(written.outputs[key], task.outputs[key]),
            task.tolerances[key],
        )
        for name, key in RESULTS.items()
        if name in task.derivatives and key in written.outputs
    ]
    return Export(path, tuple(agreements), written.run_by)
