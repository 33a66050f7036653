"""Fits of data over decades: logarithms are tried, judged, and folded into the network."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from drag import drag, mixed, slope, sphere
from waves import wave

import slopenet as sn
from slopenet.cli import cli

SHORT: dict[str, Any] = {"hidden": (8,), "method": "lm", "epochs": 60, "restarts": 1, "rng": 0}


@pytest.fixture(autouse=True)
def strict() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error", sn.FitWarning)
        yield


def relative(net: sn.Network, X: np.ndarray, y: np.ndarray) -> float:
    return float(np.sqrt(np.mean((net(X)[:, 0] - y) ** 2)) / y.std())


@pytest.mark.parametrize("slopes", [False, True])
def test_the_drag_of_a_sphere_is_learned_over_seven_decades(slopes: bool) -> None:
    X, y, dydx = sphere(60)
    fit = sn.fit(X, y, dydx if slopes else None, rng=0)
    R = 10 ** np.linspace(np.log10(X.min()), np.log10(X.max()), 400)
    net = fit.network
    assert relative(net, R[:, None], drag(R)) < 1e-4
    assert np.abs(net(R[:, None])[:, 0] / drag(R) - 1).max() < 1e-3
    missed = net.jacobian(R[:, None])[:, 0, 0] / slope(R) - 1
    assert np.median(np.abs(missed)) < 1e-3
    assert net.activations[0] == "log"
    assert "Transform: log of X[:, 0] and y[:, 0] (" in fit.reason
    assert "so accurate that no other was tried)" in fit.reason
    assert fit.errors.values[0] < 1e-3


def test_without_logarithms_it_is_not_and_a_warning_says_so() -> None:
    X, y, _ = sphere(60)
    with pytest.warns(sn.FitWarning) as said:
        fit = sn.fit(X, y, transform="none", input_names=["Re"], output_names=["Cd"], rng=0)
    R = 10 ** np.linspace(0, 5, 400)
    assert np.abs(fit.network(R[:, None])[:, 0] / drag(R) - 1).max() > 0.5
    texts = [str(warning.message) for warning in said]
    assert [text.split(" ")[0] for text in texts[:2]] == ["Re", "Cd"]
    assert all("transform='auto'" in text for text in texts[:2])
    assert "Transform" not in fit.reason


@pytest.mark.parametrize("method", ["lm", "lbfgs", "adam"])
def test_ordinary_data_have_the_same_bits_with_and_without(method: str) -> None:
    X, y, T = wave(40)
    settings = SHORT | {"method": method, "epochs": 10}
    fits = [sn.fit(X, y, T, transform=t, **settings) for t in ("auto", "log", "none", None)]
    assert all(fit.network == fits[0].network for fit in fits)
    assert all(fit.reason == fits[0].reason for fit in fits)


def test_the_errors_of_each_transform_are_in_the_reason_and_the_least_wins() -> None:
    X, y, dydx = mixed(80)
    fit = sn.fit(X, y, dydx, **SHORT, input_names=["a", "b"], output_names=["f", "g"])
    said = fit.reason.split("Transform: ")[1]
    errors = {
        text.rsplit(" ", 1)[0]: float(text.rsplit(" ", 1)[1])
        for text in said.split("left out: ")[1].split(";")[0].split(", ")
    }
    assert set(errors) == {"none", "log of a", "log of a and f"}
    assert errors["log of a and f"] < errors["log of a"] < errors["none"]
    assert said.startswith("log of a and f (")
    evidence = [float(text) for text in said.split("per target ")[1].rstrip(").").split(", ")]
    assert evidence == sorted(evidence, reverse=True)
    net = fit.network
    assert net.activations == ("log", "tanh", "exp", "identity")
    assert net.input_names == ("a", "b")
    test = mixed(300, seed=1)
    inside = (test[0] > X.min(axis=0)).all(axis=1) & (test[0] < X.max(axis=0)).all(axis=1)
    missed = net(test[0][inside]) - test[1][inside]
    assert np.sqrt(np.mean(missed**2, axis=0)) == pytest.approx(
        fit.errors.values * y.std(axis=0), rel=2
    )


def test_a_transform_that_does_not_help_is_not_taken() -> None:
    """y is a polynomial of x, but x is drawn over decades."""
    rng = np.random.default_rng(0)
    X = 10 ** rng.uniform(-4, 0, (60, 1))
    fit = sn.fit(X, 1 + X[:, 0], **SHORT)
    assert fit.network.activations[0] == "tanh"
    assert "Transform: none (" in fit.reason


@pytest.mark.parametrize("validation", [0.2, "rows"])
def test_rows_held_out_are_compared_in_the_units_of_the_user(validation: Any) -> None:
    X, y, dydx = mixed(80)
    held = mixed(60, seed=3)
    given = held if validation == "rows" else validation
    fit = sn.fit(X, y, dydx, **SHORT, validation=given)
    assert fit.errors.rows == "held out"
    assert fit.network.activations[0] == "log"
    if validation == "rows":
        missed = np.sqrt(np.mean((fit.network(held[0]) - held[1]) ** 2, axis=0))
        np.testing.assert_allclose(fit.errors.values, missed / held[1].std(axis=0))


def test_the_network_is_exported_saved_and_imported(tmp_path: Path) -> None:
    X, y, dydx = mixed(80)
    net = sn.fit(X, y, dydx, **SHORT).network
    net.save(tmp_path / "net.safetensors")
    assert sn.load(tmp_path / "net.safetensors") == net
    assert sn.check_derivatives(net, X).passed
    everything = ("value", "jacobian", "hessian")
    for suffix in (".py", ".c"):
        done = net.export(tmp_path / f"net{suffix}", derivatives=everything)
        assert done.passed, str(done)
    module: dict[str, Any] = {}
    exec((tmp_path / "net.py").read_text(), module)
    np.testing.assert_allclose(module["value"](X), net(X), rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(module["jacobian"](X), net.jacobian(X), rtol=1e-10, atol=1e-10)
    if pytest.importorskip("onnx", reason="onnx is not installed"):
        done = net.export(tmp_path / "net.onnx", derivatives=everything)
        assert done.passed, str(done)
        net.export(tmp_path / "plain.onnx", derivatives=["value"])
        back = sn.from_onnx(tmp_path / "plain.onnx")
        assert "log" in back.activations
        assert "exp" in back.activations
        np.testing.assert_allclose(back(X), net(X), rtol=1e-10, atol=1e-10)


def test_single_precision_has_its_digits_over_all_decades() -> None:
    X, y, _ = sphere(80)
    net = sn.fit(X, y, **SHORT, transform="log").network
    single = sn.Network(net.weights, net.biases, list(net.activations), dtype=np.float32)
    R = (10 ** np.linspace(-1, 6, 200)[:, None]).astype(np.float32)
    np.testing.assert_allclose(single(R), net(R), rtol=1e-5)
    np.testing.assert_allclose(single.jacobian(R), net.jacobian(R), rtol=1e-3)


def test_weights_count_rows_and_deviations_weigh_them() -> None:
    X, y, dydx = sphere(40)
    twice = [np.concatenate([a, a[:10]]) for a in (X, y, dydx)]
    weight = np.where(np.arange(40) < 10, 2.0, 1.0)
    one = sn.fit(X, y, dydx, sample_weight=weight, **SHORT).network
    assert one == sn.fit(*twice, **SHORT).network
    rng = np.random.default_rng(0)
    noisy = y * (1 + 0.3 * (np.arange(40) % 2) * rng.normal(size=40))
    std = y * np.where(np.arange(40) % 2, 0.3, 1e-3)
    nets = [sn.fit(X, noisy, y_std=s, transform="log", **SHORT).network for s in (std, None)]
    missed = [np.abs(net(X)[:, 0] / y - 1).mean() for net in nets]
    assert missed[0] < 0.6 * missed[1]


def test_slopes_along_directions_follow_too() -> None:
    X, y, dydx = mixed(80)
    v = np.random.default_rng(1).normal(size=(80, 2))
    along = np.einsum("nki,ni->nk", dydx, v)
    given = {"directions": v[:, None], "along": along[:, None]}
    missed = []
    for slopes in ({}, given):
        net = sn.fit(X, y, transform="log", **slopes, **SHORT).network
        got = np.einsum("nki,ni->nk", net.jacobian(X), v)
        missed.append(np.sqrt(np.mean((got - along) ** 2) / np.mean(along**2)))
    assert missed[1] < 0.2
    assert missed[1] < 0.5 * missed[0]


def test_a_fit_of_several_coordinates_resumes_from_its_checkpoint(tmp_path: Path) -> None:
    warnings.simplefilter("ignore", sn.FitWarning)  # of few epochs
    X, y, dydx = mixed(60)
    settings = SHORT | {"epochs": 25}
    whole = sn.fit(X, y, dydx, **settings)
    path = tmp_path / "run.ckpt"
    for start in (0, 1, 2):

        def interrupt(state: Any, start: int = start) -> None:
            if state.start == start and state.epoch == 9:
                raise KeyboardInterrupt

        with pytest.raises(sn.Interrupted) as caught:
            sn.fit(
                *(X, y, dydx), checkpoint=path, checkpoint_seconds=0, callback=interrupt, **settings
            )
        assert isinstance(caught.value.fit.network, sn.Network)
    resumed = sn.fit(X, y, dydx, checkpoint=path, **settings)
    assert resumed.network == whole.network
    assert resumed.reason == whole.reason
    with pytest.raises(sn.CheckpointError, match="with other transforms"):
        sn.fit(X, y, dydx, checkpoint=path, transform="log", **settings)


def test_columns_without_a_logarithm_are_named() -> None:
    X, y, _ = mixed(60)
    sign = np.where(np.arange(60) % 2, 1, -1)[:, None]
    with pytest.warns(sn.FitWarning) as said:
        sn.fit(X * sign, y[:, 1], **SHORT, input_names=["q", "r"])
    (text,) = [str(warning.message) for warning in said if "decades" in str(warning.message)]
    assert re.match(r"q spreads over 5\.\d decades, .* values are not of one sign", text)


def test_the_setting_is_checked() -> None:
    with pytest.raises(ValueError, match="transform must be one of auto, log, none, got 'sqrt'"):
        sn.fit([[0.0], [1.0]], [0.0, 1.0], transform="sqrt")


def test_the_command_line_and_the_estimator_have_it(tmp_path: Path) -> None:
    X, y, _ = sphere(60)
    table, model = tmp_path / "t.csv", tmp_path / "m.safetensors"
    rows = "\n".join(f"{x!r},{v!r}" for x, v in zip(X[:, 0].tolist(), y.tolist(), strict=True))
    table.write_text(f"Re,Cd\n{rows}\n")
    arguments = ["fit", str(table), "--inputs", "Re", "--outputs", "Cd", "-o", str(model)]
    arguments += ["--hidden", "8", "--epochs", "200", "--seed", "0"]
    done = CliRunner().invoke(cli, [*arguments, "--transform", "log"])
    assert done.exit_code == 0, done.output
    net = sn.load(model)
    assert net.activations == ("log", "tanh", "exp")
    assert net.input_names == ("Re",)
    settings = {name: value for name, value in SHORT.items() if name != "rng"}
    estimator = sn.SlopeRegressor(**settings, column_transform="log", random_state=0).fit(X, y)
    assert estimator.network_.activations == ("log", "tanh", "exp")
    assert not hasattr(estimator, "transform")


def test_partitions_have_no_transform() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    with pytest.raises(TypeError, match="transform"):
        sn.dask.fit([pandas.DataFrame({"x": [1.0], "y": [1.0]})], ["x"], ["y"], transform="auto")
