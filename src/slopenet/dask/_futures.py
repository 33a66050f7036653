"""Partitions that lie with the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any


class Futures:
    """`slopenet.dataset.partitions.Partitions` as futures of a `distributed.Client`.

    The results of `map` stay in the memory of the workers.
    """

    def __init__(self, client: Any, futures: Sequence[Any]) -> None:
        self._client, self._futures = client, tuple(futures)

    def each(self, function: Callable[..., Any], *args: Any) -> Iterator[Any]:
        """Results in order; the cluster forgets each one when the next is taken."""
        waiting = self._submit(function, args)[::-1]
        while waiting:
            yield waiting.pop().result()

    def map(self, function: Callable[..., Any], *args: Any) -> Futures:
        """See `slopenet.dataset.partitions.Partitions`."""
        return Futures(self._client, self._submit(function, args))

    def _submit(self, function: Callable[..., Any], args: tuple[Any, ...]) -> list[Any]:
        return [
            self._client.submit(function, future, *args, pure=False) for future in self._futures
        ]


def client() -> Any:
    """Return the client that is active here.

    Raises
    ------
    ImportError
        If dask.distributed is not installed; the message says how to install it.
    ValueError
        If no client exists.
    """
    try:
        from distributed import get_client
    except ImportError as error:
        raise ImportError(
            "learning from a Dask data frame needs dask.distributed: pip install 'slopenet[dask]'"
            " (a list of pandas data frames does not)"
        ) from error
    try:
        return get_client()
    except ValueError:
        raise ValueError(
            "no Dask cluster is connected; make a dask.distributed.Client first"
        ) from None
