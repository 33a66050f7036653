"""From settings and the size of the data to a plan: method, epochs, starts, l2, and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from slopenet._types import Floats
from slopenet.activations import ActivationSpec, LayerActivation, LayerSpec, normalise_layer
from slopenet.training.entrants import HELD_OUT
from slopenet.training.kriging.problem import widths_of
from slopenet.training.methods import METHODS, OPTIONAL, LossName, Method, MethodInfo, Work, robust
from slopenet.training.settings import AUTO, FitSettings
from slopenet.validate import arrays
from slopenet.validate.layers import check_activations, sizes_around

# Rows from which on a share is held out where nothing else limits the weights.
ENOUGH_ROWS = 200
# l2 where no method finds it.
L2 = 1e-5
# A step of fewer operations is over before another thread has begun.
TINY_OPERATIONS = 1e6


@dataclass(frozen=True, eq=False)
class Plan:
    """The decisions of a fit, made before it begins.

    Attributes
    ----------
    sizes : tuple of int
        n_1, ..., n_L.
    activations : tuple of activation
        σ of each layer.
    method : Method
    starts : int
    l2 : float or None
        None if the method finds it.
    slope_weight : float or (n_L, n_1)
        Weight of the slopes compared with the values; weights per sample are part of the data.
    find_balance : bool
        Whether a method that finds l2 is to find the weight of the slopes too.
    validation : float or tuple, optional
        The rows to hold out.
    loss : str
        One of LOSSES.
    posterior : str
        One of POSTERIORS.
    from_below : bool
        Whether a single search for l2 begins at the lower end.
    free_width : bool
        Whether a kriging start chooses its width.
    """

    sizes: tuple[int, ...]
    activations: tuple[LayerSpec, ...]
    method: Method
    starts: int
    l2: float | None
    slope_weight: Floats | float
    find_balance: bool
    validation: Any
    loss: LossName
    posterior: str = "auto"
    from_below: bool = False
    free_width: bool = False

    @property
    def info(self) -> MethodInfo:
        """The method's row."""
        return METHODS[self.method.name]

    def sigmas_of(self, theta: Floats) -> list[LayerActivation]:
        """σ of each layer at θ."""
        layers = zip(self.activations, self.sizes_of(theta)[1:], strict=True)
        return [normalise_layer(each, units) for each, units in layers]

    def sizes_of(self, theta: Floats) -> tuple[int, ...]:
        """n_1, ..., n_L of θ; a kriging start decides on its width as it goes."""
        if not self.info.process:
            return self.sizes
        return widths_of(theta, self.sizes[0], self.sizes[-1])

    @property
    def first_l2(self) -> float:
        """The l2 to begin with, times the number of samples."""
        return L2 if self.l2 is None else self.l2

    @property
    def side_by_side(self) -> bool:
        """Whether several starts run in several threads."""
        return self.starts > 1 and self.method.operations > TINY_OPERATIONS


def make_plan(
    settings: FitSettings,
    inputs: int,
    outputs: int,
    *,
    rows: int,
    targets: int,
    partitioned: bool = False,
) -> Plan:
    """Plan a fit of `rows` rows with so many known values and slopes per row.

    Data in partitions have one start, and no rows are held out.

    Raises
    ------
    ValueError, TypeError
        If a setting does not go with the method or the data.
    """
    free_width = settings.hidden == AUTO
    settings = settings.resolved()
    sizes = sizes_around(inputs, settings.hidden, outputs)
    hidden = cast("ActivationSpec", settings.activation)  # not "auto": resolved
    activations = (hidden,) * (len(sizes) - 2) + (settings.output,)
    check_activations(list(activations), len(activations))
    work = Work(sizes, rows, targets)
    method = choose(settings, work)
    info = METHODS[method.name]
    l2 = None if isinstance(settings.l2, str) else settings.l2
    validation = settings.validation
    starts = settings.ensemble or settings.restarts or info.starts(work)
    if partitioned:
        starts = 1
    elif validation is None and l2 is None and not info.finds_l2 and rows >= ENOUGH_ROWS:
        validation = HELD_OUT
    return Plan(
        sizes,
        activations,
        method,
        starts,
        l2,
        _slope_weight(settings.slope_weight, outputs, inputs),
        isinstance(settings.slope_weight, str),
        validation,
        settings.loss,
        str(settings.posterior),
        free_width=free_width,
    )


def choose(settings: FitSettings, work: Work) -> Method:
    """The method that was asked for, or the one that suits.

    Raises
    ------
    ValueError
        If a setting belongs to another method.
    """
    given = {name: getattr(settings, name) for name in OPTIONAL}
    given = {name: value for name, value in given.items() if value is not None}
    if settings.method != "auto":
        name, why = settings.method, "as asked"
    elif given:
        name = next(other for other, row in METHODS.items() if given.keys() <= row.defaults.keys())
        why = f"for the {' and '.join(given)} given"
    elif settings.loss != "squared":
        name, why = robust()[0], f"for loss={settings.loss!r}"
    else:
        reasons = ((other, info.suits(work)) for other, info in METHODS.items())
        name, why = next((other, reason) for other, reason in reasons if reason)
    info = METHODS[name]
    for setting in (each for each in given if each not in info.defaults):
        having = [other for other, row in METHODS.items() if setting in row.defaults]
        raise ValueError(
            f"{setting} must be left out with method {name!r}, got {given[setting]!r}:"
            f" it belongs to {' and '.join(having)}"
        )
    if settings.loss != "squared" and not info.robust:
        raise ValueError(
            f"loss must be 'squared' with method {name!r}, got {settings.loss!r}:"
            f" it belongs to {' and '.join(robust())}"
        )
    full = {**OPTIONAL, **info.values(work), **given}
    return Method(
        name,
        why,
        info.epochs if settings.epochs is None else settings.epochs,
        min(int(full["batch_size"]), work.rows),
        full["learning_rate"],
        full["momentum"],
        work.lm_operations,
    )


def _slope_weight(given: Any, outputs: int, inputs: int) -> Floats | float:
    if np.ndim(given) == 3:  # part of the data
        return 1.0
    if np.ndim(given) == 0:
        return 1.0 if isinstance(given, str) else float(given)
    shape = (outputs, inputs)
    return arrays.weights("slope_weight", given, shape, shape, np.float64)
