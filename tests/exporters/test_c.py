"""C files compile without a warning and give the network's results."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import (
    EVERYTHING,
    LIMIT,
    STRICT,
    compilers,
    errors,
    inputs,
    library,
    mixed_network,
    results,
)
from networks import ACTIVATIONS, in_domain, network_of_runs, points, random_network

import slopenet as sn
from slopenet.activations import normalise, sigma

COMPILERS = compilers()
pytestmark = pytest.mark.skipif(not COMPILERS, reason="there is no C compiler")
COMMAND = next(iter(COMPILERS.values()), [])


def pointers(*arrays: np.ndarray) -> list[ctypes.c_void_p]:
    return [ctypes.c_void_p(array.ctypes.data) for array in arrays]


@pytest.mark.parametrize("seed", range(20))
def test_networks_of_all_activations_keep_the_promise(tmp_path: Path, seed: int) -> None:
    """Inputs that saturate included; a quarter of the networks at each level of optimisation."""
    net = mixed_network(seed, np.float32 if seed % 5 == 4 else np.float64)
    path = tmp_path / "net.c"
    assert net.export(path, derivatives=EVERYTHING).passed
    X = inputs(1000, net)
    got = results(library(path, COMMAND, "-std=c99", f"-O{seed % 4}"), "net", net, X)
    assert max(errors(net, X, got).values()) < LIMIT[net.dtype.name]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_tails_keep_their_digits(tmp_path: Path, dtype: Any) -> None:
    """σ, σ', σ'' of all activations, entry by entry, from one network of one unit each."""
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(size=50), -np.logspace(-3, 1.85, 60), np.logspace(-3, 1.85, 60)])
    everywhere = z.astype(dtype)
    eps, tiny = np.finfo(dtype).eps, np.finfo(dtype).tiny
    for activation in ACTIVATIONS:
        z = in_domain(activation, everywhere)
        net = sn.Network([np.ones((1, 1))], [np.zeros(1)], activation, dtype=dtype)
        path = tmp_path / f"{normalise(activation)[0]}.c"
        net.export(path, derivatives=("value", "jacobian", "hessian"))
        got = results(library(path, COMMAND, "-O2"), path.stem, net, z[:, None])
        for order, name in enumerate(["y", "J", "H"]):
            exact = sigma(normalise(activation), z.astype(np.float64), order)
            error = np.abs(got[name].ravel() - exact)
            # a rounded exponent, as z² is, and cancellation next to a root
            allowed = 16 * eps * ((1 + z.astype(float) ** 2) * np.abs(exact) + near_root(exact, z))
            assert np.all(error <= allowed + tiny), (activation, name)


def near_root(exact: np.ndarray, z: np.ndarray) -> np.ndarray:
    """1 where |z| < 3, where σ and its derivatives have their roots."""
    return np.where(np.abs(z) < 3, np.minimum(1, np.abs(z.astype(float)) + np.abs(exact)), 0)


