"""A black box that follows requests writes instructions, several in one reply: each request is one paid call."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from duet.examples.example import Example
from duet.examples.labels import closed_labels
from duet.models.base import AbstractBlackBox, CallFailure, Completion, Request
from duet.pool import Candidate, ScoredInstruction
from duet.prompts import LONGEST_LETTER, draw_demonstrations, initial_request, n_shown
from duet.proposals.initialisation import parse_blocks, parse_instructions
from duet.proposals.instruction_filter import InstructionFilter
from duet.proposals.list_requests import (
    ANSWER_CHARACTERS,
    Failure,
    describe_failures,
    longest_failures,
    paraphrases_request,
    reflection_request,
)
from duet.proposals.silence import explain_silence

_UNCUT = 10**9  # characters
_LONGEST_ANSWER = LONGEST_LETTER * ANSWER_CHARACTERS


@dataclass(frozen=True)
class ListRequest:
    """A request for several instructions.

    Args:
        prompt: what is sent.
        count: how many instructions are requested; further ones are not read.
        origin: of each, such as ``reflection``.
        parent: the instruction that they derive from, if any.
    """

    prompt: str
    count: int
    origin: str
    parent: str | None = None


@dataclass(frozen=True)
class Material:
    """The material of requests.

    Args:
        leaders: the best instructions, best first, at least one.
        demonstrations: the split's demonstration examples.
        scored: the examples of the leaders' scores, in their order.
        wanted: what the prompt says of the wanted instructions.
    """

    leaders: Sequence[ScoredInstruction]
    demonstrations: Sequence[Example]
    scored: Sequence[Example]
    wanted: InstructionFilter = InstructionFilter()


@dataclass(frozen=True)
class ListWriter:
    """Has a black box write several instructions in one reply.

    Args:
        demonstrations: examples per request for new instructions; each request draws its own.
        temperature: of the replies; each is a draw with a seed of its own.
        max_tokens: most tokens of an instruction.
        per_request: most instructions of a request.
        failures: most wrong answers that a reflection shows; each request draws its own.
    """

    demonstrations: int
    temperature: float
    max_tokens: int
    per_request: int
    failures: int

    def write(
        self, counts: Mapping[str, int], material: Material, black_box: AbstractBlackBox, generator: random.Random
    ) -> list[Candidate]:
        """Writes all that is wanted in one stream of requests; those of a call that failed are left out.

        Args:
            counts: how many instructions by ``reflection``, ``paraphrase`` and ``resample``.
            material: what the requests are made of.
            black_box: the model that writes.
            generator: of draws and seeds.

        Raises:
            BudgetSpent: the time was up before one reply came.
            ProviderError: none came, as calls failed.
        """
        requests = list(self._requests(counts, material, generator))
        if not requests:
            return []
        outcomes = black_box.complete([self._sent(each, generator.getrandbits(31)) for each in requests])
        pairs = zip(requests, outcomes, strict=True)
        replies = [(each, reply) for each, reply in pairs if isinstance(reply, Completion)]
        if not replies:
            explain_silence([outcome for outcome in outcomes if isinstance(outcome, CallFailure)])
        return [
            Candidate(text, each.origin, each.parent)
            for each, reply in replies
            for text in listed_instructions(reply, material.wanted)[: each.count]
        ]

    def longest_requests(
        self,
        counts: Mapping[str, int],
        demonstrations: Sequence[Example],
        scored: Sequence[Example],
        longest: str,
    ) -> list[Request]:
        """Builds as many requests as ``write`` sends, each as long as it can be."""
        labels = closed_labels(demonstrations)
        shown = _largest(demonstrations, n_shown(demonstrations, self.demonstrations))
        failed = _largest(scored, self.failures) if counts["reflection"] else []
        wrong = longest_failures([Failure(example, _LONGEST_ANSWER) for example in failed])
        prompts = {
            "reflection": lambda size: reflection_request(longest, wrong, size, labels=labels),
            "paraphrase": lambda size: paraphrases_request(longest, size),
            "resample": lambda size: initial_request(shown, size, labels=labels, max_characters=_UNCUT),
        }
        return [
            self._sent(ListRequest(prompts[origin](size), size, origin), 0)
            for origin in prompts
            for size in sizes(counts[origin], self.per_request)
        ]

    def _sent(self, request: ListRequest, seed: int) -> Request:
        return Request(request.prompt, self.max_tokens * request.count, self.temperature, seed)

    def _requests(
        self, counts: Mapping[str, int], material: Material, generator: random.Random
    ) -> Iterator[ListRequest]:
        """Reflections on the best first, paraphrases of all in turn from one that is drawn, new ones from examples."""
        for turn, size in enumerate(sizes(counts["reflection"], self.per_request)):
            yield self._reflection(turn, size, material, generator)
        start = generator.randrange(len(material.leaders))
        for turn, size in enumerate(sizes(counts["paraphrase"], self.per_request), start):
            yield _paraphrases(turn, size, material)
        for size in sizes(counts["resample"], self.per_request):
            shown = draw_demonstrations(material.demonstrations, self.demonstrations, generator, cover_labels=True)
            prompt = initial_request(
                shown,
                size,
                labels=closed_labels(material.demonstrations),
                requirements=material.wanted.requirements,
                in_own_words=material.wanted.language is not None,
                several_lines=material.wanted.several_lines,
            )
            yield ListRequest(prompt, size, "resample")

    def _reflection(self, turn: int, size: int, material: Material, generator: random.Random) -> ListRequest:
        """Better instructions than the best ones that got something wrong; where none did, other words."""
        failing = [(row, wrong) for row in material.leaders if (wrong := failures_of(row, material.scored))]
        if not failing:
            return _paraphrases(turn, size, material)
        row, wrong = failing[turn % len(failing)]
        shown = describe_failures(generator.sample(wrong, min(self.failures, len(wrong))))
        labels = closed_labels(material.demonstrations)
        prompt = reflection_request(row.text, shown, size, labels=labels, wanted=material.wanted)
        return ListRequest(prompt, size, "reflection", row.text)


def sizes(count: int, per_request: int) -> list[int]:
    """Divides a number of instructions among as few requests as may be, evenly.

    >>> sizes(17, 8), sizes(8, 8), sizes(0, 8)
    ([6, 6, 5], [8], [])
    """
    n = -(-count // per_request)
    return [count // n + (index < count % n) for index in range(n)]


def failures_of(row: ScoredInstruction, examples: Sequence[Example]) -> list[Failure]:
    """Returns what an instruction got wrong, of the examples that its scores begin with."""
    known = zip(examples, row.outputs, row.scores, strict=False)
    return [Failure(example, answer) for example, answer, score in known if score < 1]


def listed_instructions(reply: Completion, wanted: InstructionFilter) -> list[str]:
    """The instructions in a reply, canonical; of a reply that was cut off, all but the last one."""
    parse = parse_blocks if wanted.several_lines else parse_instructions
    return parse(reply.text, reply.cut)


def _paraphrases(turn: int, size: int, material: Material) -> ListRequest:
    parent = material.leaders[turn % len(material.leaders)].text
    return ListRequest(paraphrases_request(parent, size, material.wanted), size, "paraphrase", parent)


def _largest(examples: Sequence[Example], count: int) -> list[Example]:
    return sorted(examples, key=lambda example: -len((example.input + example.outputs[0]).encode(errors="replace")))[
        :count
    ]
