"""FMUs are valid, and FMPy gets the network's values and exact derivatives from them."""

from __future__ import annotations

import ctypes
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import STRICT, compilers, library, results
from networks import network_of_runs, points, random_network

import slopenet as sn

fmpy = pytest.importorskip("fmpy", reason="fmpy is not installed")
build = pytest.importorskip("fmpy.build", reason="fmpy is not installed")
validation = pytest.importorskip("fmpy.validation", reason="fmpy is not installed")
COMPILER = next(iter(compilers().values()), [])
pytestmark = pytest.mark.skipif(not COMPILER, reason="no C compiler is installed")
HEADERS = Path(fmpy.__file__).parent / "c-code"
NAMES = {"input_names": ["span [m]", "sweep"], "output_names": ["drag [N]", "mass", "span"]}
SCALING = {
    "input_scaling": (np.array([1.0, -2.0]), np.array([0.3, 4.0])),
    "output_scaling": (5.0, 7.0),
}
NETWORKS: dict[str, Callable[[], sn.Network]] = {
    "tanh": lambda: random_network((3, 16, 8, 2), "tanh", output="identity"),
    "one input, one output": lambda: random_network((1, 5, 1), "sin", output="identity"),
    "wide": lambda: random_network((20, 33, 17, 10), "softplus", output="identity"),
    "runs": lambda: network_of_runs(1),
    "softmax": lambda: sn.Network.random((4, 12, 5), output="softmax", rng=2),
    "log_softmax": lambda: sn.Network.random((4, 12, 5), output="log_softmax", rng=3),
    "linear": lambda: random_network((4, 3), "identity"),
    "scaled": lambda: sn.Network.random((2, 9, 3), rng=4, **NAMES).scaled(**SCALING),
}
FMI = pytest.mark.parametrize("fmi", [2, 3])