@pytest.mark.parametrize(
    "sizes",
    [
        (3, 2),
        (2, 9, 9, 8),
        (8, 9, 9, 2),
        (64, 30, 4, 30, 64),
        (30, 64, 4, 64, 4, 64, 30),
        (5, 4, 3, 9, 9),
    ],
    ids=str,
)
def test_every_order_of_the_plan(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    net = random_network(sizes)
    assert net.export(tmp_path / "net.c").difference < 1e-13


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("language", ["c99", "c++11"])
def test_gcc_and_clang_take_it_as_c_and_as_cpp(
    tmp_path: Path, compiler: str, language: str
) -> None:
    if compiler not in COMPILERS:
        pytest.skip(f"{compiler} is not installed")
    net = random_network((3, 6, 4, 2), "mish", output=("softplus", 2.0))
    path = tmp_path / "net.c"
    net.export(path, derivatives=EVERYTHING, casadi=True)
    as_cpp = ["-x", "c++"] if language == "c++11" else []
    command = [*COMPILERS[compiler], *as_cpp, f"-std={language}", *STRICT, "-O2", "-c"]
    done = subprocess.run(
        [*command, str(path), "-o", str(tmp_path / "net.o")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("nm"), reason="nm is not installed")
def test_nothing_but_its_own_functions_and_constants(tmp_path: Path) -> None:
    net = random_network((3, 6, 2), "sin")
    path = tmp_path / "net.c"
    net.export(path, derivatives=EVERYTHING)
    target = tmp_path / "net.o"
    subprocess.run([*COMMAND, "-O0", "-c", str(path), "-o", str(target)], check=True)
    listed = subprocess.run(["nm", str(target)], capture_output=True, text=True, check=True).stdout
    kinds: dict[str, set[str]] = {}
    for line in listed.splitlines():
        *_, kind, name = line.split()
        kinds.setdefault(kind, set()).add(name)
    assert kinds["U"] <= {"sin", "cos", "memcpy", "memset"}
    assert not set(kinds) & set("DdBbC")
    assert kinds["T"] == {f"net_{name}" for name in (*EVERYTHING, "self_test")}
    assert "exp" not in path.read_text()


def test_the_workspace_is_as_large_as_it_says(tmp_path: Path) -> None:
    """Numbers behind it stay as they were."""
    net = random_network((5, 9, 7, 3), "tanh")
    path = tmp_path / "net.c"
    net.export(path, derivatives=EVERYTHING)
    functions = library(path, COMMAND, "-O1")
    size = {
        name: int(re.search(rf"NET_{name} (\d+)", path.with_suffix(".h").read_text())[1])
        for name in ("WORKSPACE", "SELF_TEST_WORKSPACE")
    }
    x, v, u, y, J, H = (np.zeros(n) for n in (5, 5, 3, 3, 15, 75))
    calls = {
        "value": (x, y), "jacobian": (x, y, J), "jvp": (x, v, y, u.copy()),
        "vjp": (x, u, y, v.copy()), "hessian": (x, y, J, H),
    }  # fmt: skip
    for name, arrays in calls.items():
        w = np.full(size["WORKSPACE"] + 50, 7.25)
        functions[f"net_{name}"](*pointers(*arrays, w))
        assert np.all(w[size["WORKSPACE"] :] == 7.25), name
    w = np.full(size["SELF_TEST_WORKSPACE"] + 50, 7.25)
    assert functions.net_self_test(*pointers(w)) == 0
    assert np.all(w[size["SELF_TEST_WORKSPACE"] :] == 7.25)


def test_a_wrong_digit_fails_the_self_test(tmp_path: Path) -> None:
    net = random_network((3, 4, 2), "tanh")
    path = tmp_path / "net.c"
    net.export(path, derivatives=EVERYTHING)
    text = path.read_text()
    weight = repr(float(net.weights[1][0, 0]))
    path.write_text(text.replace(weight, repr(float(weight) + 1e-6), 1))
    assert library(path, COMMAND).net_self_test(*pointers(np.empty(1000))) == 1


def test_the_self_test_of_a_network_that_is_large_far_away_allows_its_rounding_nearby(
    tmp_path: Path,
) -> None:
    """Small differences of large numbers nearby, an exponential far away."""
    w = np.random.default_rng(2).normal(size=8)
    W = [
        np.concatenate([w, w * (1 + 1e-7), [4.0]])[:, None],
        1e9 * np.repeat([1, -1, 1e-9], [8, 8, 1])[None],
    ]
    net = sn.Network(W, [np.zeros(17), np.zeros(1)], [[("sin", 16), ("exp", 1)], "identity"])
    assert net.export(tmp_path / "net.c").passed


def test_nan_stays_nan_and_infinity_saturates(tmp_path: Path) -> None:
    net = random_network((2, 5, 2), "sigmoid", output="tanh")
    path = tmp_path / "net.c"
    net.export(path, derivatives=("value", "jacobian", "hessian"))
    X = np.array([[np.nan, 0.0], [np.inf, 0.0], [-1e300, 1e300]])
    got = results(library(path, COMMAND, "-O3"), "net", net, X)
    assert np.isnan(got["y"][0]).all()
    assert np.isnan(got["J"][0]).all()
    bias = np.asarray(net.biases[1]) + net.weights[1] @ (net.weights[0][:, 0] > 0)
    np.testing.assert_allclose(got["y"][1], np.tanh(bias), rtol=1e-14)
    assert np.isfinite(got["J"][2]).all()


def test_numbers_are_read_back_as_they_were(tmp_path: Path) -> None:
    for dtype in (np.float64, np.float32):
        net = random_network((4, 5, 2), dtype=dtype, scale=1e-3)
        net.export(tmp_path / "net.c")
        text = (tmp_path / "net.c").read_text()
        block = re.search(r"net_W2\[20\] = \{[^\n]*\n(.*?)\};", text, re.DOTALL)[1]
        numbers = [dtype(word.strip().rstrip("f")) for word in block.split(",") if word.strip()]
        np.testing.assert_array_equal(np.reshape(numbers, (4, 5)).T, net.weights[0])


def test_the_prefix_is_the_file_name_or_the_name_given(tmp_path: Path) -> None:
    net = random_network((2, 1))
    net.export(tmp_path / "2nd-model.c")
    assert "net_2nd_model_value(" in (tmp_path / "2nd-model.h").read_text()
    net.export(tmp_path / "a.c", prefix="steam")
    assert "steam_jacobian(" in (tmp_path / "a.h").read_text()
    net.export(tmp_path / "modèle.c")
    assert '#include "modèle.h"' in (tmp_path / "modèle.c").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="must have no quotation mark"):
        net.export(tmp_path / 'a"b.c')
    for wrong in ("2nd", "a-b", "", "é"):
        with pytest.raises(ValueError, match="prefix must be letters, digits and underscores"):
            net.export(tmp_path / "a.c", prefix=wrong)


def test_names_of_columns_cannot_end_a_comment(tmp_path: Path) -> None:
    names = ["a */ int x;", "b /*", "c\\", "d\n#error", "é??/"]
    net = sn.Network.random((5, 2), rng=0, input_names=names)
    net.export(tmp_path / "net.c")
    library(tmp_path / "net.c", COMMAND, "-std=c99")


def test_without_value_or_jacobian_the_rest_stands_alone(tmp_path: Path) -> None:
    net = random_network((3, 5, 2), "silu")
    for name in EVERYTHING:
        assert net.export(tmp_path / f"{name}.c", derivatives=[name]).difference < 1e-12
        library(tmp_path / f"{name}.c", COMMAND, "-std=c99")


def test_float32_of_a_float64_network(tmp_path: Path) -> None:
    net = random_network((3, 20, 2), "tanh")
    done = net.export(tmp_path / "net.c", dtype="float32", derivatives=EVERYTHING)
    assert done.passed
    assert 1e-9 < done.difference < 1e-5
    X = points(50, net)
    got = results(library(tmp_path / "net.c", COMMAND), "net", net, X, np.float32)
    assert max(errors(net, X.astype(np.float32), got).values()) < 1


@pytest.mark.parametrize("seed", range(8))
def test_networks_of_runs_keep_the_promise(tmp_path: Path, seed: int) -> None:
    net = network_of_runs(seed, dtype=np.float32 if seed % 4 == 3 else np.float64)
    path = tmp_path / "net.c"
    assert net.export(path, derivatives=EVERYTHING).passed
    X = inputs(300, net)
    got = results(library(path, COMMAND, "-std=c99", f"-O{seed % 4}"), "net", net, X)
    assert max(errors(net, X, got).values()) < 1
