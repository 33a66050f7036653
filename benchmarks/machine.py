"""Where and when a measurement was made: machine, date, versions."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.contenders import Peer


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe(contenders: Sequence[Peer]) -> dict[str, str]:
    """Describe the machine, the time and the contenders; missing ones are named."""
    from slopenet import _core, get_num_threads

    here = [f"{c.name} {c.version}" for c in contenders if c.version]
    absent = [f"{c.name} (pip install {c.package})" for c in contenders if not c.version]
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return {
        "Machine": f"{_processor()}, {_cores()} cores, {system}",
        "Date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Versions": ", ".join(here),
        "slopenet": f"instruction set {_core.isa}, {get_num_threads()} threads",
        "Absent": ", ".join(absent) or "nobody",
    }
