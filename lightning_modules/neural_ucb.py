"""Diagonal neural UCB in closed form: how far a row's gradient lies from those of the scored rows.

``sigma^2 = lambda * sum_p g_p^2 / U_p`` over all parameters p, g the gradient of the network's output at the row and
``U_p = lambda + sum of g_p^2`` over the scored rows. The gradient of a linear layer ``s = W a + b`` at one row is the
outer product ``delta x a`` with ``delta = df/ds``, so its square is ``delta^2 x a^2`` and both sums are matrix
products: no gradient per row is ever formed. (docs/paper.md, "acquisition".)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

BLOCK = 512  # rows at a time: what is made of them stays in fast memory; 10,000 at once take 1.6 times as long


class Squares(NamedTuple):
    """What one linear layer adds to the squared gradient.

    Args:
        layer: where.
        activation: a^2 (n, in).
        delta: delta^2 (n, out).
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
    for layer, activation, delta in _squares(network, inputs)[1]:
        totals.append(delta.T @ activation)  # (out, in): (delta^2)^T (a^2)
        if layer.bias is not None:
            totals.append(delta.sum(0))  # (out,)
    return totals


def output_and_variance(network: nn.Sequential, inputs: Tensor, confidence: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """The output and ``sum_p g_p^2 / U_p`` of every row, from one forward pass.

    Beyond the inputs it takes memory for a block of rows. Time grows as n d width: at d >> width nearly all of it is in
    the two products of the first layer, ``a W^T`` and ``a^2 (1/U)^T``.

    Args:
        network: linear layers and elementwise activations; one output.
        inputs: (n, d).
        confidence: U, one positive tensor per parameter, in the parameters' order and shapes.

    Returns:
        (n,) and (n,), the latter without the factor lambda.

    >>> confidence = [torch.tensor([[9.0, 1.0]]), torch.ones(1)]
    >>> output_and_variance(nn.Sequential(nn.Linear(2, 1)), torch.tensor([[3.0, 0.0]]), confidence)[1]
    tensor([2.])
    """
    weights = [one.reciprocal() for one in confidence]
    blocks = [_block(network, rows, weights) for rows in torch.split(inputs, BLOCK)]
    outputs, variances = zip(*blocks, strict=True)
    return torch.cat(outputs), torch.cat(variances)


def _block(network: nn.Sequential, inputs: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Output and ``sum_p g_p^2 w_p`` of a few rows; w is 1/U."""
    outputs, layers = _squares(network, inputs)
    total, remaining = torch.zeros_like(outputs), iter(weights)
    for layer, activation, delta in layers:
        per_unit = activation @ next(remaining).T  # (n, out): (a^2) (1/U)^T
        if layer.bias is not None:
            per_unit += next(remaining)
        total += (delta * per_unit).sum(-1)  # (n,): sum_i delta_i^2 [(a^2) (1/U)^T + 1/U_bias]_i
    return outputs, total


def _squares(network: nn.Sequential, inputs: Tensor) -> tuple[Tensor, list[Squares]]:
    """The outputs (n,), and what each linear layer adds to the squared gradient.

    Rows are independent, so the gradient of the summed output holds every row's own gradient: one backward for all.
    """
    with torch.inference_mode(False), torch.enable_grad():
        layers, activations, sums, outputs = _forward(network, inputs)
        deltas = torch.autograd.grad(outputs.sum(), sums)  # df/ds, (n, out) each
    parts = zip(layers, activations, deltas, strict=True)
    squares = [Squares(layer, activation.detach().square(), delta.square()) for layer, activation, delta in parts]
    return outputs.detach().squeeze(-1), squares


def _forward(network: nn.Sequential, inputs: Tensor) -> tuple[list[nn.Linear], list[Tensor], list[Tensor], Tensor]:
    """The linear layers, what went into each (n, in), what came out of each (n, out), and the output (n, 1)."""
    layers: list[nn.Linear] = []
    activations: list[Tensor] = []
    sums: list[Tensor] = []
    rows = inputs
    for layer in network:
        if isinstance(layer, nn.Linear):
            layers.append(layer)
            activations.append(rows)
            rows = layer(rows) if sums else _start(layer, rows)
            sums.append(rows)
        elif next(layer.parameters(), None) is None:
            rows = layer(rows.clone())  # an activation that works in place would overwrite the sums
        else:
            raise ValueError(f"Expected linear layers and activations without parameters but got {layer}")
    return layers, activations, sums, rows


def _start(layer: nn.Linear, inputs: Tensor) -> Tensor:
    """What comes out of the first layer, where the backward pass ends: it needs no inputs (n, d)."""
    with torch.no_grad():
        rows: Tensor = layer(inputs)
    return rows.requires_grad_()
