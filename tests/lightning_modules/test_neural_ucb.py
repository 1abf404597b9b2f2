"""The closed form against per-example gradients by torch.func."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from lightning_modules.initial_weights import build_network
from lightning_modules.neural_ucb import (
    BLOCK,
    output_and_variance,
    squared_gradient_sum,
)

ROWS, WIDTH = 17, 6


def _network(depth: int) -> nn.Sequential:
    torch.manual_seed(depth)
    return build_network(WIDTH, depth, width=9).double()


def _rows() -> Tensor:
    return torch.randn(ROWS, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def _gradients(network: nn.Sequential, inputs: Tensor) -> list[Tensor]:
    """Per-example gradients, (n, *shape) for each parameter."""
    parameters = {name: value.detach() for name, value in network.named_parameters()}

    def output(values: dict[str, Tensor], row: Tensor) -> Tensor:
        result: Tensor = functional_call(network, values, (row[None],))
        return result.squeeze()

    return list(vmap(grad(output), in_dims=(None, 0))(parameters, inputs).values())


@pytest.mark.parametrize("depth", [1, 3, 5])
def test_squared_gradient_sum_is_the_sum_of_squared_per_example_gradients(depth: int) -> None:
    network, inputs = _network(depth), _rows()
    expected = [gradient.square().sum(0) for gradient in _gradients(network, inputs)]
    torch.testing.assert_close(squared_gradient_sum(network, inputs), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("depth", [1, 3, 5])
def test_variance_is_the_weighted_sum_of_squared_per_example_gradients(depth: int) -> None:
    network, inputs = _network(depth), _rows()
    precision = [torch.rand_like(value) + 0.1 for value in network.parameters()]
    parts = [(g.square() / u).flatten(1).sum(1) for g, u in zip(_gradients(network, inputs), precision, strict=True)]
    torch.testing.assert_close(
        output_and_variance(network, inputs, precision)[1], torch.stack(parts).sum(0), rtol=1e-6, atol=0
    )


@pytest.mark.parametrize("count", [0, 1, BLOCK, BLOCK + 1])
def test_output_and_variance_of_any_number_of_rows_are_those_of_the_rows_alone(count: int) -> None:
    network = _network(3)
    inputs = torch.randn(count, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    precision = [torch.rand_like(value) + 0.1 for value in network.parameters()]
    parts = [(g.square() / u).flatten(1).sum(1) for g, u in zip(_gradients(network, inputs), precision, strict=True)]
    outputs, variances = output_and_variance(network, inputs, precision)
    torch.testing.assert_close(outputs, network(inputs).squeeze(-1).detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(variances, torch.stack(parts).sum(0), rtol=1e-6, atol=0)


def test_frozen_parameters_have_gradients_too() -> None:
    network = _network(3)
    expected = squared_gradient_sum(network, _rows())
    torch.testing.assert_close(squared_gradient_sum(network.requires_grad_(False), _rows()), expected, rtol=0, atol=0)


def test_no_gradient_comes_back_with_the_result() -> None:
    precision = [torch.ones_like(value) for value in _network(1).parameters()]
    assert not any(value.requires_grad for value in output_and_variance(_network(1), _rows(), precision))


@pytest.mark.parametrize("activation", [nn.Tanh(), nn.GELU(), nn.ReLU(inplace=True)])
def test_other_activations_and_layers_without_bias_agree_too(activation: nn.Module) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(WIDTH, 5, bias=False), activation, nn.Linear(5, 1)).double()
    expected = [gradient.square().sum(0) for gradient in _gradients(network, _rows())]
    torch.testing.assert_close(squared_gradient_sum(network, _rows()), expected, rtol=1e-6, atol=0)
    precision = [torch.ones_like(value) for value in network.parameters()]
    total = torch.stack([value.sum() for value in expected]).sum()
    torch.testing.assert_close(output_and_variance(network, _rows(), precision)[1].sum(), total, rtol=1e-6, atol=0)


def test_a_scored_row_is_less_uncertain_than_a_distant_one() -> None:
    network, scored = _network(3), _rows()
    precision = [0.1 + total for total in squared_gradient_sum(network, scored)]
    near, far = (
        output_and_variance(network, scored, precision)[1],
        output_and_variance(network, 10 * scored.flip(1), precision)[1],
    )
    assert near.mean() < far.mean()


def test_parameters_keep_their_gradients_and_inputs_their_flags() -> None:
    network, inputs = _network(1), _rows()
    squared_gradient_sum(network, inputs)
    assert all(value.grad is None for value in network.parameters())
    assert not inputs.requires_grad


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_it_works_where_gradients_are_switched_off(context: type[torch.no_grad]) -> None:
    network = _network(3)
    expected = squared_gradient_sum(network, _rows())
    with context():
        torch.testing.assert_close(squared_gradient_sum(network, _rows()), expected, rtol=0, atol=0)


def test_a_layer_with_other_parameters_is_refused() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2), nn.Linear(2, 1))
    with pytest.raises(ValueError, match=r"Expected linear layers and activations .* LayerNorm"):
        squared_gradient_sum(network, torch.zeros(1, 2))


def test_an_activation_first_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Expected a linear layer first but got ReLU"):
        squared_gradient_sum(nn.Sequential(nn.ReLU(), nn.Linear(2, 1)), torch.zeros(1, 2))
