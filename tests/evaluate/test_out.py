"""`out=` and `threads=` of every method: results are written there and nowhere else, or refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from networks import points, random_network

import slopenet as sn

N, INPUTS, OUTPUTS = 5, 4, 3
# each result's own shape, after the N; the vectors that v and u stand for
H, J, G = (OUTPUTS,), (OUTPUTS, INPUTS), (INPUTS,)
HESSIAN = (OUTPUTS, INPUTS, INPUTS)
METHODS: dict[str, tuple[tuple[int, ...], ...]] = {
    "__call__": (H,),
    "jacobian": (J,),
    "value_and_jacobian": (H, J),
    "jvp": (H,),
    "vjp": (G,),
    "hessian": (HESSIAN,),
    "hvp": (J,),
    "weighted_hessian": ((INPUTS, INPUTS),),
    "laplacian": (H,),
    "value_jacobian_hessian": (H, J, HESSIAN),
    "value_jacobian_laplacian": (H, J, H),
}
ALONG = {"jvp": INPUTS, "hvp": INPUTS, "vjp": OUTPUTS, "weighted_hessian": OUTPUTS}
SEVERAL = [name for name, shapes in METHODS.items() if len(shapes) > 1]

EACH = pytest.mark.parametrize("name", METHODS)
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
# A batch, and a single point without the N.
LEADING = pytest.mark.parametrize("leading", [(N,), ()], ids=["batch", "point"])


def network(dtype: Any = np.float64) -> sn.Network:
    return random_network((INPUTS, 9, 7, OUTPUTS), dtype=dtype)


def given(name: str, leading: tuple[int, ...] = (N,), dtype: Any = np.float64) -> list[np.ndarray]:
    """X, and the vector of a method that takes one."""
    rng = np.random.default_rng(3)
    widths = [INPUTS, *([ALONG[name]] if name in ALONG else [])]
    return [rng.normal(size=(*leading, width)).astype(dtype) for width in widths]


def empty(name: str, leading: tuple[int, ...] = (N,), dtype: Any = np.float64) -> Any:
    """An `out` that fits, full of NaN."""
    outs = tuple(np.full((*leading, *shape), np.nan, dtype) for shape in METHODS[name])
    return outs if len(outs) > 1 else outs[0]


def each(results: Any) -> tuple[np.ndarray, ...]:
    return results if isinstance(results, tuple) else (results,)


def with_part(name: str, i: int, part: Any) -> Any:
    """An `out` that fits but for its i-th array."""
    outs = list(each(empty(name)))
    outs[i] = part
    return tuple(outs) if len(outs) > 1 else outs[0]


def refused(name: str, out: Any, message: str, arguments: list[Any] | None = None) -> None:
    method = getattr(network(), name)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        method(*(given(name) if arguments is None else arguments), out=out)


def label(name: str, i: int) -> str:
    return f"out[{i}]" if len(METHODS[name]) > 1 else "out"


PARTS = pytest.mark.parametrize(
    ("name", "i"), [(name, i) for name, shapes in METHODS.items() for i in range(len(shapes))]
)


def test_every_method_of_points_is_here() -> None:
    from slopenet.evaluate.derivatives import Derivatives

    assert set(METHODS) == {
        name
        for name, function in vars(Derivatives).items()
        if "X" in getattr(getattr(function, "__code__", None), "co_varnames", ())
        and (name == "__call__" or not name.startswith("_"))
    }


@DTYPES
@LEADING
@EACH
def test_results_are_written_to_out_which_is_returned(
    name: str, leading: tuple[int, ...], dtype: Any
) -> None:
    method, arguments = getattr(network(dtype), name), given(name, leading, dtype)
    out = empty(name, leading, dtype)
    wanted = method(*arguments)
    assert method(*arguments, out=out) is out
    for got, want in zip(each(out), each(wanted), strict=True):
        assert got.shape == want.shape
        assert got.tobytes() == want.tobytes()


@EACH
def test_out_serves_input_that_has_to_be_converted(name: str) -> None:
    """Lists, other layouts, one vector for all points."""
    method, arguments, out = getattr(network(), name), given(name), empty(name)
    wanted = method(*arguments)
    for other in (
        [array.tolist() for array in arguments],
        [np.asfortranarray(array) for array in arguments],
        [array.astype(">f8") for array in arguments],
    ):
        for part in each(out):
            part[...] = np.nan
        assert method(*other, out=out) is out
        for got, want in zip(each(out), each(wanted), strict=True):
            assert got.tobytes() == want.tobytes()
    if name in ALONG:
        one = [arguments[0], arguments[1][0]]
        assert method(*one, out=out) is out
        assert each(out)[0].tobytes() == method(*one).tobytes()


@EACH
def test_out_of_no_rows_is_returned(name: str) -> None:
    out = empty(name, (0,))
    assert getattr(network(), name)(*given(name, (0,)), out=out) is out


@PARTS
def test_out_that_does_not_fit_is_refused_in_words(name: str, i: int) -> None:
    shape = (N, *METHODS[name][i])
    fits = np.zeros(shape)
    read_only = np.zeros(shape)
    read_only.flags.writeable = False
    wrong: list[Any] = [
        np.zeros((N + 1, *shape[1:])),
        np.zeros((N, *shape[1:], 1)),
        np.zeros(shape[1:]),
        np.zeros(shape, np.float32),
        np.zeros(shape, ">f8"),
        np.zeros(shape, complex),
        np.zeros((*shape[:-1], 2 * shape[-1]))[..., ::2],
        np.zeros((N, *shape[1:]))[::-1],
        np.zeros(fits.nbytes + 1, np.uint8)[1:].view(np.float64).reshape(shape),
        read_only,
        fits.tolist(),
        0.0,
        "out",
    ]
    if len(METHODS[name]) > 1:
        wrong.append(None)
    sizes = ", ".join(map(str, shape))
    message = (
        f"{label(name, i)} must be a writeable C-contiguous array of float64 of shape ({sizes})"
    )
    for part in wrong:
        refused(name, with_part(name, i, part), message)


def test_the_shape_of_a_single_points_value_is_written_as_a_tuple() -> None:
    message = "out must be a writeable C-contiguous array of float64 of shape (3,)"
    refused("__call__", np.zeros((1, 3)), message, given("__call__", ()))


@pytest.mark.parametrize("name", SEVERAL)
def test_several_results_want_a_tuple_of_as_many(name: str) -> None:
    outs = empty(name)
    message = f"out must be a tuple of {len(outs)} arrays, one for each result"
    for wrong in (list(outs), outs[:-1], (*outs, outs[0]), outs[0], ()):
        refused(name, wrong, message)


@PARTS
def test_out_that_shares_memory_with_X_or_the_vector_is_refused(name: str, i: int) -> None:
    """Wholly, or by its last entry alone."""
    shape = (N, *METHODS[name][i])
    size = int(np.prod(shape))
    for position, what in enumerate(["X", "the vector"][: len(given(name))]):
        arguments = given(name)
        entries = arguments[position].size
        for start in (0, entries - 1):
            memory = np.zeros(entries + size)
            array = memory[:entries].reshape(arguments[position].shape)
            array[...] = arguments[position]
            out = memory[start : start + size].reshape(shape)
            changed = [*arguments[:position], array, *arguments[position + 1 :]]
            before = memory.copy()
            refused(
                name,
                with_part(name, i, out),
                f"{label(name, i)} shares memory with {what}",
                changed,
            )
            assert memory.tobytes() == before.tobytes()
        apart = memory[entries:].reshape(shape)
        out = with_part(name, i, apart)
        assert getattr(network(), name)(*changed, out=out) is out


@pytest.mark.parametrize("name", SEVERAL)
def test_outs_that_share_memory_with_each_other_are_refused(name: str) -> None:
    shapes = [(N, *shape) for shape in METHODS[name]]
    for j in range(1, len(shapes)):
        for i in range(j):
            sizes = [int(np.prod(shapes[i])), int(np.prod(shapes[j]))]
            memory = np.zeros(sum(sizes))
            outs = list(empty(name))
            outs[i] = memory[: sizes[0]].reshape(shapes[i])
            outs[j] = memory[sizes[0] - 1 : sum(sizes) - 1].reshape(shapes[j])
            refused(name, tuple(outs), f"out[{j}] shares memory with out[{i}]")


@EACH
def test_a_refused_point_is_named_with_out_too(name: str) -> None:
    arguments = given(name)
    arguments[0][3, 1] = np.nan
    refused(name, empty(name), "X[3, 1] is nan; every entry of X must be finite", arguments)


@EACH
@pytest.mark.parametrize("threads", [1, 2, np.int64(7), 2**20, 2**40, 10**30])
def test_threads_change_no_bit(name: str, threads: Any) -> None:
    method, arguments = getattr(network(), name), given(name, (300,))
    for got, want in zip(
        each(method(*arguments, threads=threads)), each(method(*arguments)), strict=True
    ):
        assert got.tobytes() == want.tobytes()


@EACH
@pytest.mark.parametrize("threads", [0, -1, -(10**30), True, 1.5, "2"], ids=repr)
@pytest.mark.parametrize("kind", ["ready", "converted"])
def test_other_threads_are_refused(name: str, threads: Any, kind: str) -> None:
    arguments = given(name) if kind == "ready" else [array.tolist() for array in given(name)]
    message = "threads must be a whole number of at least 1, or None"
    with pytest.raises(ValueError, match=f"^{message}$"):
        getattr(network(), name)(*arguments, threads=threads)


@EACH
def test_arrays_of_other_libraries_go_without_out_and_threads(name: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    arguments = [torch.asarray(array) for array in given(name)]
    method = getattr(network(), name)
    for option, value in (("out", empty(name)), ("threads", 1)):
        message = f"{option} is for NumPy input only, not for arrays of other libraries"
        with pytest.raises(TypeError, match=f"^{message}$"):
            method(*arguments, **{option: value})


def test_a_loop_that_gives_out_makes_no_arrays() -> None:
    net, out = network(), np.empty((OUTPUTS, INPUTS))
    for x in points(10, net):
        assert net.jacobian(x, out=out) is out
        assert out.tobytes() == net.jacobian(x).tobytes()
