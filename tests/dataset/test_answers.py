"""Errors of a network as numbers, from arrays and data frames."""

import numpy as np
import pytest

import slopenet as sn


def test_errors_of_frames_are_found_by_name_and_those_of_an_ensemble_are_of_its_mean():
    pd = pytest.importorskip("pandas")
    names = {"input_names": ("T", "p"), "output_names": ("rho",)}
    nets = [sn.Network.random((2, 5, 1), rng=seed, **names) for seed in range(3)]
    together = sn.Ensemble(nets)
    X = np.random.default_rng(0).normal(size=(30, 2))
    H, J = together.value_and_jacobian(X)
    frame = pd.DataFrame({"p": X[:, 1], "rho": H[:, 0] + 0.5, "T": X[:, 0]})
    slopes = pd.DataFrame(J[:, 0] + 0.25, columns=["drho/dT", "drho/dp"])
    found = sn.errors(together, frame, frame[["rho"]], slopes).frame()
    assert list(found.index) == ["rho", "drho/dT", "drho/dp"]
    assert found["rmse"].tolist() == pytest.approx([0.5, 0.25, 0.25])
    assert sn.errors(nets[0], X, nets[0](X)).values == pytest.approx([0], abs=1e-15)


def test_data_of_another_width_are_refused():
    net = sn.Network.random((2, 5, 1), rng=0)
    with pytest.raises(ValueError, match="X and y must have 2 and 1 columns, got 3 and 1"):
        sn.errors(net, np.ones((4, 3)), np.ones(4))
