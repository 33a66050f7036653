"""The contents of FMUs, and refusals; tests/extras/test_export_fmu.py runs the FMUs."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner
from exported import STRICT, compilers
from networks import random_network

import slopenet as sn
from slopenet.cli import cli
from slopenet.exporters import fmu
from slopenet.exporters._export import _task
from slopenet.exporters.fmu import library
from slopenet.exporters.fmu.variables import dependencies, different
from slopenet.io.card import Card, Range

COMPILER = next(iter(compilers().values()), [])
FMI = pytest.mark.parametrize("fmi", [2, 3])
needs_compiler = pytest.mark.skipif(not COMPILER, reason="no C compiler is installed")
NAMES = {"input_names": ["span [m]", "sweep [-]"], "output_names": ["drag [N]", "mass"]}
WING = sn.Network.random((2, 5, 2), rng=0, **NAMES)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def described(path: Path) -> ET.Element:
    return ET.fromstring(contents(path)["modelDescription.xml"])


def variables(path: Path) -> dict[str, dict[str, str]]:
    """The attributes of each variable, by its name."""
    found = [
        {**each.attrib, **(each[0].attrib if len(each) else {})}
        for each in described(path).find("ModelVariables") or ()
    ]
    return {each["name"]: each for each in found}


@needs_compiler
@pytest.mark.parametrize(("fmi", "place"), [(3, "binaries/x86_64-linux"), (2, "binaries/linux64")])
def test_an_archive_has_a_description_sources_and_a_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fmi: Any, place: str
) -> None:
    monkeypatch.setattr(library.platform, "machine", lambda: "x86_64")
    done = WING.export(tmp_path / "wing.fmu", fmi=fmi)
    assert done.passed
    assert set(done.differences) == {"value", "jacobian"}
    sources = {"network.c", "network.h", "config.h", "model.h", f"fmi{fmi}.c", f"fmi{fmi}.h"}
    wanted = {"modelDescription.xml", f"{place}/wing.so", *(f"sources/{name}" for name in sources)}
    if fmi == 3:
        wanted.add("sources/buildDescription.xml")
    assert set(contents(tmp_path / "wing.fmu")) == wanted
    assert described(tmp_path / "wing.fmu").get("fmiVersion") == f"{fmi}.0"


@needs_compiler
def test_every_function_of_an_fmu_is_compared_if_asked_for(tmp_path: Path) -> None:
    names = ["value", "jacobian", "jvp", "vjp"]
    done = WING.export(tmp_path / "wing.fmu", derivatives=names)
    assert done.passed
    assert list(done.differences) == names
    assert 0 < done.difference < 1e-14


@needs_compiler
def test_the_same_network_gives_the_same_bytes_and_another_one_another_token(
    tmp_path: Path,
) -> None:
    def token(net: sn.Network) -> str | None:
        net.export(tmp_path / "net.fmu")
        return described(tmp_path / "net.fmu").get("instantiationToken")

    first = token(WING)
    archive = (tmp_path / "net.fmu").read_bytes()
    assert token(WING) == first
    assert (tmp_path / "net.fmu").read_bytes() == archive
    for other in (
        sn.Network.random((2, 5, 2), rng=1, **NAMES),
        sn.Network(WING.weights, WING.biases, ["sin", "identity"], **NAMES),
        sn.Network(WING.weights, WING.biases, WING.activations),
    ):
        assert token(other) != first


def test_names_units_and_descriptions_of_variables(tmp_path: Path) -> None:
    WING.export(tmp_path / "wing.fmu")
    found = variables(tmp_path / "wing.fmu")
    assert list(found) == ["time", "span", "sweep", "drag", "mass"]
    assert [each["valueReference"] for each in found.values()] == list("01234")
    assert [each.get("unit") for each in found.values()] == [None, "m", "1", "N", None]
    assert found["span"]["description"] == "span [m]"
    assert found["span"]["start"] == "0.0"
    assert found["drag"]["causality"] == "output"
    units = [each.get("name") for each in described(tmp_path / "wing.fmu").find("UnitDefinitions")]
    assert units == ["1", "N", "m"]
    random_network((2, 1)).export(tmp_path / "net.fmu", fmi=2)
    assert list(variables(tmp_path / "net.fmu")) == ["time", "x1", "x2", "y1"]


def test_names_that_clash_or_that_xml_cannot_have_are_changed(tmp_path: Path) -> None:
    names = {"input_names": ["T [K]", "T [°C]", "time", "a\tb\n\x00c"]}
    net = sn.Network.random((4, 3, 2), rng=0, output_names=["T", "<&\"'>"], **names)
    net.export(tmp_path / "net.fmu")
    found = list(variables(tmp_path / "net.fmu"))
    assert found == ["time", "T", "T_2", "time_2", "a b c", "T_3", "<&\"'>"]
    assert different(["a", "a", "a_2", "a"]) == ["a", "a_3", "a_2", "a_4"]


def test_inputs_start_at_the_median_of_the_training_data() -> None:
    net = random_network((2, 1))
    median = 305.1
    known = Range(300.0, 310.0, (300.5, 302.0, median, 308.0, 309.5))
    task = _task(net, net.chain(), "net", ("value",), names=(None, None), posterior=None)
    card = Card((known, Range()), (known,), rows=41)
    (first, second), (output,) = fmu.variables(replace(task, card=card))
    assert (first.start, second.start, output.start) == (median, 0.0, None)
    assert first.description == "x1; in the training data 300 to 310"
    assert second.description == "x2"
    single = random_network((2, 1), dtype=np.float32)
    task = _task(single, single.chain(), "net", ("value",), names=(None, None), posterior=None)
    (first, _), _ = fmu.variables(replace(task, card=card))
    assert first.start == float(np.float32(median)) != median


def test_dependencies_follow_the_paths_of_weights() -> None:
    """Against the Jacobian at random points: an entry that is 0, or the same, at all of them."""
    first = np.array([[1.0, 2, 0], [0, 0, 3], [0, 1, 0]])
    second = np.array([[1.0, 0, 0], [0, 1, 1], [0, 0, 2]])
    runs = [[("tanh", 1), ("identity", 2)], "identity"]
    net = sn.Network([first, second], [np.ones(3), np.ones(3)], runs)
    J = net.jacobian(np.random.default_rng(0).normal(size=(9, 3)))
    task = _task(net, net.chain(), "net", ("value",), names=(None, None), posterior=None)
    used, nonlinear = dependencies(task)
    assert np.array_equal(used, (J != 0).any(axis=0))
    assert np.array_equal(nonlinear, np.ptp(J, axis=0) > 0)
    assert np.array_equal(used, [[1, 1, 0], [0, 1, 1], [0, 1, 0]])
    assert np.array_equal(nonlinear, [[1, 1, 0], [0, 0, 0], [0, 0, 0]])


@FMI
def test_kinds_of_dependencies_are_written(tmp_path: Path, fmi: Any) -> None:
    W = [np.array([[1.0, 2, 0], [0, 0, 3]]), np.eye(2)]
    net = sn.Network(W, [np.zeros(2)] * 2, [[("tanh", 1), ("identity", 1)], "identity"])
    net.export(tmp_path / "net.fmu", fmi=fmi)
    structure = described(tmp_path / "net.fmu").find("ModelStructure")
    found = [
        (each.get("dependencies"), each.get("dependenciesKind"))
        for each in structure.iter()
        if each.get("dependencies")
    ]
    first = "1 2" if fmi == 3 else "2 3"  # FMI 2 counts the variables from 1
    last = "3" if fmi == 3 else "4"
    assert found == [(first, "dependent dependent"), (last, "constant")] * 2


def test_of_a_softmax_every_output_depends_on_every_used_input(tmp_path: Path) -> None:
    net = sn.Network([np.array([[1.0, 0, 0], [0, 0, 1]])], [np.zeros(2)], ["softmax"])
    net.export(tmp_path / "net.fmu")
    structure = described(tmp_path / "net.fmu").find("ModelStructure")
    assert {each.get("dependencies") for each in structure} == {"1 3"}
    assert {each.get("dependenciesKind") for each in structure} == {"dependent dependent"}


def test_without_a_compiler_an_fmu_has_sources_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    done = WING.export(tmp_path / "wing.fmu")
    assert "not run (there is no C compiler, so that it has sources alone; set CC" in str(done)
    assert not [name for name in contents(tmp_path / "wing.fmu") if name.startswith("binaries")]


@needs_compiler
def test_a_platform_that_fmi_2_does_not_name_gets_sources_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.platform, "machine", lambda: "aarch64")
    done = WING.export(tmp_path / "wing.fmu", fmi=2)
    assert done.passed
    assert "FMI 2 has no name for this platform, so that it has sources alone" in str(done)
    assert not [name for name in contents(tmp_path / "wing.fmu") if name.startswith("binaries")]
    WING.export(tmp_path / "wing.fmu", fmi=3)
    assert "binaries/aarch64-linux/wing.so" in contents(tmp_path / "wing.fmu")


def test_what_an_fmu_cannot_be_is_refused_and_an_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "wing.fmu"
    path.write_text("precious")
    for fmi in (1, "3", 2.0, [2]):
        with pytest.raises(ValueError, match="fmi must be 2 or 3, got"):
            WING.export(path, fmi=fmi)
    with pytest.raises(ValueError, match="FMI 2 has no adjoint derivatives; leave out 'vjp'"):
        WING.export(path, fmi=2, derivatives=["value", "vjp"])
    with pytest.raises(ValueError, match="FMI files have value, jacobian, jvp, vjp, not 'hessian'"):
        WING.export(path, derivatives=["hessian"])
    with pytest.raises(ValueError, match="prefix must be letters, digits and underscores"):
        WING.export(path, prefix="a-b")
    monkeypatch.setenv("CC", "false")
    with pytest.raises(ChildProcessError, match="false failed"):
        WING.export(path)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


@needs_compiler
def test_a_library_that_computes_something_else_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results are those of the functions of FMI, not of the text."""
    original = library.build

    def wrong(command: list[str], flags: list[str], folder: Path, *others: Any) -> Path:
        text = (folder / "model.h").read_text()
        (folder / "model.h").write_text(text.replace("(double)m->uJ[", "1.001 * m->uJ["))
        return original(command, flags, folder, *others)

    monkeypatch.setattr(library, "build", wrong)
    assert not WING.export(tmp_path / "wing.fmu").passed
    assert WING.export(tmp_path / "wing.fmu", fmi=2).passed  # which has no adjoint derivatives


