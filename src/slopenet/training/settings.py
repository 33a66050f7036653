"""The settings of a fit: names, defaults, checks and descriptions, each in one place.

`slopenet.fit`, `slopenet.dask.fit`, `slopenet.SlopeRegressor`, and the options of ``slopenet fit``
take theirs from here.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias

from slopenet.activations import ActivationName, ActivationSpec
from slopenet.training import checks
from slopenet.training.checks import Check, PosteriorName, TransformName
from slopenet.training.kriging.optimizer import WIDTHS
from slopenet.training.methods import LossName, MethodName, phrases
from slopenet.training.monitor import State
from slopenet.validate.settings import RandomSource

# A setting left to the data; the hidden layers and the activation of a single network.
Auto: TypeAlias = Literal["auto"]
AUTO: Auto = "auto"
HIDDEN = (64, 64)
ACTIVATION: ActivationName = "tanh"


def _rule(check: Check, option: str | None = None) -> dict[str, Any]:
    """How a field is checked, and the help text of its option of ``slopenet fit`` if it has one."""
    return {"check": check, "option": option}


@dataclass(frozen=True, kw_only=True, eq=False)
class FitSettings:
    """Checked settings of a fit.

    Attributes
    ----------
    hidden : sequence of int, int, or "auto"
        Widths of the hidden layers; ``()`` for none. ``"auto"`` tries several networks and keeps
        the best: see `slopenet.training.entrants`.
    activation : activation, or "auto"
        σ of the hidden layers. ``"auto"`` is tanh where `hidden` is given, else it tries several.
    output : activation
        σ of the last layer.
    method : one of {methods}
        {titles}. Where `hidden` is given, ``"auto"`` takes {auto}.
        `Fit.reason` says which method was taken, and why.
    epochs : int, optional
        The most epochs: one pass over the data each with a method by mini-batches, else one step.
        Defaults: {epochs}.
    batch_size : int, optional
        Rows per step, at most all of them. Defaults: {batch_size}.
    learning_rate : float, optional
        Step size: with adam the peak of a cycle, which it reaches after a quarter of all steps, and
        from which it falls to almost 0; with sgd it falls to 0 along a cosine.
        Defaults: {learning_rate}.
    momentum : float, optional
        Default: {momentum}.
    l2 : float or "auto"
        Weight of ½ Σ ‖W[l]‖² compared with the sum of the costs of all samples, in standard units.
        ``"auto"`` is that of the largest evidence with lm, see
        `slopenet.training.optimizers.evidence`; adam learns it from the residuals of each epoch,
        see `slopenet.training.optimizers.reweighing`. With any other method it is 1e-5, and, unless
        `validation` is given, a tenth of 200 rows or more is held out to decide when to stop; then
        lbfgs learns it from the residuals, too.
    slope_weight : float, (n_L, n_1), (N, n_L, n_1) or "auto"
        Weight of the slopes dydx compared with the values: one number, one per slope, or one per
        slope and sample. ``"auto"`` is found, from 1e-4 to 1e4, by the noise of values and
        slopes, unless that noise is given; adam and lbfgs find one per slope. It is 1 with sgd.
    loss : "squared" or "student"
        Cost of a residual: half its square, or -log of the density of Student's t, with which
        outliers of values and slopes hardly count. Its spread and degrees of freedom (1 to 16) are
        found from the data, for the values and for the slopes of each output. With {robust} only.
    transform : "auto", "log" or "none"
        What to do with inputs and outputs that spread over decades, as Reynolds numbers do. "auto"
        trains on their logarithms and, unless that is accurate enough, on the columns themselves,
        and keeps the network that misses rows left out or held out by less, or, of similar ones,
        that of the larger evidence; `Fit.reason` says which it is. "log" trains on the logarithms
        alone, "none" without any. Where no column spreads so, nothing changes. A logarithm becomes
        a layer of the network, which then takes values of that sign alone. Columns whose sign
        changes have none; a `FitWarning` names them, and others that spread over decades but are
        learned as they are.
    posterior : "auto", "full" or "none"
        The error bars to keep, see `Network.std`: of a kriging start those of its process, of lm a
        small form of the linearised Laplace approximation, or, with "full", the covariance of all
        weights, which takes long for large networks. Networks of other methods have none.
    monotone : dict of input to 1 or -1, optional
        Outputs that grow (1) or fall (-1) with an input, such as ``dict(strike=-1)``. An input is a
        name or an index and stands for all outputs; a pair ``(output, input)`` stands for one.
        It holds in the box of the data, and up to a tenth of its width beyond each side where rows
        are few. By lm, which first fits freely, then adds points where the
        constraint fails, for up to 800 more epochs; `Fit.violations` has what is left. A kriging
        start takes part where it suits and misses rows left out by less.
    convex, concave : inputs, or dict of output to inputs, optional
        Inputs, as names or indices, in which all outputs, or one, are convex or concave jointly:
        the Hessian in these inputs has no eigenvalue of the other sign. Activations need σ''. With
        them, or `slope_bounds`, no column is learned as its logarithm.
    slope_bounds : dict of input, or of pair (output, input), to pair (low, high), optional
        Limits of slopes, None for none.
    validation : float or tuple, optional
        A share of the rows to hold out, or ``(X, y)`` or ``(X, y, dydx)``. The weights with the
        lowest cost on it are kept, and training stops once that cost has not improved for a tenth
        of `epochs`; with adam, whose learning rate has a schedule, it never stops early.
    restarts : int, optional
        The number of starts from random weights, of which the best is kept: 4 where a step of LM
        takes no time, 1 otherwise. Starts run side by side, up to the limit of threads.
    ensemble : int, optional
        The same, but all starts are kept: the number of networks in `Fit.ensemble`.
    rng : numpy Generator or seed, optional
        Draws the first weights, the rows to hold out and the order of batches. The same seed gives
        the same bits on one machine, however many threads slopenet uses (with the number of BLAS
        threads fixed).
    callback : function of a `State`, optional
        Called after every epoch; returns True to stop that start. With several starts it is called
        from several threads, one at a time.
    progress : bool
        Whether to draw a bar on a terminal.
    log : path, optional
        A file that gets one line of JSON per epoch.
    checkpoint : path, optional
        A file that keeps the state of the run. If it exists, the run resumes from it, and ends with
        the same bits as a run that was never interrupted; it is refused if data or settings differ.
    checkpoint_seconds : float
        The least time between two checkpoints.
    """

    hidden: Sequence[int] | int | Auto = field(
        default=AUTO,
        metadata=_rule(
            checks.layer_widths_or_auto,
            "Widths of the hidden layers. Unless given, several networks are tried.",
        ),
    )
    activation: ActivationSpec | Auto = field(
        default=AUTO,
        metadata=_rule(
            checks.activation_or_auto,
            "Activation of the hidden layers, with its parameter if it has one, like"
            " leaky_relu:0.2. Unless given, several are tried. One of {activations}.",
        ),
    )
    output: ActivationSpec = field(default="identity", metadata=_rule(checks.activation_spec))
    method: MethodName | Auto = field(
        default="auto",
        metadata=_rule(
            checks.method_name,
            "How the weights are found. With --hidden auto takes {auto}; with {options} it takes"
            " the first method that has them.",
        ),
    )
    epochs: int | None = field(
        default=None,
        metadata=_rule(checks.count, "The most passes over the rows. Defaults: {epochs}."),
    )
    batch_size: int | None = field(
        default=None,
        metadata=_rule(checks.count, "Rows per step. Defaults: {batch_size}."),
    )
    learning_rate: float | None = field(
        default=None,
        metadata=_rule(
            checks.positive,
            "Step size; with adam the peak of a schedule. Defaults: {learning_rate}.",
        ),
    )
    momentum: float | None = field(
        default=None, metadata=_rule(checks.share, "Momentum. Default: {momentum}.")
    )
    l2: float | Auto = field(
        default="auto",
        metadata=_rule(
            checks.number_or_auto,
            "Weight of the penalty on large weights. Unless given, it is found from the data by"
            " {finding}, and with rows held out by lbfgs; 0.00001 with every other method.",
        ),
    )
    slope_weight: Any = field(
        default="auto",
        metadata=_rule(
            checks.slope_weights,
            "Weight of the slopes compared with the values. Unless given, it is found from the data"
            " by {finding} and lbfgs, and 1 with every other method.",
        ),
    )
    loss: LossName = field(
        default="squared",
        metadata=_rule(
            checks.loss_name,
            "Cost of a residual. With student outliers count less; with {robust} only.",
        ),
    )
    transform: TransformName | None = field(
        default="auto",
        metadata=_rule(
            checks.transform_name,
            "Columns that spread over decades: auto tries their logarithms and keeps them if they"
            " help, log takes them, none does not.",
        ),
    )
    posterior: PosteriorName | None = field(
        default="auto",
        metadata=_rule(
            checks.posterior_name,
            "Error bars that the model keeps: auto has a small form, full the covariance of all"
            " weights, none has none.",
        ),
    )
    monotone: Any = field(
        default=None,
        metadata=_rule(
            checks.signs_of_slopes,
            "Inputs with which outputs grow or fall, like T=1,p=-1, or rho:T=1 for one output.",
        ),
    )
    convex: Any = field(
        default=None,
        metadata=_rule(checks.inputs, "Inputs in which the outputs are convex jointly, like T,p."),
    )
    concave: Any = field(
        default=None,
        metadata=_rule(checks.inputs, "Inputs in which the outputs are concave jointly."),
    )
    slope_bounds: Any = field(
        default=None,
        metadata=_rule(
            checks.bounds_of_slopes,
            "Limits of slopes, like T=0:2,rho:p=:1, one of which may be left out.",
        ),
    )
    validation: Any = field(default=None, metadata=_rule(checks.checked_later))
    restarts: int | None = field(
        default=None,
        metadata=_rule(
            checks.count,
            "The number of starts from random weights, of which the best is kept. Unless given, 4"
            " where that takes no time, 1 otherwise.",
        ),
    )
    ensemble: int | None = field(
        default=None,
        metadata=_rule(
            checks.count,
            "The number of networks from random starts, all of which are kept. predict gives their"
            " means, and with --spread their standard deviations.",
        ),
    )
    rng: RandomSource = field(default=None, metadata=_rule(checks.random_source))
    callback: Callable[[State], object] | None = field(
        default=None, metadata=_rule(checks.a_function)
    )
    progress: bool = field(default=False, metadata=_rule(checks.checked_later))
    log: str | os.PathLike[str] | None = field(
        default=None, metadata=_rule(checks.file_path, "File that gets one line of JSON per epoch.")
    )
    checkpoint: str | os.PathLike[str] | None = field(
        default=None,
        metadata=_rule(
            checks.file_path,
            "File that keeps the state of the run: the same command resumes from it.",
        ),
    )
    checkpoint_seconds: float = field(default=10.0, metadata=_rule(checks.not_negative))

    def __post_init__(self) -> None:
        for each in fields(self):
            given = getattr(self, each.name)
            if given is not None or each.default is not None:
                object.__setattr__(self, each.name, each.metadata["check"](each.name, given))
        if self.restarts is not None and self.ensemble is not None:
            raise ValueError(
                "restarts and ensemble must not both be given, got"
                f" {self.restarts} and {self.ensemble}: both are numbers of starts"
            )

    def resolved(self) -> FitSettings:
        """With the hidden layers and activation of a single network in place of "auto".

        The width of a kriging start is the largest that it may choose.
        """
        largest = (WIDTHS[-1],) if self.method == "kriging" else HIDDEN
        hidden = largest if isinstance(self.hidden, str) else self.hidden
        activation = ACTIVATION if self.activation == AUTO else self.activation
        return replace(self, hidden=hidden, activation=activation)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> FitSettings:
        """Check the settings among some named values, such as a function's ``locals()``."""
        return cls(**{each.name: given[each.name] for each in fields(cls) if each.name in given})


