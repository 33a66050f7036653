"""Standard deviations in a Python file: constants, and functions from `standard` to `std`."""

from __future__ import annotations

from collections.abc import Iterator

from slopenet._types import Floats
from slopenet.exporters import _text
from slopenet.exporters._deviations import Deviations, Full, Process, Projected

_STANDARD = '''

def standard(X, kinds):
    """u, the inputs in standard units, and ∂u/∂x_i if kinds > 1: (N, kinds, n_1)."""
    u = np.zeros((len(X), kinds, X.shape[1]))
    {standard}
    i = np.arange(kinds - 1)
    u[:, 1 + i, i] = rate[..., i]
    return u
'''
_PLAIN = "u[:, 0], rate = (X - CENTRE) / SCALE, 1 / SCALE"
_LOGARITHMS = """inside = LOG_X[0] * X + LOG_X[1]
    u[:, 0], rate = (np.log(inside) - CENTRE) / SCALE, LOG_X[0] / (inside * SCALE)"""
_JETS = '''

def first(X, kinds):
    """a[1] = x, and its slopes if kinds > 1: (N, kinds, n_1)."""
    a = np.zeros((len(X), kinds, X.shape[1]))
    a[:, 0], a[:, 1:] = X, np.eye(X.shape[1])[:kinds - 1]
    return a


def jets(a, W, b, sigmas):
    """a[l], l = 1..L, and z[l], l = 2..L, each with its slopes as a[1] has: (N, kinds, n_l)."""
    a, z = [a], []
    for W_l, b_l, sigma in zip(W, b, sigmas, strict=True):
        z.append(a[-1] @ W_l.T)
        z[-1][:, 0] += b_l
        a.append(sigma[1](z[-1][:, :1]) * z[-1])
        a[-1][:, 0] = sigma[0](z[-1][:, 0])
    return a, z
'''
_PROJECTED = '''

def halves(X, kinds):
    """(φ, ∂φ/∂x_i) F_k of φ = 1, u and a[l] of hidden layers: (N, n_L, kinds, r)."""
    one = np.zeros((len(X), kinds, 1))
    one[:, 0] = 1
    u, (a, _) = standard(X, kinds), jets(first(X, kinds), W, b, SIGMA)
    phi = np.concatenate([one, u, *a[{hidden}]], axis=2)
    h = (phi @ ROOT).reshape(len(X), kinds, {n_L}, -1)
{compared}    return h.swapaxes(1, 2)
'''
_COMPARED = """\
    for rival, rows in zip(RIVALS, OF_RIVALS, strict=True):
        h = h + (jets(u, *rival)[0][-1] - a[{last}] @ W[{last}].T)[..., None] * rows
"""
_SOLVED = '''

def solved(L, t):
    """L⁻¹ t of a lower triangle L, row after row, and t of as many rows."""
    h = np.empty_like(t)
    for i in range(len(t)):
        row = L[i * (i + 1) // 2:(i + 1) * (i + 2) // 2]
        h[i] = (t[i] - row[:-1] @ h[:i]) / row[-1]
    return h
'''
_FULL = '''

def gradient(a, z, k):
    """∂H_k/∂θ of the weights θ in standard units, and ∂²H_k/∂x_i∂θ: (N, kinds, p)."""
    N, kinds, _ = a[0].shape
    V = W[{trained}]
    V[-1] = V[-1] / UNIT[:, None]
    c = np.zeros((N, kinds, {n_L}))
    c[:, 0, k] = UNIT[k]
    found = []
    layers = list(zip(V, {sigmas}, a, z, strict=True))
    for V_l, sigma, a_l, z_l in reversed(layers):
        g = sigma[1](z_l[:, :1]) * c
        g[:, 1:] += sigma[2](z_l[:, :1]) * z_l[:, 1:] * c[:, :1]
        by_V = g[..., None] * a_l[:, :1, None]
        by_V[:, 1:] += g[:, :1, :, None] * a_l[:, 1:, None]
        found = [by_V.reshape(N, kinds, -1), g, *found]
        c = g @ V_l
    return np.concatenate(found, axis=2)


def halves(X, kinds):
    """L⁻¹ of the gradients: (N, n_L, kinds, p)."""
    a, z = jets(first(X, kinds), W, b, SIGMA)
    a, z = [standard(X, kinds), *a[{hidden}]], z[{trained}]
    found = []
    for k in range({n_L}):
        t = gradient(a, z, k)
        found.append(solved(FACTOR, t.reshape(-1, t.shape[2]).T).T.reshape(t.shape))
    return np.stack(found, axis=1)
'''
_SQUARES = '''

def covariances(X, kinds):
    """Variances of value and slopes, and their covariances with the value: (N, n_L, kinds)."""
    h = halves(X, kinds)
    return (h * h).sum(axis=3), (h * h[:, :, :1]).sum(axis=3)
'''
_PROCESS = '''

def targets(u, kinds, scale, known):
    """Covariances of the value and the slopes ∂/∂u_i with the known targets: (N, kinds, R)."""
    N, n, n_1 = len(u), *POINTS.shape
    v = (u[:, None] - POINTS) / scale
    k = np.exp(-(v * v).sum(axis=2) / 2)
    found = np.empty((N, kinds, n, 1 + n_1))
    found[:, 0, :, 0], found[:, 0, :, 1:] = k, k[..., None] * v / scale
    for i in range(kinds - 1):
        found[:, 1 + i] = -(v[..., i] / scale[i])[..., None] * found[:, 0]
        found[:, 1 + i, :, 1 + i] += k / scale[i] ** 2
    return found.reshape(N, kinds, -1)[:, :, known]


def covariances(X, kinds):
    """Variances of value and slopes, and their covariances with the value: (N, n_L, kinds)."""
    u = standard(X, kinds)
    v, c = np.empty((2, len(X), {n_L}, kinds))
    for outputs, scale, known, factor, ones, root{level} in GROUPS:
        t = targets(u[:, 0], kinds, scale, known)
        h = solved(factor, t.reshape(-1, t.shape[2]).T).reshape(-1, len(X), kinds)
        g = -t @ ones
        g[:, 0] += root
{less}        own = np.append(1, scale[:kinds - 1] ** -2.0) + g * g - (h * h).sum(axis=0)
        cross = g[:, :1] * g - (h[:, :, :1] * h).sum(axis=0)
{more}        v[:, outputs], c[:, outputs] = own[:, None], cross[:, None]
    i = np.arange(kinds - 1)
    rate = np.ones((len(X), 1, kinds))
    rate[:, 0, 1:] = u[:, 1 + i, i]
    return (VARIANCE[:, None] * v + DISTANCE[:, :kinds]) * rate**2, VARIANCE[:, None] * c * rate
'''
# Where no value is known: the covariances of f less its mean over the rows.
_LESS = """\
        if level is not None:
            h[:, :, 0] -= level[:-2, None]
            g[:, 0] -= level[-2]
"""
_MORE = """\
        if level is not None:
            with_mean = targets(u[:, 0], kinds, scale, slice(None, None, 1 + POINTS.shape[1]))
            with_mean = with_mean.mean(axis=2)
            own[:, 0] += level[-1] - 2 * with_mean[:, 0]
            cross -= with_mean
"""
_DEVIATIONS = '''

def deviations(X, kinds):
    """Standard deviations of the value, and of the slopes if kinds > 1: (N, n_L, kinds)."""
    X = points(X)
    v, c = covariances(X, kinds)
{behind}    return np.sqrt(np.maximum(v, 0))


def std(X):
    """The standard deviation of H_k(x), (N, n_L)."""
    return deviations(X, 1)[:, :, 0]
'''
# f = e - d/c behind an exponential e: δf = e δg, δ∂_i f = e δ∂_i g + ∂_i f δg.
_BEHIND = """\
    e = (forward(X)[1] + SHIFT)[:, :, None]
    J = np.zeros(v.shape)
{slopes}    v = e * e * v + 2 * e * J * c + J * J * v[:, :, :1]
"""
_SLOPES = """\
    if kinds > 1:
        J[:, :, 1:] = jacobian(X)
"""
_JACOBIAN_STD = '''

def jacobian_std(X):
    """The standard deviation of ∂H_k/∂x_i, (N, n_L, n_1)."""
    return deviations(X, {kinds})[:, :, 1:]
'''


