"""The options of a command from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import click

from slopenet.cli._options import joined


def read_config(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Take the options of a TOML file as the command's defaults."""
    if path is None:
        return
    try:
        with path.open("rb") as file:
            given = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} is not a TOML file: {error}.") from None
    options = [option for option in context.command.params if isinstance(option, click.Option)]
    named = {flag.lstrip("-"): option for option in options for flag in option.opts}
    defaults: dict[str, object] = {}
    for name, value in given.items():
        option = named.get(name.replace("_", "-"))
        if option is None or option.name in {None, "config"}:
            raise click.BadParameter(
                f"{path} has {name!r}, which is not an option of this command."
            )
        defaults[str(option.name)] = _as_text(value)
    context.default_map = {**(context.default_map or {}), **defaults}


def _as_text(value: object) -> object:
    """Return a value as on the command line: a list with commas, a table as name=value."""
    if isinstance(value, dict):
        return joined(_entries(value))
    return joined(value) if isinstance(value, list) else value


def _entries(table: dict[str, object]) -> Iterator[str]:
    """Yield the entries of a table; those of a table in it as ``name:inner=value``."""
    for name, value in table.items():
        inner = _entries(value) if isinstance(value, dict) else None
        yield from [f"{name}={value}"] if inner is None else (f"{name}:{entry}" for entry in inner)
