"""Arguments are checked before, and files after they are written; files are whole or absent."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from networks import random_network

import slopenet as sn
from slopenet.evaluate.agreement import Agreement
from slopenet.exporters import Export


def test_a_suffix_that_says_nothing_is_refused(tmp_path: Path) -> None:
    net = random_network((2, 1))
    with pytest.raises(
        ValueError, match=r"path must end in one of \.c, \.onnx, \.f90, \.py, \.fmu, got '\.txt'"
    ):
        net.export(tmp_path / "net.txt")


def test_derivatives_are_names_that_are_known(tmp_path: Path) -> None:
    net = random_network((2, 1))
    with pytest.raises(ValueError, match=r"each of derivatives must be one of value, .* 'slope'"):
        net.export(tmp_path / "net.py", derivatives=["slope"])
    with pytest.raises(TypeError, match="derivatives must be a sequence of names, got 'jacobian'"):
        net.export(tmp_path / "net.py", derivatives="jacobian")
    assert not list(tmp_path.iterdir())


def test_prefix_fmi_and_casadi_are_options_of_some_files(tmp_path: Path) -> None:
    net = random_network((2, 1))
    with pytest.raises(
        ValueError, match=r"prefix is an option of \.c, \.f90 and \.fmu files, not of \.py files"
    ):
        net.export(tmp_path / "net.py", prefix="a")
    with pytest.raises(ValueError, match=r"fmi is an option of \.fmu files, not of \.c files"):
        net.export(tmp_path / "net.c", fmi=2)
    with pytest.raises(ValueError, match="CasADi computes in float64"):
        net.export(tmp_path / "net.c", casadi=True, dtype="float32")
    with pytest.raises(ValueError, match="casadi needs 'jacobian' among derivatives"):
        net.export(tmp_path / "net.c", casadi=True, derivatives=["value"])


def test_parameters_beyond_float32_are_refused_by_layer(tmp_path: Path) -> None:
    net = sn.Network([np.ones((2, 2)), np.full((1, 2), 1e200)], [np.zeros(2), np.zeros(1)], "tanh")
    with pytest.raises(ValueError, match=r"W\[3\] has an entry that is too large for float32"):
        net.export(tmp_path / "net.py", dtype="float32")


def test_points_that_overflow_are_left_out_and_a_network_that_does_everywhere_refused(
    tmp_path: Path,
) -> None:
    def network(factor: float) -> sn.Network:
        W = [np.full((1, 1), 1e300), np.full((1, 1), factor)]
        return sn.Network(W, [np.zeros(1), np.full(1, factor)], ["identity", "identity"])

    for suffix in (".py", ".c"):
        assert network(1.0).export(tmp_path / f"net{suffix}").passed
        with pytest.raises(ValueError, match="beyond the range of float64 wherever it was tried"):
            network(1e200).export(tmp_path / f"net{suffix}")


def test_a_compiler_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "false")
    (tmp_path / "net.c").write_text("precious")
    with pytest.raises(ChildProcessError, match="false failed"):
        random_network((2, 1)).export(tmp_path / "net.c")
    assert [path.name for path in tmp_path.iterdir()] == ["net.c"]
    assert (tmp_path / "net.c").read_text() == "precious"


def test_without_a_compiler_the_file_is_written_and_said_not_to_have_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    done = random_network((2, 1)).export(tmp_path / "net.c")
    assert (done.differences, np.isnan(done.difference)) == ({}, True)
    assert str(done) == (
        f"{tmp_path / 'net.c'}: not run (there is no C compiler; set CC to the command of one)."
    )
    assert (tmp_path / "net.h").exists()


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no command cc")
@pytest.mark.parametrize("suffix", [".c", ".fmu"])
def test_the_compiler_may_be_a_relative_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    (tmp_path / "compiler").symlink_to(shutil.which("cc"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CC", "./compiler")
    done = random_network((2, 1)).export(f"-x{suffix}")
    assert done.passed
    assert done.run_by == "./compiler"


def test_the_verdict_in_words() -> None:
    good = Export(Path("a.c"), (Agreement("value", 1e-16, 1e-12),), "cc")
    assert good.passed
    assert str(good).startswith("a.c: agrees with the network, run by cc.\n  value ")
    agreements = (Agreement("value", 1e-16, 1.0), Agreement("jacobian", 0.5, 0.1))
    bad = Export(Path("a.c"), agreements, "cc")
    assert (bad.passed, bad.difference) == (False, 0.5)
    assert "DOES NOT AGREE" in str(bad)
    assert str(bad).count("WRONG") == 1
    assert bad.differences == {"value": 1e-16, "jacobian": 0.5}
    assert bad.tolerances == {"value": 1.0, "jacobian": 0.1}
    assert not Export(Path("a.c"), (Agreement("value", float("nan"), 1.0),), "cc").passed


def test_a_wrong_file_does_not_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is with the network itself, not with the text that was written."""
    net = random_network((2, 3, 1), "tanh")
    monkeypatch.setattr("slopenet.exporters._python._FUNCTIONS", {"value": WRONG})
    done = net.export(tmp_path / "net.py", derivatives=["value"])
    assert not done.passed
    assert 1e-7 < done.difference < 1e-5


WRONG = """

def value(X):
    return forward(X)[1] * (1 + 1e-6)
"""


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        random_network((2, 1)).export(tmp_path / "nowhere" / "net.c")
