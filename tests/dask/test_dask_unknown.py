"""Partitions refuse unknown values by name."""

import numpy as np
import pytest

import slopenet as sn

pd = pytest.importorskip("pandas", reason="pandas is not installed")


def test_an_unknown_value_is_refused_by_name() -> None:
    x = np.linspace(0, 1, 8)
    frame = pd.DataFrame({"x": x, "y": x**2, "dy/dx": 2 * x})
    frame.loc[3, "y"] = np.nan
    with pytest.raises(ValueError, match=r"^partition 1: y\[3, 0\] is nan"):
        sn.dask.fit([frame.drop(index=3), frame], ["x"], ["y"], hidden=4, epochs=2)
