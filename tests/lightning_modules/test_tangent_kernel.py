"""The closed form against wide networks."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.func import grad, vmap

from lightning_modules.tangent_kernel import BIAS, tangent_kernel

ROWS = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))


def _empirical(rows: torch.Tensor, depth: int, width: int, networks: int) -> torch.Tensor:
    """Products of the gradients of wide random networks whose sums of a layer are of the order of one, (n, n)."""
    total = torch.zeros(len(rows), len(rows))
    for seed in range(networks):
        generator = torch.Generator().manual_seed(seed)
        sizes = [rows.shape[1], *[width] * depth, 1]
        weights = [torch.randn(out, into, generator=generator) for into, out in itertools.pairwise(sizes)]
        biases = [torch.randn(out, generator=generator) for out in sizes[1:]]

        def output(parameters: list[torch.Tensor], row: torch.Tensor) -> torch.Tensor:
            for number, (weight, bias) in enumerate(zip(parameters[::2], parameters[1::2], strict=True)):
                gain = (1.0 if number == 0 else 2.0) / weight.shape[1]  # ReLU halves the variance
                row = gain**0.5 * weight @ row + BIAS**0.5 * bias
                row = row.relu() if number < depth else row
            return row.squeeze()

        parameters = [value for pair in zip(weights, biases, strict=True) for value in pair]
        gradients = vmap(grad(output), in_dims=(None, 0))(parameters, rows)
        flat = torch.cat([gradient.flatten(1) for gradient in gradients], dim=1)
        total += flat @ flat.T
    return total / networks


@pytest.mark.parametrize("depth", [1, 3])
def test_it_is_the_product_of_a_wide_networks_gradients(depth: int) -> None:
    expected = _empirical(ROWS, depth, width=512, networks=4)
    norms = expected.diagonal().sqrt()
    found = tangent_kernel(ROWS, ROWS, depth).float()
    torch.testing.assert_close(found, expected / norms[:, None] / norms, rtol=0, atol=0.05)


def test_equal_rows_are_equal_to_it() -> None:
    torch.testing.assert_close(tangent_kernel(ROWS, ROWS, 3).diagonal(), torch.ones(6, dtype=torch.float64))


def test_it_is_a_covariance_even_of_repeated_rows() -> None:
    rows = torch.cat([ROWS, ROWS, torch.zeros(1, 4)])
    assert torch.linalg.eigvalsh(tangent_kernel(rows, rows, 3)).min() > -1e-6


def test_no_rows_have_an_empty_kernel() -> None:
    assert tangent_kernel(ROWS[:0], ROWS, 2).shape == (0, 6)