class Instance:
    """An FMU in FMPy, initialised; the methods that both versions of FMI have."""

    def __init__(self, path: Path, folder: Path, *, kind: str = "CoSimulation") -> None:
        self.logged: list[str] = []
        self.description = fmpy.read_model_description(str(path))
        self.fmi = int(self.description.fmiVersion[0])
        unzipped = fmpy.extract(str(path), unzipdir=str(folder))
        logger = self._log3 if self.fmi == 3 else self._log2
        self.fmu = fmpy.instantiate_fmu(unzipped, self.description, kind, logger=logger)
        if self.fmi == 2:
            self.fmu.setupExperiment()
        self.fmu.enterInitializationMode()
        self.fmu.exitInitializationMode()
        of = {each.name: each for each in self.description.modelVariables}
        self.inputs = [v.valueReference for v in of.values() if v.causality == "input"]
        self.outputs = [v.valueReference for v in of.values() if v.causality == "output"]

    def _log3(self, environment: Any, status: int, category: bytes, message: bytes) -> None:
        self.logged.append(message.decode())

    def _log2(
        self, environment: Any, name: bytes, status: int, category: bytes, text: bytes
    ) -> None:
        self.logged.append(text.decode())

    def set(self, x: Sequence[float], references: Sequence[int] | None = None) -> None:
        put = self.fmu.setFloat64 if self.fmi == 3 else self.fmu.setReal
        put(self.inputs if references is None else references, list(x))

    def get(self, references: Sequence[int] | None = None) -> np.ndarray:
        take = self.fmu.getFloat64 if self.fmi == 3 else self.fmu.getReal
        return np.array(take(self.outputs if references is None else references))

    def directional(self, v: Sequence[float], knowns: Sequence[int] | None = None) -> np.ndarray:
        chosen = self.inputs if knowns is None else knowns
        return np.array(self.fmu.getDirectionalDerivative(self.outputs, chosen, list(v)))

    def adjoint(self, u: Sequence[float], unknowns: Sequence[int] | None = None) -> np.ndarray:
        chosen = self.outputs if unknowns is None else unknowns
        n = len(self.inputs)  # FMPy expects as many as unknowns unless told
        return np.array(self.fmu.getAdjointDerivative(chosen, self.inputs, list(u), n))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A function that returns the FMU of one of the networks, exported when first asked for."""

    @cache
    def exported_once(name: str, fmi: Any) -> Path:
        path = tmp_path_factory.mktemp("exported") / "net.fmu"
        assert NETWORKS[name]().export(path, fmi=fmi).passed
        return path

    return exported_once


@pytest.fixture
def opened(exported: Callable[..., Path], tmp_path: Path) -> Iterator[Callable[..., Instance]]:
    """A function that opens the FMU of a network; the instances are freed afterwards."""
    instances = []

    def opened_fmu(name: str, fmi: Any = 3, kind: str = "CoSimulation") -> Instance:
        instances.append(Instance(exported(name, fmi), tmp_path / kind, kind=kind))
        return instances[-1]

    yield opened_fmu
    for instance in instances:
        instance.fmu.terminate()
        instance.fmu.freeInstance()


@FMI
@pytest.mark.parametrize("name", NETWORKS)
def test_fmus_are_valid(exported: Callable[..., Path], name: str, fmi: Any) -> None:
    assert validation.validate_fmu(str(exported(name, fmi))) == []


@FMI
@pytest.mark.parametrize("kind", ["CoSimulation", "ModelExchange"])
@pytest.mark.parametrize("name", NETWORKS)
def test_values_and_both_products_are_those_of_the_network(
    opened: Callable[..., Instance], name: str, kind: str, fmi: Any
) -> None:
    """Values, columns and rows of J to 1e-14 of the largest entry."""
    net, fmu = NETWORKS[name](), opened(name, fmi, kind)
    X = points(8, net)
    values, jacobians = net.value_and_jacobian(X)
    for x, y, J in zip(X, values, jacobians, strict=True):
        fmu.set(x)
        assert np.abs(fmu.get() - y).max() <= 1e-14 * np.abs(values).max()
        bound = 1e-14 * np.abs(jacobians).max()
        columns = [fmu.directional([1.0], [i]) for i in fmu.inputs]
        assert np.abs(np.transpose(columns) - J).max() <= bound
        if fmi == 3:
            rows = [fmu.adjoint([1.0], [k]) for k in fmu.outputs]
            assert np.abs(rows - J).max() <= bound


@pytest.mark.parametrize("name", NETWORKS)
def test_products_agree_with_each_other_and_with_differences(
    opened: Callable[..., Instance], name: str
) -> None:
    """u·(J v) = (Jᵀ u)·v, and J v is the slope of the FMU's own values along v."""
    net = NETWORKS[name]()
    fmu = opened(name)
    rng = np.random.default_rng(5)
    for x in points(5, net):
        v, u = rng.normal(size=net.sizes[0]), rng.normal(size=net.sizes[-1])
        fmu.set(x)
        Jv, uJ = fmu.directional(v), fmu.adjoint(u)
        assert abs(u @ Jv - uJ @ v) <= 1e-14 * (np.abs(u) @ np.abs(Jv) + np.abs(uJ) @ np.abs(v))
        ahead, behind = (fmu.set(x + h * v) or fmu.get() for h in (1e-5, -1e-5))
        difference = (ahead - behind) / 2e-5
        assert np.allclose(difference, Jv, rtol=1e-7, atol=1e-7 * np.abs(Jv).max() + 1e-9)


def test_products_of_chosen_variables_add_their_seeds(opened: Callable[..., Instance]) -> None:
    net = NETWORKS["wide"]()
    fmu = opened("wide")
    (x,) = points(1, net)
    fmu.set(x)
    J = net.jacobian(x)
    knowns = [fmu.inputs[i] for i in (3, 3, 7)]
    got = fmu.fmu.getDirectionalDerivative(
        [fmu.outputs[4], fmu.outputs[1]], [0, *knowns], [9, 1, 2, 4]
    )
    assert np.allclose(got, (3 * J[:, 3] + 4 * J[:, 7])[[4, 1]], rtol=1e-13)
    got = fmu.fmu.getAdjointDerivative(fmu.outputs[2:4], [0, fmu.inputs[5]], [2, 3])
    assert np.allclose(got, [0, 2 * J[2, 5] + 3 * J[3, 5]], rtol=1e-13)


