"""InstructZero's model of the latent space: what a soft prompt is worth, and where it is worth most.

It needs the extra ``instruct-zero``: the Gaussian process is gpytorch's, CMA-ES is that of the package cmaes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch
from cmaes import CMA
from gpytorch.constraints import GreaterThan
from gpytorch.distributions import MultivariateNormal
from gpytorch.kernels import Kernel, MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.means import ConstantMean
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.models import ExactGP
from gpytorch.priors import GammaPrior
from torch import Tensor

JITTER = 1e-4  # on the latent kernel's diagonal, InstructZero's
LEAST_NOISE = 1e-4
FITTING_STEPS = 50


class InstructionCoupledKernel(Kernel):  # type: ignore[misc]
    """Soft prompts are alike if, seen from the scored ones, what these wrote was scored alike.

    With the scored points Z, M = (k(Z, Z) + 1e-4 I)^-1 and the covariance K_I of their score vectors it is
    K(a, b) = k(a, Z) M K_I M k(Z, b), and away from Z it vanishes. The residual k(a, b) - k(a, Z) M k(Z, b) adds what k
    knows beyond Z, so that uncertainty grows with the distance. Both k are Matern-5/2 with a lengthscale per dimension.

    Args:
        latents: (n, k), the points Z of the scored soft prompts.
        scores: (n, m), their metric on the same m examples.
        residual: whether it is added.
    """

    def __init__(self, latents: Tensor, scores: Tensor, residual: bool) -> None:
        super().__init__()
        self.latents, self.scores, self.residual = latents, scores, residual
        self.latent_kernel = _matern(latents.shape[1])
        self.score_kernel = _matern(scores.shape[1])

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: object) -> Tensor:
        """(a, k) and (b, k) points -> (a, b), or (a,) with ``diag``, where a = b."""
        z = self.latents
        scored: Tensor = self.latent_kernel.forward(z, z)

        def latent(left: Tensor, right: Tensor) -> Tensor:
            if left.shape == right.shape == z.shape and torch.equal(left, z) and torch.equal(right, z):
                return scored  # as in every step of a fit
            found: Tensor = self.latent_kernel.forward(left, right)
            return found

        factor = torch.linalg.cholesky(scored + JITTER * torch.eye(len(z)).to(z))
        marked = self.score_kernel.forward(self.scores, self.scores)  # (n, n), K_I
        to_left = latent(z, x1)  # (n, a)
        to_right = to_left if x1 is x2 else latent(z, x2)  # (n, b)
        left = torch.cholesky_solve(to_left, factor)  # M k(Z, .)
        right = left if x1 is x2 else torch.cholesky_solve(to_right, factor)
        if diag:
            coupled: Tensor = (left * (marked @ right)).sum(0)
            return coupled + 1 - (left * to_right).sum(0) if self.residual else coupled
        coupled = left.mT @ marked @ right
        return coupled + latent(x1, x2) - left.mT @ to_right if self.residual else coupled


def _matern(dimensions: int) -> MaternKernel:
    return MaternKernel(beta=2.5, ard_num_dims=dimensions, lengthscale_prior=GammaPrior(3.0, 6.0))


class _Process(ExactGP):  # type: ignore[misc]
    """A constant plus the scaled kernel."""

    def __init__(self, latents: Tensor, targets: Tensor, kernel: Kernel) -> None:
        noise = GaussianLikelihood(GammaPrior(1.1, 0.05), noise_constraint=GreaterThan(LEAST_NOISE))
        super().__init__(latents, targets, noise)
        self.mean, self.covariance = ConstantMean(), ScaleKernel(kernel)
        self.double()

    def forward(self, points: Tensor) -> MultivariateNormal:
        return MultivariateNormal(self.mean(points), self.covariance(points))


class LatentSurrogate:
    """A Gaussian process from points of the latent space to rewards, fitted when it is made; float64 throughout.

    Args:
        latents: (n, k), points of scored soft prompts.
        rewards: (n,), the score of what each wrote, on as many examples as it has.
        scores: (n, m), its metric on each of the m examples that all have; the kernel couples by them.
        residual: see `InstructionCoupledKernel`.
        steps: most steps of L-BFGS on the marginal likelihood; 0 leaves the kernel as it is.
    """

    def __init__(
        self, latents: Tensor, rewards: Tensor, scores: Tensor, residual: bool, steps: int = FITTING_STEPS
    ) -> None:
        latents, rewards, scores = latents.double(), rewards.double(), scores.double()
        spread = rewards.std(correction=1)
        self.centre, self.scale = rewards.mean(), spread if spread > 0 else torch.ones_like(spread)
        kernel = InstructionCoupledKernel(latents, scores, residual)
        self.process = _Process(latents, (rewards - self.centre) / self.scale, kernel)
        self._likelihood = ExactMarginalLogLikelihood(self.process.likelihood, self.process)
        self._fit(steps)

    @property
    def log_likelihood(self) -> float:
        """Of the scored points, with the priors, divided by n."""
        self.process.train()
        with torch.no_grad():
            return float(self._value())

    def predict(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(b, k) points -> mean and standard deviation of the reward, without noise, (b,) each."""
        points, z, kernel = points.double(), self.process.train_inputs[0], self.process.covariance
        with torch.no_grad():
            factor, whitened = self._solution
            cross = torch.linalg.solve_triangular(factor, kernel(z, points).to_dense(), upper=False)  # (n, b)
            mean = self.process.mean(points) + cross.T @ whitened
            variance = (kernel(points, diag=True) - cross.square().sum(0)).clamp_min(0.0)  # far from Z it may be 0
            return self.centre + self.scale * mean, self.scale * variance.sqrt()

    @cached_property
    def _solution(self) -> tuple[Tensor, Tensor]:
        """Cholesky factor (n, n) of the scored points' covariance with noise, and the whitened targets (n,)."""
        z, process = self.process.train_inputs[0], self.process
        noise = process.likelihood.noise * torch.eye(len(z)).to(z)
        factor = torch.linalg.cholesky(process.covariance(z).to_dense() + noise)
        targets = process.train_targets - process.mean(z)
        return factor, torch.linalg.solve_triangular(factor, targets[:, None], upper=False)[:, 0]

    def _value(self) -> Tensor:
        value: Tensor = self._likelihood(self.process(*self.process.train_inputs), self.process.train_targets)
        return value

    def _fit(self, steps: int) -> None:
        """The best parameters that L-BFGS met; it may leave them for worse ones."""
        self.process.train()
        optimiser = torch.optim.LBFGS(self.process.parameters(), max_iter=steps, line_search_fn="strong_wolfe")
        best, kept = self._value().item(), self._copy()

        def loss() -> Tensor:
            nonlocal best, kept
            optimiser.zero_grad()
            value = self._value()
            if value > best:
                best, kept = value.item(), self._copy()
            (-value).backward()  # type: ignore[no-untyped-call]
            return -value

        if steps:
            optimiser.step(loss)  # type: ignore[no-untyped-call]
            self.process.load_state_dict(kept)

    def _copy(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.process.state_dict().items()}


