"""The process against scikit-learn's, and what it makes of noise and of opinions."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from lightning_modules.evidence import (
    CONSTANT,
    JITTER,
    NOISES,
    SIGNAL,
    Variances,
    covariance,
    log_evidence,
    most_likely,
)
from lightning_modules.reward_process import RewardProcess
from lightning_modules.tangent_kernel import tangent_kernel

WIDTH = 8


def _rows(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(seed))


def _fitted(noise: float = 0.1, opinions: Tensor | None = None, costs: list[float] | None = None) -> RewardProcess:
    """To 40 rows whose reward is their first feature, scored exactly, but said to be noisy."""
    process, rows = RewardProcess(WIDTH, depth=2), _rows(40)
    columns = rows[:, :0] if opinions is None else opinions
    process.fit(rows, rows[:, 0], torch.full((40,), noise), columns, costs)
    return process


def test_the_posterior_is_that_of_the_text_book() -> None:
    process, rows, others = _fitted(), _rows(40).double(), _rows(9, seed=1).double()
    (factor,) = process.variances.tolist()
    known, cross, mine = (
        (SIGNAL * tangent_kernel(left, right, 2) + CONSTANT).numpy()
        for left, right in ((rows, rows), (others, rows), (others, others))
    )
    gain = np.linalg.solve(known + (factor * 0.1 + JITTER) * np.eye(40), cross.T).T  # Rasmussen and Williams, Eq. 2.23
    mean, found = process.posterior(others.float(), others[:, :0].float())
    np.testing.assert_allclose(mean.numpy(), gain @ rows[:, 0].numpy(), atol=1e-4)
    np.testing.assert_allclose(found.numpy(), mine - gain @ cross.T, atol=1e-4)


def test_the_evidence_is_scipys_density() -> None:
    stats = pytest.importorskip("scipy.stats")
    rows = _rows(7)
    kernel = tangent_kernel(rows, rows, 1) + 0.3 * torch.eye(7)
    expected = stats.multivariate_normal(cov=kernel.numpy()).logpdf(rows[:, 0].double().numpy())
    assert log_evidence(kernel[None], rows[:, 0].double()).item() == pytest.approx(expected)


def test_a_noisy_score_is_not_interpolated_and_a_sure_one_is() -> None:
    sure, unsure = (_fitted(noise).marginals(_rows(40), _rows(40)[:, :0])[0] for noise in (1e-4, 16.0))
    truth = _rows(40)[:, 0].double()
    assert (sure - truth).square().mean() < 0.01
    assert (unsure - truth).square().mean() > 0.05


def test_a_surer_row_draws_the_mean_more() -> None:
    process, row = RewardProcess(WIDTH, depth=1), torch.ones(2, WIDTH)
    process.fit(row, torch.tensor([1.0, -1.0]), torch.tensor([0.05, 1.0]), row[:, :0])
    mean, _ = process.marginals(row[:1], row[:1, :0])
    assert mean.item() > 0.5


def test_noise_of_rows_that_are_all_noise_is_mostly_smoothed_away() -> None:
    process, rows = RewardProcess(WIDTH, depth=2), _rows(200)
    targets = torch.randn(200, generator=torch.Generator().manual_seed(5))
    process.fit(rows, targets, torch.ones(200), rows[:, :0])
    assert process.marginals(_rows(50, seed=2), rows[:50, :0])[0].std() < 0.5


def test_a_pool_of_bad_rows_says_little_of_one_that_is_unlike_them() -> None:
    process, rows = RewardProcess(WIDTH, depth=2), _rows(80)
    rows[:, 0], unlike = -3.0, torch.zeros(1, WIDTH)
    unlike[0, 0] = 3.0
    targets = torch.randn(80, generator=torch.Generator().manual_seed(1)) * 0.01
    process.fit(rows, targets, torch.full((80,), 0.5), rows[:, :0])
    assert process.marginals(unlike, unlike[:, :0])[1].sqrt() > 0.5


def test_an_opinion_that_tells_is_listened_to_and_a_strangers_is_not() -> None:
    truth = _rows(40)[:, :1] * 2
    stranger = torch.randn(40, 1, generator=torch.Generator().manual_seed(3))
    process, rows = RewardProcess(WIDTH, depth=2), _rows(40, seed=9)  # features that say nothing
    process.fit(rows, truth[:, 0], torch.full((40,), 0.1), torch.cat([stranger, truth], dim=1), [1.0, 1.0])
    assert process.weights[0] == 0
    assert process.weights[1] > 0
    opinions = torch.tensor([[0.0, 3.0], [0.0, -3.0]])
    high, low = process.marginals(_rows(2, seed=4), opinions)[0].tolist()
    assert high > low + 1


def test_the_scale_of_an_opinion_does_not_matter() -> None:
    truth = _rows(40)[:, :1]
    plain, other = _fitted(opinions=truth), _fitted(opinions=truth * 1000 - 5)
    rows = _rows(5, seed=1)
    torch.testing.assert_close(plain.marginals(rows, rows[:, :1]), other.marginals(rows, rows[:, :1] * 1000 - 5))


def test_an_opinion_without_spread_changes_nothing() -> None:
    rows = _rows(5, seed=1)
    constant = _fitted(opinions=torch.full((40, 1), 7.0), costs=[1.0]).marginals(rows, torch.full((5, 1), 7.0))
    torch.testing.assert_close(constant, _fitted().marginals(rows, rows[:, :0]))


def test_the_chosen_noise_has_the_highest_evidence_of_the_grid() -> None:
    rows = _rows(30)
    kernel, noise, none = tangent_kernel(rows, rows, 1), torch.full((30,), 0.2).double(), rows[:, :0].double()
    found = most_likely(kernel, none, rows[:, 0].double(), noise, [])

    def value(factor: float) -> float:
        prior = covariance(kernel, none, none, Variances(factor, ()))
        likelihood = log_evidence((prior + torch.diag(factor * noise))[None], rows[:, 0].double()).item()
        return likelihood - math.log(factor) ** 2 / 2  # a factor of 1 is the likeliest beforehand

    assert found.noise == max(NOISES, key=value)


def test_it_comes_back_from_a_checkpoint_bit_for_bit() -> None:
    process, file = _fitted(opinions=_rows(40)[:, :2]), io.BytesIO()
    torch.save(process.state_dict(), file)
    file.seek(0)
    other = RewardProcess(WIDTH, depth=2)
    other.load_state_dict(torch.load(file, weights_only=True))
    rows = _rows(5, seed=1)
    torch.testing.assert_close(other.posterior(rows, rows[:, :2]), process.posterior(rows, rows[:, :2]), rtol=0, atol=0)


def test_far_from_everything_it_knows_no_more_than_before() -> None:
    far = -100 * _rows(40).mean(0, keepdim=True)
    near, away = (_fitted().marginals(rows, rows[:, :0])[1] for rows in (_rows(40), far))
    assert away.item() > 3 * near.mean().item()
