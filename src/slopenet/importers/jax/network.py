"""Networks of JAX: functions, modules of Equinox and Flax, their params, and lists of (W, b)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import DTypeLike

from slopenet.activations import ActivationSpec
from slopenet.importers._options import Options
from slopenet.importers._state_dict import with_activations
from slopenet.importers._verify import Report, checked
from slopenet.importers.jax.function import network_of_function
from slopenet.importers.jax.modules import (
    evaluated,
    is_nnx,
    network_of_nnx,
    runner,
    steps_of_module,
)
from slopenet.importers.jax.parameters import layers_of
from slopenet.network import Network


def from_jax(
    model: Any,
    activation: ActivationSpec | Sequence[ActivationSpec] | None = None,
    output: ActivationSpec = "identity",
    *,
    inputs: int | None = None,
    example: Any = None,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_scaling: Any = None,
    output_scaling: Any = None,
    report: Report | None = None,
    check: Any = None,
) -> Network:
    """Import a network of JAX: a function, which is traced, or weights.

    Parameters
    ----------
    model : callable, equinox.nn.MLP or Sequential, mapping, or sequence of pairs
        With `inputs` or `example`, a function of one sample (n,) or of a batch (N, n), which is
        traced: one of your own, ``partial(module.apply, params)`` of Flax linen, a module of
        Equinox or Flax nnx with its own ``__call__`` (in eval mode). It may consist of linear
        operations, activations, and sums of branches: residual networks, skips, several inputs
        and outputs.
        Without, a module of Equinox, of Linear, Lambda, Dropout and Identity. Or the params of
        Flax, linen or nnx, any tree of ``{"kernel": (n_{l-1}, n_l), "bias": (n_l,)}``, layers in
        the order of the mapping and of numbers in their names, with a warning where it is that of
        the alphabet, in which JAX sorts, and another one chains too; haiku's ``{"w", "b"}`` too,
        and a module of nnx, which is called and compared. Or a list of (W, b), W as (n_l, n_{l-1})
        or transposed, whichever fits; weights that are all square are taken as (n_l, n_{l-1}).
        stax's empty entries are skipped, and entries may be ``{"w": W, "b": b}``.
    activation : activation, or sequence of activations
        σ of the hidden layers of weights, one for all or one per layer. A function and an Equinox
        module contain it.
    output : activation
        σ of the last layer, if `model` has weights alone.
    inputs : int, optional
        How many numbers a sample of a function has.
    example : array, or sequence of arrays, optional
        Arguments of a function, instead of `inputs`, of which only the shapes matter: (n,) each
        for one sample, (N, ...) each for a batch. Needed where a function takes several
        arguments, or is one thing for a sample and another for a batch. Inputs of several
        arguments are the columns of one after the other.
    dtype : {float64, float32}, optional
        Of the network, instead of the weights'.
    input_names, output_names : sequence of str, optional
        Labels of the network. A function that returns a mapping has its keys for outputs.
    input_scaling, output_scaling : scaling, optional
        Maps that were applied to inputs and outputs before training, and are not part of the
        source; see `Network.scaled`. Names are then those of raw inputs and outputs.
    report : callable, optional
        Called with a `Comparison` of the network and a function or module on random points;
        weights alone cannot be run.
    check : (X, Y), or callable, optional
        A witness of the source: points (N, n_1) and its values there, or a function of X that
        gives them, such as ``module``'s own. With a scaling, X and Y are raw. Weights alone do not
        tell what is done between them; with a witness, another network than it is an error.

    Returns
    -------
    Network
        float32 if the weights are float32 or shorter, or JAX has no float64; else float64.

    Raises
    ------
    UnsupportedNetworkError
        If a part is none of those above, which is named, if a function decides by values of its
        input or draws random numbers, or if the values differ.
    ImportError
        If JAX is not installed, for a function or an Equinox module.

    Notes
    -----
    A network has the derivatives of its values: ``jax.lax.stop_gradient`` is left out.
    """
    name = f"JAX {getattr(model, '__name__', type(model).__name__)}"
    options = Options(dtype, input_names, output_names, input_scaling, output_scaling, report)
    if inputs is not None or example is not None:
        if activation is not None:
            raise ValueError("activation is given, but a function has its own")
        if not callable(model):
            raise TypeError(f"model must be a function if inputs is given, got {name[4:]}")
        network = network_of_function(name, evaluated(model), inputs, example, options)
        return checked(name, network, check)
    if not isinstance(model, Mapping | list | tuple) and hasattr(model, "layers"):
        if activation is not None:
            raise ValueError("activation is given, but a module has its own")
        network = options.network(name, steps_of_module(model, "module"))
        return checked(name, options.compared(name, network, *runner(model)), check)
    if activation is None:
        if callable(model):
            raise ValueError(
                "inputs must be given, the number of inputs of a function: from_jax(function,"
                " inputs=3)"
            )
        raise ValueError(
            "activation must be given, since weights do not contain it: from_jax(params, 'tanh')"
        )
    if is_nnx(model):
        return checked(name, network_of_nnx(model, name, options, activation, output), check)
    if not isinstance(model, Mapping | list | tuple):
        raise TypeError(
            "model must be a function with inputs=, a module of Equinox or Flax nnx, params or a"
            f" list of (W, b), got {name[4:]}"
        )
    steps = with_activations(layers_of(model, alphabet=check is None), activation, output)
    return checked(name, options.scaled(options.network(name, steps)), check)
