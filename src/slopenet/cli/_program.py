"""How a command ends: its exit status, and one sentence where it failed."""

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


class Program(click.Group):
    """A click group that ends without a traceback at every failure that has a known cause."""

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        **extra: Any,
    ) -> NoReturn:
        """Run a command and exit: 0 done, 1 failed, 2 wrong usage or input, 130 interrupted."""
        extra["standalone_mode"] = False
        try:
            status = super().main(args, prog_name, **extra) or 0
            _flush_stdout()
        except BrokenPipeError:
            status = 0
            _abandon_stdout()
        except SystemExit as error:  # 1 is click's answer to a closed pipe
            status = 0 if error.code == 1 else error.code
            _abandon_stdout()
        except Exception as error:
            status = _report(error)
            _abandon_stdout()
        sys.exit(status)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of their use."""
        del ctx
        return list(self.commands)


def _report(error: Exception) -> int:
    """Say in one sentence what went wrong and return the exit status; re-raise a defect of ours."""
    match error:
        case click.ClickException():
            error.show()
            return error.exit_code
        case click.Abort():
            click.echo("Interrupted.", err=True)
            return INTERRUPTED
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            _say(f"{where}{error.strerror or error}.")
            return FAILED
        case MemoryError():
            _say("there is not enough memory for this.")
            return FAILED
        case ImportError() | ArithmeticError():
            _say(str(error))
            return FAILED
        case ValueError():
            _say(str(error))
            return BAD_INPUT
        case _:
            raise error


def _say(sentence: str) -> None:
    click.echo("Error: " + " ".join(sentence.split()), err=True)


def _flush_stdout() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _abandon_stdout() -> None:
    """Leave nothing in stdout's buffer that would fail again, with a traceback, at exit."""
    try:
        _flush_stdout()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
