"""A network of each kind of posterior."""

from __future__ import annotations

import pytest
from networks_with_error_bars import KINDS, fitted

import slopenet as sn


@pytest.fixture(scope="session", params=KINDS)
def net(request: pytest.FixtureRequest) -> sn.Network:
    return fitted(request.param)
