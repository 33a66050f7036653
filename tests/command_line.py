"""Run the commands, on a table of two outputs with their slopes."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from slopenet.cli import cli

NAMES = ["a", "b", "u", "v", "du/da", "du/db", "dv/da", "dv/db"]


def surface(rows, seed=0):
    """u = sin(a) + b^2, v = a b, with their slopes; columns as in NAMES."""
    a, b = np.random.default_rng(seed).uniform(-1, 1, (2, rows))
    return np.stack([a, b, np.sin(a) + b**2, a * b, np.cos(a), 2 * b, b, a], axis=1)


FULL = Path("/dev/full")
FIT = ("--inputs", "a,b", "--outputs", "u,v", "--hidden", "8", "--epochs", "200")


def run(*args):
    """Run a command in this process."""
    return CliRunner().invoke(cli, [str(arg) for arg in args])


def start(*args, **options):
    """Start a command in its own process."""
    return subprocess.Popen(
        [sys.executable, "-m", "slopenet", *map(str, args)],
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def refused(result, message):
    """Check for status 2, and a last line on stderr that has the message and is a sentence."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert re.search(message, result.stderr.splitlines()[-1]), result.stderr
    assert "Traceback" not in result.stderr
    return True