def maximise(
    value: Callable[[Tensor], Tensor],
    starts: Tensor,
    *,
    low: float,
    sigma: float,
    population: int,
    generations: int,
    generator: random.Random,
) -> tuple[Tensor, Tensor]:
    """The best point that CMA-ES meets from each start; points that leave the cube are reflected into it.

    Args:
        value: (b, k) points -> (b,).
        starts: (n, k).
        low: lower end of every dimension; the upper one is 1.
        sigma: standard deviation of the first generation.
        population: points per generation and start.
        generations: per start.
        generator: where the seeds come from.

    Returns:
        Points (n, k) and their values (n,), best first.
    """
    optimisers = [
        CMA(start, sigma, population_size=population, seed=generator.getrandbits(31))
        for start in starts.double().numpy()
    ]
    points, values = starts.double(), torch.full((len(starts),), -torch.inf, dtype=torch.float64)
    for _ in range(generations):
        proposed = np.stack(
            [[optimiser.ask() for _ in range(population)] for optimiser in optimisers]
        )  # (n, population, k)
        inside = reflect(torch.from_numpy(proposed), low)
        found = value(inside.flatten(0, 1)).view(len(starts), population)
        for optimiser, xs, ys in zip(optimisers, proposed, (-found).tolist(), strict=True):
            optimiser.tell(list(zip(xs, ys, strict=True)))
        top, index = found.max(1)
        better = top > values
        values = torch.where(better, top, values)
        points = torch.where(better[:, None], inside[torch.arange(len(starts)), index], points)
    order = values.argsort(descending=True, stable=True)
    return points[order], values[order]


def reflect(points: Tensor, low: float) -> Tensor:
    """Mirrors every coordinate at ``low`` and 1 until it lies between them.

    >>> reflect(torch.tensor([-0.25, 0.5, 1.25, 2.5]), 0.0).tolist()
    [0.25, 0.5, 0.75, 0.5]
    """
    width = 1.0 - low
    folded = (points - low).remainder(2 * width)
    return low + torch.where(folded > width, 2 * width - folded, folded)
