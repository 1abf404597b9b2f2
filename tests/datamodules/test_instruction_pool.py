"""The whole-pool batch and the pool's place in a checkpoint."""

from __future__ import annotations

import io
import math
from dataclasses import replace

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


def test_features_are_sklearns_standardised_ones_if_all_spread_alike() -> None:
    scaler = pytest.importorskip("sklearn.preprocessing").StandardScaler()
    expected = torch.from_numpy(scaler.fit_transform(FEATURES.double().numpy())).float()
    alike = expected * 3 + 7  # every column with spread 3
    torch.testing.assert_close(pool_batch(_pool(alike, REWARDS))["features"], expected, rtol=1e-5, atol=1e-5)


def test_a_features_scale_lies_between_its_own_spread_and_all_features() -> None:
    features = torch.tensor([[0.0, 0.0], [2.0, 6.0]])  # variances 1 and 9, mean 5
    batch = pool_batch(_pool(features, [0.0, 1.0]))
    torch.testing.assert_close(batch["feature_scale"], torch.tensor([3.0, 7.0]).sqrt())
    assert batch["feature_mean"].tolist() == [1, 3]


def test_standardised_rewards_have_hand_computed_values() -> None:
    batch = pool_batch(_pool(FEATURES[:2], [0.0, 1.0]))
    assert batch["rewards"].tolist() == [0, 1]
    assert batch["rewards_standardised"].tolist() == [-1, 1]
    assert (batch["reward_mean"].item(), batch["reward_scale"].item()) == (0.5, 0.5)


def test_raw_rewards_stay_as_they_are() -> None:
    batch = pool_batch(_pool(FEATURES, REWARDS), standardise_rewards=False)
    assert batch["rewards_standardised"].tolist() == REWARDS
    assert (batch["reward_mean"].item(), batch["reward_scale"].item()) == (0, 1)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1234.567, 1e20])
def test_a_constant_feature_becomes_zero_and_takes_the_others_scale(constant: float) -> None:
    features = FEATURES.clone()
    features[:, 2] = constant
    batch = pool_batch(_pool(features, REWARDS))
    assert batch["features"][:, 2].tolist() == [0] * 5
    others = features[:, [0, 1, 3]].double().var(0, correction=0).sum() / 4
    assert batch["feature_scale"][2].item() == pytest.approx((others / 2).sqrt().item(), rel=1e-5)


def test_features_that_are_all_constant_keep_scale_one() -> None:
    assert pool_batch(_pool(FEATURES[:1].expand(5, 4), REWARDS))["feature_scale"].tolist() == [1] * 4


def test_rounding_noise_is_not_blown_up() -> None:
    noisy = torch.tensor([[1000.0], [1000.0], [torch.nextafter(torch.tensor(1000.0), torch.tensor(2000.0))]])
    _, scale = standardisation(noisy)
    assert scale.item() == 1


def test_a_row_with_more_examples_is_surer_and_weighs_more() -> None:
    rows = [
        replace(row, scores=(1.0, 0.0) * count)
        for row, count in zip(_pool(FEATURES[:3], [0.5] * 3), [1, 5, 50], strict=True)
    ]
    batch = pool_batch(Pool(tuple(rows)))
    assert batch["noise"].tolist() == sorted(batch["noise"].tolist(), reverse=True)
    assert batch["weight"].tolist() == sorted(batch["weight"].tolist())
    assert batch["weight"].mean().item() == pytest.approx(1)


def test_equal_examples_of_equal_scores_weigh_the_same() -> None:
    rows = [replace(row, scores=(row.score,) * 7) for row in _pool(FEATURES[:2], [0.5, 0.5])]
    assert pool_batch(Pool(tuple(rows)))["weight"].tolist() == [1, 1]


def test_noise_is_on_the_scale_of_the_standardised_rewards() -> None:
    pool = _pool(FEATURES, REWARDS)
    raw, batch = pool_batch(pool, standardise_rewards=False), pool_batch(pool)
    torch.testing.assert_close(batch["noise"] * batch["reward_scale"] ** 2, raw["noise"])


def test_a_long_pool_is_left_to_its_surest_rows_and_the_best() -> None:
    rows = [
        row.with_candidate(replace(row.candidate, prior=(float(place),)))
        for place, row in enumerate(_pool(FEATURES, REWARDS))
    ]
    batch = pool_batch(Pool(tuple(rows)), most_rows=2)
    assert batch["rewards"].tolist() == [1.0, 0.5]  # the best, and of equally sure ones the newest
    assert (batch["best_index"].item(), batch["prior"].tolist()) == (0, [[1], [4]])
    assert batch["initial"].tolist() == [False, False]


def test_without_prior_knowledge_there_are_no_columns_of_it() -> None:
    assert pool_batch(_pool(FEATURES, REWARDS))["prior"].shape == (5, 0)


def test_a_pool_without_room_for_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected most_rows of at least 1 but got 0"):
        InstructionPool(most_rows=0)


@pytest.mark.parametrize("reward", [0.0, 0.3, 1.0])
def test_equal_rewards_standardise_to_zero(reward: float) -> None:
    batch = pool_batch(_pool(FEATURES, [reward] * 5))
    assert batch["rewards_standardised"].tolist() == [0] * 5
    assert batch["reward_scale"].item() == pytest.approx(math.sqrt(_pool(FEATURES, [reward] * 5).prior.variance))


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