@needs_compiler
def test_a_network_that_computes_something_else_is_not_instantiated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*given: Any, **options: Any) -> Any:
        text = original(*given, **options)
        return SimpleNamespace(
            source=re.sub(r"(b2\[\d\] = \{)", r"\g<1> 0.25 +", text.source), header=text.header
        )

    original = fmu.source
    monkeypatch.setattr(fmu, "source", wrong)
    with pytest.raises(ChildProcessError, match="cannot be instantiated: its self-test fails"):
        WING.export(tmp_path / "wing.fmu")


def compile_sources(
    folder: Path, fmi: Any, command: Sequence[str], *flags: str, **options: Any
) -> bytes:
    """The library that a strict compiler makes of the sources of an FMU."""
    WING.export(folder / "net.fmu", fmi=fmi, **options)
    with zipfile.ZipFile(folder / "net.fmu") as archive:
        archive.extractall(folder)
    files = [str(folder / "sources" / name) for name in (f"fmi{fmi}.c", "network.c")]
    arguments = ["-std=c99", *STRICT, *flags, "-shared", "-fPIC", "-o", str(folder / "net.so")]
    done = subprocess.run(
        [*command, *arguments, *files, "-lm"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return (folder / "net.so").read_bytes()


@needs_compiler
@FMI
@pytest.mark.parametrize("command", compilers().values(), ids=list(compilers()))
def test_sources_compile_without_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], fmi: Any
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    library = compile_sources(tmp_path, fmi, command, dtype="float32")
    assert f"\0fmi{fmi}Reset\0".encode() in library


@needs_compiler
@FMI
@pytest.mark.parametrize("prefix", ["model", "fmi2", "fmi3", "network", "N"])
def test_sources_compile_under_any_name_and_with_a_prefix_for_static_linking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str, fmi: Any
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    flag = f"-DFMI{fmi}_FUNCTION_PREFIX={prefix}_"
    library = compile_sources(tmp_path, fmi, COMPILER, flag, prefix=prefix)
    assert f"\0{prefix}_fmi{fmi}Reset\0".encode() in library


def test_the_command_exports_an_fmu(tmp_path: Path) -> None:
    model = tmp_path / "wing.safetensors"
    WING.save(model)
    for options, version in (([], "3.0"), (["--fmi", "2"], "2.0")):
        out = tmp_path / "wing.fmu"
        done = CliRunner().invoke(cli, ["export", str(model), str(out), *options])
        assert done.exit_code == 0, done.output
        assert described(out).get("fmiVersion") == version
