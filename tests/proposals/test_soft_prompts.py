from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch.quasirandom import SobolEngine

from duet.proposals.soft_prompts import SoftPrompts


def test_global_points_are_one_scrambled_sobol_sequence() -> None:
    expected = SobolEngine(10, scramble=True, seed=0).draw(96)  # type: ignore[no-untyped-call]
    space = SoftPrompts()
    pieces = [space.global_points(32, skip) for skip in (0, 32, 64)]
    assert torch.equal(torch.cat(pieces), expected)
    assert len({tuple(row) for row in expected.tolist()}) == 96


@pytest.mark.parametrize("count", [1, 7, 26])
def test_points_go_on_without_repetition_whatever_the_count(count: int) -> None:
    points = torch.cat([SoftPrompts(intrinsic_dimension=3).global_points(count, count * n) for n in range(5)])
    assert len({tuple(row) for row in points.tolist()}) == 5 * count


def test_no_points_are_no_error() -> None:
    assert SoftPrompts().global_points(0, 0).shape == (0, 10)
    assert SoftPrompts().global_points(0, 8).shape == (0, 10)


def test_global_points_are_spread_more_evenly_than_random_ones() -> None:
    points = SoftPrompts(intrinsic_dimension=4).global_points(128, 0).double().numpy()
    random = np.random.default_rng(0).random((128, 4))
    assert stats.qmc.discrepancy(points) < 0.2 * stats.qmc.discrepancy(random)


def test_the_seed_moves_the_sequence_and_the_projection() -> None:
    one, two = SoftPrompts(), SoftPrompts(seed=1)
    assert not torch.equal(one.global_points(4, 0), two.global_points(4, 0))
    points = torch.rand(2, 10, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(one.vectors(points, 8), two.vectors(points, 8))


@pytest.mark.parametrize("radius", [0.0, 0.1, 1.0, 30.0])
@pytest.mark.parametrize("place", [0.0, 0.02, 0.5, 1.0])
def test_local_points_stay_in_the_unit_cube(place: float, radius: float) -> None:
    points = SoftPrompts().local_points(torch.full((10,), place), 500, radius, torch.Generator().manual_seed(0))
    assert points.shape == (500, 10)
    assert 0 <= points.min() <= points.max() <= 1


def test_local_points_are_normal_steps_folded_at_the_walls() -> None:
    space = SoftPrompts(intrinsic_dimension=2)
    steps = 0.1 * torch.randn(1000, 2, generator=torch.Generator().manual_seed(3))
    points = space.local_points(torch.tensor([0.5, 0.0]), 1000, 0.1, torch.Generator().manual_seed(3))
    expected = torch.stack([0.5 + steps[:, 0], steps[:, 1].abs()], dim=1)
    torch.testing.assert_close(points, expected, rtol=0, atol=1e-6)


def test_vectors_are_a_fixed_uniform_projection() -> None:
    matrix = torch.empty(3, 2 * 4).uniform_(-1, 1, generator=torch.Generator().manual_seed(5))
    points = torch.rand(6, 3, generator=torch.Generator().manual_seed(0))
    vectors = SoftPrompts(tokens=2, intrinsic_dimension=3, scale=0.5, seed=5).vectors(points, 4)
    expected = 0.5 * np.einsum("nk,kc->nc", points.numpy(), matrix.numpy()).reshape(6, 2, 4)
    np.testing.assert_allclose(vectors.numpy(), expected, rtol=1e-5, atol=1e-7)


def test_projecting_leaves_the_points_as_they_are() -> None:
    points = torch.rand(2, 10)
    before = points.clone()
    SoftPrompts().vectors(points, 8).mul_(0)
    assert torch.equal(points, before)
    assert SoftPrompts().vectors(points, 8).abs().sum() > 0
