"""Estimates the most that a search can spend, before it makes a call: its requests with the longest possible texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import nlargest

from duet.evaluation.allocation import Allocation
from duet.evaluation.evaluation import EvaluationConfig
from duet.examples.example import Example
from duet.features import FeatureExtractor
from duet.metrics.judge import Judge
from duet.models.base import AbstractBlackBox, Arrived, Completion, Request, always
from duet.models.endpoint import Endpoint, prices_of
from duet.models.prices import dollars
from duet.prompts import LONGEST_LETTER, AnswerPrompt, initial_request
from duet.proposals.initialisation import Initialisation
from duet.proposals.instruction_filter import InstructionFilter
from duet.proposals.preface import PrefacedBlackBox
from duet.spending.budget import Usage, cost, most
from duet.strategies.strategy import AbstractStrategy
from duet.tasks.splits import Splits


@dataclass(frozen=True)
class Needs:
    """Builds the largest requests of each part of a search, given the instructions' texts.

    Args:
        splits: the examples.
        evaluation: how an instruction is scored.
        extractor: how instructions become features; it can request output answers of the black box.
        overhead: bytes that the task's black box sends with every prompt.
        answer_overhead: tokens that each of its answers can take beyond ``max_tokens``.
        prompt: how an instruction is put to the black box.
        judge: scores the answers in the metric's place, if there is one; each takes a call more.
        judge_overhead: bytes that the box that judges sends with every prompt.
        judge_answer_overhead: tokens that each of its answers can take beyond ``max_tokens``.
        tested: how many instructions the final test is of.
    """

    splits: Splits
    evaluation: EvaluationConfig
    extractor: FeatureExtractor
    overhead: int = 0
    answer_overhead: int = 0
    prompt: AnswerPrompt = AnswerPrompt()
    judge: Judge | None = None
    judge_overhead: int = 0
    judge_answer_overhead: int = 0
    tested: int = 2

    def trials(self, requests: Sequence[Request]) -> Usage:
        """These requests for answers, with what it takes to score them."""
        return self.answers(requests) + self.judgements(len(requests))

    def answers(self, requests: Sequence[Request]) -> Usage:
        """These requests for answers alone."""
        return most(requests, self.overhead, self.answer_overhead)

    @property
    def answer_bound(self) -> Usage:
        """The most tokens of one answer; its prompt is left out."""
        return Usage(1, 0, self.evaluation.max_tokens + self.answer_overhead)

    @property
    def judgement_bound(self) -> Usage:
        """The same of a judgement; nothing if a metric does it."""
        return Usage(1, 0, self.judge.max_tokens + self.judge_answer_overhead) if self.judge else Usage()

    def judgements(self, answers: int) -> Usage:
        """Scoring so many answers; nothing if a metric does."""
        if self.judge is None or not answers:
            return Usage()
        longest = max((*self.splits.validation, *self.splits.test), key=_size)
        answer = LONGEST_LETTER * self.evaluation.max_tokens
        return most([self.judge.request(answer, longest)], self.judge_overhead, self.judge_answer_overhead) * answers

    def scores(self, text: str, instructions: int, calls: int) -> Usage:
        """Scoring instructions no longer than the text with this many calls, whichever of them get more examples.

        An instruction meets an example once, so the longest examples can come up as often as there are instructions.
        """
        left, total = calls, Usage()
        for example in self.splits.longest_first[: -(-calls // max(1, instructions))]:
            times = min(left, instructions)
            total += self.trials([self.request(text, example)]) * times
            left -= times
        return total

    def tries(self, text: str, calls: int) -> Usage:
        """Trying instructions no longer than the text on an example, this many times."""
        return self.scores(text, calls, calls)

    def outputs(self, texts: Iterable[str]) -> Usage:
        """The output answers of each text; nothing if the white box gives them."""
        if self.extractor.outputs != "black_box":
            return Usage()
        probes = self.splits.demonstrations[: self.extractor.probes]
        tokens = self.extractor.max_new_tokens
        requests = [self.prompt.request(text, example, tokens) for text in texts for example in probes]
        return most(requests, self.overhead, self.answer_overhead)

    def final_test(self, texts: Iterable[str]) -> Usage:
        """The test of the best instruction, of the best initial and the best own one, whichever they are."""
        longest = nlargest(self.tested, {*texts}, key=lambda text: (len(text.encode(errors="replace")), text))
        total = Usage()
        for text, times in Counter((longest * self.tested)[: self.tested]).items():
            total += self._tried([text], self.splits.test) * times
        return total

    def _tried(self, texts: Iterable[str], examples: Sequence[Example]) -> Usage:
        return self.trials([self.request(text, example) for text in texts for example in examples])

    def request(self, text: str, example: Example) -> Request:
        """An instruction on an example."""
        return self.prompt.request(text, example, self.evaluation.max_tokens)


@dataclass(frozen=True)
class Part:
    """One part of a search and the most that it requests of one black box.

    Args:
        name: what it is.
        most: calls and tokens.
        endpoint: where they go; None is a model in this process.
    """

    name: str
    most: Usage
    endpoint: Endpoint | None

    @property
    def usd(self) -> float | None:
        """US dollars at most; None if the prices are unknown."""
        prices = prices_of(self.endpoint)
        return None if prices is None else dollars(cost(self.most, prices))


@dataclass(frozen=True)
class Estimate:
    """The most that a search can spend.

    Args:
        parts: in the order in which they come.
    """

    parts: tuple[Part, ...]

    @property
    def most(self) -> Usage:
        """Calls and tokens of all parts."""
        return sum((part.most for part in self.parts), Usage())

    @property
    def usd(self) -> float | None:
        """US dollars of all parts; None if one is unknown."""
        known = [part.usd for part in self.parts if part.usd is not None]
        return sum(known) if len(known) == len(self.parts) else None


@dataclass
class RequestCounter(AbstractBlackBox):
    """Counts requests and returns empty answers, so that callers use up all their retries.

    Args:
        prompt_overhead: that of the black box it stands for.
        reply_overhead: likewise, of its answers.
        most: calls and tokens of the requests so far.
    """

    prompt_overhead: int = 0
    reply_overhead: int = 0
    most: Usage = field(default_factory=Usage)

    @property
    def identity(self) -> str:
        """The name."""
        return "silent"

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Empty texts only."""
        self.most += most(requests, self.prompt_overhead, self.reply_overhead)
        yield dict.fromkeys(range(len(requests)), Completion("", 0, 0))


