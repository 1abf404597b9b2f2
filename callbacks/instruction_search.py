"""The outer loop between fits: ask for instructions, score them, encode them, grow the pool (Algorithm 1)."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lightning import Callback, LightningModule, Trainer

from datamodules.instruction_pool import InstructionPool
from duet.engine.concurrently import meanwhile
from duet.engine.estimate import Estimate, Needs, estimate
from duet.engine.final_test import Ending, FinalTest, example_records, mark_both, result
from duet.engine.scoring import Scorer
from duet.evaluation.evaluation import Evaluator, Scoring
from duet.features import FeatureExtractor
from duet.models.base import AbstractBlackBox, AbstractEncoder
from duet.models.errors import BudgetSpent, ProviderError
from duet.pool import Candidate, Observation, Pool
from duet.proposals.initialisation import Initialisation
from duet.proposals.instruction_filter import Guard
from duet.reporting.records import ExampleRecord, Result, write_examples, write_result
from duet.spending.accounts import Accounts
from duet.spending.budget import Budget, Usage
from duet.strategies.strategy import AbstractStrategy, Proposal, Resources
from duet.tasks.task import Task
from lightning_modules.score_predictor import ScorePredictor

log = logging.getLogger("duet")
TOY_NOTE = (
    "The task model is a small one that can't follow requests, good for trying Duet out; "
    "name your own with a second --config, such as configs/models/openai.yaml"
)


class ForeignCheckpoint(ValueError):
    """A checkpoint of another task, or of another seed."""


class InstructionSearch(Callback):
    """Queries the black box and the white box between two fits of the predictor.

    One epoch is one iteration: the predictor is fitted on the pool, then this callback asks the strategy for
    candidates, has them scored, and grows the pool. All that it must remember is the pool, the usage and the task.

    Args:
        task: examples and metric.
        black_box: the model whose instruction is sought.
        white_box: the open model that writes and encodes instructions, or an encoder where the black box writes them.
        strategy: how the next instructions are chosen.
        initial_black_box: the model that writes instructions; None is the task's black box.
        initialisation: how the first instructions are asked for.
        extractor: how instructions become fused embeddings.
        scoring: how an instruction is scored.
        budget: hard caps; the final test is paid from them too.
        guard: what is no instruction.
        iterations: most iterations, T.
        threshold: a validation score that ends the search.
        cache: where answers are kept so that none is paid twice: ``run``, the run folder; ``user``, one file that all
            of your runs share (XDG_CACHE_HOME, else the platform's usual place); ``off``; or a path. ``auto`` is
            ``user`` for an endpoint that costs money and ``run`` for everything else.
        seed: moves the splits, the demonstrations and the search.
    """

    def __init__(
        self,
        task: Task,
        black_box: AbstractBlackBox,
        white_box: AbstractEncoder,
        strategy: AbstractStrategy,
        initial_black_box: AbstractBlackBox | None = None,
        initialisation: Initialisation = Initialisation(),
        extractor: FeatureExtractor = FeatureExtractor(),
        scoring: Scoring = Scoring(),
        budget: Budget = Budget(),
        guard: Guard = Guard(),
        iterations: int = 125,
        threshold: float = 1.0,
        cache: str = "auto",
        seed: int = 0,
    ) -> None:
        if iterations < 1:
            raise ValueError(f"Expected search.iterations of at least 1 but got {iterations}")
        if not threshold > 0:
            raise ValueError(f"Expected search.threshold above 0 but got {threshold}")
        extractor.check(white_box)
        strategy.check(white_box)
        if strategy.compares_examples and scoring.racing.least_chance > 0:
            raise ValueError(
                f"{type(strategy).__name__} compares instructions example by example: leave "
                "search.scoring.racing.least_chance at 0"
            )
        if strategy.ahead and extractor.outputs == "black_box":
            raise ValueError("Expected ahead with search.extractor.outputs white_box or none: the black box is busy")
        self.task, self.strategy, self.white_box = task, strategy, white_box
        self.initialisation, self.extractor, self.scoring = initialisation, extractor, scoring
        self.guard, self.iterations, self.threshold, self.seed = guard, iterations, threshold, seed
        self.splits = task.splits(seed)
        self.stop_reason: str | None = None
        self.result: Result | None = None
        self.last_proposal = Proposal(())
        self.accounts = Accounts((black_box, initial_black_box or black_box), budget, cache)
        self._needs = Needs(self.splits, scoring, extractor, black_box.overhead)
        self._started = time.monotonic()
        self._earlier_seconds = 0.0

    # What others read

    @property
    def feature_size(self) -> int:
        """Width of the fused embedding, for the predictor."""
        return self.extractor.width(self.white_box.hidden_size)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know before the run starts."""
        return self.task.notes if self.accounts.boxes[0].follows_requests else (*self.task.notes, TOY_NOTE)

    def estimate(self) -> Estimate:
        """The most that the search can spend if no cap ends it."""
        return estimate(
            self._needs, self.initialisation, self.strategy, self.guard, self.accounts.boxes, self.iterations, self.seed
        )

    @property
    def seconds(self) -> float:
        """Wall time so far, over all restarts."""
        return self._earlier_seconds + time.monotonic() - self._started

    # Lightning's hooks, in the order in which they are called

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Opens the accounts of the run folder."""
        box, self._initial_box = self.accounts.open(Path(trainer.default_root_dir))
        block = self.splits.validation[: self.scoring.examples]
        self._evaluator = Evaluator(box, block, self.task.metric, self.scoring)
        self._scorer = Scorer(self._evaluator, self.accounts, self._needs)
        self._resources = Resources(
            box, self.white_box, self.extractor, self.splits.demonstrations, self.seed, self._initial_box,
            self._evaluator,
        )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """Plain values: task, usage, time."""
        return {"fingerprint": self._fingerprint, "usage": self.accounts.state_dict(), "seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on where the checkpoint was written.

        Raises:
            ForeignCheckpoint: it belongs to another task or seed.
        """
        self.require_own(state_dict)
        self.accounts.load_state_dict(state_dict["usage"])
        self._earlier_seconds = state_dict["seconds"]

    def require_own(self, state_dict: Mapping[str, Any]) -> None:
        """Whether a saved state is this run's.

        Raises:
            ForeignCheckpoint: it belongs to another task or seed.
        """
        if state_dict["fingerprint"] != self._fingerprint:
            raise ForeignCheckpoint(
                f"The checkpoint belongs to another task or seed than {self.task.name!r}, seed {self.seed}; "
                "to start this task with its predictor give it as model.init_from"
            )

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The initial instructions, unless a checkpoint brought the pool."""
        pool = pool_of(trainer)
        self._scorer.keep_room(pool.pool.texts or [""])
        if not len(pool.pool):
            self._initialise(pool)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """One iteration; afterwards the reason to stop, if there is one."""
        pool = pool_of(trainer)
        self.stop_reason = self._reason_to_stop(pool.pool) or self._iterate(pool, pl_module)
        self.stop_reason = self.stop_reason or self._reason_to_stop(pool.pool)
        if self.stop_reason:
            trainer.should_stop = True

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The best instruction is tested once, next to the best initial one."""
        pool = pool_of(trainer).pool
        folder = Path(trainer.default_root_dir)
        self.result, examples = self._finish(pool)
        write_examples(folder, examples)
        write_result(folder, self.result)

    # The parts of the loop

    @property
    def _fingerprint(self) -> str:
        return f"{self.task.fingerprint}/{self.seed}"

    def _initialise(self, pool: InstructionPool) -> None:
        try:
            candidates = self.initialisation.candidates(
                self._initial_box, self.splits.demonstrations, self.guard, self.seed
            )
        except BudgetSpent as error:
            raise BudgetSpent(f"No room for the first instructions; raise search.budget ({error})") from error
        if not candidates:
            raise ProviderError(
                "The black box wrote no usable instruction; try initialisation.mode: sample or a stronger model"
            )
        log.info("%d initial instructions", len(candidates))
        try:
            rows = self._scorer.score(candidates, pool.pool)
        except BudgetSpent as error:
            raise BudgetSpent(
                f"The budget was spent before any instruction had a score; raise search.budget ({error})"
            ) from error
        if not rows:
            raise ProviderError("No first instruction got all its answers; start again to ask for the rest")
        self._grow(pool, rows)

    def _iterate(self, pool: InstructionPool, predictor: LightningModule) -> str | None:
        """Proposes, scores, grows; returns why it could not, if so."""
        assert isinstance(predictor, ScorePredictor)
        try:
            self.last_proposal = self.strategy.propose(pool.pool, predictor, self._resources)
            if not self.last_proposal.candidates:
                return "no new candidates"
            rows = self._score_and_write_ahead(pool.pool)
        except BudgetSpent:
            return "budget"
        if not rows:
            raise ProviderError("No candidate of this iteration got all its answers; start again to ask for the rest")
        self._grow(pool, rows, self.last_proposal.reserve)
        return None

    def _score_and_write_ahead(self, pool: Pool) -> list[Observation]:
        """Scores the last proposal; what was written ahead joins its reserve."""
        proposal = self.last_proposal

        def write_ahead() -> Proposal:
            return self.strategy.write_ahead(pool, proposal, self._resources)

        is_elsewhere = self._resources.black_box.endpoint is not None  # else both would want the same processor
        with meanwhile(write_ahead, in_thread=self.strategy.ahead and is_elsewhere) as ahead:
            rows = self._scorer.score(proposal.candidates, pool)
            more = ahead()
        written, distinct = proposal.written + more.written, proposal.distinct + more.distinct
        self.last_proposal = replace(
            proposal, written=written, distinct=distinct, reserve=proposal.reserve + more.reserve
        )
        return rows

    def _grow(self, pool: InstructionPool, rows: Sequence[Observation], reserve: Sequence[Candidate] = ()) -> None:
        self._scorer.keep_room([*pool.pool.texts, *(row.text for row in rows)])
        pool.grow(self._with_features(rows), reserve)

    def _with_features(self, rows: Sequence[Observation]) -> list[Observation]:
        """Sets the fused embedding where the strategy has not."""
        missing = [row for row in rows if row.candidate.features is None]
        if not missing:
            return list(rows)
        inputs = [example.input for example in self._resources.demonstrations]
        features = self.extractor.extract(
            [row.text for row in missing], inputs, self.white_box, self._resources.black_box
        )
        known: dict[str, Candidate] = {
            row.text: replace(row.candidate, features=one.clone()) for row, one in zip(missing, features, strict=True)
        }
        return [replace(row, candidate=known.get(row.text, row.candidate)) for row in rows]

    def _reason_to_stop(self, pool: Pool) -> str | None:
        best, whole = pool.best(), self._evaluator.calls_per_instruction
        if best.score >= self.threshold and len(best.scores) == whole:  # else the room ended in the middle of a race
            return "threshold"
        if pool.iteration > self.iterations:
            return "iterations"
        remaining = self.accounts.remaining_calls
        return "budget" if remaining is not None and remaining < whole else None

    def _finish(self, pool: Pool) -> tuple[Result, list[ExampleRecord]]:
        reason = self.stop_reason or self._reason_to_stop(pool) or "iterations"
        self.accounts.keep(Usage())
        ending = Ending(self.task.name, type(self.strategy).__name__, self.seed, reason, self.task.fingerprint)
        test = FinalTest(self.splits.test, self.task.metric, self._resources.black_box, self.scoring)
        marks = mark_both(pool, test)
        found = result(pool, marks, test, ending, self.accounts.usage, self.accounts.usd, self.seconds)
        return found, example_records(self._evaluator.examples, self.splits.test, marks)


def pool_of(trainer: Trainer) -> InstructionPool:
    """The trainer's data, which must be the growing pool."""
    datamodule = trainer.datamodule  # type: ignore[attr-defined]
    if not isinstance(datamodule, InstructionPool):
        raise TypeError(f"Expected an InstructionPool as data but got {type(datamodule).__name__}")
    return datamodule
