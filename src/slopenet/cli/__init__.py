"""The command line: fit, use and inspect a network without writing Python."""

from _slopenet_command.cli import cli, main

__all__ = ["cli", "main"]
