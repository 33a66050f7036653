"""`slopenet predict` on a data set larger than memory: peak memory, rows per second, a kill.

A folder of Parquet files is written, and its values and slopes are predicted twice: in one run, and
by a process that is killed (kill -9) after half of the parts and resumed by another. All parts of
both are then read back: their inputs must equal the rows of the data set, in order and bit for bit,
and their values and slopes those of the network.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click
import numpy as np

import slopenet as sn
from benchmarks.machine import describe
from slopenet.tables import predict_rows, prediction_names, runs, sources, write_table

SIZES = (8, 64, 64, 1)
INPUTS = tuple(f"x{i}" for i in range(1, SIZES[0] + 1))
OUTPUTS = ("y",)
NAMES = prediction_names(INPUTS, OUTPUTS)
FILES, BLOCK = 8, 1 << 16


class Ended(NamedTuple):
    """The exit status of a process, its duration and its peak memory."""

    status: int
    seconds: float
    peak_bytes: int


def make(folder: Path, rows: int) -> None:
    """Write a data set of distinct random rows in several files."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(FILES):
        count = rows * (number + 1) // FILES - rows * number // FILES
        blocks = (
            rng.normal(size=(min(BLOCK, count - first), SIZES[0]))
            for first in range(0, count, BLOCK)
        )
        write_table(folder / f"{number}.parquet", INPUTS, blocks)


def predict(model: Path, data: Path, out: Path, part_rows: int, *, kill_at: int = 0) -> Ended:
    """Run the command in a separate process; kill it after `kill_at` parts, unless that is 0."""
    command = [sys.executable, "-m", "slopenet", "predict", "-q", model, data, "-o", out]
    began = time.perf_counter()
    process = subprocess.Popen([*map(str, command), "--part-rows", str(part_rows)])
    while kill_at and _parts(out) < kill_at and process.poll() is None:
        time.sleep(0.001)
    if kill_at:
        os.kill(process.pid, signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(process.returncode, time.perf_counter() - began, peak)


def verify(network: sn.Network, data: Path, out: Path) -> int:
    """Return the number of rows; raise ValueError unless they are those of the data, in order."""
    rows = 0
    for given, found in zip(_blocks(data, INPUTS), _blocks(out, NAMES), strict=True):
        if not np.array_equal(predict_rows(network, given), found):
            raise ValueError(f"rows from {rows} on differ from the data")
        rows += len(found)
    return rows


def _blocks(folder: Path, names: tuple[str, ...] | list[str]) -> Iterator[np.ndarray]:
    """Yield the rows of a data set in blocks of equal size, across its files."""
    held = np.empty((0, len(names)))
    for run in runs(sources(folder), 1 << 62):
        for block in run.blocks(names, BLOCK):
            held = np.concatenate([held, block])
            while len(held) >= BLOCK:
                yield held[:BLOCK]
                held = held[BLOCK:]
    if len(held):
        yield held


def _apart(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in a separate process: memory used here would count for the next child."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


def _parts(out: Path) -> int:
    return len(list(out.glob("part-*.parquet")))


@click.command()
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(FILES))
@click.option("--part-rows", type=click.IntRange(1), help="By default a fortieth of the rows.")
@click.option("--scratch", type=click.Path(exists=True, file_okay=False), help="Where to write.")
def main(rows: int, part_rows: int | None, scratch: str | None) -> None:
    """Predict a data set of Parquet files in bounded memory; kill a second run and resume it."""
    machine = describe([])
    for key in ("Machine", "Date", "slopenet"):
        click.echo(f"{key}: {machine[key]}")
    part_rows = part_rows or -(-rows // 40)
    with TemporaryDirectory(dir=scratch) as place:
        data, model = Path(place) / "data", Path(place) / "model.safetensors"
        whole, cut = Path(place) / "whole", Path(place) / "cut"
        network = sn.Network.random(SIZES, rng=0, input_names=INPUTS, output_names=OUTPUTS)
        network.save(model)
        _apart(make, data, rows)
        size = sum(file.stat().st_size for file in data.iterdir())
        click.echo(f"{rows:,} rows of {SIZES[0]} inputs in {FILES} files, {size / 1e6:,.0f} MB")

        _say("in one go", ended := predict(model, data, whole, part_rows), rows)
        parts = _parts(whole)
        if ended.status or _apart(verify, network, data, whole) != rows:
            raise click.ClickException("the uninterrupted run did not return every row once")
        shutil.rmtree(whole)

        killed = predict(model, data, cut, part_rows, kill_at=parts // 2)
        there = _parts(cut)
        _say(f"killed with {there} of {parts} parts", killed, 0)
        rest = rows - sum(source.rows for source in sources(cut))
        _say("gone on", ended := predict(model, data, cut, part_rows), rest)
        if killed.status != -signal.SIGKILL or not there < parts or ended.status:
            raise click.ClickException("the run ended before it was killed, or did not resume")
        found = _apart(verify, network, data, cut)
        if found != rows or _parts(cut) != parts:
            raise click.ClickException(f"{found} rows of {rows} in {_parts(cut)} parts")
        click.echo(f"verified: {found:,} rows in order, none lost, none repeated, the same bits")


def _say(what: str, ended: Ended, rows: int) -> None:
    speed = f", {rows / ended.seconds:,.0f} rows/s" if rows else ""
    peak = ended.peak_bytes / 2**20
    click.echo(f"{what}: {ended.seconds:.1f} s{speed}, peak memory {peak:,.0f} MiB")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.streaming")
