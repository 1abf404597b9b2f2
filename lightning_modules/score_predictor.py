"""The score predictor f_theta(z) of section 3.3: a small network, its fit, and what follows from it for a candidate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from itertools import chain, repeat
from typing import Literal, cast

import torch
from lightning import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim import Adam, Optimizer

from lightning_modules.initial_weights import INITIAL_WEIGHTS, build_network, former_state, former_weights
from lightning_modules.losses import SIMILARITIES, WEIGHTS
from lightning_modules.neural_ucb import output_and_variance, squared_gradient_sum
from lightning_modules.objective import Losses, Objective, fit_network
from lightning_modules.reward_process import RewardProcess
from lightning_modules.rows import Batch, folds, rows_of, surest_rows
from lightning_modules.scales import Scales

MOST_DEPTH = 1000  # hidden layers: a deeper network takes minutes to make
NETWORK_ROWS = 128  # most that the network is fitted on; the process takes them all
FOLDS = 3  # of the network's rows, each predicted by a network that has not seen it
NETWORK_COST, PRIOR_COST = 3.0, 1.0  # log-likelihood that an opinion must bring; a former predictor's needs none


class ScorePredictor(LightningModule):
    """Predicts an instruction's reward from its fused embedding, with an uncertainty.

    Every epoch is one iteration of the search: it starts from the same weights and takes Adam steps on the pool
    until the regression loss settles. A batch is that pool, as a dictionary of tensors:

    ``features`` (n, d) standardised, ``feature_mean`` (d,), ``feature_scale`` (d,), ``rewards`` (n,) raw,
    ``rewards_standardised`` (n,), ``reward_mean`` (), ``reward_scale`` (), ``noise`` (n,), ``weight`` (n,),
    ``prior`` (n, p), ``initial`` (n,) bool, ``best_index`` (), ``iteration`` ().

    Mean and uncertainty of a candidate come from one model: a Gaussian process over the network's tangent kernel that
    knows each score's noise, to which the fitted network, the former predictor and what is known of an instruction
    beforehand are opinions, each with the weight that the pool's evidence gives it.

    All that a prediction needs is part of the checkpoint.

    Args:
        feature_size: width d of the fused embedding; taken from the extractor at run time.
        depth: hidden layers.
        width: units of each hidden layer.
        learning_rate: of Adam.
        weight_decay: of Adam.
        steps: most optimisation steps per iteration.
        tolerance: the fit ends when L_reg has stayed within this share of the rewards' variance for ten steps;
            0 always takes all steps, as INSTINCT does.
        initial_weights: ``default`` is PyTorch's; ``normal`` is N(0, 1), as in INSTINCT.
        similarity: the similarity constraint L_sim; ``none`` leaves it out.
        similarity_rows: the rows it acts on: all scored instructions, or those of the initialisation.
        weight: how lambda, the weight of L_sim, follows from alpha and beta; ``none`` measures L_sim, untrained;
            ``balance`` is the paper's.
        alpha: ``gradient_balance``: L_sim's gradient as a share of L_reg's; ``balance``: L_sim's share of L_reg;
            ``exponential``: lambda at the start; ``clamp``: the highest lambda; ``constant``: lambda.
        beta: ``gradient_balance`` and ``balance``: added to the divisor; ``exponential``: decay per iteration;
            ``clamp``: the lowest lambda.
        uncertainty: ``full`` is the Gaussian process, mean and covariance; ``diagonal`` is the network's output, and
            an uncertainty that takes every parameter for itself, as in INSTINCT.
        regularisation: lambda of ``diagonal``, the precision before any observation; ``full`` estimates the noise.
        init_from: checkpoint of an earlier predictor of the same shape. Its weights start every iteration, and its
            prediction counts as far as the scored instructions bear it out; before there are any, alone.
        seed: of the initial weights.
    """

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
        weight: Literal["gradient_balance", "balance", "exponential", "clamp", "constant", "none"] = "gradient_balance",
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
        if depth > MOST_DEPTH:
            raise ValueError(f"Expected depth of at most {MOST_DEPTH} but got {depth}")
        if tolerance < 0:
            raise ValueError(f"Expected tolerance of at least 0 but got {tolerance}")
        self.save_hyperparameters()
        self.automatic_optimization = False  # many steps on one batch: a batch for each costs twice the time
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.budget = steps, tolerance
        self.objective = Objective(SIMILARITIES[similarity], similarity_rows, WEIGHTS[weight], alpha, beta)
        self.uncertainty, self.regularisation, self.init_from = uncertainty, regularisation, init_from
        self.losses: dict[str, float] = {}
        self.network = build_network(feature_size, depth, width)
        self.start = INITIAL_WEIGHTS[initial_weights](self.network, seed)
        self.network.load_state_dict(self.start)
        self.scales, self.source_scales = Scales(feature_size), Scales(feature_size)
        self.process, self.source = RewardProcess(feature_size, depth), RewardProcess(feature_size, depth)

    def forward(self, features: Tensor) -> Tensor:
        """The network's output, a standardised reward: (n, d) standardised -> (n,)."""
        return cast(Tensor, self.network(features)).squeeze(-1)

    @property
    def knows_a_former_task(self) -> bool:
        """Whether it can predict before a row of this task is known."""
        return self.uncertainty == "full" and len(self.source) > 0

    def predict(self, features: Tensor, prior: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the reward, on the reward's own scale and on the device of ``features``.

        Args:
            features: (n, d), fused embeddings as the extractor gives them.
            prior: (n, p), what is known of each instruction beforehand, as in the batch.

        Returns:
            (n,) and (n,).
        """
        mean, variance = self._predict(features, prior, joint=False)
        return mean, variance.sqrt()

    def predict_joint(self, features: Tensor, prior: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean (n,) and covariance (n, n) of the rewards; arguments as for `predict`."""
        return self._predict(features, prior, joint=True)

    def _predict(self, features: Tensor, prior: Tensor | None, joint: bool) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            raw = features.to(self.scales.feature_mean)
            known = raw.new_zeros(len(raw), 0) if prior is None else prior.to(raw)
            scales = self.scales if len(self.process) or not len(self.source) else self.source_scales
            rows = scales.standardised(raw)
            if self.uncertainty == "diagonal":
                mean, spread = self._diagonal(rows)
                spread = spread.diag() if joint else spread
            elif scales is self.source_scales:
                mean, spread = _ask(self.source, joint)(rows, as_wide(known, self.source.opinions))
            else:
                fitted = self.process.opinions[:, : self.process.opinions.shape[1] - self._n_predictions]
                mean, spread = _ask(self.process, joint)(rows, self._opinions(raw, as_wide(known, fitted)))
            mean, spread = mean * scales.reward_scale + scales.reward_mean, spread * scales.reward_scale**2
        return mean.to(features), spread.to(features)

    def _diagonal(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Output and variance as in INSTINCT: lambda sum_p g_p^2 / U_p."""
        known = [self.regularisation + total for total in squared_gradient_sum(self.network, self.process.rows)]
        outputs, variances = output_and_variance(self.network, rows, known)
        return outputs, self.regularisation * variances

    def _opinions(self, features: Tensor, prior: Tensor, network: Tensor | None = None) -> Tensor:
        """(n, p + 1), or one more with a former predictor: the prior knowledge, the former prediction, the network's.

        Args:
            features: (n, d), raw.
            prior: (n, p).
            network: (n,), by default the fitted network's output.
        """
        columns = [prior]
        if len(self.source):
            mine = as_wide(prior, self.source.opinions)
            columns.append(self.source.marginals(self.source_scales.standardised(features), mine)[0][:, None])
        output = self.forward(self.scales.standardised(features)) if network is None else network
        return torch.cat([*columns, output[:, None]], dim=1)

    @property
    def _n_predictions(self) -> int:
        """How many of the opinions are predictions: the network's, and a former predictor's."""
        return 1 + (len(self.source) > 0)

    def configure_optimizers(self) -> Optimizer:
        """Adam, fused."""
        return Adam(self.network.parameters(), self.learning_rate, weight_decay=self.weight_decay, fused=True)

    def setup(self, stage: str) -> None:
        """Read the former predictor before anything is paid for; a finished one needs no such file to predict."""
        if stage == "fit" and self.init_from is not None:
            self.start = former_weights(self.init_from, self.network)
            self._take_over(former_state(self.init_from))

    def _take_over(self, state: Mapping[str, Tensor]) -> None:
        """Make the former predictor's rows a source: what they say by themselves, on scales that stay as they are."""
        size = len(self.scales.feature_mean)
        former, scales = RewardProcess(size, self.process.depth), Scales(size)
        former.load_state_dict(_part(state, "process."), strict=False)
        if not len(former):
            return
        scales.load_state_dict(_part(state, "scales."))
        others = 2 if "source.rows" in state and len(state["source.rows"]) else 1  # a source's opinion, the network's
        prior = former.opinions[:, : former.opinions.shape[1] - others]
        self.source.fit(former.rows, former.targets, former.noise, prior, [PRIOR_COST] * prior.shape[1])
        self.source_scales.load_state_dict(scales.state_dict())

    def on_train_epoch_start(self) -> None:
        """Each iteration fits anew: the same first weights, a fresh Adam with the configured learning rate."""
        self.network.load_state_dict(self.start)
        self.trainer.strategy.setup_optimizers(self.trainer)

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """The steps of the iteration; then what `predict` needs, which callbacks call at the epoch's end."""
        optimizer = cast(LightningOptimizer, self.optimizers())
        seen = surest_rows(batch, NETWORK_ROWS)
        # Without a step that Lightning counts it writes no checkpoint; each one costs, so it counts the first.
        optimizers = chain[Optimizer | LightningOptimizer]([optimizer], repeat(optimizer.optimizer))
        parts = fit_network(self.network, self.objective, rows_of(batch, seen), optimizers, *self.budget)
        self.losses = dict(zip(Losses._fields, parts, strict=True))
        self.scales.remember(batch)
        known = batch["features"], batch["rewards_standardised"], batch["noise"]
        if self.uncertainty == "diagonal":
            self.process.remember(*known, batch["prior"])
            return
        raw = self.scales.raw(batch["features"])
        with torch.no_grad():
            opinions = self._opinions(raw, batch["prior"], self._held_out(batch, seen))
        costs = [PRIOR_COST] * batch["prior"].shape[1] + [0.0] * (len(self.source) > 0) + [NETWORK_COST]
        self.process.fit(*known, opinions, costs)

    def _held_out(self, batch: Batch, seen: Tensor) -> Tensor:
        """(n,), what networks predict of rows on which they were not fitted."""
        predicted = self.forward(batch["features"]).clone()
        if len(seen) < 2 * FOLDS:  # too few to learn from a part of them: no opinion
            return torch.zeros_like(predicted)
        for fitted, held_out in folds(seen, FOLDS):
            network = deepcopy(self.network)
            network.load_state_dict(self.start)
            adam = Adam(network.parameters(), self.learning_rate, weight_decay=self.weight_decay, fused=True)
            with torch.enable_grad():
                fit_network(network, self.objective, rows_of(batch, fitted), repeat(adam), *self.budget)
            predicted[held_out] = network(batch["features"][held_out]).squeeze(-1)
        return predicted


def as_wide(known: Tensor, fitted: Tensor) -> Tensor:
    """(n, p), what is known of instructions, as a fit knew it: without what it did not have, its mean for the rest.

    >>> as_wide(torch.zeros(1, 1), torch.tensor([[0.0, 1.0], [0.0, 3.0]])).tolist()
    [[0.0, 2.0]]
    """
    missing = fitted[:, known.shape[1] :].mean(0).expand(len(known), -1)
    return torch.cat([known[:, : fitted.shape[1]], missing.to(known)], dim=1)


def _ask(process: RewardProcess, joint: bool) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    return process.posterior if joint else process.marginals


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries of a part, by their names in it."""
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _require_positive(**values: float) -> None:
    """Raise a ValueError that names the first value that isn't positive."""
    for name, value in values.items():
        if value <= 0:
            raise ValueError(f"Expected {name} to be positive but got {value}")
