"""The model of INSTINCT against per-example gradients and a plain training loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from lightning_modules.neural_bandit import NeuralBandit

LAMBDA, WIDTH, DRAWN, ROWS = 0.1, 6, 3, 6
STEPS = 50
FILE = Path(__file__).parents[2] / "configs" / "methods" / "instinct_paper.yaml"
PAPER: dict[str, Any] = yaml.safe_load(FILE.read_text())["strategy"]["init_args"]["bandit"]["init_args"]
FITTED = PAPER | {"untrained_first": False}
KINDS = pytest.mark.parametrize("kind", [{}, PAPER, FITTED], ids=["default", "paper", "paper, fitted first"])


def data() -> tuple[Tensor, Tensor, Tensor]:
    """Scored rows (6, 4) with rewards (6,), and candidates (40, 4)."""
    generator = torch.Generator().manual_seed(3)
    scored = torch.randn(ROWS, 4, generator=generator, dtype=torch.float64)
    rewards = torch.tensor([0.0, 0.5, 0.25, 1.0, 0.75, 0.5], dtype=torch.float64)
    return scored, rewards, torch.randn(40, 4, generator=generator, dtype=torch.float64)


def bandit(**options: Any) -> NeuralBandit:
    """A small one that takes few steps: what it remembers and how it chooses hangs on neither."""
    return NeuralBandit(**options | {"width": WIDTH, "steps": STEPS})


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


def test_the_published_numbers_are_those_of_the_file() -> None:
    assert (PAPER["steps"], PAPER["width"], PAPER["learning_rate"], PAPER["regularisation"]) == (1000, 100, 1e-3, 0.1)
    assert (PAPER["initial_weights"], PAPER["standardise_rewards"]) == ("normal", False)
    assert (PAPER["precision"], PAPER["untrained_first"]) == ("accumulated", True)


@pytest.mark.parametrize("untrained_first", [True, False])
def test_the_papers_selection_is_that_of_per_example_gradients(untrained_first: bool) -> None:
    scored, rewards, candidates = data()
    model = bandit(**PAPER | {"untrained_first": untrained_first})
    precision = torch.full((1, 4 * WIDTH + WIDTH + WIDTH + 1), LAMBDA, dtype=torch.float64)
    for index in range(DRAWN, ROWS):  # as the original does: fit, choose, add the chosen row's gradient
        network = model.fit(scored[:index], rewards[:index])
        row = standardise(scored[index : index + 1], scored[:index])
        if untrained_first and index == DRAWN:  # the original's first choice comes before its first fit
            network, row = untrained(), scored[index : index + 1]
        precision += squared_gradients(network, row)
    network = model.fit(scored, rewards)
    rows = standardise(candidates, scored)
    sigma = (LAMBDA * squared_gradients(network, rows) / precision).sum(1).sqrt()
    mean, std = model.predict(scored, rewards, DRAWN, candidates)
    torch.testing.assert_close(std, sigma, rtol=1e-9, atol=0)
    torch.testing.assert_close(mean, network(rows).squeeze(-1).detach(), rtol=1e-12, atol=0)
    assert (mean + std).argmax() == (network(rows).squeeze(-1) + sigma).argmax()


def untrained() -> nn.Sequential:
    """N(0, 1) weights and biases, layer by layer."""
    network = nn.Sequential(nn.Linear(4, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))
    generator = torch.Generator().manual_seed(0)
    network.load_state_dict({n: torch.randn(v.shape, generator=generator) for n, v in network.state_dict().items()})
    return network.double()


def test_the_papers_first_choice_is_that_of_the_initial_weights_on_raw_features() -> None:
    scored, rewards, candidates = data()
    mean, std = bandit(**PAPER).predict(scored[:DRAWN], rewards[:DRAWN], DRAWN, candidates)
    network = untrained()
    torch.testing.assert_close(mean, network(candidates).squeeze(-1).detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(std, squared_gradients(network, candidates).sum(1).sqrt(), rtol=1e-9, atol=0)


def test_by_default_all_scored_rows_count_at_the_current_weights_on_the_scale_of_the_rewards() -> None:
    scored, rewards, candidates = data()
    model = bandit()
    spread = rewards.std(correction=0)
    network = model.fit(scored, (rewards - rewards.mean()) / spread)
    confidence = LAMBDA + squared_gradients(network, standardise(scored, scored)).sum(0)
    rows = standardise(candidates, scored)
    sigma = spread * (LAMBDA * squared_gradients(network, rows) / confidence).sum(1).sqrt()
    mean, deviation = model.predict(scored, rewards, DRAWN, candidates)
    torch.testing.assert_close(deviation, sigma, rtol=1e-9, atol=0)
    expected = rewards.mean() + spread * network(rows).squeeze(-1).detach()
    torch.testing.assert_close(mean, expected, rtol=1e-9, atol=1e-12)


def test_the_fit_is_full_batch_adam_on_the_mean_squared_error() -> None:
    scored, rewards, _ = data()
    network = untrained()
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, weight_decay=LAMBDA / ROWS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        (network(standardise(scored, scored)).squeeze(-1) - rewards).square().mean().backward()
        optimizer.step()
    fitted = bandit(**PAPER).fit(scored, rewards)
    torch.testing.assert_close(dict(fitted.state_dict()), dict(network.state_dict()), rtol=1e-9, atol=1e-9)


@KINDS
def test_what_it_remembers_changes_no_bit(kind: dict[str, Any]) -> None:
    scored, rewards, candidates = data()
    resumed = bandit(**kind)
    for count in range(DRAWN, ROWS):
        resumed.predict(scored[:count], rewards[:count], DRAWN, candidates)
    fresh = bandit(**kind).predict(scored, rewards, DRAWN, candidates)
    assert all(map(torch.equal, resumed.predict(scored, rewards, DRAWN, candidates), fresh))
    other = rewards.flip(0)
    assert all(
        map(
            torch.equal,
            resumed.predict(scored, other, DRAWN, candidates),
            bandit(**kind).predict(scored, other, DRAWN, candidates),
        )
    )


@KINDS
def test_equal_rewards_and_a_constant_feature_divide_by_nothing(kind: dict[str, Any]) -> None:
    scored, _, candidates = data()
    scored[:, 0] = 2.0
    mean, deviation = bandit(**kind).predict(scored, torch.zeros(ROWS), ROWS, candidates)
    assert mean.isfinite().all()
    assert (deviation > 0).all()


def test_numbers_are_positive() -> None:
    with pytest.raises(ValueError, match="Expected width, learning_rate, steps and regularisation above 0"):
        NeuralBandit(steps=0)
