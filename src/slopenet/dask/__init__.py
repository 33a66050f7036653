"""Dask: predict a data frame partition by partition, and learn from one that no machine holds.

    import slopenet.dask

    table = slopenet.dask.predict(net, dask.dataframe.read_parquet("states/"))
    net = slopenet.dask.fit(frame, inputs=["T", "p"], outputs=["rho"], hidden=(32, 32)).network

The data stay with the workers: per training step, each partition sends back a cost and a gradient,
or its normal equations. Needs ``pip install 'slopenet[dask]'``.
"""

from ._fit import fit
from ._predict import predict

__all__ = ["fit", "predict"]
