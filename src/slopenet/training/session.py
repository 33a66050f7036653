"""Several starts in several threads, their checkpoint, and an orderly end on a signal."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from slopenet.evaluate.threads import get_num_threads
from slopenet.io import checkpoint
from slopenet.io.checkpoint import CheckpointError
from slopenet.training.start import Training

# The arrays and the values of a checkpoint.
Checkpoint = tuple[dict[str, Any], dict[str, Any]]


class Interrupted(KeyboardInterrupt):
    """A fit was stopped by Ctrl-C or SIGTERM.

    Attributes
    ----------
    fit : Fit or None
        The best network until then; None if not even one epoch was over.
    """

    fit: Any = None


class Runs:
    """Trainings, and the checkpoint from which they resume.

    Parameters
    ----------
    path : path, optional
        Of the checkpoint.
    identity : dict
        The values that must equal those of a checkpoint for the run to resume from it.
    seconds : float
        The least time between two checkpoints.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        identity: dict[str, Any],
        seconds: float,
    ) -> None:
        self._trainings: list[Training] = []
        self._decisions: list[int] = []
        self._saved: Checkpoint | None = None
        self._path = path
        self._identity, self._seconds = identity, seconds
        self._lock, self._written = threading.Lock(), time.monotonic()
        self._stop = threading.Event()

    def resume(self, arrays: dict[str, Any], values: dict[str, Any]) -> None:
        """Resume from the contents of a checkpoint: trainings that are added later, too."""
        self._saved = arrays, values

    def add(self, trainings: Sequence[Training]) -> None:
        """Add trainings, where they are in the checkpoint that it resumes from."""
        for training in trainings:
            i = len(self._trainings)
            self._trainings.append(training)
            if self._saved is not None and i < len(self._saved[1]["starts"]):
                arrays, values = self._saved
                prefix = f"{i}."
                own = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
                training.restore(own, values["starts"][i])

    def decided(self, decide: Callable[[], int]) -> int:
        """The next decision: that of the checkpoint it resumes from, if it had one, else a new one.

        Later steps of the trainings might change it.
        """
        i = len(self._decisions)
        saved = [] if self._saved is None else self._saved[1].get("decisions", [])
        self._decisions.append(int(saved[i]) if i < len(saved) else decide())
        return self._decisions[i]

    def save(self) -> None:
        """Write the checkpoint, if a path was given."""
        if self._path is None:
            return
        with self._lock:
            arrays: dict[str, Any] = {}
            starts = []
            for i, training in enumerate(self._trainings):
                own, values = training.snapshot()
                arrays |= {f"{i}.{name}": array for name, array in own.items()}
                starts.append(values)
            values = {"run": self._identity, "starts": starts, "decisions": self._decisions}
            checkpoint.write(self._path, arrays, values)
            self._written = time.monotonic()

    def train(
        self,
        trainings: Sequence[Training],
        *,
        side_by_side: bool,
        to_compare: bool = False,
    ) -> None:
        """Run trainings to their ends, or until they are settled, with one BLAS thread each.

        More BLAS threads would mostly wait for each other: the matrices are small, or few.

        Raises
        ------
        Interrupted
            On Ctrl-C or SIGTERM, once the checkpoint is written.
        """
        run = partial(Training.run, keep=self._keep, stop=self._stop, to_compare=to_compare)
        with _terminable(), threadpool_limits(1, user_api="blas"):
            try:
                if side_by_side:
                    self._side_by_side(trainings, run)
                else:
                    for training in trainings:
                        run(training)
            except KeyboardInterrupt as cause:
                self.save()
                raise Interrupted(*cause.args) from cause
        self.save()

    def _side_by_side(self, trainings: Sequence[Training], run: Callable[[Training], None]) -> None:
        with ThreadPoolExecutor(min(len(trainings), get_num_threads())) as pool:
            try:
                for running in [pool.submit(run, training) for training in trainings]:
                    running.result()
            except BaseException:
                self._stop.set()
                raise

    def _keep(self) -> None:
        if self._path is not None and time.monotonic() - self._written >= self._seconds:
            self.save()


def read(path: str | os.PathLike[str] | None) -> Checkpoint | None:
    """The arrays and values of a checkpoint; None if the file does not exist yet."""
    if path is None or not Path(path).exists():
        return None
    return checkpoint.read(path)


def require_same(path: object, there: dict[str, Any], here: dict[str, Any]) -> None:
    """Raise CheckpointError unless a checkpoint is of this run."""
    here = json.loads(json.dumps(here))
    other = sorted(name for name in here | there if here.get(name) != there.get(name))
    if other:
        raise CheckpointError(
            f"{path} must be a checkpoint of this run, got one with other {', '.join(other)}:"
            " name another file, or remove it to start again"
        )


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """In the main thread, let SIGTERM end the block as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = signal.getsignal(signal.SIGTERM)
    if before not in (signal.SIG_DFL, None):  # it has a handler already
        yield
        return
    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