def described(text: str, more: Mapping[str, str] | None = None) -> str:
    """A description in which facts of the methods replace placeholders such as ``{epochs}``."""
    for name, phrase in (phrases() | dict(more or {})).items():
        text = text.replace(f"{{{name}}}", phrase)
    return text


def options() -> dict[str, tuple[Any, Check, str]]:
    """Default, check and help text of each setting that is an option of ``slopenet fit``."""
    return {
        each.name: (each.default, each.metadata["check"], each.metadata["option"])
        for each in fields(FitSettings)
        if each.metadata["option"] is not None
    }


# The placeholder of all settings in the docstring of a function that takes them.
PLACEHOLDER = """\
hidden, activation, ..., checkpoint_seconds
    Settings: see `slopenet.training.settings.FitSettings`."""


def documented(text: str | None) -> str | None:
    """A docstring with the descriptions of all settings in place of PLACEHOLDER.

    Python 3.13 removes the indentation of docstrings, earlier versions keep it.
    """
    if text is None or FitSettings.__doc__ is None:  # python -OO
        return text
    attributes = textwrap.dedent(FitSettings.__doc__.partition("----------\n")[2]).strip()
    for indent in ("    ", ""):
        placeholder = textwrap.indent(PLACEHOLDER, indent)
        text = text.replace(placeholder, textwrap.indent(attributes, indent))
    return text


def _filled(text: str) -> str:
    """A docstring with all phrases filled in, and its lines wrapped again."""
    lines = []
    for line in map(described, text.split("\n")):
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(line, 100, subsequent_indent=indent) or [""]
    return "\n".join(lines)


if FitSettings.__doc__ is not None:
    FitSettings.__doc__ = _filled(FitSettings.__doc__)
