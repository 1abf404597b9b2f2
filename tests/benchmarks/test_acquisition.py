"""The benchmark of the acquisition, in small."""

from __future__ import annotations

import pytest
import torch

from benchmarks.acquisition import problem, reference
from lightning_modules.neural_ucb import output_and_variance


@pytest.mark.parametrize("depth", [1, 3, 5])
def test_at_full_width_the_closed_form_equals_per_example_gradients(depth: int) -> None:
    network, inputs, confidence = problem(count=25, features=5120, width=100, depth=depth)
    network, inputs, confidence = network.double(), inputs.double(), [each.double() for each in confidence]
    expected = reference(network, inputs, confidence)
    torch.testing.assert_close(output_and_variance(network, inputs, confidence)[1], expected, rtol=1e-6, atol=0)
