"""One operation of torch while a forward runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._tensor import Tensor


@dataclass(frozen=True)
class Call:
    """One operation that runs: its name, its arguments, and which of them are of the graph."""

    where: str
    name: str
    function: Any
    args: Any
    kwargs: Any
    get: Callable[[Any], Tensor | None]
    rows: int

    @property
    def tensors(self) -> list[Any]:
        """All tensors of torch among the arguments, in order."""
        import torch
        from torch.utils import _pytree as tree

        leaves = tree.tree_leaves((self.args, self.kwargs))
        return [x for x in leaves if isinstance(x, torch.Tensor)]

    def rerun(self, replace: Callable[[Any], Any], *, double: bool) -> Any:
        """Run the operation on others in place of tensors; None keeps a tensor."""
        import torch
        from torch.utils import _pytree as tree

        def other(x: Any) -> Any:
            if not isinstance(x, torch.Tensor):
                return x
            found = replace(x)
            if found is not None:
                return torch.from_numpy(np.array(found))
            return x.double() if double and x.is_floating_point() else x

        args, kwargs = tree.tree_map(other, (self.args, self.kwargs))
        if double and kwargs.get("dtype") is not None:
            kwargs = {**kwargs, "dtype": torch.float64}
        return self.function(*args, **kwargs)


def numbers_of(x: Any) -> Floats:
    """A tensor's numbers, in float64 where they are real."""
    return np.asarray(x.detach().cpu().double().numpy() if x.is_floating_point() else x.cpu())