def test_values_have_the_bits_of_the_exported_c_file(
    opened: Callable[..., Instance], tmp_path: Path
) -> None:
    net = NETWORKS["runs"]()
    net.export(tmp_path / "net.c", derivatives=["value", "jacobian", "hessian"])
    X = points(20, net)
    wanted = results(library(tmp_path / "net.c", COMPILER), "net", net, X)["y"]
    fmu = opened("runs")
    for x, y in zip(X, wanted, strict=True):
        fmu.set(x)
        assert np.array_equal(fmu.get(), y)


@FMI
def test_a_float32_network_has_variables_of_64_bits(tmp_path: Path, fmi: Any) -> None:
    net = NETWORKS["tanh"]()
    assert net.export(tmp_path / "net.fmu", fmi=fmi, dtype="float32").passed
    fmu = Instance(tmp_path / "net.fmu", tmp_path / "net")
    (x,) = points(1, net)
    fmu.set(x)
    assert np.array_equal(fmu.get(fmu.inputs), x)
    H, J = net.value_and_jacobian(x)
    assert 1e-10 < np.abs(fmu.get() - H).max() < 1e-5 * np.abs(H).max()
    v = np.ones(net.sizes[0])
    assert np.abs(fmu.directional(v) - J @ v).max() < 1e-5 * np.abs(J).max()
    fmu.fmu.freeInstance()


@FMI
@pytest.mark.parametrize("kind", ["CoSimulation", "ModelExchange"])
def test_a_simulation_follows_its_inputs(
    exported: Callable[..., Path], kind: str, fmi: Any
) -> None:
    net = NETWORKS["scaled"]()
    path = str(exported("scaled", fmi))
    t = np.linspace(0, 2, 21)
    given = np.zeros(21, [("time", float), ("span", float), ("sweep", float)])
    given["time"], given["span"], given["sweep"] = t, np.sin(t), t**2
    names = ["span", "sweep", "drag", "mass", "span_2"]
    done = fmpy.simulate_fmu(
        path, fmi_type=kind, input=given, output=names, stop_time=2.0, output_interval=0.1
    )
    assert len(done) >= 20
    assert np.ptp(done["sweep"]) > 3
    X, Y = (np.stack([done[name] for name in part], 1) for part in (names[:2], names[2:]))
    assert np.allclose(Y, net(X), rtol=1e-13, atol=1e-13)


@FMI
def test_states_are_saved_restored_and_serialised(
    opened: Callable[..., Instance], fmi: Any
) -> None:
    net = NETWORKS["tanh"]()
    fmu = opened("tanh", fmi)
    x, other = points(2, net)
    fmu.set(x)
    y = fmu.get()
    state = fmu.fmu.getFMUState()
    stored = fmu.fmu.serializeFMUState(state)
    for back in (state, fmu.fmu.deserializeFMUState(stored)):
        fmu.set(other)
        assert not np.array_equal(fmu.get(), y)
        fmu.fmu.setFMUState(back)
        assert np.array_equal(fmu.get(), y)
        assert np.array_equal(fmu.get(fmu.inputs), x)
        fmu.fmu.freeFMUState(back)


@FMI
def test_reset_and_start_values(opened: Callable[..., Instance], fmi: Any) -> None:
    net = NETWORKS["tanh"]()
    fmu = opened("tanh", fmi)
    assert np.array_equal(fmu.get(fmu.inputs), np.zeros(3))
    assert np.allclose(fmu.get(), net(np.zeros(3)), rtol=1e-13)
    fmu.set([1, 2, 3])
    fmu.fmu.reset()
    assert np.array_equal(fmu.get(fmu.inputs), np.zeros(3))
    fmu.fmu.enterInitializationMode()
    fmu.fmu.exitInitializationMode()


