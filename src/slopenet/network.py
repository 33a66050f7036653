"""The network: weights, biases and activations, with methods for its derivatives."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from slopenet import _core
from slopenet._types import Floats, FrameT, Points
from slopenet.activations import (
    GivenLayerSpec,
    GivenSpecs,
    Head,
    LayerActivation,
    LayerSpec,
    normalise,
)
from slopenet.derivation import Chain
from slopenet.evaluate.derivatives import Derivatives
from slopenet.evaluate.model import column_names
from slopenet.evaluate.page import Derivation
from slopenet.io import model_file
from slopenet.io.card import Card
from slopenet.io.contents import Contents, ModelFileError
from slopenet.io.stored_layer import layer_spec, stored_layer
from slopenet.maps import scaling
from slopenet.parameters import checksum, count, flatten
from slopenet.posterior.error_bars import ErrorBars, require_posterior
from slopenet.posterior.posterior import Posterior
from slopenet.posterior.stored import restored, stored
from slopenet.validate import arrays, layers, settings
from slopenet.validate.settings import RandomSource

if TYPE_CHECKING:
    from slopenet.exporters import Export, FunctionName

Model: TypeAlias = _core.Model64 | _core.Model32

_CORES: dict[np.dtype[Any], type[Model]] = {
    np.dtype(np.float64): _core.Model64,
    np.dtype(np.float32): _core.Model32,
}


class Network(ErrorBars, Derivatives):
    """A feed-forward network H(x): immutable, and exact in every derivative with respect to x.

    z[l] = W[l] a[l-1] + b[l],  a[l] = σ(z[l]),  a[1] = x,  H(x) = a[L],  l = 2..L.

    Parameters
    ----------
    weights : sequence of array
        W[l] of shape (n_l, n_{l-1}), l = 2..L. Python index i is layer l = i + 2.
    biases : sequence of array
        b[l] of shape (n_l,).
    activations : activation or sequence of activations
        σ of each layer, or one for all: a name such as ``"tanh"``, or a name and its parameter such
        as ``("leaky_relu", 0.2)``. An entry for a layer may also be a sequence of one activation
        per unit, or of pairs of an activation and a number of units, such as
        ``[("tanh", 30), ("identity", 2)]``.
    input_names, output_names : sequence of str, optional
        Labels, one per component. They are saved and printed, and select columns of data frames.
    dtype : {float64, float32}, optional
        Type of all arithmetic and results. Default: float32 if all arrays are float32, else
        float64.
    card : Card, optional
        What it was trained on; see `card`. Equality and hash ignore it.
    posterior : Posterior, optional
        How far the true function may be from it; see `std`. Equality and hash ignore it.

    Raises
    ------
    ValueError
        If shapes do not chain, an entry is not finite, an activation is unknown, or a name occurs
        twice.
    TypeError
        If an array does not contain real numbers.

    Notes
    -----
    Every method takes points in rows, (N, n_1), or a single point (n_1,), whose result has no N
    axis. NumPy arrays, and objects that convert to them, are computed by the compiled core: a row
    gives the same bits alone or in any batch, with any number of threads. Arrays of torch, JAX and
    CuPy are computed in their own library and dtype, on their own device, and returned as such.

    The arrays given are copied, so changing them later does not change the network. Real input of
    any other dtype is rounded to the network's dtype, even float64 points for a float32 network;
    numbers too large for it are an error. Points must be finite, but results need not be: if the
    arithmetic overflows, as it may with inputs of 1e308, an entry is infinite, or NaN if infinities
    cancel, as in NumPy, without a warning.
    """

    __slots__ = (
        "__weakref__", "_activations", "_biases", "_card", "_core", "_dtype", "_input_names",
        "_output_names", "_posterior", "_weights",
    )  # fmt: skip
    _weights: tuple[Floats, ...]
    _biases: tuple[Floats, ...]
    _activations: tuple[LayerActivation, ...]
    _card: Card | None
    _posterior: Posterior | None

    def __init__(
        self,
        weights: Sequence[Any],
        biases: Sequence[Any],
        activations: GivenSpecs,
        *,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        dtype: DTypeLike | None = None,
        card: Card | None = None,
        posterior: Posterior | None = None,
    ) -> None:
        W, b = layers.one_per_layer("weights", weights), layers.one_per_layer("biases", biases)
        if not 0 < len(W) == len(b) <= layers.MAX_LAYERS:
            raise ValueError(
                "weights and biases must have one entry per layer, of 1 to"
                f" {layers.MAX_LAYERS} layers, got {len(W)} and {len(b)}"
            )
        kind = layers.common_dtype([*W, *b], dtype)
        W = [layers.frozen(f"weights[{i}]", w, kind, 2) for i, w in enumerate(W)]
        b = [layers.frozen(f"biases[{i}]", v, kind, 1) for i, v in enumerate(b)]
        for i, (w, v) in enumerate(zip(W, b, strict=True)):
            if v.shape[0] != w.shape[0]:
                raise ValueError(
                    f"biases[{i}] must have shape ({w.shape[0]},) to go with weights[{i}],"
                    f" got {v.shape}"
                )
            if i and w.shape[1] != W[i - 1].shape[0]:
                raise ValueError(
                    f"weights[{i}] must have {W[i - 1].shape[0]} columns, as many as"
                    f" weights[{i - 1}] has rows, got shape {w.shape}"
                )
        units = [len(v) for v in b]
        checked = layers.check_activations(activations, len(W), units=units, heads=True)
        put = object.__setattr__
        put(self, "_weights", tuple(W))
        put(self, "_biases", tuple(b))
        put(self, "_activations", checked)
        put(self, "_dtype", kind)
        names = layers.component_names
        put(self, "_input_names", names("input_names", input_names, W[0].shape[1]))
        put(self, "_output_names", names("output_names", output_names, W[-1].shape[0]))
        _require_suitable(card, W[0].shape[1], W[-1].shape[0])
        put(self, "_card", card)
        require_posterior(posterior, self.chain())
        put(self, "_posterior", posterior)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Pack the core at its first use; afterwards the slot is set and this never runs.

            Threads that arrive at the same time may each pack one; any of them is valid.
            """
            if name != "_core":
                raise AttributeError(f"a Network has no attribute {name!r}")
            core = self._packed()
            object.__setattr__(self, "_core", core)
            return core

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        *,
        hidden: GivenSpecs = "tanh",
        output: GivenLayerSpec = "identity",
        rng: RandomSource = None,
        dtype: DTypeLike = np.float64,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
    ) -> Self:
        """Return a network with random weights: W[l] and b[l] are N(0, 1/n_{l-1}).

        Parameters
        ----------
        sizes : sequence of int
            n_1, ..., n_L.
        hidden : activation or sequence of activations
            σ of the layers l < L: one for all, or one per layer, as in `Network`.
        output : activation
            σ of layer L, or one activation per output.
        rng : numpy Generator or seed, optional
        dtype : {float64, float32}
        input_names, output_names : sequence of str, optional
        """
        n = layers.check_sizes("sizes", sizes)
        generator = settings.generator(rng)
        weights, biases = [], []
        for below, here in pairwise(n):
            scale = 1 / np.sqrt(below)
            weights.append(generator.normal(0, scale, (here, below)))
            biases.append(generator.normal(0, scale, here))
        activations = layers.check_activations(
            *(hidden, len(n) - 2, "hidden", "hidden layers"), units=n[1:-1]
        )
        return cls(
            weights,
            biases,
            [*(each.written() for each in activations), output],
            input_names=input_names,
            output_names=output_names,
            dtype=dtype,
        )

    @property
    def weights(self) -> tuple[Floats, ...]:
        """W[l], (n_l, n_{l-1}), read-only."""
        return self._weights

    @property
    def biases(self) -> tuple[Floats, ...]:
        """b[l], (n_l,), read-only."""
        return self._biases

    @property
    def activations(self) -> tuple[LayerSpec, ...]:
        """σ of each layer: a name, a name and its parameter, or runs of units.

        Runs are pairs of an activation and a number of units.
        """
        return tuple(activation.written() for activation in self._activations)

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_1, ..., n_L."""
        return (self._weights[0].shape[1], *(w.shape[0] for w in self._weights))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of all arithmetic and results, float64 or float32."""
        return self._dtype

    @property
    def input_names(self) -> tuple[str, ...] | None:
        """Labels of the components of x."""
        return self._input_names

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """Labels of the components of H(x)."""
        return self._output_names

    @property
    def card(self) -> Card | None:
        """What the network was trained on: ranges, rows, method, errors; None if unknown.

        `fit` makes it, `save` keeps it, and networks made from this one have it too.
        """
        return self._card

    def with_card(self, card: Card | None) -> Self:
        """Return the same network with another card; the weights are shared."""
        return type(self)(
            *(self._weights, self._biases, self.activations),
            input_names=self._input_names,
            output_names=self._output_names,
            card=card,
            posterior=self._posterior,
        )

    def with_posterior(self, posterior: Posterior | None) -> Self:
        """Return the same network with another posterior; the weights are shared."""
        return type(self)(
            *(self._weights, self._biases, self.activations),
            input_names=self._input_names,
            output_names=self._output_names,
            card=self._card,
            posterior=posterior,
        )

    def scaled(
        self,
        *,
        input_scaling: Any = None,
        output_scaling: Any = None,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
    ) -> Self:
        """Return the network of raw inputs and outputs: the scaling becomes part of the weights.

        Both are the maps that were applied to the data before training, from raw numbers to those
        that this network takes and gives: x ↦ s(H(t(x))), t the scaling of inputs, s the inverse
        of the scaling of outputs. All derivatives are those with respect to raw inputs, in raw
        units.

        Parameters
        ----------
        input_scaling, output_scaling : scaling, optional
            A fitted scaler of scikit-learn, or a Pipeline of them; ``(mean, std)``, which is
            (x - mean)/std; ``(low, high, (a, b))``, which maps low to a and high to b;
            ``(matrix, offset)``, which is matrix @ x + offset. Or a mapping with the same parts:
            ``{"mean": ..., "std": ...}``, ``{"low": ..., "high": ..., "to": (a, b)}``,
            ``{"scale": ..., "offset": ...}``, ``{"matrix": ..., "offset": ...}``. Each part is one
            number for all, or one per input or output. A matrix for outputs must be invertible.
        input_names, output_names : sequence of str, optional
            Labels of the raw inputs and outputs. Default: those of the network, if the scaling
            does not mix them, else those that a scaler was fitted on.

        Raises
        ------
        ValueError
            If a scaling does not fit, divides by zero, or names the inputs in another order than
            the network.
        TypeError
            If it is of none of these forms.

        Notes
        -----
        The products are taken in float64 and rounded once, to the dtype of the network. float32
        may lose digits where a mean is large compared with its std; import with
        ``dtype="float64"``. The card is left out, since its ranges are those of the network before.
        """
        first, last = [], []
        inputs = outputs = None
        if input_scaling is not None:
            first = scaling.before("input_scaling", input_scaling, self.sizes[0])
            inputs = scaling.names_of(input_scaling)
        if output_scaling is not None:
            last = scaling.behind("output_scaling", output_scaling, self.sizes[-1])
            outputs = scaling.names_of(output_scaling)
        given = zip(self._weights, self._biases, self.activations, strict=True)
        W, b, activations = zip(*scaling.folded(list(given), first, last, "identity"), strict=True)
        names = layers.names_through
        same = not scaling.mixes(first), not scaling.mixes(last)
        if input_names is None:
            input_names = names("input_scaling", inputs, self._input_names, same=same[0])
        if output_names is None:
            output_names = names("output_scaling", outputs, self._output_names, same=same[1])
        return type(self)(
            *(W, b, list(activations)),
            input_names=input_names,
            output_names=output_names,
            dtype=self._dtype,
        )

    def inside(self, X: Points) -> Any:
        """Whether each row of X is within the ranges of the training data: (N,), bool.

        A row is inside if each of its inputs lies between the minimum and the maximum of that
        input in the training data; NaN does not. Beyond them a network extrapolates.

        Raises
        ------
        ValueError
            If X does not fit, or the network has no card.
        """
        if self._card is None:
            raise ValueError(
                "this network does not know its training data: it has no card, which `fit` makes"
            )
        points = arrays.points("X", X, self.sizes[0], np.float64, self._input_names)
        return ~self._card.outside(points).any(axis=-1)

    @property
    def n_parameters(self) -> int:
        """The number of weights and biases."""
        return count(self.sizes)

    @property
    def checksum(self) -> str:
        """SHA-256 of the weights and biases, W[2], b[2], W[3], ..., as in exported C headers."""
        return checksum(self._weights, self._biases)

    def derivation(self, x: Any, y: Any = None) -> Derivation:
        """Return all intermediate results of one point: z, a, D, partial products; δ if y is given.

        Parameters
        ----------
        x : (n_1,)
        y : (n_L,), optional
            The true output, for C = ½ ‖y - H(x)‖² and δ[l] = ∂C/∂z[l].

        Returns
        -------
        Derivation
            Prints as a page of the derivation.
        """
        point = arrays.points("x", x, self.sizes[0], self._dtype, self._input_names)
        if point.size != self.sizes[0]:
            raise ValueError(f"x must be one point ({self.sizes[0]},), got {point.shape}")
        arrays.require_finite("x", point)
        target = None
        if y is not None:
            target = arrays.targets(
                "y", y, (None, self.sizes[-1]), self._dtype, self._output_names
            ).copy()
        with np.errstate(over="ignore", invalid="ignore"):
            return Derivation.of(
                self.chain(), point.flatten(), target, self._input_names, self._output_names
            )

    def table(self, frame: FrameT, *, slopes: bool = True) -> FrameT:
        """Return inputs, values and slopes at every row of a data frame, as a data frame.

        Parameters
        ----------
        frame : data frame of pandas, polars or Arrow
            Has the columns of the inputs, in any order; x1, x2, ... for a network without names.
        slopes : bool
            Whether to have the columns of ∂H/∂x.

        Returns
        -------
        data frame of the same library
            The table that ``slopenet predict`` writes: T, p, rho, drho/dT, drho/dp. pandas' index
            is kept.
        """
        from slopenet.evaluate.table import predicted_frame

        found: FrameT = predicted_frame(self, frame, slopes=slopes)
        return found

    def chain(self) -> Chain:
        """W[l], b[l] and σ of every layer, for the functions of `slopenet.derivation`."""
        return Chain(self._weights, self._biases, self._activations)

    @property
    def logits(self) -> Self:
        """The network before its softmax or log-softmax; itself without one."""
        if not isinstance(self._activations[-1], Head):
            return self
        return type(self)(
            *(self._weights, self._biases, [*self.activations[:-1], "identity"]),
            input_names=self._input_names,
            output_names=self._output_names,
            card=self._card,
        )

    def core_copy(self) -> Any:
        """Return a packed copy in the core, whose parameters the caller may change.

        Raises
        ------
        ValueError
            If the last layer is a softmax.
        """
        head = self._activations[-1]
        if isinstance(head, Head):
            raise head.refusal
        return self._packed()

    def _packed(self) -> Model:
        head, activations = "none", list[Any](self._activations)
        if isinstance(activations[-1], Head):
            head, activations[-1] = activations[-1].name, normalise("identity")
        theta = flatten(self._weights, self._biases)
        return _CORES[self._dtype](self.sizes, activations, theta, head)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save as safetensors with a checksum: data only, written completely or not at all."""
        model_file.write(path, *vars(self.contents()).values())

    def contents(self) -> Contents:
        """The contents of its file."""
        activations = tuple(stored_layer(each) for each in self._activations)
        return Contents(
            *(self._weights, self._biases, activations),
            input_names=self._input_names,
            output_names=self._output_names,
            card=self._card,
            posterior=stored(self._posterior),
        )

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        derivatives: Sequence[FunctionName] = ("value", "jacobian"),
        dtype: DTypeLike | None = None,
        prefix: str | None = None,
        casadi: bool = False,
        fmi: Literal[2, 3] | None = None,
        std: bool = False,
    ) -> Export:
        """Write the network and its derivatives as a file that does not need slopenet.

        The file is run and compared with the network before it takes its place: C with the
        system's compiler (if there is one), ONNX with onnxruntime or, without it, onnx.

        Parameters
        ----------
        path : path
            ``.c`` for C99, with a header; ``.onnx``; ``.f90`` for a Fortran 2008 module; ``.py``
            for a file that needs NumPy; ``.fmu`` for a Functional Mock-up Unit.
        derivatives : sequence of {"value", "jacobian", "jvp", "vjp", "hessian"}
            The functions to write. ONNX and Fortran support value, jacobian and hessian. An FMU has
            all but hessian, whichever are asked for.
        dtype : {float64, float32}, optional
            Type of the file's numbers. Default: that of the network.
        prefix : str, optional
            Prefix of all symbols in C and Fortran, and the model identifier of an FMU. Default:
            the name of the file.
        casadi : bool
            Whether a C file also has the functions of CasADi's `external`, named after the prefix.
        fmi : {2, 3}, optional
            Version of FMI of an FMU. Default: 3.
        std : bool
            Whether C and Python files also have the standard deviation of every value, `std`, and
            with "jacobian" that of every slope, `jacobian_std`; in float64.

        Returns
        -------
        Export
            Has ``.difference`` from the network and ``.passed``; ``print`` shows a verdict.

        Raises
        ------
        ValueError
            For another suffix, derivative or option, or parameters beyond the range of `dtype`;
            with `std`, for a network without a posterior, or one of more than 2 MiB.
        ImportError
            For ONNX without the onnx package.
        ChildProcessError
            If the C compiler or the file's self-test fails; then no file is written.
        OSError
            If the file cannot be written.
        """
        from slopenet import exporters

        names = (self._input_names, self._output_names)
        return exporters.export(
            *(self, path, names),
            derivatives=derivatives,
            dtype=dtype,
            prefix=prefix,
            casadi=casadi,
            fmi=fmi,
            std=std,
            card=self._card,
            posterior=self._posterior,
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Network is immutable; build another one instead")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a Network is immutable; build another one instead")

    def __reduce__(self) -> tuple[Callable[..., Network], tuple[Any, ...]]:
        others = (self._input_names, self._output_names, self._card, self._posterior)
        return _rebuild, (type(self), self._weights, self._biases, self.activations, *others)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[Any, ...]:
        theta = flatten(self._weights, self._biases) + 0.0  # -0.0 equals 0.0
        digest = hashlib.sha256(theta.tobytes()).digest()
        names = (self._input_names, self._output_names)
        return self.sizes, self._dtype.str, self._activations, names, digest

    def __repr__(self) -> str:
        sizes = "-".join(str(n) for n in self.sizes)
        names = ", ".join(str(activation) for activation in self._activations)
        text = f"Network({sizes}, {names}; {self.n_parameters} parameters, {self._dtype}"
        if self._input_names or self._output_names:
            ins = ", ".join(self._input_names or ("x",))
            text += f"; {ins} -> {', '.join(self._output_names or ('H',))}"
        return text + ")"

    def _repr_html_(self) -> str:
        from slopenet.html import pages

        pairs = zip(self._weights, self._biases, self._activations, strict=True)
        layers = [(len(b), str(activation), W.size + b.size) for W, b, activation in pairs]
        return pages.network(
            [(self.sizes[0], "input", 0), *layers],
            *column_names(self),
            str(self._dtype),
            self._card,
        )


def load(path: str | os.PathLike[str]) -> Network:
    """Load a network that was saved with `Network.save`.

    Raises
    ------
    ModelFileError
        If the file is damaged, hostile, not a slopenet model, or written by a newer version.
    OSError
        If it cannot be read.
    """
    contents = model_file.read(path)
    if isinstance(contents, tuple):
        raise ModelFileError(f"{os.fspath(path)} has an ensemble of {len(contents)} networks")
    return of_contents(path, contents)


def of_contents(path: str | os.PathLike[str], contents: Contents) -> Network:
    """The network of the contents of a file, whose path errors name."""
    activations: list[Any] = [layer_spec(each) for each in contents.activations]
    try:
        return Network(
            contents.weights,
            contents.biases,
            activations,
            input_names=contents.input_names,
            output_names=contents.output_names,
            card=contents.card,
            posterior=restored(contents.posterior),
        )
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"cannot load {os.fspath(path)}: {error}") from error


def _require_suitable(card: Card | None, inputs: int, outputs: int) -> None:
    if card is None:
        return
    if not isinstance(card, Card):
        raise TypeError(f"card must be a Card, got {settings.short(card)}")
    known = len(card.inputs), len(card.outputs)
    if known != (inputs, outputs):
        raise ValueError(
            f"card must be of {inputs} inputs and {outputs} outputs, got {known[0]} and {known[1]}"
        )


def _rebuild(cls: type[Network], *given: Any) -> Network:
    weights, biases, activations, inputs, outputs, *others = given
    names = {"input_names": inputs, "output_names": outputs}
    known = dict(zip(("card", "posterior"), others, strict=False))  # pickles of old have fewer
    return cls(weights, biases, list(activations), **names, **known)
