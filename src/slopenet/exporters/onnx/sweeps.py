"""The derivation as ONNX operators: the outputs of every layer, ∂H/∂x, ∇²H."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slopenet.activations import Head
from slopenet.evaluate.plan import Layout, Step, schedule
from slopenet.exporters._task import Task
from slopenet.exporters.onnx.graph import Graph
from slopenet.exporters.onnx.sigma import plain, sigma


def sweeps(graph: Graph, task: Task) -> dict[str, str]:
    """The tensors of H(x), ∂H/∂x and ∇²H, as far as they are asked for, by their names."""
    wanted = task.derivatives
    if task.head is not None and "hessian" in wanted:
        wanted = ("value", "jacobian", "hessian")
    order = 2 if "hessian" in wanted else 1 if "jacobian" in wanted else 0
    results, D, S = _forward(graph, task, order)
    found = {"value": results}
    p = "" if task.head is None else graph.op("Softmax", results, axis=-1)
    if task.head is not None:
        found["value"] = (
            p if task.head.name == "softmax" else graph.op("LogSoftmax", results, axis=-1)
        )
    if "jacobian" in wanted:
        chain = _Chain(graph, task, D)
        J = chain.result(schedule(task.plan, right="rows"))
        n_1, n_L = task.sizes[0], task.sizes[-1]
        found["jacobian"] = J.name if J.batched else _for_every_row(graph, J.name, n_L, n_1)
    if "hessian" in wanted:
        found["hessian"] = _hessian(graph, task, D, S)
    return found if task.head is None else _of_head(graph, task.head, p, found)


def _of_head(graph: Graph, head: Head, p: str, of_logits: dict[str, str]) -> dict[str, str]:
    """The results of a network with softmax or log-softmax, from those of its logits."""
    found = {"value": of_logits["value"]}
    if "jacobian" not in of_logits:
        return found
    weight = graph.unsqueeze(p, 2)
    g = _centred(graph, weight, of_logits["jacobian"])
    scaled = head.name == "softmax"
    found["jacobian"] = graph.op("Mul", weight, g) if scaled else g
    if "hessian" in of_logits:
        weight = graph.unsqueeze(weight, 3)
        squares = graph.op("Mul", graph.unsqueeze(g, 3), graph.unsqueeze(g, 2))
        mean = graph.op(
            "ReduceSum", graph.op("Mul", weight, squares), graph.integers(1), keepdims=1
        )
        curved = graph.op("Sub", _centred(graph, weight, of_logits["hessian"]), mean)
        if scaled:
            curved = graph.op("Mul", weight, graph.op("Add", squares, curved))
        found["hessian"] = curved
    return found


def _centred(graph: Graph, p: str, a: str) -> str:
    """a_k - Σ_m p_m a_m, p with the axes of a."""
    product = graph.op("Mul", p, a)
    mean = graph.op("ReduceSum", product, graph.integers(1), keepdims=1)
    return graph.op("Sub", a, mean)


def _forward(graph: Graph, task: Task, order: int) -> tuple[str, dict[int, str], dict[int, str]]:
    """H(x), and D[l] and S[l] by l where they are not I and not 0: z[l], ..., each (N, n_l)."""
    a, D, S = "x", {}, {}
    for l, (W, b, activation) in enumerate(zip(*task.logits, strict=True), start=2):
        last = l == len(task.sizes) and task.head is None
        W_l, b_l = graph.constant(f"W{l}", W), graph.constant(f"b{l}", b)
        linear = activation.linear
        z_name = "y" if last and linear else f"z{l}"
        z = graph.op("Gemm", a, W_l, b_l, name=z_name, alpha=1.0, beta=1.0, transA=0, transB=1)
        if linear:
            a = z
        elif order == 0:
            a = plain(graph, activation, z, "y" if last else f"a{l}")
        else:
            a, D[l], *second = sigma(graph, activation, z, order)
            if second and activation.has_second_derivative:
                S[l] = second[0]
    return a, D, S


@dataclass(frozen=True)
class _Product:
    """A tensor (N, rows, columns) or its transpose, without the N where it does not depend on x."""

    name: str
    layout: Layout
    batched: bool


@dataclass(frozen=True)
class _Chain:
    """Products of D[l] W[l]."""

    graph: Graph
    task: Task
    D: dict[int, str]

    def result(self, steps: list[Step]) -> _Product:
        """The result of the last step of a schedule."""
        results: list[_Product] = []
        for step in steps:
            operands = [results[operand] for operand in step.operands]
            match step.operation:
                case "layer":
                    found = self.single(step.layer, step.layout)
                case "rows times W":
                    found = self.backward(step.layer, *operands)
                case "W times columns":
                    found = self.onward(step.layer, *operands)
                case "product":
                    name = self.graph.op("MatMul", *(factor.name for factor in operands))
                    found = _Product(name, "rows", any(factor.batched for factor in operands))
                case "transpose":
                    (product,) = operands
                    turned = self.graph.transpose(product.name, 3 if product.batched else 2)
                    found = _Product(turned, step.layout, product.batched)
            results.append(found)
        return results[-1]

    def single(self, l: int, layout: Layout) -> _Product:
        """D[l] W[l]."""
        W = f"W{l}" if layout == "rows" else self.graph.transpose(f"W{l}", 2)
        if l not in self.D:
            return _Product(W, layout, batched=False)
        D = self.graph.unsqueeze(self.D[l], 2 if layout == "rows" else 1)
        return _Product(self.graph.op("Mul", W, D), layout, batched=True)

    def backward(self, l: int, rows: _Product) -> _Product:
        """Rows times D[l] W[l]."""
        name, batched = self.scaled(l, rows)
        return _Product(self.graph.op("MatMul", name, f"W{l}"), "rows", batched)

    def onward(self, l: int, columns: _Product) -> _Product:
        """D[l] W[l] times columns."""
        product = self.graph.op("MatMul", columns.name, self.graph.transpose(f"W{l}", 2))
        name, batched = self.scaled(l, _Product(product, "columns", columns.batched))
        return _Product(name, "columns", batched)

    def scaled(self, l: int, product: _Product) -> tuple[str, bool]:
        """Rows D[l], or D[l] times columns, and whether they depend on x."""
        if l not in self.D:
            return product.name, product.batched
        D = self.graph.unsqueeze(self.D[l], 1)
        return self.graph.op("Mul", product.name, D), True


def _hessian(graph: Graph, task: Task, D: dict[int, str], S: dict[int, str]) -> str:
    """∇²H_k = Σ_l Z'[l]ᵀ diag(c[l]_k ∘ σ''(z[l])) Z'[l], the same above and below the diagonal."""
    chain, L = _Chain(graph, task, D), len(task.sizes)
    n_1, n_L = task.sizes[0], task.sizes[-1]
    if not S:
        zero = graph.constant("zero", np.zeros((1, 1, 1), task.dtype))
        return _for_every_row(graph, zero, n_L, n_1, n_1)
    slopes = {2: _Product(graph.transpose("W2", 2), "columns", batched=False)}
    for l in range(3, max(S) + 1):
        below = chain.scaled(l - 1, slopes[l - 1])
        name = graph.op("MatMul", below[0], graph.transpose(f"W{l}", 2))
        slopes[l] = _Product(name, "columns", below[1])
    c = _Product(graph.constant("I", np.eye(n_L, dtype=task.dtype)), "rows", batched=False)
    total = ""
    for l in range(L, 1, -1):
        if l in S:
            weight = graph.op("Mul", c.name, graph.unsqueeze(S[l], 1))
            term = _curvature_term(graph, slopes[l], weight)
            total = graph.op("Add", total, term) if total else term
        if l == L:
            c = chain.single(l, "rows")
        elif l > min(S):
            c = chain.backward(l, c)
    both = graph.op("Add", total, graph.transpose(total, 4))
    return graph.op("Mul", both, graph.number(0.5))


def _curvature_term(graph: Graph, slopes: _Product, weight: str) -> str:
    """Z'ᵀ diag(weight_k) Z' of every k."""
    columns = graph.unsqueeze(slopes.name, 1) if slopes.batched else slopes.name
    rows = graph.transpose(columns, 4 if slopes.batched else 2)
    scaled = graph.op("Mul", columns, graph.unsqueeze(weight, 2))
    return graph.op("MatMul", scaled, rows)


def _for_every_row(graph: Graph, x: str, *shape: int) -> str:
    """The same tensor for each row of x."""
    rows = graph.op("Shape", "x", start=0, end=1)
    return graph.op("Expand", x, graph.op("Concat", rows, graph.integers(*shape), axis=0))
