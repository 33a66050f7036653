"""The network of some outputs keeps the activation of each of them."""

from __future__ import annotations

import numpy as np
import pytest
from networks import points

import slopenet as sn
from slopenet.adapters._parts import only


def test_outputs_with_different_activations() -> None:
    net = sn.Network.random((2, 4, 3), output=["softplus", "identity", "sin"], rng=0)
    X = points(9, net)
    part = only(net, [2, 0])
    assert part.activations == ("tanh", (("sin", 1), (("softplus", 1.0), 1)))
    assert np.array_equal(part(X), net(X)[:, [2, 0]])
    assert only(net, [1]).activations == ("tanh", "identity")


def test_outputs_of_a_softmax_belong_together() -> None:
    net = sn.Network.random((2, 4, 3), output="softmax", rng=0)
    with pytest.raises(ValueError, match="softmax acts on all outputs together"):
        only(net, [1])
