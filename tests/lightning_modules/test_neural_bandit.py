"""The model of INSTINCT against per-example gradients and a plain training loop."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from lightning_modules import neural_bandit
from lightning_modules.neural_bandit import PAPER_STEPS, NeuralBandit

LAMBDA, WIDTH, DRAWN, ROWS = 0.1, 6, 3, 6
PRESETS: list[Literal["default", "paper"]] = ["default", "paper"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A twentieth of the paper's steps, where the test is not about their number."""
    monkeypatch.setattr(neural_bandit, "PAPER_STEPS", 50)


def data() -> tuple[Tensor, Tensor, Tensor]:
    """Scored rows (6, 4) with rewards (6,), and candidates (40, 4)."""
    generator = torch.Generator().manual_seed(3)
    scored = torch.randn(ROWS, 4, generator=generator, dtype=torch.float64)
    rewards = torch.tensor([0.0, 0.5, 0.25, 1.0, 0.75, 0.5], dtype=torch.float64)
    return scored, rewards, torch.randn(40, 4, generator=generator, dtype=torch.float64)


def bandit() -> NeuralBandit:
    return NeuralBandit(width=WIDTH, steps=50)


def standardise(values: Tensor, over: Tensor) -> Tensor:
    return (values - over.mean(0)) / over.std(0, correction=0)


def squared_gradients(network: nn.Sequential, rows: Tensor) -> Tensor:
    """(n, p), from one gradient per row."""
    parameters = {name: value.detach() for name, value in network.named_parameters()}

    def output(values: dict[str, Tensor], row: Tensor) -> Tensor:
        result: Tensor = functional_call(network, values, (row[None],))
        return result.squeeze()

    each = vmap(grad(output), in_dims=(None, 0))(parameters, rows)
    return torch.cat([value.flatten(1) for value in each.values()], dim=1).square()


@pytest.mark.usefixtures("quick")
def test_the_papers_selection_is_that_of_per_example_gradients() -> None:
    scored, rewards, candidates = data()
    model = bandit()
    confidence = torch.full((1, 4 * WIDTH + WIDTH + WIDTH + 1), LAMBDA, dtype=torch.float64)
    for index in range(DRAWN, ROWS):  # as the original goes on: fit, choose, add the chosen one's gradient
        network = model.fit(scored[:index], rewards[:index], "paper")
        confidence += squared_gradients(network, standardise(scored[index : index + 1], scored[:index]))
    network = model.fit(scored, rewards, "paper")
    asked = standardise(candidates, scored)
    sigma = (LAMBDA * squared_gradients(network, asked) / confidence).sum(1).sqrt()
    mean, deviation = bandit().predict(scored, rewards, DRAWN, candidates, "paper")
    torch.testing.assert_close(deviation, sigma, rtol=1e-9, atol=0)
    torch.testing.assert_close(mean, network(asked).squeeze(-1).detach(), rtol=1e-12, atol=0)
    assert (mean + deviation).argmax() == (network(asked).squeeze(-1) + sigma).argmax()


def test_by_default_all_scored_rows_count_at_the_current_weights_on_the_scale_of_the_rewards() -> None:
    scored, rewards, candidates = data()
    model = bandit()
    spread = rewards.std(correction=0)
    network = model.fit(scored, (rewards - rewards.mean()) / spread, "default")
    confidence = LAMBDA + squared_gradients(network, standardise(scored, scored)).sum(0)
    asked = standardise(candidates, scored)
    sigma = spread * (LAMBDA * squared_gradients(network, asked) / confidence).sum(1).sqrt()
    mean, deviation = model.predict(scored, rewards, DRAWN, candidates, "default")
    torch.testing.assert_close(deviation, sigma, rtol=1e-9, atol=0)
    expected = rewards.mean() + spread * network(asked).squeeze(-1).detach()
    torch.testing.assert_close(mean, expected, rtol=1e-9, atol=1e-12)


def test_the_fit_is_full_batch_adam_on_the_mean_squared_error() -> None:
    scored, rewards, _ = data()
    network = nn.Sequential(nn.Linear(4, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))
    generator = torch.Generator().manual_seed(0)
    start = {name: torch.randn(value.shape, generator=generator) for name, value in network.state_dict().items()}
    network.load_state_dict(start)
    network.double()
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, weight_decay=LAMBDA / ROWS)
    for _ in range(PAPER_STEPS):
        optimizer.zero_grad()
        (network(standardise(scored, scored)).squeeze(-1) - rewards).square().mean().backward()
        optimizer.step()
    fitted = bandit().fit(scored, rewards, "paper")
    torch.testing.assert_close(dict(fitted.state_dict()), dict(network.state_dict()), rtol=1e-9, atol=1e-9)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("preset", PRESETS)
def test_what_it_remembers_changes_no_bit(preset: Literal["default", "paper"]) -> None:
    scored, rewards, candidates = data()
    going_on = bandit()
    for count in range(DRAWN, ROWS):
        going_on.predict(scored[:count], rewards[:count], DRAWN, candidates, preset)
    fresh = bandit().predict(scored, rewards, DRAWN, candidates, preset)
    assert all(map(torch.equal, going_on.predict(scored, rewards, DRAWN, candidates, preset), fresh))
    other = rewards.flip(0)
    assert all(
        map(
            torch.equal,
            going_on.predict(scored, other, DRAWN, candidates, preset),
            bandit().predict(scored, other, DRAWN, candidates, preset),
        )
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_equal_rewards_and_a_constant_feature_divide_by_nothing(preset: Literal["default", "paper"]) -> None:
    scored, _, candidates = data()
    scored[:, 0] = 2.0
    mean, deviation = bandit().predict(scored, torch.zeros(ROWS), ROWS, candidates, preset)
    assert mean.isfinite().all()
    assert (deviation > 0).all()


def test_numbers_are_positive() -> None:
    with pytest.raises(ValueError, match="Expected width, learning_rate, steps and regularisation above 0"):
        NeuralBandit(steps=0)