def order(found: Deviations) -> int:
    """The highest derivative of σ that the functions need."""
    return 2 if isinstance(found, Full) else 1


def functions(found: Deviations, *, slopes: bool) -> str:
    """The constants and functions; those of the slopes if `slopes`."""
    units = found.units
    n_1, n_L = len(units.s_x), len(units.s_y)
    behind = _BEHIND.format(slopes=_SLOPES if slopes else "") if units.log_y is not None else ""
    return "".join(
        [
            "\n\n" + "\n".join(_constants(found)) + "\n",
            _STANDARD.format(standard=_PLAIN if units.log_x is None else _LOGARITHMS),
            _covariances(found, n_L),
            _DEVIATIONS.format(behind=behind),
            _JACOBIAN_STD.format(kinds=1 + n_1) if slopes else "",
        ]
    )


def _covariances(found: Deviations, n_L: int) -> str:
    if isinstance(found, Process):
        level = any(group.level is not None for group in found.groups)
        parts = {"level": ", level", "less": _LESS, "more": _MORE}
        return _SOLVED + _PROCESS.format(n_L=n_L, **(parts if level else dict.fromkeys(parts, "")))
    first, stop = found.trained.start, found.trained.stop
    given = {"n_L": n_L, "trained": f"{first}:{stop}", "hidden": f"{first + 1}:{stop}"}
    if isinstance(found, Projected):
        compared = _COMPARED.format(last=stop - 1) if found.rivals else ""
        return _JETS + _PROJECTED.format(**given, compared=compared) + _SQUARES
    sigmas = f"SIGMA[{given['trained']}]"
    if found.units.log_y is not None:  # the exponential is behind what was learned
        sigmas = f"[*SIGMA[{first}:{stop - 1}], (None, np.ones_like, np.zeros_like)]"
    return _JETS + _SOLVED + _FULL.format(**given, sigmas=sigmas) + _SQUARES


