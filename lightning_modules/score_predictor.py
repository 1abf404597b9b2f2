"""The score predictor f_theta(z) of section 3.3: a small network, its fit and its uncertainty."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, cast

import torch
from lightning import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from lightning_modules.initial_weights import INITIAL_WEIGHTS, build_network, former_weights
from lightning_modules.losses import SIMILARITIES, WEIGHTS, regression_loss
from lightning_modules.neural_ucb import output_and_full_variance, output_and_variance, squared_gradient_sum

Batch = dict[str, Tensor]
WINDOW = 10  # steps over which the loss must stand still for the fit to end


class Losses(NamedTuple):
    """The parts of the loss, each ()."""

    regression: Tensor
    similarity: Tensor
    weight: Tensor

    def total(self) -> Tensor:
        """(), what is minimised."""
        return self.regression + self.weight * self.similarity  # L = L_reg + lambda * L_sim, section 3.3


class ScorePredictor(LightningModule):
    """Predicts an instruction's reward from its fused embedding, with an uncertainty.

    Every epoch is one iteration of the search: it starts from the same weights and takes Adam steps on the whole pool
    until the loss settles. A batch is that pool, as a dictionary of tensors:

    ``features`` (n, d) standardised, ``feature_mean`` (d,), ``feature_scale`` (d,), ``rewards`` (n,) raw,
    ``rewards_standardised`` (n,), ``reward_mean`` (), ``reward_scale`` (), ``initial`` (n,) bool, ``best_index`` (),
    ``iteration`` ().

    The scales, the weights and the scored rows are part of the checkpoint, so `predict` needs nothing else.

    Args:
        feature_size: width d of the fused embedding; taken from the extractor at run time.
        depth: hidden layers.
        width: units of each hidden layer.
        learning_rate: of Adam.
        weight_decay: of Adam.
        steps: most optimisation steps per iteration.
        tolerance: the fit ends when the loss has stayed within this share of the rewards' variance for ten steps;
            0 always takes all steps, as INSTINCT does.
        initial_weights: ``default`` is PyTorch's; ``normal`` is N(0, 1), as in INSTINCT.
        similarity: the similarity constraint L_sim; ``none`` leaves it out.
        similarity_rows: the rows it acts on: all scored instructions, or those of the initialisation.
        weight: how lambda, the weight of L_sim, follows from alpha and beta; ``none`` measures L_sim, untrained.
        alpha: ``balance``: L_sim's share of L_reg; ``exponential``: lambda at the start; ``clamp``: the highest lambda;
            ``constant``: lambda.
        beta: ``balance``: added to L_sim in the quotient; ``exponential``: decay per iteration; ``clamp``: the lowest
            lambda.
        uncertainty: ``full`` knows which instructions are alike; ``diagonal`` takes every parameter for itself, as in
            INSTINCT.
        regularisation: lambda of the neural UCB: the variance of the noise in ``full``, the confidence before any
            observation in ``diagonal``.
        init_from: checkpoint of a former predictor of the same shape whose weights every iteration starts from.
        seed: of the initial weights.
    """

    feature_mean: Tensor
    feature_scale: Tensor
    reward_mean: Tensor
    reward_scale: Tensor
    scored: Tensor

    def __init__(
        self,
        feature_size: int,
        depth: int = 3,
        width: int = 100,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        steps: int = 300,
        tolerance: float = 1e-2,
        initial_weights: Literal["default", "normal"] = "default",
        similarity: Literal["sigmoid_cosine", "log_sigmoid_cosine", "reward_contrast", "none"] = "sigmoid_cosine",
        similarity_rows: Literal["all", "initial"] = "all",
        weight: Literal["balance", "exponential", "clamp", "constant", "none"] = "balance",
        alpha: float = 0.1,
        beta: float = 0.01,
        uncertainty: Literal["full", "diagonal"] = "full",
        regularisation: float = 0.1,
        init_from: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        _require_positive(feature_size=feature_size, depth=depth, width=width, steps=steps)
        _require_positive(regularisation=regularisation)
        if tolerance < 0:
            raise ValueError(f"Expected tolerance of at least 0 but got {tolerance}")
        self.save_hyperparameters()
        self.automatic_optimization = False  # many steps on one batch: a batch for each costs twice the time
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.steps, self.tolerance = steps, tolerance
        self.similarity, self.similarity_rows = SIMILARITIES[similarity], similarity_rows
        self.weight, self.alpha, self.beta = WEIGHTS[weight], alpha, beta
        self.uncertainty, self.regularisation, self.init_from = uncertainty, regularisation, init_from
        self.losses: dict[str, float] = {}
        self.network = build_network(feature_size, depth, width)
        self.start = INITIAL_WEIGHTS[initial_weights](self.network, seed)
        self.network.load_state_dict(self.start)
        self._register_buffers(feature_size)

    def _register_buffers(self, feature_size: int) -> None:
        """Scales that change nothing, and no observation."""
        self.register_buffer("feature_mean", torch.zeros(feature_size))
        self.register_buffer("feature_scale", torch.ones(feature_size))
        self.register_buffer("reward_mean", torch.zeros(()))
        self.register_buffer("reward_scale", torch.ones(()))
        self.register_buffer("scored", torch.zeros(0, feature_size))  # (n, d), standardised

    def representation(self, features: Tensor) -> Tensor:
        """phi, the last hidden layer: (n, d) standardised -> (n, width)."""
        for layer in list(self.network)[:-1]:
            features = layer(features)
        return features

    def forward(self, features: Tensor) -> Tensor:
        """The predicted reward, standardised: (n, d) standardised -> (n,)."""
        return cast(Tensor, self.network(features)).squeeze(-1)

    def predict(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the reward, on the reward's own scale and on the device of ``features``.

        Args:
            features: (n, d), fused embeddings as the extractor gives them.

        Returns:
            (n,) and (n,).
        """
        with torch.no_grad():
            rows = torch.sub(features.to(self.feature_mean), self.feature_mean).div_(self.feature_scale)
            outputs, variances = UNCERTAINTIES[self.uncertainty](self.network, rows, self.scored, self.regularisation)
            mean = outputs * self.reward_scale + self.reward_mean
            deviation = variances.sqrt() * self.reward_scale
        return mean.to(features.device), deviation.to(features.device)

    def objective(self, batch: Batch) -> Losses:
        """The loss on the whole pool, in its parts."""
        representation = self.representation(batch["features"])  # (n, width)
        predicted = self.network[-1](representation).squeeze(-1)  # (n,)
        best = representation[batch["best_index"]]  # (width,)
        regression = regression_loss(predicted, batch["rewards_standardised"])
        drawn, rewards = representation, batch["rewards"]  # (m, width), (m,), the rows that L_sim draws to the best
        if self.similarity_rows == "initial":
            drawn, rewards = drawn[batch["initial"]], rewards[batch["initial"]]
        similarity = self.similarity(drawn, best, rewards)
        weight = self.weight(regression, similarity, self.alpha, self.beta, batch["iteration"])
        return Losses(regression, similarity, weight)

    def configure_optimizers(self) -> Optimizer:
        """Adam, fused."""
        return Adam(self.network.parameters(), self.learning_rate, weight_decay=self.weight_decay, fused=True)

    def setup(self, stage: str) -> None:
        """Read the former predictor before anything is paid for; a finished one needs no such file to predict."""
        if stage == "fit" and self.init_from is not None:
            self.start = former_weights(self.init_from, self.network)

    def on_train_epoch_start(self) -> None:
        """Each iteration fits anew: the same first weights, a fresh Adam with the configured learning rate."""
        self.network.load_state_dict(self.start)
        self.trainer.strategy.setup_optimizers(self.trainer)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """The steps of the iteration; then what `predict` needs, which callbacks call at the epoch's end."""
        optimizer = cast(LightningOptimizer, self.optimizers())
        band = self.tolerance * float(batch["rewards_standardised"].var(correction=0))
        recent: deque[float] = deque(maxlen=WINDOW)
        for step in range(self.steps):
            # Without a step that Lightning counts it writes no checkpoint; each one costs, so it counts the first.
            *parts, total = self._step(batch, optimizer if step == 0 else optimizer.optimizer)
            recent.append(total)
            if self.tolerance and settled(recent, band):
                break
        self.losses = dict(zip(Losses._fields, parts, strict=True))
        self._remember(batch)

    def _step(self, batch: Batch, optimizer: Optimizer | LightningOptimizer) -> list[float]:
        """One full-batch step; the parts of the loss before it, then the loss."""
        optimizer.zero_grad()
        losses = self.objective(batch)
        total = losses.total()
        total.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return cast(list[float], torch.stack([*losses, total]).tolist())

    def _remember(self, batch: Batch) -> None:
        """Keep the scales and the scored rows, from which the uncertainty follows at the current weights."""
        for name in ("feature_mean", "feature_scale", "reward_mean", "reward_scale"):
            getattr(self, name).copy_(batch[name])
        self.scored = batch["features"].clone()

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """As any module's, for as many scored rows as there were."""
        self.scored = state_dict.get("scored", self.scored).to(self.scored, copy=True)
        return super().load_state_dict(state_dict, strict, assign)


def diagonal(network: nn.Sequential, inputs: Tensor, scored: Tensor, regularisation: float) -> tuple[Tensor, Tensor]:
    """Output and diagonal variance, as in INSTINCT; arguments as for `output_and_full_variance`."""
    confidence = [regularisation + total for total in squared_gradient_sum(network, scored)]  # U
    outputs, variances = output_and_variance(network, inputs, confidence)
    return outputs, regularisation * variances  # lambda sum_p g_p^2 / U_p


UNCERTAINTIES = {"full": output_and_full_variance, "diagonal": diagonal}


def settled(recent: deque[float], band: float) -> bool:
    """Whether the loss of the last steps, as many as ``recent`` holds at most, lies within a band.

    >>> settled(deque([2.0, 1.0, 1.1], maxlen=3), band=0.5), settled(deque([1.0, 1.1], maxlen=2), band=0.5)
    (False, True)
    """
    return len(recent) == recent.maxlen and max(recent) - min(recent) <= band


def _require_positive(**values: float) -> None:
    """Raise a ValueError that names the first value that isn't positive."""
    for name, value in values.items():
        if value <= 0:
            raise ValueError(f"Expected {name} to be positive but got {value}")
