"""`slopenet info` describes a model or the installation."""

import re
import sys

import numpy as np
from command_line import run

import slopenet as sn


def test_info_shows_layers_names_and_size(folder):
    text = run("info", folder / "model.safetensors").stdout
    assert "2-8-2 network, float64" in text
    assert "inputs   a, b\n" in text
    assert re.search(r"│ +2 │ +8 │ tanh +│ +24 │", text)
    assert "42 parameters in" in text


def test_info_shows_what_a_model_was_trained_on(folder):
    text = run("info", folder / "model.safetensors").stdout
    card = sn.load(folder / "model.safetensors").card
    assert re.search(r"inputs ┃ +minimum ┃ +5 % ┃ +median ┃ +95 % ┃ maximum ┃", text)
    low, high = card.bounds[1]
    assert re.search(rf"│ b +│ +{low:.5g} │.*│ +{high:.5g} │", text)
    assert re.search(r"│ v +│", text)
    assert f"Trained by slopenet {sn.__version__} (lm, seed 0) on {card.rows} rows, SHA-256" in text
    words = " ".join(text.split())
    assert card.reason in words
    assert f"Errors of rows {card.errors.rows}: values " in words
    assert max(map(len, text.splitlines()[1:])) <= 80  # the first has the path


def test_info_of_a_model_without_a_card_lists_its_columns(tmp_path):
    net = sn.Network.random((2, 3, 1), rng=0, input_names=["a", "b"])
    net.save(tmp_path / "model")
    text = run("info", tmp_path / "model").stdout
    assert "inputs   a, b (the model has no names)\noutputs  y1\n" in text
    assert "Trained" not in text


def test_info_of_an_ensemble(tmp_path):
    nets = [sn.Network.random((2, 3, 1), rng=seed) for seed in range(4)]
    sn.Ensemble(nets).save(tmp_path / "all")
    text = run("info", tmp_path / "all").stdout
    assert "all: ensemble of 4 networks, the first a 2-3-1 network, float64\n" in text
    assert "52 parameters in" in text


def test_info_without_a_model_says_what_runs():
    result = run("info")
    assert result.exit_code == 0, result.output
    said = [re.split("  +| (?=[^ ]+$)", line) for line in result.stdout.splitlines()]
    assert [row[0] for row in said] == ["slopenet", "instruction set", "threads", "Python", "NumPy"]
    assert [row[-1] for row in said] == [
        sn.__version__,
        sn.instruction_set(),
        str(sn.get_num_threads()),
        sys.version.split()[0],
        np.__version__,
    ]


def test_info_of_layers_with_runs_and_a_softmax(tmp_path):
    hidden = [[("tanh", 3), (("elu", 0.5), 2)]]
    net = sn.Network.random((2, 5, 3), hidden=hidden, output="softmax", rng=0)
    net.save(tmp_path / "model")
    text = " ".join(run("info", tmp_path / "model").stdout.split())
    assert "3 tanh, 2 elu(0.5)" in text
    assert "softmax" in text
