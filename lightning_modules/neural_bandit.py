"""INSTINCT's model of its soft prompts: a network with one hidden layer, fitted anew, and its neural UCB."""

from __future__ import annotations

import hashlib
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim import Adam

from lightning_modules.initial_weights import build_network, default_weights, normal_weights
from lightning_modules.neural_ucb import output_and_variance, squared_gradient_sum

Preset = Literal["default", "paper"]
PAPER_STEPS = 1000


class NeuralBandit:
    """Predicts a reward and its uncertainty, sigma^2 = lambda sum_p g_p^2 / U_p, in float64.

    Every fit starts from the same weights; features are standardised over the scored rows, and the weight decay is
    lambda / n.

    ``default``: PyTorch's initial weights, standardised rewards, U = lambda + the sum of g^2 over all scored rows at
    the current weights. ``paper``: weights from N(0, 1), raw rewards, 1,000 steps, U = lambda + g^2 of each row that
    was chosen, at the weights that chose it; rows that were drawn at random count for nothing in it. Those weights are
    found again by fitting the rows before it, so the rows are all that there is to know.

    Args:
        width: hidden units.
        learning_rate: of Adam.
        steps: full-batch steps of a fit (``default``).
        regularisation: lambda.
        seed: of the initial weights.
    """

    def __init__(
        self,
        width: int = 100,
        learning_rate: float = 1e-3,
        steps: int = 300,
        regularisation: float = 0.1,
        seed: int = 0,
    ) -> None:
        if min(width, learning_rate, steps, regularisation) <= 0:
            raise ValueError("Expected width, learning_rate, steps and regularisation above 0")
        self.width, self.learning_rate, self.steps, self.seed = width, learning_rate, steps, seed
        self.regularisation = regularisation
        self._kept: tuple[bytes, int, list[Tensor]] | None = None

    def predict(
        self, scored: Tensor, rewards: Tensor, drawn: int, candidates: Tensor, preset: Preset
    ) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the candidates' rewards.

        Args:
            scored: (n, d), features of the scored rows, in the order in which they were scored; n at least 1.
            rewards: (n,).
            drawn: how many of the first rows were drawn at random.
            candidates: (m, d).
            preset: see above.

        Returns:
            (m,) and (m,), on the rewards' scale.
        """
        scored, rewards, candidates = scored.double(), rewards.double(), candidates.double()
        centre, scale = _moments(rewards) if preset == "default" else (rewards.new_zeros(()), rewards.new_ones(()))
        network = self.fit(scored, (rewards - centre) / scale, preset)
        if preset == "default":
            squares = squared_gradient_sum(network, _standardised(scored, scored))
            precision = [self.regularisation + one for one in squares]
        else:
            precision = self._accumulated(scored, rewards, drawn)
        rows = _standardised(candidates, scored)
        with torch.no_grad():
            mean, variances = output_and_variance(network, rows, precision)
        return centre + scale * mean, scale * (self.regularisation * variances).sqrt()

    def fit(self, scored: Tensor, targets: Tensor, preset: Preset) -> nn.Sequential:
        """The network after its steps on the mean squared error; (n, d) raw features, (n,) targets, float64."""
        network = build_network(scored.shape[1], 1, self.width)
        draw = default_weights if preset == "default" else normal_weights
        network.load_state_dict(draw(network, self.seed))
        network.double()
        rows = _standardised(scored, scored)
        decay = self.regularisation / len(rows)
        optimizer = Adam(network.parameters(), self.learning_rate, weight_decay=decay, fused=True)
        with torch.inference_mode(False), torch.enable_grad():
            for _ in range(self.steps if preset == "default" else PAPER_STEPS):
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(network(rows).squeeze(-1), targets)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        return network

    def _accumulated(self, scored: Tensor, rewards: Tensor, drawn: int) -> list[Tensor]:
        """U after all rows; what it was after the rows of the last call is kept, and found again where it was not."""
        count, precision = self._known(scored, rewards, drawn)
        for index in range(count, len(scored)):
            network = self.fit(scored[:index], rewards[:index], "paper")
            row = _standardised(scored[index : index + 1], scored[:index])
            precision = [total + g for total, g in zip(precision, squared_gradient_sum(network, row), strict=True)]
        self._kept = _digest(scored, rewards, drawn), len(scored), precision
        return precision

    def _known(self, scored: Tensor, rewards: Tensor, drawn: int) -> tuple[int, list[Tensor]]:
        """How many rows U has heard of, and U."""
        if self._kept:
            digest, count, precision = self._kept
            if count <= len(scored) and _digest(scored[:count], rewards[:count], drawn) == digest:
                return count, precision
        blank = build_network(scored.shape[1], 1, self.width).double()
        return max(1, drawn), [torch.full_like(value, self.regularisation) for value in blank.parameters()]


def _moments(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over the rows; the latter is 1 where there is no spread."""
    mean, spread = values.mean(0), values.std(0, correction=0)
    return mean, torch.where(spread > 1e-9 * mean.abs() + 1e-12, spread, 1.0)


def _standardised(values: Tensor, over: Tensor) -> Tensor:
    mean, scale = _moments(over)
    return (values - mean) / scale


def _digest(scored: Tensor, rewards: Tensor, drawn: int) -> bytes:
    parts = [scored.contiguous().numpy().tobytes(), rewards.contiguous().numpy().tobytes(), str(drawn).encode()]
    return hashlib.sha256(b"|".join(parts)).digest()
