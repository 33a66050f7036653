"""Dask: predict a data frame partition by partition, and learn from one that no machine holds.

    import slopenet.dask

    table = slopenet.dask.predict(net, dask.dataframe.read_parquet("states/"))
    net = slopenet.dask.fit(frame, inputs=["T", "p"], outputs=["rho"], hidden=(32, 32)).network

Data stay with the workers: what comes back of a step of training is a cost and a gradient, or the
normal equations, of each partition. Needs ``pip install 'slopenet[dask]'``.
"""

from ._fit import fit
from ._predict import predict

__all__ = ["fit", "predict"]
