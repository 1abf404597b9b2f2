"""Estimates what a search will likely spend: from the task before anything was sent, from the answers as they come.

Before: a token is four bytes of a prompt, an answer is as long as the accepted outputs, an instruction has twenty
words, the first batch of an iteration brings new texts, and of the room to reason half is used. Later:
the mean of the answers so far, as soon as there are ten of their kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from duet.engine.estimate import Needs
from duet.examples.example import Example
from duet.models.base import AbstractBlackBox, Arrived, Completion, Request, always
from duet.models.endpoint import prices_of
from duet.models.prices import dollars
from duet.prompts import PREFIX
from duet.proposals.initialisation import Initialisation
from duet.proposals.instruction_filter import InstructionFilter
from duet.proposals.preface import PrefacedBlackBox
from duet.spending.budget import Budget, Usage, cost
from duet.spending.usage_model import UsageModel
from duet.strategies.strategy import AbstractStrategy

INSTRUCTION = " ".join(["instruction"] * 20)  # its length stands for those that are not written yet
_BYTES_PER_TOKEN = 4
_TEMPLATE_TOKENS = 8  # of a chat
_INSTRUCTION_TOKENS = 30
_JUDGEMENT_TOKENS = 60
_MOST_READ = 200  # examples, for a mean


@dataclass(frozen=True)
class LikelyPart:
    """A part of a search and the requests that it will likely send.

    Args:
        name: what it is, as in the estimate of the most.
        calls: how many requests.
        each: tokens of one of them; its calls are 1.
        bound: the most that one can cost, which tells the kind of its answer.
        box: 0 is the task's black box, 1 the one that writes.
    """

    name: str
    calls: int
    each: Usage
    bound: Usage
    box: int

    def usage(self, model: UsageModel, share: float = 1.0) -> Usage:
        """What a share of the part will use, by the answers of its kind so far if there are enough."""
        calls = round(self.calls * share)
        return model.mean(self.bound, calls) or self.each * calls


@dataclass(frozen=True)
class Likely:
    """What a search will likely have spent at its end.

    Args:
        usage: calls and tokens.
        usd: US dollars; None if a price is unknown.
    """

    usage: Usage
    usd: float | None


@dataclass
class LikelyWriter(AbstractBlackBox):
    """Writes as many distinct instructions as are wanted, and counts what that takes.

    Args:
        count: how many a request is for.
        usage: so far.
    """

    count: int
    usage: Usage = field(default_factory=Usage)

    @property
    def identity(self) -> str:
        """The name."""
        return "likely"

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Numbered lists, or a single instruction where several requests come at once."""
        many = self.count if len(requests) == 1 else 1
        for number, request in enumerate(requests):
            lines = [f"{place}. {PREFIX} write word {number} or {place} {INSTRUCTION}" for place in range(1, many + 1)]
            answer = min(request.max_tokens, _INSTRUCTION_TOKENS * many)
            self.usage += Usage(1, _prompt_tokens(request), answer)
            yield {number: Completion("\n".join(lines), 0, 0)}


