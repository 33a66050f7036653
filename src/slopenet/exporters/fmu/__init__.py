"""The network as a Functional Mock-up Unit of FMI 3.0 or 2.0, for tools that simulate systems.

An archive with a description, C sources and, where there is a compiler, a library for this machine.
The sources are those of the C exporter, and functions of FMI in ``sources/`` that call them.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from slopenet.exporters import _text
from slopenet.exporters._task import Task, Written
from slopenet.exporters.c import symbol_prefix
from slopenet.exporters.c.run import compiler
from slopenet.exporters.c.source import source
from slopenet.exporters.fmu.description import VERSIONS, build_description, model_description
from slopenet.exporters.fmu.library import compiled, place_of_library, run
from slopenet.exporters.fmu.variables import variables
from slopenet.parameters import checksum
from slopenet.validate import settings

DERIVATIVES = ("value", "jacobian", "jvp", "vjp")
_FUNCTIONS = ("value", "jvp", "vjp")  # of the network, that those of FMI call
_SOURCES = Path(__file__).with_name("sources")
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # of a ZIP file's time
_CONFIG = """\
/* Names and numbers of this network, for the functions of FMI. */
#ifndef slopenet_config_h
#define slopenet_config_h

#include "network.h"

typedef {p}_real real;

#define TOKEN "{token}"
#define N_IN {P}_N_IN
#define N_OUT {P}_N_OUT
#define WORKSPACE {P}_SELF_TEST_WORKSPACE
#define START_VALUES {{ \\
{start} }}
#define network_value {p}_value
#define network_jvp {p}_jvp
#define network_vjp {p}_vjp
#define network_self_test {p}_self_test

#endif
"""


def write(task: Task, *, prefix: str | None = None, fmi: Any = 3) -> Written:
    """Write the FMU; compile its library and run it where there is a C compiler.

    It has all of `DERIVATIVES`, whichever are asked for; those that are asked for are returned.

    Parameters
    ----------
    task : Task
    prefix : str, optional
        The model identifier: name of the library, and prefix of the network's symbols; the file's
        name unless given.
    fmi : {2, 3}
        Version of FMI.

    Raises
    ------
    ValueError
        For another version or prefix, or adjoint derivatives of FMI 2, which has none.
    ChildProcessError
        If the compiler fails, or a function of the library.
    """
    if not isinstance(fmi, int) or fmi not in VERSIONS:
        raise ValueError(f"fmi must be 2 or 3, got {settings.short(fmi)}")
    if fmi == 2 and "vjp" in task.derivatives:
        raise ValueError("FMI 2 has no adjoint derivatives; leave out 'vjp', or export with fmi=3")
    identifier = symbol_prefix(task.name, prefix)
    units = (f"fmi{fmi}.c", "network.c")
    described = partial(model_description, task, fmi, identifier, units)
    token = _token(task, described(token=""))
    sources = _sources(task, fmi, identifier, token)
    files = {"modelDescription.xml": described(token=token)}
    files |= {f"sources/{name}": content for name, content in sources.items()}
    if fmi == 3:
        files["sources/buildDescription.xml"] = build_description(identifier, units)
    command = compiler()
    if command is None:
        why = "there is no C compiler, so that it has sources alone; set CC to the command of one"
        return Written({".fmu": _archive(files)}, {}, why)
    library = compiled(sources, units, command)
    outputs = run(library, task, fmi, token)
    run_by = command[0]
    place = place_of_library(fmi)
    if place is None:
        run_by += f"; FMI {fmi} has no name for this platform, so that it has sources alone"
    else:
        folder, suffix = place
        files[f"binaries/{folder}/{identifier}{suffix}"] = library
    return Written({".fmu": _archive(files)}, outputs, run_by)


def _token(task: Task, description: bytes) -> str:
    """A word that changes with the network and its description."""
    weights = checksum(task.chain.W, task.chain.b)
    return hashlib.sha256(description + weights.encode()).hexdigest()


def _sources(task: Task, fmi: int, identifier: str, token: str) -> dict[str, bytes]:
    network = source(_with_products(task), identifier, casadi=False)
    inputs, _ = variables(task)
    start = _text.literals(np.array([each.start for each in inputs]))
    config = _CONFIG.format(
        p=identifier,
        P=identifier.upper(),
        token=token,
        start=" \\\n".join(_text.lines(start, "    ")).rstrip(","),
    )
    written = {
        "network.c": network.source.encode(),
        "network.h": network.header.encode(),
        "config.h": config.encode(),
    }
    fixed = ("model.h", f"fmi{fmi}.h", f"fmi{fmi}.c")
    return written | {name: (_SOURCES / name).read_bytes() for name in fixed}


def _with_products(task: Task) -> Task:
    """The task of a C file with J v and Jᵀ u, of which the self-test needs the results."""
    J = task.outputs["J"]
    products = {
        "Jv": np.einsum("nki,ni->nk", J, task.inputs["v"]),
        "uJ": np.einsum("nki,nk->ni", J, task.inputs["u"]),
    }
    return replace(
        task,
        name="network",
        derivatives=_FUNCTIONS,
        outputs=task.outputs | products,
        tolerances=_as_for_jacobian(task.tolerances, products),
        first_tolerances=_as_for_jacobian(task.first_tolerances, products),
    )


def _as_for_jacobian(tolerances: dict[str, float], products: Iterable[str]) -> dict[str, float]:
    return tolerances | dict.fromkeys(products, tolerances["J"])


def _archive(files: dict[str, bytes]) -> bytes:
    """A ZIP file with nothing of the time and the machine in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _BEGINNING)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return made.getvalue()
