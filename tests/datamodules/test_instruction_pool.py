"""The whole-pool batch and the pool's place in a checkpoint."""

from __future__ import annotations

import io

import pytest
import torch
from torch import Tensor

from datamodules.instruction_pool import InstructionPool, pool_batch, standardisation
from duet.pool import Candidate, Pool, ScoredInstruction


def _row(text: str, reward: float, features: Tensor, iteration: int = 0) -> ScoredInstruction:
    return ScoredInstruction(Candidate(text, "initial", features=features), iteration, (reward,), ("answer",))


def _pool(features: Tensor, rewards: list[float]) -> Pool:
    return Pool() + [_row(f"text {i}", reward, features[i], min(i, 2)) for i, reward in enumerate(rewards)]


FEATURES = torch.randn(5, 4, generator=torch.Generator().manual_seed(0)) * 3 + 7
REWARDS = [0.25, 1.0, 0.0, 1.0, 0.5]


def test_standardised_features_are_sklearns() -> None:
    scaler = pytest.importorskip("sklearn.preprocessing").StandardScaler()
    expected = torch.from_numpy(scaler.fit_transform(FEATURES.double().numpy())).float()
    torch.testing.assert_close(pool_batch(_pool(FEATURES, REWARDS))["features"], expected, rtol=1e-5, atol=1e-5)


def test_standardised_rewards_have_hand_computed_values() -> None:
    batch = pool_batch(_pool(FEATURES[:2], [0.25, 0.75]))
    assert batch["rewards"].tolist() == [0.25, 0.75]
    assert batch["rewards_standardised"].tolist() == [-1, 1]
    assert (batch["reward_mean"].item(), batch["reward_scale"].item()) == (0.5, 0.25)


def test_raw_rewards_stay_as_they_are() -> None:
    batch = pool_batch(_pool(FEATURES, REWARDS), standardise_rewards=False)
    assert batch["rewards_standardised"].tolist() == REWARDS
    assert (batch["reward_mean"].item(), batch["reward_scale"].item()) == (0, 1)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1234.567, 1e20])
def test_a_constant_feature_becomes_zero_and_keeps_scale_one(constant: float) -> None:
    features = FEATURES.clone()
    features[:, 2] = constant
    batch = pool_batch(_pool(features, REWARDS))
    assert batch["features"][:, 2].tolist() == [0] * 5
    assert batch["feature_scale"][2].item() == 1


def test_rounding_noise_is_not_blown_up() -> None:
    noisy = torch.tensor([[1000.0], [1000.0], [torch.nextafter(torch.tensor(1000.0), torch.tensor(2000.0))]])
    _, scale = standardisation(noisy)
    assert scale.item() == 1


@pytest.mark.parametrize("reward", [0.0, 0.3, 1.0])
def test_equal_rewards_standardise_to_zero(reward: float) -> None:
    batch = pool_batch(_pool(FEATURES, [reward] * 5))
    assert batch["rewards_standardised"].tolist() == [0] * 5
    assert batch["reward_scale"].item() == 1


def test_a_single_row_is_a_pool() -> None:
    batch = pool_batch(_pool(FEATURES, [0.5]))
    assert batch["features"].tolist() == [[0] * 4]


def test_the_batch_names_the_best_row_the_initial_ones_and_the_next_iteration() -> None:
    batch = pool_batch(_pool(FEATURES, REWARDS))
    assert batch["best_index"].item() == 1  # ties go to the shorter text, then to the earlier one
    assert batch["initial"].tolist() == [True, False, False, False, False]
    assert batch["iteration"].item() == 3


def test_the_loader_reads_the_pool_when_it_is_iterated() -> None:
    data = InstructionPool()
    loader = data.train_dataloader()
    batches = iter(loader)  # Lightning does this before the first epoch
    data.pool = data.pool + _pool(FEATURES, REWARDS).observations[:2]
    assert [len(batch["rewards"]) for batch in batches] == [2]
    data.pool = data.pool + _pool(FEATURES, REWARDS).observations[2:]
    assert [len(batch["rewards"]) for batch in loader] == [5]
    assert len(loader) == 1


def test_the_state_survives_a_weights_only_checkpoint_bit_for_bit() -> None:
    data, file = InstructionPool(), io.BytesIO()
    data.pool = data.pool + _pool(FEATURES, REWARDS).observations
    torch.save(data.state_dict(), file)
    file.seek(0)
    other = InstructionPool()
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other.pool.features(), FEATURES)
    assert [(row.text, row.scores, row.iteration) for row in other.pool] == [
        (row.text, row.scores, row.iteration) for row in data.pool
    ]


def test_an_empty_pool_has_a_state_too() -> None:
    data = InstructionPool()
    data.load_state_dict(data.state_dict())
    assert len(data.pool) == 0
