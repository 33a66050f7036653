"""Fortran modules compile without a warning and give the network's results, in the tails too."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from exported import errors, inputs, mixed_network
from networks import ACTIVATIONS, in_domain, network_of_runs, random_network

import slopenet as sn
from slopenet.activations import ActivationSpec

EVERYTHING = ("value", "jacobian", "hessian")
STRICT = ("-std=f2008", "-Wall", "-Wextra", "-Werror", "-O2")
needs_gfortran = pytest.mark.skipif(
    shutil.which("gfortran") is None, reason="gfortran is not installed"
)
PROGRAM = """
program main
    use net
    implicit none
    real(net_kind) :: x(net_inputs), y(net_outputs), J(net_outputs, net_inputs), value(net_outputs)
    real(net_kind), allocatable :: H(:, :, :)
    integer :: n, row
    allocate (H(net_outputs, net_inputs, net_inputs))
    open (10, file="x.bin", access="stream", form="unformatted", status="old", action="read")
    open (11, file="y.bin", access="stream", form="unformatted", status="replace")
    read (10) n
    do row = 1, n
        read (10) x
        call net_value(x, value)
        call net_jacobian(x, y, J)
        call net_hessian(x, y, J, H)
        write (11) value, y, transpose(J), H
    end do
end program main
"""


def compiled(folder: Path, *, program: str = PROGRAM) -> Path:
    (folder / "main.f90").write_text(program)
    command = ["gfortran", *STRICT, "-o", "main", "net.f90", "main.f90"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "main"


def results(folder: Path, net: sn.Network, X: np.ndarray) -> dict[str, np.ndarray]:
    n_1, n_L = net.sizes[0], net.sizes[-1]
    (folder / "x.bin").write_bytes(np.int32(len(X)).tobytes() + X.astype(net.dtype).tobytes())
    subprocess.run([compiled(folder)], cwd=folder, check=True)
    rows = np.fromfile(folder / "y.bin", net.dtype).reshape(len(X), -1)
    value, y, J, H = np.split(rows, [n_L, 2 * n_L, n_L * (2 + n_1)], axis=1)
    eps = 16 * np.finfo(net.dtype).eps
    np.testing.assert_allclose(value, y, rtol=eps, atol=eps * np.abs(y).max())
    return {
        "y": y,
        "J": J.reshape(-1, n_L, n_1),
        "H": H.reshape(-1, n_1, n_1, n_L).transpose(0, 3, 1, 2),
    }


@needs_gfortran
@pytest.mark.parametrize("seed", range(12))
def test_networks_of_all_activations_keep_the_promise(tmp_path: Path, seed: int) -> None:
    net = mixed_network(seed, np.float32 if seed % 4 == 3 else np.float64)
    if seed % 3 == 2:
        net = network_of_runs(seed, dtype=net.dtype)
    made = net.export(tmp_path / "net.f90", derivatives=EVERYTHING)
    assert made.passed
    assert set(made.differences) == set(EVERYTHING)
    X = inputs(200, net)
    assert max(errors(net, X, results(tmp_path, net, X)).values()) < (
        10 if net.dtype == np.float32 else 1
    )


@needs_gfortran
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_every_entry_keeps_its_digits_in_the_tails(
    tmp_path: Path, activation: ActivationSpec
) -> None:
    """One unit: each result relative to itself, down to the smallest normal number."""
    net = sn.Network([[[1.0]]], [[0.0]], [activation])
    z = np.array([1e-9, 0.1, 1, 5, 8.5, 15, 30, 37, 100, 700, 709, 1e3])
    z = in_domain(activation, np.concatenate([-z, [0.0], z]))[:, None]
    if activation == "exp":
        z = z[z[:, 0] < 709]
    net.export(tmp_path / "net.f90", derivatives=EVERYTHING)
    got = results(tmp_path, net, z)
    for name, wanted in zip("yJH", net.value_jacobian_hessian(z), strict=True):
        error = np.abs(got[name] - wanted)
        assert (error <= 1e-12 * np.abs(wanted) + 1e-307).all(), name


@needs_gfortran
def test_wide_layers_and_names_of_any_alphabet_compile(tmp_path: Path) -> None:
    """Data of more numbers than one statement may have, arrays too large for the stack."""
    net = sn.Network.random((1300, 9, 1), rng=0, output_names=["Δp\nnext ! line" + "x" * 200])
    assert net.export(tmp_path / "net.f90", derivatives=["jacobian"]).passed
    net = sn.Network.random((9, 600, 2), rng=0, input_names=[f"größe {i}" for i in range(9)])
    assert net.export(tmp_path / "net.f90", derivatives=EVERYTHING).passed
    compiled(tmp_path)


@needs_gfortran
def test_long_names_of_files_compile(tmp_path: Path) -> None:
    net = sn.Network.random((2, 3, 1), rng=0)
    path = tmp_path / f"{'density_of_steam_at_high_pressure_and_so_on':.40}.f90"
    assert net.export(path, derivatives=EVERYTHING).passed


def test_without_a_compiler_the_file_is_written_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FC", "no-such-compiler")
    net = random_network((2, 3, 1), "gelu")
    made = net.export(tmp_path / "2 heat-flux.f90", derivatives=["value"])
    assert "there is no gfortran" in str(made)
    text = (tmp_path / "2 heat-flux.f90").read_text()
    assert "module net_2_heat_flux" in text
    assert "jacobian" not in text
    assert max(map(len, text.splitlines())) <= 132


def test_what_a_module_cannot_be_is_refused(tmp_path: Path) -> None:
    net = random_network((2, 3, 1))
    with pytest.raises(ValueError, match="prefix must be up to 40 letters"):
        net.export(tmp_path / "net.f90", prefix="_x")
    with pytest.raises(ValueError, match="Fortran 2008 files have value, jacobian, hessian, not"):
        net.export(tmp_path / "net.f90", derivatives=["jvp"])
    softmax = sn.Network.random((2, 3, 4), output="softmax", rng=0)
    with pytest.raises(ValueError, match="softmax are not written in Fortran yet"):
        softmax.export(tmp_path / "net.f90")
