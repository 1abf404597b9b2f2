"""Diagonal neural UCB in closed form: how far a row's gradient lies from those of the scored rows.

``sigma^2 = lambda * sum_p g_p^2 / U_p`` over all parameters p, g the gradient of the network's output at the row and
``U_p = lambda + sum of g_p^2`` over the scored rows. The gradient of a linear layer ``s = W a + b`` at one row is the
outer product ``delta x a`` with ``delta = df/ds``, so its square is ``delta^2 x a^2`` and both sums are matrix
products: no gradient per row is ever formed. (docs/paper.md, "acquisition".)
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


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
    for layer, activation, delta in _squares(network, inputs):
        totals.append(delta.T @ activation)  # (out, in): (delta^2)^T (a^2)
        if layer.bias is not None:
            totals.append(delta.sum(0))  # (out,)
    return totals


def variance(network: nn.Sequential, inputs: Tensor, confidence: Sequence[Tensor]) -> Tensor:
    """``sum_p g_p^2 / U_p`` of every row.

    Args:
        network: linear layers and elementwise activations; one output.
        inputs: (n, d).
        confidence: U, one positive tensor per parameter, in the parameters' order and shapes.

    Returns:
        (n,), without the factor lambda.

    >>> confidence = [torch.tensor([[9.0, 1.0]]), torch.ones(1)]
    >>> variance(nn.Sequential(nn.Linear(2, 1)), torch.tensor([[3.0, 0.0]]), confidence)
    tensor([2.])
    """
    total = inputs.new_zeros(len(inputs))
    remaining = iter(confidence)
    for layer, activation, delta in _squares(network, inputs):
        per_unit = activation @ next(remaining).reciprocal().T  # (n, out): (a^2) (1/U)^T
        if layer.bias is not None:
            per_unit = per_unit + next(remaining).reciprocal()
        total = total + (delta * per_unit).sum(-1)  # (n,): sum_i delta_i^2 [(a^2) (1/U)^T + 1/U_bias]_i
    return total


def _squares(network: nn.Sequential, inputs: Tensor) -> list[tuple[nn.Linear, Tensor, Tensor]]:
    """Each linear layer with a^2 (n, in) and delta^2 (n, out).

    Rows are independent, so the gradient of the summed output holds every row's own gradient: one backward for all.
    """
    with torch.inference_mode(False), torch.enable_grad():
        layers, activations, sums, outputs = _forward(network, inputs.clone().requires_grad_())
        deltas = torch.autograd.grad(outputs.sum(), sums)  # df/ds, (n, out) each
    pairs = zip(layers, activations, deltas, strict=True)
    return [(layer, activation.detach().square(), delta.square()) for layer, activation, delta in pairs]


def _forward(network: nn.Sequential, inputs: Tensor) -> tuple[list[nn.Linear], list[Tensor], list[Tensor], Tensor]:
    """The linear layers, what went into each (n, in), what came out of each (n, out), and the output (n, 1)."""
    layers, activations, sums, rows = [], [], [], inputs
    for layer in network:
        if isinstance(layer, nn.Linear):
            layers.append(layer)
            activations.append(rows)
            rows = layer(rows)
            sums.append(rows)
        elif next(layer.parameters(), None) is None:
            rows = layer(rows.clone())  # an activation that works in place would overwrite the sums
        else:
            raise ValueError(f"Expected linear layers and activations without parameters but got {layer}")
    return layers, activations, sums, rows
