"""Options of ``slopenet fit`` made from the settings of `slopenet.fit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from slopenet.activations import TABLE
from slopenet.cli import _options as options
from slopenet.training import checks, settings
from slopenet.training.methods import LOSSES, METHODS

# The type of an option, by the check of its setting; a default of "auto" is an option left out.
_TYPES: dict[checks.Check, Any] = {
    checks.layer_widths_or_auto: options.widths,
    checks.activation_or_auto: options.activation,
    checks.activation_spec: options.activation,
    checks.share: options.real(least=0, below=1),
    checks.number_or_auto: options.real(least=0),
    checks.slope_weights: options.real(least=0),
    checks.file_path: options.OUTPUT_FILE,
    checks.count: click.IntRange(min=1),
    checks.positive: options.real(above=0),
    checks.signs_of_slopes: options.signs,
    checks.bounds_of_slopes: options.bounds,
    checks.inputs: options.names,
}
_METAVARS: dict[checks.Check, str] = {
    checks.activation_spec: "NAME[:NUMBER]",
    checks.activation_or_auto: "NAME[:NUMBER]",
    checks.signs_of_slopes: "[OUTPUT:]INPUT=1|-1,...",
    checks.bounds_of_slopes: "[OUTPUT:]INPUT=LOW:HIGH,...",
    checks.inputs: "INPUT,...",
}
_AUTO = (
    checks.layer_widths_or_auto,
    checks.activation_or_auto,
    checks.number_or_auto,
    checks.slope_weights,
)


def setting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each setting that has a help text, by the setting's name."""
    for name, (default, check, text) in reversed(settings.options().items()):
        add = click.option(
            f"--{name.replace('_', '-')}",
            name,
            type=_type(check),
            default=None if check in _AUTO else _as_text(default),
            show_default=True,
            metavar=_METAVARS.get(check),
            help=settings.described(text, {"activations": ", ".join(TABLE)}),
        )
        command = add(command)
    return command


def _type(check: checks.Check) -> Any:
    if check is checks.method_name:
        return click.Choice(["auto", *METHODS])
    if check is checks.loss_name:
        return click.Choice(LOSSES)
    if check is checks.transform_name:
        return click.Choice(checks.TRANSFORMS)
    if check is checks.posterior_name:
        return click.Choice(checks.POSTERIORS)
    return _TYPES[check]


def _as_text(default: Any) -> Any:
    return ",".join(map(str, default)) if isinstance(default, tuple) else default
