"""Logs curves to every logger, one point per iteration, and writes candidates.jsonl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor

from callbacks.instruction_search import pool_of
from duet.engine.candidate_records import candidate_records
from duet.engine.search import Search
from duet.pool import Pool, ScoredInstruction
from duet.reporting.records import append_candidates, write_candidates
from lightning_modules.score_predictor import ScorePredictor


class SearchCurves(Callback):
    """Writes down each iteration after it happened; it owns no state, as everything follows from the pool.

    Args:
        search: what grows the pool.
        settings: all of the run, with dotted keys, by which two runs are told apart in TensorBoard.
    """

    def __init__(self, search: Search, settings: Mapping[str, Any]) -> None:
        self.search, self.settings = search, settings
        self._written = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes what is in the pool already; a resumed run rewrites the file, so that no line stands twice."""
        pool = pool_of(trainer).pool
        write_candidates(Path(trainer.default_root_dir), candidate_records(pool, self.search.task))
        self._written = len(pool)
        self._log(trainer, start_values(pool), pool.iteration - 1)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """One point per curve, one line per scored instruction."""
        pool = pool_of(trainer).pool
        new = pool.observations[self._written :]
        if not new:
            return
        records = candidate_records(pool, self.search.task, self._written)
        append_candidates(Path(trainer.default_root_dir), records)
        self._written = len(pool)
        iteration = new[-1].iteration
        self._log(
            trainer,
            iteration_values(new, pool, pl_module.losses if isinstance(pl_module, ScorePredictor) else {})
            | self._costs(),
            iteration,
        )
        self._log_text(trainer, pool, iteration)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The pool's embeddings for the projector, and the settings with the final score."""
        pool = pool_of(trainer).pool
        name = {"task": self.search.task.name, "method": type(self.search.strategy).__name__, "seed": self.search.seed}
        settings = name | dict(self.settings)
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                if pool.has_features:
                    add_to_projector(logger, pool)
                logger.log_hyperparams(settings, self._final_scores(pool))
            else:
                logger.log_hyperparams(settings)
                logger.log_metrics(self._final_scores(pool), step=pool.iteration - 1)
            logger.save()

    def _final_scores(self, pool: Pool) -> dict[str, float]:
        result = self.search.result  # of this callback's predecessor in on_fit_end
        tested = {"final/test_score": result.test_score} if result and result.test_score is not None else {}
        return {"final/validation_score": pool.best().score} | tested

    def _costs(self) -> dict[str, float]:
        usage, last = self.search.accounts.usage, self.search.last
        share = {"candidates/distinct_share": last.distinct / last.written} if last and last.written else {}
        paid = {} if self.search.accounts.usd is None else {"cost/usd": self.search.accounts.usd}
        return {"cost/calls": usage.calls, "cost/tokens": usage.tokens} | paid | share

    def _log(self, trainer: Trainer, values: dict[str, float], step: int) -> None:
        for logger in trainer.loggers:
            logger.log_metrics(values, step=step)

    def _log_text(self, trainer: Trainer, pool: Pool, step: int) -> None:
        best = pool.best()
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_text("best_instruction", f"`{best.score:.3f}` {best.text}", global_step=step)


def add_to_projector(logger: TensorBoardLogger, pool: Pool) -> None:
    """Shows the pool's embeddings with their instructions and rewards."""
    rows = [[f"{row.score:.4f}", str(row.n), str(row.iteration), row.text.replace("\t", " ")] for row in pool]
    logger.experiment.add_embedding(
        pool.features(), metadata=rows, metadata_header=["reward", "examples", "iteration", "instruction"],
        tag="pool", global_step=pool.iteration - 1,
    )  # fmt: skip


def start_values(pool: Pool) -> dict[str, float]:
    """What every point has: the best score, the mean, and the numbers of examples that they are of."""
    return {
        "reward/best": pool.posterior_mean(pool.best()),
        "reward/mean_of_pool": pool.rewards().mean().item(),
        "reward/examples_of_best": float(pool.best().n),
        "reward/examples_per_instruction": sum(row.n for row in pool) / len(pool),
    }


def iteration_values(new: Sequence[ScoredInstruction], pool: Pool, losses: dict[str, float]) -> dict[str, float]:
    """The curves' values of one iteration: reward, best, prediction, losses, lambda, held-out rank correlation."""
    values: dict[str, float | None] = {
        **start_values(pool),
        "reward/chosen": sum(row.score for row in new) / len(new),
        "predictor/predicted": new[0].candidate.predicted,
        "predictor/std": new[0].candidate.std,
        "predictor/held_out_rank_correlation": held_out_rank_correlation(pool),
        "loss/regression": losses.get("regression"),
        "loss/similarity": losses.get("similarity"),
        "loss/lambda": losses.get("weight"),
        "loss/similarity_gradient_share": losses.get("similarity_gradient_share"),
        "reward/examples_of_chosen": sum(row.n for row in new) / len(new),
    }
    return {name: value for name, value in values.items() if value is not None}


def held_out_rank_correlation(pool: Pool) -> float | None:
    """Spearman correlation of reward and prediction over all instructions that were predicted before they were scored.

    None for fewer than three of them, or where one side is constant.
    """
    rows = [(row.candidate.predicted, row.score) for row in pool if row.candidate.predicted is not None]
    if len(rows) < 3:
        return None
    ranks = torch.stack([_ranks(column) for column in torch.tensor(rows, dtype=torch.float64).T])  # (2, n)
    value = torch.corrcoef(ranks)[0, 1].item()
    return None if value != value else value


def _ranks(values: Tensor) -> Tensor:
    """(n,), ranks with ties averaged."""
    below = (values[None] < values[:, None]).sum(1)
    equal = (values[None] == values[:, None]).sum(1)
    return below + (equal + 1) / 2