def likely_parts(
    needs: Needs,
    initialisation: Initialisation,
    strategy: AbstractStrategy,
    boxes: tuple[AbstractBlackBox, AbstractBlackBox],
    scores: int,
    iterations: int,
    preface: Sequence[str],
    seed: int,
) -> tuple[LikelyPart, ...]:
    """The parts, in the order in which they come.

    Args:
        needs: what each part sends.
        initialisation: of the first instructions.
        strategy: how many instructions it writes and chooses per iteration.
        boxes: the task's black box and the one that writes.
        scores: calls that score instructions.
        iterations: of the search.
        preface: what every request that writes holds.
        seed: of the run.
    """
    splits, declared = needs.splits, strategy.requirements
    writer = LikelyWriter(initialisation.to_choose_from.count)
    first = initialisation.to_choose_from
    first.candidates(PrefacedBlackBox(writer, preface), splits.demonstrations, InstructionFilter(), seed)
    longest = strategy.longest_requests(
        splits.demonstrations, INSTRUCTION, splits.validation, boxes[1].follows_requests
    )
    written = longest[: -(-len(longest) // declared.attempts)]
    n_read = first.most + iterations * max(declared.choose, declared.read) if declared.read else 0
    outputs = needs.outputs([INSTRUCTION]).calls * n_read
    tests = needs.tested * len(splits.test)
    reasons = [box.answer_overhead // 2 for box in boxes]
    answer, tested = (_answer(needs, part, reasons[0]) for part in (splits.validation, splits.test))
    trials = declared.trial_calls * iterations
    bound = needs.answer_bound
    judged = scores + trials + tests if needs.judge else 0
    parts = (
        LikelyPart("first instructions", writer.usage.calls, _mean(writer.usage, reasons[1]), Usage(), 1),
        LikelyPart("scores", scores, answer, bound, 0),
        LikelyPart("trials", trials, answer, bound, 0),
        LikelyPart("output answers", outputs, answer, Usage(), 0),
        LikelyPart("candidates", len(written) * iterations, _request_mean(written, preface, reasons[1]), Usage(), 1),
        LikelyPart("judgements", judged, _judgement(needs, reasons[1]), needs.judgement_bound, 1),
        LikelyPart("final test", tests, tested, bound, 0),
    )
    return tuple(part for part in parts if part.calls)


def likely(
    parts: Sequence[LikelyPart],
    left: Mapping[str, float],
    models: Sequence[UsageModel],
    boxes: Sequence[AbstractBlackBox],
    spent: Likely,
) -> Likely:
    """What was spent and what the rest will likely take.

    Args:
        parts: of the whole search.
        left: the share of each part that is still to come; 1 where it is not named.
        models: what was learned of each box.
        boxes: the task's black box and the one that writes.
        spent: so far.
    """
    usage, usd = spent.usage, spent.usd
    for part in parts:
        more, prices = part.usage(models[part.box], left.get(part.name, 1.0)), prices_of(boxes[part.box].endpoint)
        usage += more
        usd = None if usd is None or prices is None else usd + dollars(cost(more, prices))
    return Likely(usage, usd)


def capped(found: Likely, budget: Budget) -> Likely:
    """No more than the caps allow; calls and tokens beyond a cap are those at it.

    >>> capped(Likely(Usage(90, 900, 90), 3.0), Budget(max_calls=30, max_cost_usd=2))
    Likely(usage=Usage(calls=30, prompt_tokens=300, completion_tokens=30), usd=1.0)
    """
    shares = [
        cap / amount
        for cap, amount in (
            (budget.max_calls, found.usage.calls),
            (budget.max_tokens, found.usage.tokens),
            (budget.max_cost_usd, found.usd),
        )
        if cap is not None and amount
    ]
    share = min([1.0, *shares])
    usage = Usage(*(round(amount * share) for amount in vars(found.usage).values()))
    return Likely(usage, None if found.usd is None else found.usd * share)


def _answer(needs: Needs, examples: Sequence[Example], reasons: int) -> Usage:
    """The mean request of an ordinary instruction on the examples."""
    read = examples[:_MOST_READ]
    prompts = sum(_prompt_tokens(needs.request(INSTRUCTION, example)) for example in read)
    outputs = sum(1 + _tokens(example.outputs[0]) for example in read)
    answer = min(needs.evaluation.max_tokens, -(-outputs // len(read)))
    return Usage(1, -(-prompts // len(read)), answer + reasons)


def _judgement(needs: Needs, reasons: int) -> Usage:
    if needs.judge is None:
        return Usage()
    read = needs.splits.validation[:_MOST_READ]
    prompts = sum(_prompt_tokens(needs.judge.request(example.outputs[0], example)) for example in read)
    return Usage(1, -(-prompts // len(read)), min(needs.judge.max_tokens, _JUDGEMENT_TOKENS) + reasons)


def _request_mean(requests: Sequence[Request], preface: Sequence[str], reasons: int) -> Usage:
    """Of requests for instructions; a reply is half as long as it may be."""
    more = sum(map(_tokens, preface))
    usages = (Usage(1, _prompt_tokens(request) + more, request.max_tokens // 2) for request in requests)
    return _mean(sum(usages, Usage()), reasons)


def _mean(usage: Usage, reasons: int) -> Usage:
    calls = max(1, usage.calls)
    return Usage(1, -(-usage.prompt_tokens // calls), -(-usage.completion_tokens // calls) + reasons)


def _prompt_tokens(request: Request) -> int:
    return _tokens(request.prompt) + _TEMPLATE_TOKENS


def _tokens(text: str) -> int:
    return -(-len(text.encode(errors="replace")) // _BYTES_PER_TOKEN)