def _constants(found: Deviations) -> Iterator[str]:
    units = found.units
    yield from _array("CENTRE = ", units.m_x)
    yield from _array("SCALE = ", units.s_x)
    if units.log_x is not None:
        yield from _array("LOG_X = ", units.log_x)
    if units.log_y is not None:
        yield from _array("SHIFT = ", units.log_y[1] / units.log_y[0])
    match found:
        case Process():
            yield from _of_process(found)
        case Projected():
            yield from _array("ROOT = ", found.root.reshape(len(found.root), -1))
            if found.of_rivals is not None and found.rivals:
                yield from _array("OF_RIVALS = ", found.of_rivals)
        case Full():
            yield from _array("UNIT = ", units.s_y)
            yield from _array("FACTOR = ", found.factor)


def _of_process(found: Process) -> Iterator[str]:
    yield from _array("POINTS = ", found.points)
    yield from _array("VARIANCE = ", found.variance)
    yield from _array("DISTANCE = ", found.distance)
    level = any(group.level is not None for group in found.groups)
    yield "GROUPS = ["
    for group in found.groups:
        yield f"    ({group.outputs.tolist()},"
        yield from _array("    ", group.scales, ",")
        yield f"    {group.targets.tolist()},"
        yield from _array("    ", group.factor, ",")
        yield from _array("    ", group.ones, ",")
        yield f"    {group.root!r},"
        if group.level is not None:
            yield from _array("    ", group.level, ",")
        elif level:
            yield "    None,"
        yield "    ),"
    yield "]"


def _array(start: str, array: Floats, end: str = "") -> Iterator[str]:
    yield f"{start}array(["
    yield from _text.lines(_text.literals(array), "    ")
    yield f"], {', '.join(map(str, array.shape))}){end}"
