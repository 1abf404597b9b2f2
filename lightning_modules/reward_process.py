"""Predicts rewards from the scored rows: a Gaussian process over the network's tangent kernel, and opinions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lightning_modules.evidence import CONSTANT, JITTER, SIGNAL, Variances, covariance, most_likely
from lightning_modules.tangent_kernel import tangent_kernel

EVIDENCE_ROWS = 200  # on which the variances are chosen; the posterior takes all


class RewardProcess(nn.Module):
    """A Gaussian process that knows how sure each score is.

    Its mean weighs rows by their noise and shrinks to the pool's mean; its covariance says which candidates are alike.
    Opinions are numbers per instruction that may say something of its reward, such as the white box's own success; each
    gets the weight that the rows' evidence gives it, 0 included. Everything it knows is in its state.

    Args:
        feature_size: d.
        depth: hidden layers of the network whose kernel it is.

    >>> process = RewardProcess(feature_size=2, depth=1)
    >>> process.fit(torch.eye(2), torch.tensor([1.0, -1.0]), torch.full((2,), 0.01), torch.zeros(2, 0))
    >>> mean, covariance = process.posterior(torch.eye(2), torch.zeros(2, 0))
    >>> mean.round(decimals=1).tolist(), covariance.shape
    ([1.0, -1.0], torch.Size([2, 2]))
    """

    rows: Tensor
    targets: Tensor
    noise: Tensor
    opinions: Tensor
    variances: Tensor

    def __init__(self, feature_size: int, depth: int) -> None:
        super().__init__()
        self.depth = depth
        self._solved: tuple[Tensor, Tensor] | None = None
        self.remember(torch.zeros(0, feature_size), torch.zeros(0), torch.zeros(0), torch.zeros(0, 0))

    def __len__(self) -> int:
        return len(self.rows)

    def fit(
        self, rows: Tensor, targets: Tensor, noise: Tensor, opinions: Tensor, costs: Sequence[float] | None = None
    ) -> None:
        """Takes in what is scored.

        Args:
            rows: (m, d), standardised features; m at least 1.
            targets: (m,), standardised rewards.
            noise: (m,), their variances.
            opinions: (m, p), on any scale.
            costs: of each opinion, the log-likelihood that it must bring; 0 by default.
        """
        self.remember(rows, targets, noise, opinions)
        some = slice(None, None, -(-len(rows) // EVIDENCE_ROWS))
        kernel = tangent_kernel(rows[some], rows[some], self.depth)
        found = most_likely(
            kernel, self._scaled(self.opinions)[some], self.targets[some], self.noise[some],
            costs or [0.0] * opinions.shape[1],
        )  # fmt: skip
        self.variances = kernel.new_tensor([found.noise, *found.weights])

    def posterior(self, rows: Tensor, opinions: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (n,) and covariance (n, n) of the rewards, without noise, on the standardised scale.

        Args:
            rows: (n, d), standardised.
            opinions: (n, p), on the scale that they had in the fit.
        """
        mean, cross, mine = self._condition(rows, opinions)
        prior = covariance(tangent_kernel(rows, rows, self.depth), mine, mine, self._variances)
        return mean, prior - cross.T @ cross

    def marginals(self, rows: Tensor, opinions: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance of each reward, (n,) both; arguments as for `posterior`."""
        mean, cross, mine = self._condition(rows, opinions)
        weights = mine.new_tensor(self._variances.weights)
        prior = SIGNAL + CONSTANT + (mine.square() * weights).sum(1)
        return mean, (prior - cross.square().sum(0)).clamp_min(0.0)

    @property
    def weights(self) -> list[float]:
        """Variance that each opinion explains, in that of the rewards; one of 0 is not listened to."""
        return list(self._variances.weights)

    @property
    def _variances(self) -> Variances:
        noise, *weights = self.variances.tolist()
        return Variances(noise, tuple(weights))

    def _scaled(self, opinions: Tensor) -> Tensor:
        """(n, p), standardised over the scored rows; a constant one is left unscaled."""
        if not self.opinions.numel():
            return opinions.double()
        mean, spread = self.opinions.mean(0), self.opinions.std(0, correction=0)
        return (opinions.double() - mean) / torch.where(spread > 1e-6 * (mean.abs() + 1e-6), spread, 1.0)

    def _condition(self, rows: Tensor, opinions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Posterior mean (n,), whitened covariance with the scored rows (m, n), scaled opinions (n, p)."""
        mine = self._scaled(opinions)
        if not len(self):
            return mine.new_zeros(len(rows)), mine.new_zeros(0, len(rows)), mine
        factor, whitened = self._solution()
        kernel = tangent_kernel(self.rows, rows, self.depth)
        prior = covariance(kernel, self._scaled(self.opinions), mine, self._variances)  # (m, n)
        cross = torch.linalg.solve_triangular(factor, prior, upper=False)
        return cross.T @ whitened, cross, mine

    def _solution(self) -> tuple[Tensor, Tensor]:
        """Cholesky factor (m, m) of the rows' covariance with noise, and the whitened targets (m,)."""
        if self._solved is None:
            kernel, mine = tangent_kernel(self.rows, self.rows, self.depth), self._scaled(self.opinions)
            known = covariance(kernel, mine, mine, self._variances)
            factor = torch.linalg.cholesky(known + torch.diag(self._variances.noise * self.noise + JITTER))
            whitened = torch.linalg.solve_triangular(factor, self.targets[:, None], upper=False)[:, 0]
            self._solved = factor, whitened
        return self._solved

    def remember(self, rows: Tensor, targets: Tensor, noise: Tensor, opinions: Tensor) -> None:
        """Keeps what is scored without learning from it; arguments as for `fit`."""
        self._solved = None
        self.register_buffer("rows", rows.clone())
        for name, value in (("targets", targets), ("noise", noise), ("opinions", opinions)):
            self.register_buffer(name, value.double())
        self.register_buffer("variances", torch.tensor([1.0] + [0.0] * opinions.shape[1]).to(self.targets))

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *others: Any) -> None:
        """As any module's, for as many rows and opinions as there were."""
        for name, value in self._buffers.items():
            if value is not None and prefix + name in state_dict:
                self.register_buffer(name, state_dict[prefix + name].to(value.device, copy=True))
        self._solved = None
        super()._load_from_state_dict(state_dict, prefix, *others)
