"""A test that travels with the file: inputs and outputs compiled in."""

from __future__ import annotations

import numpy as np

from slopenet.exporters._task import FIRST, Task
from slopenet.exporters.c.layers import constant
from slopenet.exporters.c.names import Names

_MOST = 500  # entries of an output that are compiled in, for all points together
_SLACK = 20  # another compiler and library may round otherwise

_CLOSE = """\
/* whether every stride-th number of `got` is within `bound` of `wanted` */
static int {p}_close(const {p}_real *got, const {p}_real *wanted, {p}_real bound, int n, int stride)
{{
    int i;
    for (i = 0; i < n; ++i) {{
        const {p}_real e = got[i * stride] - wanted[i];
        if (!(e <= bound && -e <= bound)) return 0;
    }}
    return 1;
}}
"""


def self_test(
    names: Names,
    task: Task,
    signatures: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]],
) -> tuple[str, int]:
    """The text of the test, and how much more workspace it needs than the functions do.

    Parameters
    ----------
    names : Names
    task : Task
        Whose `FIRST` inputs and outputs are tried.
    signatures : dict of str to (inputs, outputs, meaning)
        Of the functions to be called.
    """
    p = names.prefix
    known = task.inputs | {key: array.astype(task.dtype) for key, array in task.outputs.items()}
    points = min(FIRST, len(known["x"]))
    used = sorted({name for taken, given, _ in signatures.values() for name in (*taken, *given)})
    rows = {name: known[name][:points].reshape(points, -1) for name in used}
    strides = {name: max(1, row.size // _MOST) for name, row in rows.items()}
    taken_names = {name for taken, _, _ in signatures.values() for name in taken}
    arrays = [
        constant(
            names, f"test_{name}", row if name in taken_names else row[:, :: strides[name]], name
        ).text
        for name, row in rows.items()
    ]
    places, end = {}, 0
    for name, row in rows.items():
        if name not in taken_names:
            places[name], end = end, end + row.shape[1]
    checks = []
    for number, (function, (taken, given, _)) in enumerate(signatures.items(), start=1):
        inputs = [f"{p}_test_{name} + i * {rows[name].shape[1]}" for name in taken]
        checks.append(f"        {p}_{function}({', '.join([*inputs, *given, 'scratch'])});")
        for name in given:
            n = rows[name][:, :: strides[name]].shape[1]
            bound = _SLACK * task.first_tolerances[name] * float(np.abs(rows[name]).max())
            limit = names.number(min(bound, float(np.finfo(task.dtype).max)))
            arguments = f"{name}, {p}_test_{name} + i * {n}, {limit}, {n}, {strides[name]}"
            checks.append(f"        if (!{p}_close({arguments})) return {number};")
    parts = [f"    {p}_real *const {name} = w + {place};" for name, place in places.items()]
    test = [
        f"int {p}_self_test({p}_real *{names.restrict} w)",
        "{",
        *parts,
        f"    {p}_real *const scratch = w + {end};",
        "    int i;",
        f"    for (i = 0; i < {points}; ++i) {{",
        *checks,
        "    }",
        "    return 0;",
        "}",
        "",
    ]
    close = _CLOSE.format(p=p)
    return "\n".join([*arrays, close, *test]), end
