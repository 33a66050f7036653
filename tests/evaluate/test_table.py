"""Frames come out where frames go in: inputs, values and slopes by name, the index kept."""

from typing import Any

import numpy as np
import pytest

import slopenet as sn

NAMES: dict[str, Any] = {"input_names": ("T [K]", "p"), "output_names": ("rho [kg/m3]",)}
COLUMNS = ["T [K]", "p", "rho [kg/m3]", "drho/dT [kg/m3/K]", "drho [kg/m3]/dp"]
X = np.random.default_rng(0).normal(size=(6, 2))
NET = sn.Network.random((2, 5, 1), rng=0, **NAMES)


def expected() -> np.ndarray:
    H, J = NET.value_and_jacobian(X)
    return np.hstack([X, H, J[:, 0]])


def test_pandas_keeps_its_index_and_ignores_other_columns() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"p": X[:, 1], "remark": "x", "T [K]": X[:, 0]}, index=list("abcdef"))
    table = NET.table(frame)
    assert list(table.columns[:3]) == COLUMNS[:3]
    assert table.columns[3] == COLUMNS[3]
    assert list(table.index) == list("abcdef")
    np.testing.assert_array_equal(table.to_numpy(), expected())
    assert list(NET.table(frame, slopes=False).columns) == COLUMNS[:3]
    assert NET.table(frame[:0]).shape == (0, 5)


def test_polars_and_arrow_come_back_as_themselves() -> None:
    columns = {"p": X[:, 1], "T [K]": X[:, 0]}
    pl = pytest.importorskip("polars")
    table = NET.table(pl.DataFrame(columns))
    assert isinstance(table, pl.DataFrame)
    np.testing.assert_array_equal(table.to_numpy(), expected())
    pa = pytest.importorskip("pyarrow")
    table = NET.table(pa.table(columns))
    assert isinstance(table, pa.Table)
    np.testing.assert_array_equal(np.transpose([c.to_numpy() for c in table.columns]), expected())


def test_what_is_no_frame_or_lacks_a_column_is_refused() -> None:
    pd = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match="frame must be a data frame of pandas, polars or Arrow"):
        NET.table(X)
    with pytest.raises(ValueError, match="frame has no column p; it has"):
        NET.table(pd.DataFrame({"T [K]": X[:, 0]}))
    with pytest.raises(ValueError, match=r"frame\[1, 0\] is nan"):
        NET.table(pd.DataFrame({"T [K]": [1.0, np.nan], "p": 1.0}))


def test_the_spread_of_an_ensemble_has_columns_of_its_own() -> None:
    pd = pytest.importorskip("pandas")
    nets = [sn.Network.random((2, 5, 1), rng=s, output_names=["h"]) for s in range(3)]
    together = sn.Ensemble(nets)
    table = together.table(pd.DataFrame(X, columns=["x1", "x2"]), spread=True)
    predicted = ["h", "dh/dx1", "dh/dx2"]
    assert list(table.columns) == ["x1", "x2", *predicted, *(f"{n}_spread" for n in predicted)]
    assert "h_spread [J]" in sn.Ensemble(
        [sn.Network.random((2, 5, 1), rng=0, output_names=["h [J]"])]
    ).table(pd.DataFrame(X, columns=["x1", "x2"]), spread=True)
    np.testing.assert_array_equal(table["h"], together(X)[:, 0])
    np.testing.assert_array_equal(table["h_spread"], together.spread(X)[:, 0])
    np.testing.assert_array_equal(table["dh/dx2_spread"], together.jacobian_spread(X)[:, 0, 1])
