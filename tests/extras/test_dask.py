"""A Dask cluster predicts and learns the same as one process."""

import numpy as np
import pytest

import slopenet as sn
from slopenet.tables import TableError, predict_rows, prediction_names

dask = pytest.importorskip("dask", reason="dask is not installed")
pytest.importorskip("distributed", reason="dask.distributed is not installed")
pd = pytest.importorskip("pandas", reason="pandas is not installed")
dd = pytest.importorskip("dask.dataframe", reason="dask.dataframe is not installed")

NAMES = {"inputs": ["a", "b"], "outputs": ["u"]}


@pytest.fixture(scope="module")
def client():
    """Two processes of one thread each."""
    from distributed import Client, LocalCluster

    with (
        dask.config.set({"distributed.worker.daemon": True}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as connected,
    ):
        yield connected


@pytest.fixture(scope="module")
def frame():
    """u = sin(a) b with its slopes, one of them with gaps, and a column of text."""
    a, b = np.random.default_rng(0).uniform(-2, 2, (2, 500))
    columns = {"b": b, "a": a, "u": np.sin(a) * b, "du/da": np.cos(a) * b, "du/db": np.sin(a)}
    made = pd.DataFrame({**columns, "remark": "hello"}, index=np.arange(1000, 1500))
    made.loc[made.index % 7 == 0, "du/db"] = np.nan
    return made


@pytest.fixture(scope="module")
def network():
    return sn.Network.random((2, 8, 1), rng=0, input_names=["a", "b"], output_names=["u"])


def test_the_module_is_there_when_it_is_asked_for():
    assert sn.dask.predict.__module__ == "slopenet.dask._predict"


@pytest.mark.parametrize("slopes", [True, False])
def test_a_cluster_predicts_the_bits_of_one_call(client, frame, network, slopes):
    table = sn.dask.predict(network, dd.from_pandas(frame, npartitions=5), slopes=slopes)
    names = prediction_names(["a", "b"], ["u"], slopes=slopes)
    assert list(table.columns) == names
    assert (table.dtypes == np.float64).all()
    assert table.npartitions == 5
    found = table.compute()
    expected = predict_rows(network, frame[["a", "b"]].to_numpy(), slopes=slopes)
    np.testing.assert_array_equal(found.to_numpy(), expected)
    assert found.index.equals(frame.index)


def test_a_parquet_data_set_is_predicted_as_the_command_line_does(client, frame, network, tmp_path):
    from click.testing import CliRunner

    from slopenet.cli import cli

    dd.from_pandas(frame, npartitions=4).to_parquet(tmp_path / "data", write_index=False)
    network.save(tmp_path / "model.safetensors")
    args = [str(tmp_path / name) for name in ("model.safetensors", "data")]
    assert CliRunner().invoke(cli, ["predict", *args, "-o", str(tmp_path / "cli")]).exit_code == 0
    data = dd.read_parquet(tmp_path / "data")
    sn.dask.predict(network, data).to_parquet(tmp_path / "dask", write_index=False)
    mine, theirs = (dd.read_parquet(tmp_path / name).compute() for name in ("cli", "dask"))
    assert len(mine) == 500
    assert list(mine.columns) == list(theirs.columns)
    np.testing.assert_array_equal(mine.to_numpy(), theirs.to_numpy())


def test_partitions_without_rows_are_predicted_too(client, frame, network):
    data = dd.from_pandas(frame, npartitions=4)
    some = data[data["a"] > 1.9]
    found = sn.dask.predict(network, some).compute()
    rows = frame[frame["a"] > 1.9]
    np.testing.assert_array_equal(found["a"], rows["a"])


def test_a_frame_of_pandas_is_predicted_at_once(frame, network):
    table = sn.dask.predict(network, frame)
    assert isinstance(table, pd.DataFrame)
    pd.testing.assert_frame_equal(table, network.table(frame))


def test_data_that_cannot_be_predicted_are_named(client, frame, network):
    with pytest.raises(TypeError, match="frame must be a data frame of Dask or pandas, got ndarr"):
        sn.dask.predict(network, frame.to_numpy())
    with pytest.raises(TableError, match="the data frame has no column 'a'"):
        sn.dask.predict(network, dd.from_pandas(frame[["b", "u"]], npartitions=2))
    bad = frame.copy()
    bad.iloc[499, 1] = np.inf
    with pytest.raises(ValueError, match="is inf; every entry of a partition must be finite"):
        sn.dask.predict(network, dd.from_pandas(bad, npartitions=2)).compute()


@pytest.mark.parametrize(("method", "epochs"), [("lbfgs", 25), ("lm", 10)])
def test_a_cluster_learns_the_same_as_one_machine(client, frame, method, epochs):
    settings = {"hidden": (6, 6), "method": method, "epochs": epochs, "l2": 1e-3, "rng": 3}
    data = dd.from_pandas(frame, npartitions=5)
    found = sn.dask.fit(data[data["b"] > -3], **NAMES, **settings)
    X = frame[["a", "b"]].to_numpy()
    slopes = frame[["du/da", "du/db"]].to_numpy()
    whole = sn.fit(X, frame["u"].to_numpy(), slopes, restarts=1, **settings)
    H, J = whole.network.value_and_jacobian(X)
    H2, J2 = found.network.value_and_jacobian(X)
    assert np.abs(H2 - H).max() <= 1e-8 * np.abs(H).max()
    assert np.abs(J2 - J).max() <= 1e-8 * np.abs(J).max()
    np.testing.assert_allclose(found.history["cost"], whole.history["cost"], rtol=1e-8)
    parts = [data.get_partition(i).compute() for i in range(5)]
    assert sn.dask.fit(parts, **NAMES, **settings).network == found.network


def test_a_cluster_with_empty_partitions_learns_from_the_others(client, frame):
    data = dd.from_pandas(frame, npartitions=5)
    some = data[(data["a"] > 0) & (data["u"] > 0) & (data.index < 1150)]
    rows = frame[(frame["a"] > 0) & (frame["u"] > 0) & (frame.index < 1150)]
    found = sn.dask.fit(some, **NAMES, hidden=2, epochs=3, rng=0)
    assert f"on {len(rows)} rows in partitions" in found.reason


def test_an_error_in_a_partition_reaches_the_caller(client, frame):
    bad = frame.copy()
    bad.iloc[499, 2] = np.nan
    with pytest.raises(ValueError, match=r"partition 1: y\[\d+, 0\] is nan"):
        sn.dask.fit(dd.from_pandas(bad, npartitions=2), **NAMES)


def test_without_a_client_a_sentence_says_what_to_do(frame):
    import subprocess
    import sys

    code = (
        "import pandas as pd, dask.dataframe as dd, slopenet.dask as sd\n"
        "frame = dd.from_pandas(pd.DataFrame({'a': [1.0, 2.0], 'u': [1.0, 3.0]}), npartitions=1)\n"
        "try: sd.fit(frame, ['a'], ['u'])\n"
        "except ValueError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        said.stdout.strip() == "no Dask cluster is connected; make a dask.distributed.Client first"
    )
