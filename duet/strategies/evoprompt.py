"""EvoPrompt: a population of instructions that a language model crosses and mutates (Guo et al. 2024): GA and DE."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from duet.bounds import require_counts
from duet.examples.example import Example
from duet.models.base import AbstractBlackBox, CallFailure, Completion, Request
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.prompts import PREFIX, draw_demonstrations, induction_prompt
from duet.proposals.instruction_filter import canonical
from duet.proposals.novelty import new_candidates
from duet.proposals.silence import explain_silence
from duet.strategies.paired_comparison import is_better, ranked
from duet.strategies.roulette_selection import roulette_selection
from duet.strategies.strategy import AbstractStrategy, Proposal, Requirements, RewardPredictor, SearchContext
from duet.strategies.variation import Variation, VariationTemplates, tagged

Population = tuple[ScoredInstruction, ...]


@dataclass(frozen=True)
class AbstractEvoPrompt(AbstractStrategy):
    """The part that both variants share: the founders, the generations, the requests.

    The population follows from the pool: the first one is half the best initial instructions and half a paraphrase of
    each, and every ``population`` further rows are a generation's children. The published numbers are in
    configs/methods/evoprompt_ga_paper.yaml and evoprompt_de_paper.yaml.

    Args:
        population: members.
        per_iteration: children that are written and scored together; with ``population`` an iteration is a generation,
            which is never exceeded.
        operator: ``request`` has the black box cross and mutate; ``continuation`` splices the parents' words and
            lets it continue the first ones behind demonstrations; ``auto`` is ``continuation`` for a model that
            declares that it can't follow a request, as the embedded one does, and else ``request``.
        templates: the requests.
        demonstrations: examples per prompt of a continuation.
        temperature: of the replies; the last attempts, where nothing new came, raise it towards 1.
        max_new_tokens: most tokens of a continuation.
        max_reply_tokens: most tokens of a reply to a request, steps included.
        attempts: how many requests to send while nothing new comes.
    """

    population: int = 10
    per_iteration: int = 1
    operator: Literal["auto", "request", "continuation"] = "auto"
    templates: VariationTemplates = field(default_factory=VariationTemplates)
    demonstrations: int = 5
    temperature: float = 0.5
    max_new_tokens: int = 64
    max_reply_tokens: int = 512
    attempts: int = 5

    def __post_init__(self) -> None:
        require_counts(
            self, ("per_iteration", "population", "demonstrations", "max_new_tokens", "max_reply_tokens", "attempts")
        )
        if self.population < 4:
            raise ValueError(f"Expected a population of at least 4 but got {self.population}")

    @property
    def requirements(self) -> Requirements:
        """Neither predictor nor features."""
        return Requirements(self.per_iteration, attempts=self.attempts)

    def longest_requests(
        self,
        demonstrations: Sequence[Example],
        longest: str,
        scored: Sequence[Example] = (),
        follows_requests: bool = True,
    ) -> list[Request]:
        """All attempts, each as the longest request."""
        variations = [Variation(origin, (longest,) * 4) for origin in ("paraphrase", "crossover", "difference")]
        prompt = max(
            (variation.request(self.templates) for variation in variations), key=lambda text: len(text.encode())
        )
        return [Request(prompt, self.max_reply_tokens, self.temperature)] * (self.attempts * self.per_iteration)

    def propose(self, pool: Pool, predictor: RewardPredictor | None, context: SearchContext) -> Proposal:
        """Paraphrases, then children; the predictor plays no part.

        Raises:
            BudgetSpent: the time was up before one came.
            ProviderError: none came, as calls failed.
        """
        new: list[Candidate] = []
        failures: list[CallFailure] = []
        wanted, written = self._wanted(pool), 0
        for attempt in range(self.attempts):
            generator = random.Random(f"evoprompt/{context.seed}/{pool.iteration}/{attempt}")
            variations = self._variations(pool, attempt, generator)[: wanted - len(new)]
            batch, failed = self._write(variations, attempt, context, generator)
            failures += failed
            written += len(batch)
            new = new_candidates([*new, *batch], pool, context.accepts)
            if len(new) == wanted:
                break
        if not new:
            explain_silence(failures)
        return Proposal(tuple(new), written, len(new))

    def generation(self, pool: Pool) -> tuple[Population, Population]:
        """The members of the population, and the children that they have so far."""
        members, later = self._founders(pool)
        while len(later) >= len(members):
            members, later = self.survivors(members, later[: len(members)]), later[len(members) :]
        return members, later

    @abstractmethod
    def survivors(self, members: Population, children: Population) -> Population:
        """The next population."""

    @abstractmethod
    def crossings(
        self, members: Population, children: Population, best: ScoredInstruction, generator: random.Random
    ) -> list[Variation]:
        """Children to make, in the order in which they are needed; as many as there are members.

        Args:
            members: the population.
            children: those of the present generation so far.
            best: the best instruction so far, of whatever generation.
            generator: randomness.
        """

    def _founders(self, pool: Pool) -> tuple[Population, Population]:
        """The first population, complete or not, and all children."""
        first = ranked(pool.initial().observations)[: self.population]
        later = pool.observations[len(pool.initial()) :]
        kept = first[: self.population - len(later[: self._paraphrases(pool)])]
        return (*kept, *later[: self._paraphrases(pool)]), later[self._paraphrases(pool) :]

    def _paraphrases(self, pool: Pool) -> int:
        return min(self.population // 2, len(pool.initial()))

    def _wanted(self, pool: Pool) -> int:
        """Returns how many instructions this iteration is to bring: no more than its phase has room for."""
        missing = self._paraphrases(pool) - (len(pool) - len(pool.initial()))
        if missing <= 0:
            members, children = self.generation(pool)
            missing = len(members) - len(children)
        return min(self.per_iteration, missing)

    def _variations(self, pool: Pool, attempt: int, generator: random.Random) -> list[Variation]:
        """Plans what to make next; the attempts begin at different places, so that one barren parent stops nothing."""
        later = pool.observations[len(pool.initial()) :]
        if len(later) < self._paraphrases(pool):
            best = ranked(pool.initial().observations)[: self._paraphrases(pool)]
            done = [row.candidate.parent for row in later]
            variations = [Variation("paraphrase", (row.text,)) for row in best if row.text not in done]
        else:
            best_so_far = ranked(pool.observations)[0]
            variations = self.crossings(*self.generation(pool), best_so_far, generator)
        turn = attempt % len(variations)
        return variations[turn:] + variations[:turn]

    def _write(
        self, variations: Sequence[Variation], attempt: int, context: SearchContext, generator: random.Random
    ) -> tuple[list[Candidate], list[CallFailure]]:
        """Writes all in one stream of requests; those whose call failed are left out, and the failures given too."""
        black_box = context.proposer
        continued, temperature = self._continues(black_box), max(self.temperature, attempt / self.attempts)
        beginnings = [variation.beginning(generator) if continued else "" for variation in variations]
        requests = [
            self._request(variation, beginning, temperature, context.demonstrations, generator)
            for variation, beginning in zip(variations, beginnings, strict=True)
        ]
        outcomes = black_box.complete(requests)
        several_lines = context.instruction_filter.several_lines
        texts = [
            Candidate(_text(beginning, outcome.text, several_lines), variation.origin, variation.parents[-1])
            for variation, beginning, outcome in zip(variations, beginnings, outcomes, strict=True)
            if isinstance(outcome, Completion)
        ]
        return texts, [outcome for outcome in outcomes if isinstance(outcome, CallFailure)]

    def _continues(self, black_box: AbstractBlackBox) -> bool:
        return self.operator == "continuation" or (self.operator == "auto" and not black_box.follows_requests)

    def _request(
        self,
        variation: Variation,
        beginning: str,
        temperature: float,
        examples: Sequence[Example],
        generator: random.Random,
    ) -> Request:
        seed = generator.getrandbits(31)
        if not beginning:
            return Request(variation.request(self.templates), self.max_reply_tokens, temperature, seed)
        shown = induction_prompt(draw_demonstrations(examples, self.demonstrations, generator))
        return Request(f"{shown} {beginning}", self.max_new_tokens, temperature, seed)


def _text(beginning: str, reply: str, several_lines: bool) -> str:
    return canonical(f"{PREFIX} {beginning}{reply}") if beginning else tagged(reply, several_lines=several_lines)


@dataclass(frozen=True)
class EvoPromptGA(AbstractEvoPrompt):
    """The genetic algorithm: fitter parents are drawn more often, and the best of parents and children live on.

    Args:
        distinct_parents: whether the two parents of a child always differ; the published code draws them independently.
    """

    distinct_parents: bool = True

    def survivors(self, members: Population, children: Population) -> Population:
        """The best ``population`` of both, best first, on the examples that two of them have in common."""
        return tuple(ranked((*members, *children))[: self.population])

    def crossings(
        self, members: Population, children: Population, best: ScoredInstruction, generator: random.Random
    ) -> list[Variation]:
        """Two parents each, drawn in proportion to their scores."""
        draws = [roulette_selection(members, 2, self.distinct_parents, generator) for _ in members]
        return [Variation("crossover", tuple(parent.text for parent in draw)) for draw in draws]


@dataclass(frozen=True)
class EvoPromptDE(AbstractEvoPrompt):
    """Differential evolution: every member has a child, which takes its place if it is strictly better."""

    def survivors(self, members: Population, children: Population) -> Population:
        """Each member, or a child of it that is strictly better on the examples that both have."""
        by_text = {member.text: member for member in members}
        for child in children:
            parent = child.candidate.parent
            if parent in by_text and is_better(child, by_text[parent]):
                by_text[parent] = child
        return tuple(by_text.values())

    def crossings(
        self, members: Population, children: Population, best: ScoredInstruction, generator: random.Random
    ) -> list[Variation]:
        """For each member, those without a child first: two other members, the best so far, and itself."""
        has_child = {child.candidate.parent for child in children}
        return [
            Variation("difference", (*self._donors(members, member, generator), best.text, member.text))
            for member in sorted(members, key=lambda member: member.text in has_child)
        ]

    def _donors(self, members: Population, member: ScoredInstruction, generator: random.Random) -> list[str]:
        """Two different others, or as many as there are, drawn alike."""
        others = [other.text for other in members if other is not member] or [member.text]
        return generator.sample(others, 2) if len(others) > 1 else others * 2
