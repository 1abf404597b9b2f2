"""INSTINCT's model of its soft prompts: a network with one hidden layer, fitted anew, and its diagonal neural UCB."""

from __future__ import annotations

import hashlib
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim import Adam

from lightning_modules.initial_weights import INITIAL_WEIGHTS, build_network
from lightning_modules.neural_ucb import output_and_variance, squared_gradient_sum


class NeuralBandit:
    """Predicts a reward and its uncertainty, sigma^2 = lambda sum_p g_p^2 / U_p, in float64.

    Every fit starts from the same weights; features are standardised over the scored rows, and the weight decay is
    lambda / n. The published numbers are in configs/methods/instinct_paper.yaml.

    Args:
        width: hidden units.
        learning_rate: of Adam.
        steps: full-batch steps of a fit.
        regularisation: lambda.
        initial_weights: ``default`` is PyTorch's; ``normal`` is N(0, 1), as published.
        standardise_rewards: whether the rewards are standardised over the scored rows; they are raw as published.
        precision: what U is made of, beside lambda: ``all_rows``, the squared gradients of all scored rows at the
            current weights; ``accumulated``, as published, that of each row that was chosen, at the weights that chose
            it, while rows that were drawn at random do not count. Those weights come from a fit of the rows before it.
        untrained_first: whether the first choice is that of the initial weights on raw features, as published; else the
            network is fitted to the rows that were drawn at random first.
        seed: of the initial weights.
    """

    def __init__(
        self,
        width: int = 100,
        learning_rate: float = 1e-3,
        steps: int = 300,
        regularisation: float = 0.1,
        initial_weights: Literal["default", "normal"] = "default",
        standardise_rewards: bool = True,
        precision: Literal["all_rows", "accumulated"] = "all_rows",
        untrained_first: bool = False,
        seed: int = 0,
    ) -> None:
        if min(width, learning_rate, steps, regularisation) <= 0:
            raise ValueError("Expected width, learning_rate, steps and regularisation above 0")
        self.width, self.learning_rate, self.steps, self.seed = width, learning_rate, steps, seed
        self.regularisation, self.initial_weights = regularisation, initial_weights
        self.standardise_rewards, self.precision = standardise_rewards, precision
        self.untrained_first = untrained_first
        self._kept: tuple[bytes, int, list[Tensor]] | None = None

    def predict(self, scored: Tensor, rewards: Tensor, drawn: int, candidates: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the candidates' rewards.

        Args:
            scored: (n, d), features of the scored rows, in the order in which they were scored; n at least 1.
            rewards: (n,).
            drawn: how many of the first rows were drawn at random.
            candidates: (m, d).

        Returns:
            (m,) and (m,), on the rewards' scale.
        """
        scored, candidates = scored.double(), candidates.double()
        centre, scale = self._reward_scale(rewards.double())
        targets = (rewards.double() - centre) / scale
        network, mean_row, scale_row = self._choosing(scored, targets, drawn)
        precision = self._precision(network, scored, targets, drawn)
        with torch.no_grad():
            mean, variances = output_and_variance(network, (candidates - mean_row) / scale_row, precision)
        return centre + scale * mean, scale * (self.regularisation * variances).sqrt()

    def fit(self, scored: Tensor, targets: Tensor) -> nn.Sequential:
        """The network after its steps on the mean squared error; (n, d) raw features, (n,) targets, float64."""
        network = self._untrained(scored.shape[1])
        rows = _standardised(scored)
        decay = self.regularisation / len(rows)
        optimizer = Adam(network.parameters(), self.learning_rate, weight_decay=decay, fused=True)
        with torch.inference_mode(False), torch.enable_grad():
            for _ in range(self.steps):
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(network(rows).squeeze(-1), targets)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        return network

    def _untrained(self, feature_size: int) -> nn.Sequential:
        network = build_network(feature_size, 1, self.width)
        network.load_state_dict(INITIAL_WEIGHTS[self.initial_weights](network, self.seed))
        return network.double()

    def _choosing(self, scored: Tensor, targets: Tensor, drawn: int) -> tuple[nn.Sequential, Tensor, Tensor]:
        """The network that chooses after these rows, with centre and scale (d,) of its features."""
        if self.untrained_first and len(scored) == max(1, drawn):
            return self._untrained(scored.shape[1]), torch.zeros_like(scored[0]), torch.ones_like(scored[0])
        return self.fit(scored, targets), *_moments(scored)

    def _reward_scale(self, rewards: Tensor) -> tuple[Tensor, Tensor]:
        """Centre and scale of the targets, () each."""
        return _moments(rewards) if self.standardise_rewards else (rewards.new_zeros(()), rewards.new_ones(()))

    def _precision(self, network: nn.Sequential, scored: Tensor, targets: Tensor, drawn: int) -> list[Tensor]:
        """U, in the shapes of the parameters."""
        if self.precision == "accumulated":
            return self._accumulated(scored, targets, drawn)
        squares = squared_gradient_sum(network, _standardised(scored))
        return [self.regularisation + square for square in squares]

    def _accumulated(self, scored: Tensor, targets: Tensor, drawn: int) -> list[Tensor]:
        """U after all rows; what it was after the rows of the last call is kept, and recomputed where it was not."""
        count, precision = self._known(scored, targets, drawn)
        for index in range(count, len(scored)):
            network, mean, scale = self._choosing(scored[:index], targets[:index], drawn)
            row = (scored[index : index + 1] - mean) / scale
            precision = [total + g for total, g in zip(precision, squared_gradient_sum(network, row), strict=True)]
        self._kept = _digest(scored, targets, drawn), len(scored), precision
        return precision

    def _known(self, scored: Tensor, targets: Tensor, drawn: int) -> tuple[int, list[Tensor]]:
        """Returns how many rows U covers already, and U."""
        if self._kept:
            digest, count, precision = self._kept
            if count <= len(scored) and _digest(scored[:count], targets[:count], drawn) == digest:
                return count, precision
        blank = build_network(scored.shape[1], 1, self.width).double()
        return max(1, drawn), [torch.full_like(value, self.regularisation) for value in blank.parameters()]


def _moments(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over the rows; the latter is 1 where there is no spread."""
    mean, spread = values.mean(0), values.std(0, correction=0)
    return mean, torch.where(spread > 1e-9 * mean.abs() + 1e-12, spread, 1.0)


def _standardised(values: Tensor) -> Tensor:
    mean, scale = _moments(values)
    return (values - mean) / scale


def _digest(scored: Tensor, targets: Tensor, drawn: int) -> bytes:
    parts = [scored.contiguous().numpy().tobytes(), targets.contiguous().numpy().tobytes(), str(drawn).encode()]
    return hashlib.sha256(b"|".join(parts)).digest()
