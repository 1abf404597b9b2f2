"""The search: first instructions, then one proposal after the other, then the final test (Algorithm 1)."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from duet.engine.answer_problems import ENOUGH_ANSWERS, count_answers, require_answers, warnings_of
from duet.engine.candidate_records import candidate_records
from duet.engine.estimate import Estimate, Needs
from duet.engine.final_test import (
    Costs,
    Ending,
    Evaluations,
    FinalTest,
    Texts,
    evaluate_chosen,
    example_records,
    model_name,
    result,
)
from duet.engine.first_choice import most_promising_first, write_first
from duet.engine.forecast import Forecast
from duet.engine.left_out import FirstExamples, ValidationExamples
from duet.engine.likely import Likely
from duet.engine.request_limit import RequestLimit
from duet.engine.score_plan import ScorePlan
from duet.engine.scoring import Scorer
from duet.engine.shortest import shortest
from duet.evaluation.allocation import Allocation
from duet.evaluation.evaluation import EvaluationConfig, Evaluator, Judging
from duet.features import FeatureExtractor, encoded, require_white_box
from duet.messages import printable
from duet.models.base import AbstractBlackBox, AbstractEncoder, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.proposals.initialisation import Initialisation
from duet.proposals.instruction_filter import InstructionFilter, describe_rejections
from duet.proposals.preface import PrefacedBlackBox, with_preface
from duet.reporting.records import Result, write_best, write_candidates, write_examples, write_result
from duet.spending.budget import Budget, Usage
from duet.spending.spend_tracker import SpendTracker
from duet.strategies.strategy import AbstractStrategy, Proposal, RewardPredictor, SearchContext
from duet.tasks.split_notes import split_warnings
from duet.tasks.task import Task

log = logging.getLogger("duet")
TOY_NOTE = (
    "The task model is a small one that can't follow requests, good for trying Duet out; "
    "name your own: --config models/openai.yaml, or in Python the second argument of duet.optimize"
)

MOST_CONSIDERED = 500  # for promotion, by posterior mean: a joint choice among all would grow with the pool's square
LATER_INSTRUCTIONS = 80  # that are scored after the first ones, unless iterations are given


class ForeignCheckpoint(ValueError):
    """A checkpoint of another task, or of another seed."""


@dataclass(frozen=True)
class StepRecord:
    """The record of one step of a search.

    Args:
        iteration: 0 for the first instructions, then 1, 2, ...
        scored: the instructions that got scores.
        written: texts that were generated for the step.
        distinct: how many of them were new, distinct instructions.
        rejected: how many of them the filter rejected, by reason.
        pool: everything known afterwards.
        usage: calls and tokens so far, over all restarts.
        cost_usd: US dollars so far, over all restarts; None if a price is unknown.
    """

    iteration: int
    scored: tuple[ScoredInstruction, ...]
    written: int
    distinct: int
    rejected: Mapping[str, int]
    pool: Pool
    usage: Usage
    cost_usd: float | None


class Search:
    """Finds the instruction with which the black box does a task best.

    ``start`` has the first instructions written and scored, each ``step`` takes one proposal of the strategy, and
    ``finish`` tests the winner. All that it must remember is the pool, the usage and the task.

    Args:
        task: examples and metric.
        black_box: the model whose instruction is sought.
        strategy: how the next instructions are chosen.
        white_box: the open model that writes and encodes instructions, or an encoder where the black box writes them;
            not used by a method that declares no need of it.
        proposer: the model that writes instructions; None is the task's black box.
        initialisation: how the first instructions are requested.
        extractor: how instructions become fused embeddings.
        evaluation: how an instruction is put to the black box.
        allocation: how validation examples are divided among the instructions.
        budget: hard caps; the final test is paid from them too.
        instruction_filter: rejects texts that are no instruction, whichever method wrote them.
        iterations: most iterations, T; None is as many as score 80 more instructions.
        threshold: ends the search once the lower end of the best instruction's 95 % interval is as high, on as many
            examples as ``allocation`` says; one that made no mistake on these counts as 1.
        cache: where answers are kept so that none is paid twice: ``run``, the run folder; ``user``, one file that all
            of your runs share (XDG_CACHE_HOME, else the platform's usual place); ``off``; or a path. ``auto`` is
            ``user`` for an endpoint that costs money and ``run`` for everything else.
        seed: moves the splits, the demonstrations and the search.
        shortest: whether the shortest instruction within one standard error of the best is the one that is tested and
            written out; the report shows it either way.
    """

    def __init__(
        self,
        task: Task,
        black_box: AbstractBlackBox,
        strategy: AbstractStrategy,
        white_box: AbstractEncoder | None = None,
        proposer: AbstractBlackBox | None = None,
        initialisation: Initialisation = Initialisation(),
        extractor: FeatureExtractor = FeatureExtractor(),
        evaluation: EvaluationConfig = EvaluationConfig(),
        allocation: Allocation = Allocation(),
        budget: Budget = Budget(),
        instruction_filter: InstructionFilter = InstructionFilter(),
        iterations: int | None = None,
        threshold: float = 1.0,
        cache: str = "auto",
        seed: int = 0,
        shortest: bool = False,
    ) -> None:
        if iterations is not None and iterations < 1:
            raise ValueError(f"Expected search.iterations of at least 1 but got {iterations}")
        if not threshold > 0:
            raise ValueError(f"Expected search.threshold above 0 but got {threshold}")
        self.task, self.strategy, self.white_box = task, strategy, white_box
        self.initialisation, self.extractor = initialisation, extractor
        self.evaluation, self.allocation = evaluation, allocation
        self.instruction_filter = instruction_filter
        self.iterations = iterations or -(-LATER_INSTRUCTIONS // strategy.requirements.choose)
        self.threshold, self.seed, self.shortest = threshold, seed, shortest
        self._check_requirements()
        self.splits = task.splits(seed)
        self.validation = ValidationExamples(self.splits.validation)
        self.pool = Pool()
        self.written, self.rejected = 0, Counter[str]()  # texts, over all restarts
        self.stop_reason: str | None = None
        self.last: StepRecord | None = None
        self.result: Result | None = None
        self.accounts = SpendTracker((black_box, proposer or black_box), budget, cache, task.judge is not None)
        self.needs = Needs(
            self.splits,
            evaluation,
            extractor,
            black_box.overhead,
            black_box.answer_overhead,
            task.prompt,
            task.judge,
            (proposer or black_box).overhead,
            (proposer or black_box).answer_overhead,
            tested=3 if initialisation.own else 2,
        )
        self._preface = (*initialisation.about, *instruction_filter.requirements)
        self.forecast = Forecast(
            self.needs, initialisation, strategy, instruction_filter, allocation, self.iterations, self.accounts,
            self._preface, seed,
        )  # fmt: skip
        self._started = time.monotonic()
        self._earlier_seconds = 0.0

    def _check_requirements(self) -> None:
        """Checks that the models and settings give the strategy what it declares, before anything is paid for."""
        needs = self.strategy.requirements
        if needs.writing:
            require_white_box(self.white_box, "candidates (name an open model, or for Duet models/no_white_box)")
        if needs.read:
            self.extractor.check(self.white_box)
        self.strategy.check(self.white_box)

    # What others read

    @property
    def feature_size(self) -> int:
        """Width of the fused embedding, for the predictor; 0 for a method without features."""
        if not self.strategy.requirements.read or self.white_box is None:
            return 0
        return self.extractor.width(self.white_box.hidden_size)

    @property
    def best(self) -> ScoredInstruction:
        """The instruction to test and to write out, as far as the search has come."""
        return shortest(self.pool) if self.shortest else self.pool.best()

    @property
    def needs_encoder(self) -> bool:
        """Whether the method uses the white box at all."""
        return bool(self.strategy.requirements.read or self.strategy.requirements.writing)

    @property
    def notes(self) -> tuple[str, ...]:
        """Lists what the user should know before the run starts."""
        notes = (*self.task.notes, *split_warnings(self.splits))
        return notes if self.accounts.boxes[0].follows_requests else (*notes, TOY_NOTE)

    def estimate(self) -> Estimate:
        """The most that the search can spend if no cap ends it."""
        return self.forecast.most(self.splits, self.seed)

    def likely(self) -> Likely:
        """What the search will likely have spent at its end: from the task, and from its answers so far."""
        return self.forecast.likely(self.pool, self._plan.calls if len(self.pool) else 0)

    @property
    def seconds(self) -> float:
        """Wall time so far, over all restarts."""
        return self._earlier_seconds + time.monotonic() - self._started

    # The life of a search

    def open(self, folder: Path) -> None:
        """Opens the run folder: its cache, its journal of purchases."""
        box, proposer = self.accounts.open(folder)
        examples = self.splits.demonstrations
        self._proposer = PrefacedBlackBox(proposer, self._preface)
        self._writing = RequestLimit(self._proposer, type(self.strategy).__name__)
        judging = Judging(self.task.judge, proposer, self.task.answer) if self.task.judge else None
        self._evaluator = Evaluator(box, self.validation, self.task.metric, self.evaluation, self.task.prompt, judging)
        leaves_out = self.evaluation.unanswered == "leave_out"
        self._scorer = Scorer(self._evaluator, self.accounts, self.needs, self.validation if leaves_out else None)
        self._plan = ScorePlan(self.allocation, self.validation, self.needs, self.accounts, folder)
        first_examples = replace(self._evaluator, examples=FirstExamples(self.validation, self.allocation.examples))
        self._context = SearchContext(
            box,
            self._writing,
            self.white_box,
            self._encode,
            examples,
            first_examples,
            self.seed,
            self.instruction_filter,
            self.initialisation.about,
            self.rejected,
        )

    def first_request(self) -> Request:
        """The first request to the model that writes, as ``start`` sends it."""
        request = self.initialisation.first_request(self.splits.demonstrations, self.instruction_filter, self.seed)
        return replace(request, prompt=with_preface(request.prompt, self._preface))

    def evaluator(self, split: str) -> Evaluator:
        """Returns what scores instructions on a split's examples, once the run folder is open.

        Args:
            split: ``validation`` or ``test``.
        """
        return replace(self._evaluator, examples=self.splits.test if split == "test" else self.splits.validation)

    def start(self, predictor: RewardPredictor | None = None) -> StepRecord:
        """Has the first instructions written and scored.

        Args:
            predictor: one that knows a former task; it chooses among more instructions than are scored.

        Raises:
            BudgetSpent: the budget ended before one had a score.
            ProviderError: the black box wrote no instruction, or answered for none.
        """
        self._scorer.keep_room(self.pool)
        chooses = predictor is not None and self.initialisation.written and self.extractor.outputs != "black_box"
        initialisation = self.initialisation.to_choose_from if chooses else self.initialisation
        shown = self.splits.demonstrations
        first = write_first(initialisation, self._proposer, shown, self.instruction_filter, self.seed)
        log.info("%s%s", first, self.accounts.so_far)
        self.rejected.update(first.rejected)
        self.written += first.n_read
        self._plan_scores()
        found = first.candidates
        if predictor and chooses:
            found = most_promising_first(found, predictor, self._encode)
        candidates = found[: min(self._plan.most_instructions, self.initialisation.most)]
        try:
            pool = self._scorer.score(self.pool, candidates, self._plan.first_examples)
        except BudgetSpent as error:
            raise BudgetSpent(
                f"The budget was spent before any instruction had a score; raise search.budget ({error})"
            ) from error
        if not len(pool):
            raise ProviderError("No first instruction got all its answers; start again to request the rest")
        left_out = self.validation.problems, self.validation.answers
        require_answers(pool, self.evaluation.max_unanswered, *left_out)
        return self._grown(pool, Proposal((), first.n_read, len(candidates)), first.rejected)

    def resume(self, pool: Pool) -> None:
        """Takes over what a former start of the same search knew.

        Args:
            pool: its pool; empty if it had none yet.
        """
        self.pool = pool
        self._scorer.keep_room(pool)
        if len(pool):
            self._plan_scores()

    def step(self, predictor: RewardPredictor | None) -> StepRecord | None:
        """Takes one proposal, scores it and grows the pool; afterwards ``stop_reason`` says whether to stop.

        Args:
            predictor: fitted on the pool; None for a method without one.

        Returns:
            What happened; None if nothing was left to do.

        Raises:
            ProviderError: no candidate got all its answers.
        """
        self.stop_reason = self._reason_to_stop()
        if self.stop_reason:
            return None
        known = self.rejected.copy()
        try:
            proposal = self._proposal(predictor)
            self.written += proposal.written
            if not proposal.candidates:
                self.stop_reason = "no new candidates"
                why = describe_rejections(self.rejected - known) or "none rejected"
                log.info("No new candidates in %d generated texts (%s)", proposal.written, why)
                return None
            room = self._plan.most_instructions - len(self.pool)
            pool = self._scorer.score(
                self.pool, proposal.candidates[:room], self._plan.first_examples, self._promoted(predictor)
            )
        except BudgetSpent:
            self.stop_reason = "budget"
            return None
        if len(pool) == len(self.pool):
            raise ProviderError("No candidate of this iteration got all its answers; start again to request the rest")
        record = self._grown(pool, proposal, self.rejected - known)
        self.stop_reason = self._reason_to_stop()
        return record

    def finish(self, folder: Path) -> Result:
        """Tells the best instructions apart, tests the winner next to the best initial one, and writes the results."""
        reason = self.stop_reason or self._reason_to_stop() or "iterations"
        self.pool = self._plan.halve(self.pool, self._scorer)
        self.accounts.keep(Usage())
        leaves_out = self.evaluation.unanswered == "leave_out"
        test = FinalTest(replace(self._evaluator, examples=self.splits.test), leaves_out)
        evaluations = evaluate_chosen(self.pool, self.best, test)
        write_candidates(folder, candidate_records(self.pool, self.task))
        write_examples(folder, example_records(self._evaluator, test.evaluator, evaluations, self.task.answer))
        self.result = self._result(reason, evaluations, test)
        write_result(folder, self.result)
        if test.problem:
            raise ProviderError(f"The final test lacks an answer ({test.problem}); start again to request the rest")
        return self.result

    def leave(self, folder: Path) -> None:
        """Writes and says the best instruction so far, where a search ends before its time."""
        if not len(self.pool) or self.result:
            return
        best = self.best
        low, high = self.pool.prior.interval(sum(best.scores), best.n)
        write_best(folder, best.text)
        log.info(
            "Best so far, not tested: %s (%.3f on %d examples, %.2f to %.2f)",
            printable(best.text), best.score, best.n, low, high,
        )  # fmt: skip

    # What a checkpoint holds beside the pool

    def state_dict(self) -> dict[str, Any]:
        """Plain values: task, usage, time, counts of texts."""
        return {
            "fingerprint": self._fingerprint,
            "usage": self.accounts.state_dict(),
            "seconds": self.seconds,
            "texts": {"written": self.written, "rejected": dict(self.rejected)},
            "left_out": self.validation.state_dict(),
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continues where ``state_dict`` was taken.

        Raises:
            ForeignCheckpoint: it belongs to another task or seed.
        """
        self.require_own(state_dict)
        self.accounts.load_state_dict(state_dict["usage"])
        self._earlier_seconds = state_dict["seconds"]
        self.validation.load_state_dict(state_dict["left_out"])
        self.written = state_dict["texts"]["written"]
        self.rejected.update(state_dict["texts"]["rejected"])

    def require_own(self, state_dict: Mapping[str, Any]) -> None:
        """Checks that a saved state is this run's.

        Raises:
            ForeignCheckpoint: it belongs to another task or seed.
        """
        if state_dict["fingerprint"] != self._fingerprint:
            raise ForeignCheckpoint(
                f"The checkpoint belongs to another task or seed than {self.task.name!r}, seed {self.seed}; "
                "to start this task with its predictor give it as model.init_from"
            )

    @property
    def _fingerprint(self) -> str:
        return f"{self.task.fingerprint}/{self.seed}"

    # Parts of a step

    def _proposal(self, predictor: RewardPredictor | None) -> Proposal:
        """The strategy's proposal, within what it declares.

        Raises:
            ValueError: it is larger.
        """
        needs, name = self.strategy.requirements, type(self.strategy).__name__
        shown, follows = self.splits.demonstrations, self._proposer.follows_requests
        self._writing.allow(len(self.strategy.longest_requests(shown, "", follows_requests=follows)))
        proposal = self.strategy.propose(self.pool, predictor if needs.predictor else None, self._context)
        if len(proposal.candidates) > needs.choose:
            raise ValueError(
                f"{name} proposed {len(proposal.candidates)} instructions but its requirements declare "
                f"at most {needs.choose}"
            )
        return proposal

    def _promoted(self, predictor: RewardPredictor | None) -> dict[str, int]:
        """Leaders that get more examples together with the proposal, and on how many they are scored then."""
        needs, calls = self.strategy.requirements, self._plan.promotion_calls(len(self._newest()))
        rows = [row for row in self.pool.ranked() if row.n < len(self.validation)][:MOST_CONSIDERED] if calls else []
        if not rows:
            return {}
        known = predictor if needs.predictor else None
        leaders = self.strategy.leaders(rows, self.pool, known, self._context)
        return self._plan.promoted(leaders[: needs.choose], calls)

    def _grown(self, pool: Pool, proposal: Proposal, rejected: Counter[str]) -> StepRecord:
        """Takes over a longer pool, with features and a new reserve; returns the step's record."""
        if count_answers(self.pool) < ENOUGH_ANSWERS <= count_answers(pool):
            for warning in warnings_of(pool, self.evaluation.max_tokens):
                log.warning(warning)
        if self.strategy.requirements.read:
            candidates = self._encode([row.candidate for row in pool])
            rows = [row.with_candidate(candidate) for row, candidate in zip(pool, candidates, strict=True)]
            pool = replace(pool, observations=tuple(rows))
        self.pool = replace(pool, reserve=tuple(proposal.reserve))
        self._scorer.keep_room(self.pool)
        self.last = StepRecord(
            self.pool.iteration - 1, tuple(self._newest()), proposal.written, proposal.distinct, rejected, self.pool,
            self.accounts.usage, self.accounts.usd,
        )  # fmt: skip
        return self.last

    def _newest(self) -> list[ScoredInstruction]:
        """The rows of the last iteration."""
        last = self.pool.iteration - 1
        return [row for row in self.pool if row.iteration == last]

    def _plan_scores(self) -> None:
        self._plan.make(self.forecast.most_instructions, self.pool)

    def _encode(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates with their fused embeddings."""
        examples, box = self.splits.demonstrations, self._context.black_box
        metric = None if self.task.judge else self.task.metric
        return encoded(candidates, self.extractor, examples, self.white_box, box, self.task.prompt, metric)

    def _reason_to_stop(self) -> str | None:
        if self._sure_score() >= self.threshold:
            return "threshold"
        if self.pool.iteration > self.iterations:
            return "iterations"
        if len(self.pool) >= self._plan.most_instructions:
            return "budget"
        remaining = self.accounts.remaining_calls
        return "budget" if remaining is not None and remaining < self._plan.first_examples else None

    def _sure_score(self) -> float:
        """Returns what the best instruction surely reaches; 0 while it has too few examples to say."""
        best, whole = self.pool.best(), min(self.allocation.examples, len(self.validation))
        if best.n < whole:
            return 0.0
        if best.score == 1:  # no interval begins at 1
            return 1.0
        return self.pool.prior.interval(sum(best.scores), best.n)[0]

    def _result(self, reason: str, evaluations: Evaluations, test: FinalTest) -> Result:
        warnings = warnings_of(self.pool, self.evaluation.max_tokens)
        ending = Ending(
            self.task, type(self.strategy).__name__, self.seed, reason, self.splits, model_name(self.accounts.boxes[0]),
            (*warnings, *((f"The final test lacks an answer ({test.problem})",) if test.problem else ())),
        )  # fmt: skip
        texts = Texts(self.written, dict(self.rejected), self.validation.left_out)
        costs = Costs(self.accounts.usage, self.accounts.usd, self.accounts.possibly_charged_usd, self.seconds)
        return result(self.pool, self.best, evaluations, test, ending, costs, texts)
