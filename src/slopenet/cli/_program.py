"""The exit statuses of the commands."""

from _slopenet_command.program import BAD_INPUT, FAILED, INTERRUPTED

__all__ = ["BAD_INPUT", "FAILED", "INTERRUPTED"]
