"""Times a round of the predictor's fit: ``python -m benchmarks.predictor_fit [--json FILE]``.

The Lightning module against the leanest loop that gives the same weights, the default configuration against 1,000
steps, and how the default's cost grows. Seconds are of the processor, since the machine may be shared; the pools are
made up, with few directions that matter, as in pools of real instructions.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.nn import functional

from benchmarks import timing
from benchmarks.timing import Measurement
from datamodules.instruction_pool import InstructionPool, pool_batch
from duet.pool import Candidate, Pool, ScoredInstruction
from lightning_modules.initial_weights import build_network, default_weights
from lightning_modules.score_predictor import ScorePredictor

STEPS = 1000  # INSTINCT's
REPEATS, ROWS = 3, 300  # of each pool at least; a small pool more often, until so many rows: its fits are short
BASE = {"rows": 100, "feature_size": 5120, "width": 100, "depth": 3}
GROWTH: dict[str, Sequence[int]] = {
    "rows": (40, 165, 500), "width": (50, 200, 400), "depth": (1, 5), "feature_size": (256, 1024, 2560, 10240),
}  # fmt: skip


def made_up_pool(rows: int, feature_size: int, directions: int = 20) -> Pool:
    """Scored instructions whose features and rewards follow from a few directions, and noise."""
    generator = torch.Generator().manual_seed(0)
    latent = torch.randn(rows, directions, generator=generator)
    features = latent @ torch.randn(directions, feature_size, generator=generator)
    features += torch.randn(rows, feature_size, generator=generator)
    rewards = torch.bernoulli(torch.sigmoid(latent[:, :1] + latent[:, 1:2]).expand(rows, 20), generator=generator)
    return Pool(
        tuple(
            ScoredInstruction(Candidate(str(index), "initial", features=row), 0, tuple(scores.tolist()), ("",) * 20)
            for index, (row, scores) in enumerate(zip(features, rewards, strict=True))
        )
    )


def bare_fit(batch: dict[str, Tensor], steps: int, width: int = 100, depth: int = 3) -> nn.Sequential:
    """The fit without Lightning: `ScorePredictor`'s loss in its default form, nothing logged, nothing kept."""
    network = build_network(batch["features"].shape[1], depth, width)
    network.load_state_dict(default_weights(network, seed=0))
    body, head = network[:-1], network[-1]
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)
    for _ in range(steps):
        optimizer.zero_grad()
        phi = body(batch["features"])
        regression = (batch["weight"] * (head(phi).squeeze(-1) - batch["rewards_standardised"]).square()).mean()
        best = phi[batch["best_index"]].detach()
        similarity = (1 - torch.sigmoid(functional.cosine_similarity(phi, best, dim=-1))).mean()
        norms = [torch.autograd.grad(loss, phi, retain_graph=True)[0].norm() for loss in (regression, similarity)]
        weight = 0.1 * norms[0] / norms[1]
        (regression + weight * similarity).backward()
        optimizer.step()
    return network


class Round(Callback):
    """Processor seconds of an epoch: reading the pool, the fit, scales and confidence."""

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock."""
        self.start = time.process_time()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops it."""
        self.seconds = time.process_time() - self.start


def lightning_fit(pool: Pool, **settings: Any) -> tuple[ScorePredictor, float]:
    """One round as the search does it, and its processor seconds."""
    predictor, _, seconds = _fit(pool, **settings)
    return predictor, seconds


def saved_fit(pool: Pool, path: str) -> None:
    """Writes the checkpoint of one round."""
    predictor, trainer, _ = _fit(pool)
    trainer.strategy.connect(predictor)
    trainer.save_checkpoint(path)


def _fit(pool: Pool, **settings: Any) -> tuple[ScorePredictor, Trainer, float]:
    data, clock = InstructionPool(), Round()
    data.pool = pool
    predictor = ScorePredictor(pool.features().shape[1], **settings)
    trainer = Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False, callbacks=[clock],
                      enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=1)  # fmt: skip
    trainer.fit(predictor, datamodule=data)
    return predictor, trainer, clock.seconds


def bare_seconds(pool: Pool, steps: int) -> float:
    """Processor seconds of the bare fit."""
    batch = pool_batch(pool)
    start = time.process_time()
    bare_fit(batch, steps)
    return time.process_time() - start


def least(repeats: int, *contestants: Callable[[], float]) -> list[float]:
    """The least that each contestant needed; every repeat runs each once."""
    return [
        min(seconds)
        for seconds in zip(*([contestant() for contestant in contestants] for _ in range(repeats)), strict=True)
    ]


def against_the_limits(rows: int, feature_size: int, steps: int, repeats: int) -> list[Measurement]:
    """The module beside the bare loop, and the default beside its steps."""
    pool = made_up_pool(rows, feature_size)
    bare, module, default = least(
        repeats,
        lambda: bare_seconds(pool, steps),
        lambda: lightning_fit(pool, steps=steps, tolerance=0, uncertainty="diagonal")[1],
        lambda: lightning_fit(pool)[1],
    )
    what = f"{rows} rows of {feature_size}"
    return [
        Measurement(f"{steps} steps as a Lightning module, {what}; bare loop", module, "s", bare, "at most 1.1"),
        Measurement(f"default fit, {what}; bare loop of {steps} steps", default, "s", bare, "at most 0.1"),
    ]


def growth(name: str, values: Sequence[int]) -> list[Measurement]:
    """The default fit with one size changed, beside the base."""

    def seconds(rows: int, feature_size: int, **settings: int) -> float:
        return lightning_fit(made_up_pool(rows, feature_size), **settings)[1]

    changed = [{**BASE, name: value} for value in values]
    base, *others = least(3, *(lambda sizes=sizes: seconds(**sizes) for sizes in (BASE, *changed)))
    return [
        Measurement(f"default fit, {name} {value}; {name} {BASE[name]}", seconds_taken, "s", base)
        for value, seconds_taken in zip(values, others, strict=True)
    ]


def iteration(rows: int, feature_size: int, candidates: int = 64) -> list[Measurement]:
    """Returns what an iteration takes beside the models: the default fit, and the candidates' means and covariances."""
    pool = made_up_pool(rows, feature_size)
    features = made_up_pool(candidates, feature_size).features()
    predictor, fit = lightning_fit(pool)
    start = time.process_time()
    predictor.predict_joint(features)
    what = f"{rows:,} rows of {feature_size}"
    return [Measurement(f"fit and {candidates} predictions, {what}", fit + time.process_time() - start, "s", 1.0)]


def measure() -> list[Measurement]:
    """All rows of the table."""
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    lightning_fit(made_up_pool(20, 50))  # warm
    fits = [
        measurement
        for feature_size in (5120, 256)
        for rows in (40, 100, 165, 500)
        for measurement in against_the_limits(rows, feature_size, STEPS, repeats=max(REPEATS, ROWS // rows))
    ]
    fits += [measurement for rows in (100, 1_000, 10_000) for measurement in iteration(rows, 512)]
    return fits + [measurement for name, values in GROWTH.items() for measurement in growth(name, values)]


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table and writes it where ``--json`` says."""
    timing.main(measure, argv)


if __name__ == "__main__":
    main()
