"""`slopenet check` gives the verdict on the derivatives."""

import re

import numpy as np
from command_line import run

import slopenet as sn


def test_check_gives_the_verdict_and_compares_with_data_that_has_the_answers(folder, tmp_path):
    model = folder / "model.safetensors"
    alone = run("check", model)
    assert alone.exit_code == 0
    assert "relative RMS error" not in alone.stdout
    compared = run("check", model, folder / "data.csv")
    assert compared.exit_code == 0
    assert "60 rows" in compared.stdout
    assert re.search(r"│ dv/db +│ +\d+\.\d\d\d%", compared.stdout)
    (tmp_path / "inputs.csv").write_text("a,b\n0,0\n")
    assert run("check", model, tmp_path / "inputs.csv").exit_code == 0


def test_check_exits_with_1_when_a_derivative_is_wrong(folder, monkeypatch):
    class Verdict:
        passed = False

        def __str__(self):
            return "The Jacobian is wrong."

    monkeypatch.setattr(sn, "check_derivatives", lambda network, X: Verdict())
    result = run("check", folder / "model.safetensors")
    assert (result.exit_code, result.stdout) == (1, "The Jacobian is wrong.\n")


def test_check_without_data_tests_where_the_network_is_not_flat(folder, monkeypatch):
    seen = []
    verdict = type("Verdict", (), {"passed": True})()
    monkeypatch.setattr(sn, "check_derivatives", lambda network, X: seen.append(X) or verdict)
    network = sn.load(folder / "model.safetensors")
    far = sn.Network(
        [network.weights[0] * 1e-3, network.weights[1]],
        [network.biases[0] - network.weights[0] @ [700.0, -300.0], network.biases[1]],
        network.activations,
    )
    far.save(folder / "far.safetensors")
    run("check", folder / "far.safetensors")
    z = seen[0] @ far.weights[0].T + far.biases[0]
    assert np.median(np.abs(z)) < 3
