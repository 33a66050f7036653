"""Derivatives of a network's products: backward, forward mode and vmap.

The gradient and the tangent of each product are products again. Values gives vjp and jvp, these
give curvature and second; the derivatives of those two with respect to X are of third order and
refused. Operators of torch have no rule for forward mode, so that they too are differentiated here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd import Function

from slopenet.adapters import _torch_operators as operators


class _OfNetwork(Function):  # type: ignore[misc, unused-ignore]
    """A product of tensors (..., n) and the key of a network, the last argument."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:  # noqa: ARG004
        *tensors, ctx.key = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @classmethod
    def vmap(cls, info: Any, in_dims: tuple[Any, ...], *inputs: Any) -> tuple[Any, int]:
        """One more leading axis, the same for all tensors."""
        *tensors, key = inputs
        front = [
            t.expand(info.batch_size, *t.shape) if at is None else t.movedim(at, 0)
            for t, at in zip(tensors, in_dims, strict=False)
        ]
        return cls.apply(*front, key), 0


# For each tensor of a product, the product that is its gradient, with the tensors of that one: by
# position, or g. None is a third derivative.
_GRADIENTS: dict[str, tuple[Any, ...]] = {
    "values": (("vjp", (0, "g")),),
    "vjp": (("curvature", (0, 1, "g")), ("jvp", (0, "g"))),
    "jvp": (("curvature", (0, "g", 1)), ("vjp", (0, "g"))),
    "curvature": (None, ("second", (0, "g", 2)), ("curvature", (0, 1, "g"))),
    "second": (None, ("curvature", (0, "g", 2)), ("curvature", (0, "g", 1))),
}


def _gradients(name: str, ctx: Any, g: Any) -> tuple[Any, ...]:
    """The gradients of g·product, themselves differentiable; None where nobody needs one."""
    needed = ctx.needs_input_grad
    tensors = ctx.saved_tensors
    found: list[Any] = []
    for at, rule in enumerate(_GRADIENTS[name]):
        if not needed[at] or (rule is None and not _is_asked_for(ctx, at)):
            found.append(None)
        elif rule is None:
            _refuse_third()
        else:
            of = [g if which == "g" else tensors[which] for which in rule[1]]
            found.append(PRODUCTS[rule[0]].apply(*of, ctx.key))
    return (*found, None)


def _is_asked_for(ctx: Any, at: int) -> bool:
    """Whether the running backward pass uses the gradient of one tensor.

    ``needs_input_grad`` is also true for a tensor that the caller does not ask about.
    """
    try:
        return bool(torch._C._will_engine_execute_node(ctx.next_functions[at][0]))
    except (AttributeError, RuntimeError, TypeError):  # a leaf that is asked for; another torch
        return True


def _refuse_third() -> None:
    raise NotImplementedError(
        "third derivatives of a network are not known here; call the network itself on the"
        " tensor, which torch differentiates as often as it is asked"
    )


def _sum(*terms: Any) -> Any:
    """The sum of the terms that are not None."""
    first, *others = [term for term in terms if term is not None]
    return sum(others, start=first)


class Values(_OfNetwork):
    @staticmethod
    def forward(X: Any, key: str) -> Any:
        return operators.product("values", key, X)

    @staticmethod
    def backward(ctx: Any, u: Any) -> tuple[Any, ...]:
        return _gradients("values", ctx, u)

    @staticmethod
    def jvp(ctx: Any, X_dot: Any, _: Any) -> Any:
        (X,) = ctx.saved_tensors
        return _Jvp.apply(X, X_dot, ctx.key)


class _Vjp(_OfNetwork):
    @staticmethod
    def forward(X: Any, u: Any, key: str) -> Any:
        return operators.product("vjp", key, X, u)

    @staticmethod
    def backward(ctx: Any, w: Any) -> tuple[Any, ...]:
        return _gradients("vjp", ctx, w)

    @staticmethod
    def jvp(ctx: Any, X_dot: Any, u_dot: Any, _: Any) -> Any:
        (X, u), key = ctx.saved_tensors, ctx.key
        return _sum(
            None if u_dot is None else _Vjp.apply(X, u_dot, key),
            None if X_dot is None else _Curvature.apply(X, u, X_dot, key),
        )


class _Jvp(_OfNetwork):
    @staticmethod
    def forward(X: Any, w: Any, key: str) -> Any:
        return operators.product("jvp", key, X, w)

    @staticmethod
    def backward(ctx: Any, u: Any) -> tuple[Any, ...]:
        return _gradients("jvp", ctx, u)

    @staticmethod
    def jvp(ctx: Any, X_dot: Any, w_dot: Any, _: Any) -> Any:
        (X, w), key = ctx.saved_tensors, ctx.key
        return _sum(
            None if w_dot is None else _Jvp.apply(X, w_dot, key),
            None if X_dot is None else _Second.apply(X, X_dot, w, key),
        )


class _OfSecondOrder(_OfNetwork):
    """A bilinear product, whose derivative with respect to X is of third order."""

    @classmethod
    def jvp(cls, ctx: Any, X_dot: Any, first_dot: Any, second_dot: Any, _: Any) -> Any:
        """The tangent if X is constant."""
        if X_dot is not None:
            _refuse_third()
        (X, first, second), key = ctx.saved_tensors, ctx.key
        return _sum(
            None if first_dot is None else cls.apply(X, first_dot, second, key),
            None if second_dot is None else cls.apply(X, first, second_dot, key),
        )


class _Curvature(_OfSecondOrder):
    @staticmethod
    def forward(X: Any, u: Any, w: Any, key: str) -> Any:
        return operators.product("curvature", key, X, u, w)

    @staticmethod
    def backward(ctx: Any, v: Any) -> tuple[Any, ...]:
        return _gradients("curvature", ctx, v)


class _Second(_OfSecondOrder):
    @staticmethod
    def forward(X: Any, v: Any, w: Any, key: str) -> Any:
        return operators.product("second", key, X, v, w)

    @staticmethod
    def backward(ctx: Any, u: Any) -> tuple[Any, ...]:
        return _gradients("second", ctx, u)


PRODUCTS: dict[str, Any] = {
    "values": Values,
    "vjp": _Vjp,
    "jvp": _Jvp,
    "curvature": _Curvature,
    "second": _Second,
}


def _derivatives(name: str) -> Callable[..., Any]:
    def differentiable(*arguments: Any) -> Any:
        return PRODUCTS[name].apply(*arguments)

    return differentiable


_library = operators.define(_derivatives)
