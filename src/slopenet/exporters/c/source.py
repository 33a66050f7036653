"""The two files: declarations, definitions and their order."""

from __future__ import annotations

from dataclasses import dataclass

from slopenet.evaluate.plan import Bracket
from slopenet.exporters._task import DEVIATIONS, OUTPUTS, Task
from slopenet.exporters.c import head as softmax
from slopenet.exporters.c import layers as layer_text
from slopenet.exporters.c import std, std_pieces
from slopenet.exporters.c.casadi import external
from slopenet.exporters.c.code import Code, needed
from slopenet.exporters.c.header import comment, constants, described
from slopenet.exporters.c.hessian import hessian
from slopenet.exporters.c.jacobian import jacobian
from slopenet.exporters.c.names import Names
from slopenet.exporters.c.self_test import self_test
from slopenet.exporters.c.sigma import functions
from slopenet.exporters.c.sweeps import Layers, jvp, value, vjp

# Inputs, outputs and meaning of each function, in the letters of the derivation.
SIGNATURES = {
    "value": (("x",), ("y",), "y = H(x)"),
    "jacobian": (("x",), ("y", "J"), "y = H(x), J[k n_1 + i] = dH_k/dx_i"),
    "jvp": (("x", "v"), ("y", "Jv"), "y = H(x), Jv = J v"),
    "vjp": (("x", "u"), ("y", "uJ"), "y = H(x), uJ = J' u"),
    "hessian": (
        ("x",),
        ("y", "J", "H"),
        "y = H(x), J as above, H[(k n_1 + i) n_1 + j] = d2H_k/dx_i dx_j",
    ),
    "std": (("x",), ("s",), "s_k = standard deviation of H_k(x)"),
    "jacobian_std": (
        ("x",),
        ("s", "S"),
        "s as above, S[k n_1 + i] = standard deviation of dH_k/dx_i",
    ),
}

_HEADER = """\
/* {title}
 *
 * A feed-forward network and its derivatives, written by slopenet. C99, or C++.
 *
 * {network}
 * {described}
 *
 * Arrays are the caller's: x and v have {P}_N_IN numbers, y, u and Jv {P}_N_OUT, uJ {P}_N_IN,
 * J {P}_N_OUT x {P}_N_IN and H {P}_N_OUT x {P}_N_IN x {P}_N_IN, row after row;{std} w is a
 * workspace of {P}_WORKSPACE. None may overlap another. Nothing is kept between calls, so any
 * number of threads may call at once, each with its own workspace.
 */
#ifndef {P}_H
#define {P}_H

#if defined(__cplusplus)
#define {P}_RESTRICT
extern "C" {{
#else
#define {P}_RESTRICT restrict
#endif

typedef {real} {p}_real;

#define {P}_N_IN {n_in}
#define {P}_N_OUT {n_out}
#define {P}_WORKSPACE {workspace}
#define {P}_SELF_TEST_WORKSPACE {test_workspace}

/* The indices of inputs and outputs; the ranges of the training data, to initialise arrays. */
{constants}

{declarations}
#if defined(__cplusplus)
}}
#endif

#endif
"""


@dataclass(frozen=True)
class Source:
    """The texts of a source file and of its header, and the workspace that the self-test needs."""

    source: str
    header: str
    workspace: int


