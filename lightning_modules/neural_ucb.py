"""Neural UCB in closed form: how far a row's gradient lies from those of the scored rows.

g is the gradient of the network's output at a row, over all parameters: ``sigma^2 = lambda * sum_p g_p^2 / U_p`` with
the precision ``U_p = lambda + sum of g_p^2`` over the scored rows, INSTINCT's diagonal form. The gradient of a linear
layer ``s = W a + b`` at one row is the outer product ``delta x a`` with ``delta = df/ds``: its square is
``delta^2 x a^2``, and all sums are matrix products. No gradient per row is ever formed. The form that knows which rows
are alike is `tangent_kernel`'s. (docs/paper.md, "acquisition".)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor, nn

BLOCK = 512  # rows at a time: what is made of them stays in fast memory; 10,000 at once take 1.6 times as long


class Factors(NamedTuple):
    """The factors of the gradient of one linear layer, row by row.

    Args:
        layer: where.
        activation: a (n, in).
        delta: df/ds (n, out).
    """

    layer: nn.Linear
    activation: Tensor
    delta: Tensor


def squared_gradient_sum(network: nn.Sequential, inputs: Tensor) -> list[Tensor]:
    """Sum over the rows of the squared gradient of the output.

    Args:
        network: linear layers and elementwise activations; one output.
        inputs: (n, d).

    Returns:
        One tensor per parameter, in the parameters' order and shapes.

    >>> [total.tolist() for total in squared_gradient_sum(nn.Sequential(nn.Linear(2, 1)), torch.tensor([[3.0, 0.0]]))]
    [[[9.0, 0.0]], [1.0]]
    """
    totals = []
    for layer, activation, delta in _factors(network, inputs)[1]:
        squared = delta.square()
        totals.append(squared.T @ activation.square())  # (out, in): (delta^2)^T (a^2)
        if layer.bias is not None:
            totals.append(squared.sum(0))  # (out,)
    return totals


def output_and_variance(network: nn.Sequential, inputs: Tensor, precision: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """The output and ``sum_p g_p^2 / U_p`` of every row, from one forward pass.

    Beyond the inputs it takes memory for a block of rows and for n width numbers per layer. Time grows as n d width: at
    d >> width nearly all of it is in the two products of the first layer, ``a W^T`` and ``a^2 (1/U)^T``.

    Args:
        network: linear layers, the first module among them, and elementwise activations; one output.
        inputs: (n, d).
        precision: U, one positive tensor per parameter, in the parameters' order and shapes.

    Returns:
        (n,) and (n,), the latter without the factor lambda.

    >>> precision = [torch.tensor([[9.0, 1.0]]), torch.ones(1)]
    >>> output_and_variance(nn.Sequential(nn.Linear(2, 1)), torch.tensor([[3.0, 0.0]]), precision)[1]
    tensor([2.])
    """
    weights = [entries.reciprocal() for entries in precision]
    first, remaining = _first_layer(network), iter(weights)
    sums, per_unit = _first_products(first, inputs, next(remaining))
    outputs, delta, behind = _behind(network, sums)
    if first.bias is not None:
        per_unit += next(remaining)
    variance = (delta.square() * per_unit).sum(-1)  # (n,): sum_i delta_i^2 [(a^2) (1/U)^T + 1/U_bias]_i
    for layer, activation, delta in behind:
        per_unit = activation.square() @ next(remaining).T  # (n, out): (a^2) (1/U)^T
        if layer.bias is not None:
            per_unit += next(remaining)
        variance += (delta.square() * per_unit).sum(-1)
    return outputs, variance


def _first_products(first: nn.Linear, inputs: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Returns what leaves the first layer, ``a W^T + b``, and ``(a^2) (1/U)^T``, (n, out) each.

    Neither needs a gradient, so each block of rows is read once for both.
    """
    sums = inputs.new_empty(len(inputs), first.out_features)
    per_unit = torch.empty_like(sums)
    with torch.no_grad():
        for start in range(0, len(inputs), BLOCK):
            rows, here = inputs[start : start + BLOCK], slice(start, start + BLOCK)
            sums[here] = first(rows)
            per_unit[here] = rows.square() @ weight.T
    return sums, per_unit


def _factors(network: nn.Sequential, inputs: Tensor) -> tuple[Tensor, list[Factors]]:
    """The outputs (n,), and what each linear layer's gradients are made of."""
    first = _first_layer(network)
    with torch.no_grad():
        sums = first(inputs)
    outputs, delta, behind = _behind(network, sums)
    return outputs, [Factors(first, inputs, delta), *behind]


def _first_layer(network: nn.Sequential) -> nn.Linear:
    first = next(iter(network))
    if not isinstance(first, nn.Linear):
        raise ValueError(f"Expected a linear layer first but got {first}")
    return first


def _behind(network: nn.Sequential, sums: Tensor) -> tuple[Tensor, Tensor, list[Factors]]:
    """From what leaves the first layer (n, out): the outputs (n,), its delta (n, out), the other layers' factors.

    Rows are independent, so the gradient of the summed output holds every row's own gradient: one backward for all,
    which ends here, because it needs no inputs (n, d).
    """
    layers: list[nn.Linear] = []
    activations: list[Tensor] = []
    with torch.inference_mode(False), torch.enable_grad():
        rows = sums.clone().requires_grad_()
        leaving = [rows]
        for layer in islice(network, 1, None):
            if isinstance(layer, nn.Linear):
                layers.append(layer)
                activations.append(rows.detach())
                rows = layer(rows)
                leaving.append(rows)
            elif next(layer.parameters(), None) is None:
                rows = layer(rows.clone())  # an activation that works in place would overwrite the sums
            else:
                raise ValueError(f"Expected linear layers and activations without parameters but got {layer}")
        first, *deltas = torch.autograd.grad(rows.sum(), leaving)  # df/ds, (n, out) each
    parts = zip(layers, activations, deltas, strict=True)
    return rows.detach().squeeze(-1), first, [Factors(*part) for part in parts]