def estimate(
    needs: Needs,
    initialisation: Initialisation,
    strategy: AbstractStrategy,
    instruction_filter: InstructionFilter,
    boxes: tuple[AbstractBlackBox, AbstractBlackBox],
    allocation: Allocation,
    iterations: int,
    seed: int,
    capped: bool = False,
) -> Estimate:
    """Adds up the parts.

    Args:
        needs: what each part requests.
        initialisation: all its replies can be useless, so that it uses up its retries.
        strategy: how many instructions it writes and chooses per iteration.
        instruction_filter: the length of an instruction, and what the writing model's prompt says of it.
        boxes: the task's black box and that of the initialisation.
        allocation: how calls are divided among instructions.
        iterations: of the search.
        seed: of the run.
        capped: whether a cap says how many calls scores take; what it allows is not counted here.
    """
    silent = RequestCounter(boxes[1].overhead, boxes[1].answer_overhead)
    told = PrefacedBlackBox(silent, (*initialisation.about, *instruction_filter.requirements))
    initialisation.to_choose_from.candidates(told, needs.splits.demonstrations, instruction_filter, seed)
    texts = (LONGEST_LETTER * instruction_filter.max_characters, *initialisation.own)
    longest = [max(texts, key=lambda text: len(text.encode(errors="replace")))]
    shown = needs.splits.demonstrations
    written = _told(
        strategy.longest_requests(shown, longest[0], needs.splits.validation, boxes[1].follows_requests),
        instruction_filter,
        initialisation.about,
    )
    longest = [longest[0] + strategy.longest_exemplars(shown)]
    declared = strategy.requirements
    n_scored = initialisation.most + iterations * declared.choose
    available = len(needs.splits.validation)
    calls = allocation.calls(n_scored, available, capped)
    calls = min(n_scored * available, calls + allocation.tie_calls(calls, capped))
    n_first = initialisation.to_choose_from.most
    n_read = n_first + iterations * max(declared.choose, declared.read) if declared.read else 0
    tries = declared.trial_calls * iterations
    judged = needs.judgements(calls + tries + needs.tested * len(needs.splits.test))
    needs, task = replace(needs, judge=None), boxes[0].endpoint
    parts = (
        Part("first instructions", silent.most, boxes[1].endpoint),
        Part("scores", needs.scores(longest[0], n_scored, calls), task),
        Part("trials", needs.tries(longest[0], declared.trial_calls) * iterations, task),
        Part("output answers", needs.outputs(longest) * n_read, task),
        Part("candidates", most(written, boxes[1].overhead, boxes[1].answer_overhead) * iterations, boxes[1].endpoint),
        Part("judgements", judged, boxes[1].endpoint),
        Part("final test", needs.final_test(longest), task),
    )
    return Estimate(tuple(part for part in parts if part.most.calls))


def _told(requests: Sequence[Request], wanted: InstructionFilter, about: Sequence[str]) -> list[Request]:
    """The requests with what may be added to each where something is said of the task or wanted of instructions."""
    if not wanted.requirements and not wanted.several_lines and not about:
        return list(requests)
    more = initial_request([], 1, about=about, requirements=wanted.requirements, several_lines=wanted.several_lines)
    return [replace(request, prompt=request.prompt + more) for request in requests]


def _size(example: Example) -> int:
    """Returns how long it is in a judge's request."""
    return len(example.input) + sum(map(len, example.outputs))
