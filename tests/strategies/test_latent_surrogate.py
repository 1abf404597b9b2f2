from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import gamma, multivariate_normal
from torch import Tensor

from duet.strategies.latent_surrogate import InstructionCoupledKernel, LatentSurrogate, maximise, reflect

Array = NDArray[np.float64]
N, K, M = 12, 3, 5
RESIDUAL = pytest.mark.parametrize("residual", [False, True])


def data(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Points, and scores that follow the first two coordinates."""
    generator = torch.Generator().manual_seed(seed)
    latents = torch.rand(N, K, generator=generator, dtype=torch.float64)
    chance = torch.sigmoid(6 * (latents[:, :1] + latents[:, 1:2] - 1))
    return latents, (torch.rand(N, M, generator=generator, dtype=torch.float64) < chance).double()


def points(count: int) -> Tensor:
    return torch.rand(count, K, generator=torch.Generator().manual_seed(9), dtype=torch.float64)


def matern(a: Array, b: Array, lengthscales: Array) -> Array:
    """Matern-5/2 with a lengthscale per dimension (Rasmussen and Williams 2006, Eq. 4.17)."""
    r = np.sqrt(5 * (((a[:, None] - b[None]) / lengthscales) ** 2).sum(-1))
    return np.asarray((1 + r + r**2 / 3) * np.exp(-r))


def dense(kernel: InstructionCoupledKernel, a: Array, b: Array) -> Array:
    """K(a, b) = k(a, Z) M K_I M k(Z, b) [+ k(a, b) - k(a, Z) M k(Z, b)], M = (K_l + 1e-4 I)^-1, explicitly."""
    z, scores = kernel.latents.numpy(), kernel.scores.numpy()
    latent, score = (each.lengthscale.detach().numpy() for each in (kernel.latent_kernel, kernel.score_kernel))
    inverse = np.linalg.inv(matern(z, z, latent) + 1e-4 * np.eye(len(z)))
    left, right = matern(a, z, latent) @ inverse, matern(z, b, latent)
    coupled = left @ matern(scores, scores, score) @ inverse @ right
    return np.asarray(coupled + matern(a, b, latent) - left @ right if kernel.residual else coupled)


def kernel_with_lengthscales(residual: bool) -> InstructionCoupledKernel:
    kernel = InstructionCoupledKernel(*data(), residual).double()
    kernel.latent_kernel.lengthscale = torch.linspace(0.3, 0.9, K)
    kernel.score_kernel.lengthscale = torch.linspace(0.5, 2.0, M)
    assert isinstance(kernel, InstructionCoupledKernel)
    return kernel


@RESIDUAL
def test_the_kernel_is_the_dense_formula(residual: bool) -> None:
    kernel, a, b = kernel_with_lengthscales(residual), points(4), points(7)
    expected = dense(kernel, a.numpy(), b.numpy())
    assert kernel(a, b).to_dense().detach().numpy() == pytest.approx(expected, rel=1e-8)
    square = dense(kernel, b.numpy(), b.numpy())
    assert kernel(b).to_dense().detach().numpy() == pytest.approx(square, rel=1e-8)
    assert kernel(b, diag=True).detach().numpy() == pytest.approx(square.diagonal(), rel=1e-8)


def test_only_the_residual_is_uncertain_far_away() -> None:
    far = points(3) + 20
    without, with_it = (kernel_with_lengthscales(residual)(far, diag=True).detach() for residual in (False, True))
    assert without.numpy() == pytest.approx(np.zeros(3), abs=1e-12)
    assert with_it.numpy() == pytest.approx(np.ones(3), abs=1e-12)


@RESIDUAL
def test_at_the_scored_points_the_kernel_is_that_of_their_scores(residual: bool) -> None:
    kernel = kernel_with_lengthscales(residual)
    found = kernel(kernel.latents).to_dense().detach()
    assert torch.allclose(found, kernel.score_kernel(kernel.scores).to_dense().detach(), atol=0.01)


def standardised(scores: Tensor) -> Array:
    rewards = scores.numpy().mean(1)
    return np.asarray((rewards - rewards.mean()) / rewards.std(ddof=1))


@RESIDUAL
def test_the_posterior_is_the_dense_solution(residual: bool) -> None:
    latents, scores = data()
    surrogate = LatentSurrogate(latents, scores.mean(1), scores, residual)
    process, rewards = surrogate.process, scores.numpy().mean(1)
    scale, noise = process.covariance.outputscale.item(), process.likelihood.noise.item()
    constant, kernel = process.mean.constant.item(), process.covariance.base_kernel
    z, x = latents.numpy(), points(6).numpy()
    gain = scale * dense(kernel, x, z) @ np.linalg.inv(scale * dense(kernel, z, z) + noise * np.eye(N))
    mean = constant + gain @ (standardised(scores) - constant)
    variance = (scale * dense(kernel, x, x) - gain @ (scale * dense(kernel, z, x))).diagonal()
    found = surrogate.predict(points(6))
    assert found[0].numpy() == pytest.approx(rewards.mean() + rewards.std(ddof=1) * mean, rel=1e-6)
    assert found[1].numpy() == pytest.approx(rewards.std(ddof=1) * np.sqrt(variance), rel=1e-4, abs=1e-7)


def test_the_likelihood_is_that_of_a_normal_with_the_priors() -> None:
    latents, scores = data()
    surrogate = LatentSurrogate(latents, scores.mean(1), scores, residual=True)
    process = surrogate.process
    kernel, noise = process.covariance.base_kernel, process.likelihood.noise.item()
    covariance = process.covariance.outputscale.item() * dense(kernel, latents.numpy(), latents.numpy())
    mean = np.full(N, process.mean.constant.item())
    expected = multivariate_normal.logpdf(standardised(scores), mean, covariance + noise * np.eye(N))
    expected += gamma.logpdf(noise, 1.1, scale=1 / 0.05)
    for each in (kernel.latent_kernel, kernel.score_kernel):
        expected += gamma.logpdf(each.lengthscale.detach().numpy(), 3.0, scale=1 / 6.0).sum()
    assert surrogate.log_likelihood == pytest.approx(expected / N, rel=1e-6)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_fitting_makes_the_marks_more_likely(seed: int) -> None:
    latents, scores = data(seed)
    fitted, unfitted = (
        LatentSurrogate(latents, scores.mean(1), scores, True, steps).log_likelihood for steps in (50, 0)
    )
    assert fitted > unfitted + 0.1


def test_the_fit_depends_on_nothing_but_the_data() -> None:
    latents, scores = data()
    (mean, deviation), again = (
        LatentSurrogate(latents, scores.mean(1), scores, residual=True).predict(points(5)) for _ in range(2)
    )
    assert torch.equal(mean, again[0])
    assert torch.equal(deviation, again[1])


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_marks_are_predicted_everywhere(value: float) -> None:
    latents, _ = data()
    mean, deviation = LatentSurrogate(
        latents, torch.full((N,), value), torch.full((N, M), value), residual=True
    ).predict(points(5))
    assert mean.numpy() == pytest.approx(np.full(5, value), abs=1e-6)
    assert torch.isfinite(deviation).all()


def test_the_rewards_may_be_over_more_examples_than_the_kernel_compares() -> None:
    latents, scores = data()
    whole, common = scores.mean(1), scores[:, :2]
    surrogate = LatentSurrogate(latents, whole, common, residual=True)
    assert surrogate.centre.item() == pytest.approx(whole.mean().item())
    assert surrogate.process.covariance.base_kernel.scores.shape == (N, 2)
    assert torch.isfinite(surrogate.predict(points(5))[0]).all()


def test_one_soft_prompt_that_was_scored_twice_does_no_harm() -> None:
    latents, scores = data()
    scores = scores[[0, 1, 2, 3]]
    surrogate = LatentSurrogate(latents[[0, 0, 1, 1]], scores.mean(1), scores, residual=True)
    mean, deviation = surrogate.predict(points(5))
    assert torch.isfinite(mean).all()
    assert torch.isfinite(deviation).all()


PEAK = torch.tensor([0.2, 0.9, 0.6], dtype=torch.float64)


def hill(x: Tensor) -> Tensor:
    return -((x - PEAK) ** 2).sum(1)


def search(seed: int, low: float = 0.0, generations: int = 40) -> tuple[Tensor, Tensor]:
    return maximise(
        hill, points(3), low=low, sigma=0.3, population=12, generations=generations, generator=random.Random(seed)
    )


def test_every_start_climbs_the_hill() -> None:
    found, values = search(seed=0)
    assert found.numpy() == pytest.approx(PEAK.expand(3, K).numpy(), abs=0.03)
    assert torch.equal(values, hill(found))
    assert values.tolist() == sorted(values.tolist(), reverse=True)


def test_the_seed_decides_what_is_found() -> None:
    first, again, other = search(seed=0), search(seed=0), search(seed=1)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


@pytest.mark.parametrize("low", [0.0, -1.0])
def test_no_point_outside_is_evaluated(low: float) -> None:
    seen = []

    def value(x: Tensor) -> Tensor:
        seen.append(x)
        return x.sum(1)

    maximise(value, points(2), low=low, sigma=2.0, population=20, generations=3, generator=random.Random(0))
    everything = torch.cat(seen)
    assert everything.shape == (3 * 2 * 20, K)
    assert low <= everything.min() < low + 0.1
    assert 0.9 < everything.max() <= 1.0


def test_reflection_keeps_what_lies_inside() -> None:
    inside = torch.linspace(-1.0, 1.0, 9)
    assert torch.allclose(reflect(inside, -1.0), inside)
    assert reflect(torch.tensor([-1.5, 1.5, 3.5]), -1.0).tolist() == [-0.5, 0.5, -0.5]