def source(task: Task, prefix: str, *, casadi: bool) -> Source:
    """Write a network in C: `prefix` begins all symbols, `casadi` adds CasADi's functions."""
    names = Names(prefix, task.dtype)
    layers, *rivals = _networks(names, task)
    bodies = {name: _body(layers, task.plan, name) for name in task.derivatives if name in OUTPUTS}
    if task.head is not None:
        for name, body in bodies.items():
            if name != "vjp":  # which needs p on its way
                softmax.finish(task.head, body, name, task.sizes[0], task.sizes[-1])
    test, outputs = self_test(names, task, {name: SIGNATURES[name] for name in task.derivatives})
    public = [
        body.text(_signature(names, name), SIGNATURES[name][2]) for name, body in bodies.items()
    ]
    codes = [*bodies.values()]
    if task.deviations is not None:
        own = {name: _signature(names, name) for name in task.derivatives if name in DEVIATIONS}
        slopes = "jacobian_std" in own
        code = std.deviations(layers, task.deviations, slopes=slopes, rivals=rivals)
        codes.append(code)
        meant = {name: (signature, SIGNATURES[name][2]) for name, signature in own.items()}
        public += std.definitions(code, meant, task.sizes[0])
    workspace = max(1, *(code.work.size for code in codes))
    public += [test, *([external(names, task, workspace)] if casadi else [])]
    pieces = [*functions(names, layers.different), *layer_text.helpers(names)]
    if task.head is not None:
        pieces += softmax.pieces(names, task.head)
    for l, (W, b) in enumerate(zip(task.chain.W, task.chain.b, strict=True), start=2):
        pieces += layer_text.layer(names, l, W, b)
    for further, rival in zip(rivals, task.rivals, strict=True):
        numbered = enumerate(zip(rival.weights, rival.biases, strict=True), further.first + 1)
        for l, (W, b) in numbered:
            pieces += layer_text.layer(names, l, W, b)
    if task.deviations is not None:
        pieces += std_pieces.pieces(names, task.deviations)
    kept = needed(pieces, set().union(*(code.symbols for code in codes)))
    headers = {name for code in codes for name in code.headers}
    headers |= {name for piece in kept for name in piece.headers}
    definitions = "\n".join([*(piece.text for piece in kept), *public])
    header = _HEADER.format(
        title=comment(task.name), network=_described(names, layers),
        described=described(task), constants=constants(names, task),
        P=prefix.upper(), p=prefix, real=names.real, n_in=task.sizes[0], n_out=task.sizes[-1],
        workspace=workspace, test_workspace=workspace + outputs,
        declarations=_declarations(names, task.derivatives),
        std=" s is as y, S as J;" if task.deviations is not None else "",
    )  # fmt: skip
    head = [f'#include "{task.name}.h"', "", *(f"#include <{name}.h>" for name in sorted(headers))]
    return Source("\n".join([*head, "", definitions]), header, workspace + outputs)


def _networks(names: Names, task: Task) -> list[Layers]:
    """The layers of the network, and of the rivals of its standard deviations."""
    used = tuple(each for rival in task.rivals for each in rival.activations)
    used = (*task.logits.activations, *used)
    found = [Layers(names, task.sizes, tuple(task.logits.activations), task.head, used)]
    for each in task.rivals:
        first = found[-1].last + 1
        found.append(Layers(names, each.sizes, each.activations, None, used, first))
    return found


def _body(layers: Layers, plan: Bracket, name: str) -> Code:
    match name:
        case "value":
            return value(layers)
        case "jacobian":
            return jacobian(layers, plan)
        case "jvp":
            return jvp(layers)
        case "vjp":
            return vjp(layers)
        case _:
            return hessian(layers)


def _signature(names: Names, name: str) -> str:
    taken, given, _ = SIGNATURES[name]
    real, restrict = f"{names.prefix}_real", names.restrict
    arguments = [f"const {real} *{restrict} {x}" for x in taken]
    arguments += [f"{real} *{restrict} {x}" for x in (*given, "w")]
    return f"void {names.prefix}_{name}({', '.join(arguments)})"


def _declarations(names: Names, derivatives: tuple[str, ...]) -> str:
    lines = []
    for name in derivatives:
        lines += [f"/* {SIGNATURES[name][2]} */", f"{_signature(names, name)};", ""]
    return "\n".join(
        [
            *lines,
            "/* 0 if the functions above give the network's results, else the number of the first",
            f" * that does not; w is a workspace of {names.prefix.upper()}_SELF_TEST_WORKSPACE. */",
            f"int {names.prefix}_self_test({names.prefix}_real *{names.restrict} w);",
            "",
        ]
    )


def _described(names: Names, layers: Layers) -> str:
    sizes = "-".join(map(str, layers.sizes))
    activations = [*layers.activations[: -1 if layers.head else None]]
    names_of = [each.names for each in [*activations, *([layers.head] if layers.head else [])]]
    return f"{sizes}, {', '.join(names_of)}; {names.real}"
