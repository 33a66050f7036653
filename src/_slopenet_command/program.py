"""How a command ends: its exit status, and one sentence where it failed."""

import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from _slopenet_command import terminal

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


class Program(click.Group):
    """A click group that ends without a traceback for every failure with a known cause.

    Its commands are given by name and short help, and loaded from slopenet.cli when they run.
    """

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        **extra: Any,
    ) -> NoReturn:
        """Run a command and exit: 0 done, 1 failed, 2 wrong usage or input, 130 interrupted."""
        extra["standalone_mode"] = False
        terminal.prepare()
        try:
            with warnings.catch_warnings():
                warnings.showwarning = terminal.show_warning
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

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command itself, with all its options."""
        del ctx
        if cmd_name not in self.commands:
            return None
        command = getattr(import_module(f"slopenet.cli._{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        del ctx
        limit = formatter.width - 6 - max(map(len, self.commands))
        with formatter.section("Commands"):
            formatter.write_dl([(n, c.get_short_help_str(limit)) for n, c in self.commands.items()])


def _report(error: Exception) -> int:
    """Report an error in one sentence and return the exit status; re-raise defects of slopenet."""
    match error:
        case click.ClickException():
            _show(error)
            return error.exit_code
        case click.Abort():
            click.echo("Interrupted.", err=True)
            return INTERRUPTED
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            _say(f"{where}{error.strerror or error}")
            return FAILED
        case MemoryError():
            _say("there is not enough memory for this")
            return FAILED
        case ImportError() | ArithmeticError() | Warning():
            _say(str(error))
            return FAILED
        case ValueError():
            _say(str(error))
            return BAD_INPUT
        case _:
            raise error


def _show(error: click.ClickException) -> None:
    """Print the usage of a command and its error, as click does."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        help_is_at = f"Try '{context.command_path} --help' for help."
        click.echo(f"{context.get_usage()}\n{help_is_at}\n", err=True)
    terminal.say(f"Error: {error.format_message()}", err=True)


def _say(message: str) -> None:
    terminal.say(f"Error: {terminal.sentence(message)}", err=True)


def _flush_stdout() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _abandon_stdout() -> None:
    """Empty the buffer of stdout, which would otherwise fail again, with a traceback, at exit."""
    try:
        _flush_stdout()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
