"""The network as one Python file that needs NumPy alone, and reads as the derivation does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from slopenet import activations
from slopenet._types import Floats
from slopenet.activations import Activation, Head, LayerActivation, Runs
from slopenet.derivation import Chain
from slopenet.exporters import _python_std, _softmax, _text
from slopenet.exporters._expression import Expression, in_order, traced
from slopenet.exporters._task import OUTPUTS, RESULTS, Arrays, Task, Written
from slopenet.posterior.rivals import Rival
from slopenet.validate.frames import Names

_HEAD = '''\
"""A feed-forward network and its derivatives, written by slopenet. It needs NumPy alone.

{description}
x: {inputs}
y: {outputs}

Layers l = 2..L; index i of W, b and SIGMA is layer l = i + 2. X is (N, n_1), samples in rows.

    z[l] = W[l] a[l-1] + b[l],   a[l] = σ(z[l]),   a[1] = x,   H(x) = a[L],   D[l] = diag(σ'(z[l]))
    ∂H/∂x = D[L] W[L] · D[L-1] W[L-1] ··· D[2] W[2]
"""

{imports}


def array(numbers, *shape):
    return np.array(numbers, np.{dtype}).reshape(shape)

'''
_ERFC = """
erfc = np.vectorize(math.erfc, otypes=[np.{dtype}])
"""
_IN_RUNS = '''

def in_runs(*runs):
    """A function of z, (..., n_l), from functions that take so many units each, in their order."""
    ends = np.cumsum([count for _, count in runs])[:-1]

    def sigma(z):
        parts = np.split(z, ends, axis=-1)
        return np.concatenate([f(part) for (f, _), part in zip(runs, parts)], axis=-1)

    return sigma

'''
_FORWARD = '''

def points(X):
    """X as an array, (N, n_1)."""
    X = np.asarray(X, np.{dtype})
    if X.ndim != 2 or X.shape[1] != {n_1}:
        raise ValueError(f"X must have the shape (N, {n_1}), got {{X.shape}}")
    return X


def forward(X):
    """z[l] of every layer, and H(x)."""
    z, a = [], points(X)
    for W_l, b_l, sigma in zip(W, b, SIGMA, strict=True):
        z.append(a @ W_l.T + b_l)
        a = sigma[0](z[-1])
    return z, a
'''
_SLOPES = '''

def slopes(z, order=1):
    """D[l] = σ'(z[l]), or S[l] = σ''(z[l]) for order 2, of every layer."""
    return [sigma[order](z_l) for sigma, z_l in zip(SIGMA, z, strict=True)]
'''
_BACKWARD = '''

def backward(D):
    """c[L] = I,  c[l-1] = c[l] D[l] W[l]; row k of c[l] is ∂H_k/∂a[l], and c[1] = ∂H/∂x."""
    c = [np.zeros((len(D[-1]), 1, 1), np.{dtype}) + np.eye({n_L}, dtype=np.{dtype})]
    for W_l, D_l in zip(reversed(W), reversed(D), strict=True):
        c.insert(0, (c[0] * D_l[:, None, :]) @ W_l)
    return c
'''
_FUNCTIONS = {
    "value": '''

def value(X):
    """H(x), (N, n_L)."""
    return forward(X)[1]
''',
    "jacobian": '''

def jacobian(X):
    """∂H/∂x, (N, n_L, n_1)."""
    z, _ = forward(X)
    {jacobian}
''',
    "jvp": '''

def jvp(X, v):
    """J v, (N, n_L):  t[1] = v,  t[l] = D[l] W[l] t[l-1].  v is (N, n_1) or (n_1,)."""
    z, _ = forward(X)
    t = np.asarray(v, np.{dtype})
    for W_l, D_l in zip(W, slopes(z), strict=True):
        t = D_l * (t @ W_l.T)
    return t
''',
    "vjp": '''

def vjp(X, u):
    """Jᵀ u, (N, n_1):  c[L] = u,  c[l-1] = W[l]ᵀ D[l] c[l].  u is (N, n_L) or (n_L,)."""
    z, _ = forward(X)
    c = np.asarray(u, np.{dtype})
    for W_l, D_l in zip(reversed(W), reversed(slopes(z)), strict=True):
        c = (D_l * c) @ W_l
    return c
''',
    "hessian": '''

def hessian(X):
    """∇²H_k = Σ_l Z'[l]ᵀ diag(c[l]_k ∘ σ''(z[l])) Z'[l],  Z'[l] = ∂z[l]/∂x;  (N, n_L, n_1, n_1)."""
    z, _ = forward(X)
    D, S = slopes(z), slopes(z, 2)
    total = 0
    Z = W[0][None]
    for l, c_l in enumerate(backward(D)[1:]):
        if l:
            Z = W[l] @ (D[l - 1][:, :, None] * Z)
        weight = (c_l * S[l][:, None, :])[..., None]
        each = Z[:, None]
        total = total + each.swapaxes(-1, -2) @ (weight * each)
    return (total + total.swapaxes(-1, -2)) / 2
''',
}
_ONWARD = """J = np.eye({n_1}, dtype=np.{dtype})[None]
    for W_l, D_l in zip(W, slopes(z), strict=True):
        J = D_l[:, :, None] * (W_l @ J)
    return J"""
_BACK = "return backward(slopes(z))[0]"
_OPERATIONS = {
    "z": "z", "positive": "{0} > 0", "not_positive": "{0} <= 0", "erfc": "erfc({0})",
    "min": "np.minimum({0}, {1})", "max": "np.maximum({0}, {1})",
}  # fmt: skip


def write(task: Task) -> Written:
    """Write the file, and run it."""
    text = _text_of(task)
    return Written({".py": text.encode()}, _run(text, task.inputs), f"NumPy {np.__version__}")


def _text_of(task: Task) -> str:
    chain, sizes, dtype = task.logits, task.sizes, task.dtype.name
    wanted = tuple(name for name in OUTPUTS if name in task.derivatives)
    wanted = wanted if task.head is None else _softmax.called(wanted)
    layers = [*chain.activations, *(each for rival in task.rivals for each in rival.activations)]
    different = activations.different(layers)
    order = 2 if "hessian" in wanted else int(wanted != ("value",))
    if task.deviations is not None:
        order = max(order, _python_std.order(task.deviations))
    traces = {activation: traced(activation, order) for activation in different}
    called = {x.op for results in traces.values() for x in in_order(results)}
    given = {"dtype": dtype, "n_1": sizes[0], "n_L": sizes[-1]}
    jacobian = (_BACK if sizes[-1] <= sizes[0] else _ONWARD).format(**given)
    functions = "".join(_FUNCTIONS[name].format(**given, jacobian=jacobian) for name in wanted)
    if task.head is not None:
        functions = _softmax.of_logits(functions)
        functions += _softmax.functions(task.head, task.derivatives)
    if task.deviations is not None:
        slopes = "jacobian_std" in task.derivatives
        functions += _python_std.functions(task.deviations, slopes=slopes)
    names = ", ".join(activation.names for activation in task.chain.activations)
    head = _HEAD.format(
        description=f"{'-'.join(map(str, sizes))}, {names}; {dtype}",
        inputs=_listed(task.input_names, sizes[0]),
        outputs=_listed(task.output_names, sizes[-1]),
        imports="import math\n\nimport numpy as np" if "erfc" in called else "import numpy as np",
        dtype=dtype,
    )
    sections = [
        head,
        _ERFC.format(dtype=dtype) if "erfc" in called else "",
        *("\n\n" + "\n\n\n".join(_sigma(different, *each)) + "\n" for each in traces.items()),
        _IN_RUNS if any(isinstance(each, Runs) for each in layers) else "",
        "\n\n" + "\n".join(_parameters(chain, different, order)),
        "\n".join(_rivals(task.rivals, different)),
        _FORWARD.format(**given),
        _SLOPES if order else "",
        _BACKWARD.format(**given) if "backward(" in functions else "",
        functions,
    ]
    return "".join(sections)


def _listed(labels: Names, n: int) -> str:
    return json.dumps(", ".join(labels))[1:-1].replace("\\", "\\\\") if labels else f"{n} numbers"


def _name(different: list[Activation], activation: Activation, order: int) -> str:
    same = [other for other in different if other.name == activation.name]
    number = "" if len(same) == 1 else str(same.index(activation) + 1)
    return f"{activation.name}{number}{('', '_slope', '_bend')[order]}"


def _of_layer(different: list[Activation], activation: LayerActivation, order: int) -> str:
    if isinstance(activation, Head):
        raise activation.refusal
    if not isinstance(activation, Runs):
        return _name(different, activation, order)
    runs = (f"({_name(different, each, order)}, {count})" for each, count in activation)
    return f"in_runs({', '.join(runs)})"


def _sigma(
    different: list[Activation], activation: Activation, results: tuple[Expression, ...]
) -> Iterator[str]:
    name = activation.info.parameter
    parameter = f", {name} {activation.parameter!r}" if name else ""
    for order, result in enumerate(results):
        named, (text,) = _text.statements((result,), _write)
        if not any(x.op == "z" for x in in_order((result,))):
            text = f"np.full_like(z, {text})"
        yield "\n".join(
            [
                f"def {_name(different, activation, order)}(z):",
                f'    """σ{order * chr(39)}(z): {activation.name}{parameter}."""',
                *(f"    {name} = {line}" for name, line in named),
                f"    return {text}",
            ]
        )


def _parameters(chain: Chain, different: list[Activation], order: int) -> Iterator[str]:
    for name, arrays in (("W", chain.W), ("b", chain.b)):
        yield f"{name} = ["
        yield from _arrays(arrays, "    ", [f"  # {name}[{l + 2}]" for l in range(len(arrays))])
        yield "]"
    yield "SIGMA = ["
    for activation in chain.activations:
        yield f"    {_functions(different, activation, order)},"
    yield "]"
    yield ""


def _rivals(rivals: Sequence[Rival], different: list[Activation]) -> Iterator[str]:
    """The layers of each: W, b and SIGMA."""
    if not rivals:
        return
    yield "RIVALS = ["
    for rival in rivals:
        yield "    ("
        for arrays in (rival.weights, rival.biases):
            yield "        ["
            yield from _arrays(arrays, "            ", [""] * len(arrays))
            yield "        ],"
        sigmas = (_functions(different, each, 1) for each in rival.activations)
        yield f"        [{', '.join(sigmas)}],"
        yield "    ),"
    yield "]"
    yield ""


def _arrays(arrays: Sequence[Floats], indent: str, notes: Sequence[str]) -> Iterator[str]:
    """Entries of a list, each with a note behind its first line."""
    for array, note in zip(arrays, notes, strict=True):
        yield f"{indent}array([{note}"
        yield from _text.lines(_text.literals(array), indent + "    ")
        yield f"{indent}], {', '.join(map(str, array.shape))}),"


def _functions(different: list[Activation], activation: LayerActivation, order: int) -> str:
    """The tuple of σ and its derivatives up to `order`."""
    names = ", ".join(_of_layer(different, activation, k) for k in range(order + 1))
    return f"({names}{',' if order == 0 else ''})"


def _write(x: Expression, args: list[str]) -> str:
    if x.op == "number":
        return repr(x.value)
    if x.op == "where" and all(argument.op == "number" for argument in x.args[1:]):
        return f"np.where({', '.join(args)}).astype(z.dtype)"
    return _OPERATIONS.get(x.op, f"np.{x.op}({', '.join(args)})").format(*args)


def _run(text: str, inputs: Arrays) -> Arrays:
    module: dict[str, Any] = {}
    exec(compile(text, "exported", "exec"), module)  # noqa: S102
    more = {"jvp": ("v",), "vjp": ("u",)}
    with np.errstate(all="ignore"):
        return {
            output: module[name](*(inputs[key] for key in ("x", *more.get(name, ()))))
            for name, output in RESULTS.items()
            if name in module
        }