@FMI
def test_wrong_calls_fail_and_say_why(opened: Callable[..., Instance], fmi: Any) -> None:
    fmu = opened("tanh", fmi)
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("is not that of an input", lambda: fmu.set([1.0], fmu.outputs[:1])),
        ("is not that of an input", lambda: fmu.set([1.0], [0])),
        ("no variable with this value reference", lambda: fmu.get([99])),
        ("is not that of an input", lambda: fmu.directional([1.0], fmu.outputs[:1])),
        ("must not be called in this state", fmu.fmu.enterInitializationMode),
        ("the step must not be negative", lambda: fmu.fmu.doStep(0.0, -1.0)),
    ]
    if fmi == 3:
        calls += [
            ("is not that of an output", lambda: fmu.adjoint([1.0], fmu.inputs[:1])),
            ("number of values", lambda: fmu.directional([1.0, 2.0], fmu.inputs[:1])),
            ("no variable or state of this kind", lambda: fmu.fmu.getInt32([1])),
        ]
    else:
        calls.append(("no variable or state of this kind", lambda: fmu.fmu.getInteger([1])))
    for said, call in calls:
        with pytest.raises(fmpy.fmi1.FMICallException):
            call()
        assert said in fmu.logged.pop()
        assert not fmu.logged


@FMI
def test_another_description_is_refused(
    exported: Callable[..., Path], tmp_path: Path, fmi: Any
) -> None:
    path = str(exported("tanh", fmi))
    description = fmpy.read_model_description(path)
    description.guid = "another one"
    folder = fmpy.extract(path, unzipdir=str(tmp_path))
    logged = []  # FMPy's own logger of FMI 2 is lost once another one was used
    with pytest.raises(Exception, match="Failed to instantiate"):
        fmpy.instantiate_fmu(
            folder, description, "CoSimulation", logger=lambda *given: logged.append(given)
        )
    assert b"the token is not that of modelDescription.xml" in logged[0]


def unpacked(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


@FMI
def test_the_functions_are_those_of_the_standard_headers(
    exported: Callable[..., Path], tmp_path: Path, fmi: Any
) -> None:
    """The sources compile with the declarations of the standard, and no function is absent."""
    folder = unpacked(exported("tanh", fmi), tmp_path)
    sources = folder / "sources"
    shim = f'#include "fmi{fmi}Functions.h"\n#define FMI{fmi}_NAME(name) name\n'
    (sources / f"fmi{fmi}.h").write_text(shim)
    files = [str(sources / name) for name in (f"fmi{fmi}.c", "network.c")]
    # The standard's own headers have a callback without a prototype.
    flags = [*STRICT, "-std=c11", f"-I{HEADERS}", "-Wno-strict-prototypes"]
    out = str(tmp_path / "strict.so")
    arguments = [*COMPILER, *flags, "-shared", "-fPIC", "-o", out, *files, "-lm"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    header = (HEADERS / f"fmi{fmi}Functions.h").read_text()
    names = set(re.findall(rf"fmi{fmi}FullName\((\w+)\)", header)) - {"name"}
    assert len(names) > 40
    (built,) = folder.glob("binaries/*/net.so")
    functions = ctypes.CDLL(str(built))
    assert [name for name in sorted(names) if not hasattr(functions, name)] == []
    assert not hasattr(functions, "net_value")


@FMI
def test_fmpy_compiles_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fmi: Any
) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    if not (shutil.which("cmake") and shutil.which("make")):
        pytest.skip("cmake or make is not installed")
    net = NETWORKS["tanh"]()
    monkeypatch.setenv("CC", "no-such-compiler")
    net.export(tmp_path / "net.fmu", fmi=fmi)
    folder = unpacked(tmp_path / "net.fmu", tmp_path / "net")
    assert not (folder / "binaries").exists()
    monkeypatch.setenv("CC", shlex.join(COMPILER))
    (tmp_path / "build").mkdir()
    build.build_platform_binary(folder, tmp_path / "build")
    start = {"x1": 0.1, "x2": -0.2, "x3": 0.3}
    done = fmpy.simulate_fmu(str(folder), start_values=start, stop_time=0.1)
    got = [done[name][-1] for name in ("y1", "y2")]
    assert np.allclose(got, net([0.1, -0.2, 0.3]), rtol=1e-13)
