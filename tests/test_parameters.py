"""θ flat and back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from slopenet.parameters import count, flatten, unflatten


def test_theta_goes_to_layers_and_back() -> None:
    sizes = (3, 5, 4, 2)
    theta = np.arange(float(count(sizes)))
    weights, biases = unflatten(theta, sizes)
    assert [w.shape for w in weights] == [(n, m) for m, n in pairwise(sizes)]
    np.testing.assert_array_equal(flatten(weights, biases), theta)
