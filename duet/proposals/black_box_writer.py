"""A black box that writes instructions, from demonstrations or as a good one in other words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from duet.models.base import NOT_SENT, AbstractBlackBox, CallFailure, Completion, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.pool import Candidate
from duet.prompts import (
    MAX_CHARACTERS,
    draw_demonstrations,
    induction_prompt,
    initial_request,
    n_shown,
    paraphrase_request,
)
from duet.proposals.initialisation import parse_blocks, parse_instructions
from duet.proposals.instruction_filter import InstructionFilter
from duet.tasks.example import Example

_UNCUT = 10**9  # characters


@dataclass(frozen=True)
class BlackBoxWriter:
    """How a black box writes an instruction; each one is a paid call.

    Args:
        demonstrations: examples per prompt; each candidate sees a draw of its own.
        temperature: of the replies; each is a draw with a seed of its own.
        max_tokens: most tokens of a reply.
    """

    demonstrations: int
    temperature: float
    max_tokens: int

    def write(
        self,
        plans: Sequence[Candidate],
        examples: Sequence[Example],
        black_box: AbstractBlackBox,
        generator: random.Random,
        wanted: InstructionFilter = InstructionFilter(),
    ) -> list[Candidate]:
        """Carries out each plan, a candidate without a text, in one call; plans whose call failed are left out.

        Args:
            plans: whose parent is to be said in other words, or without a parent.
            examples: the demonstrations to draw from.
            black_box: the model that writes.
            generator: of draws and seeds.
            wanted: what the model is told of the instructions that are wanted.

        Raises:
            BudgetSpent: the time was up before one came.
            ProviderError: none came, as calls failed.
        """
        if not plans:
            return []
        prompts = [self._prompt(plan, examples, generator, wanted) for plan in plans]
        requests = [Request(prompt, self.max_tokens, self.temperature, generator.getrandbits(31)) for prompt in prompts]
        outcomes = black_box.complete(requests)
        written = [
            replace(plan, text=_only_instruction(outcome.text, wanted))
            for plan, outcome in zip(plans, outcomes, strict=True)
            if isinstance(outcome, Completion)
        ]
        if not written:
            explain_silence([outcome for outcome in outcomes if isinstance(outcome, CallFailure)])
        return written

    def _prompt(
        self, plan: Candidate, examples: Sequence[Example], generator: random.Random, wanted: InstructionFilter
    ) -> str:
        if plan.parent:
            return self._paraphrase(plan.parent, wanted)
        shown = draw_demonstrations(examples, self.demonstrations, generator, cover_labels=True)
        return self._from_examples(shown, wanted, MAX_CHARACTERS)

    def _paraphrase(self, instruction: str, wanted: InstructionFilter) -> str:
        return paraphrase_request(instruction, wanted.requirements, in_own_words=wanted.language is not None)

    def _from_examples(self, shown: Sequence[Example], wanted: InstructionFilter, max_characters: int) -> str:
        """INSTINCT's form, to be continued; a request for one instruction where the filter wants something of it."""
        if not wanted.requirements and not wanted.several_lines:
            return induction_prompt(shown, max_characters)
        return initial_request(
            shown,
            1,
            requirements=wanted.requirements,
            in_own_words=wanted.language is not None,
            several_lines=wanted.several_lines,
            max_characters=max_characters,
        )

    def longest_requests(self, plans: Sequence[Candidate], examples: Sequence[Example], longest: str) -> list[Request]:
        """One request per plan, each as long as it can be where the filter wants nothing special."""
        sizes = sorted(examples, key=lambda one: -len((one.input + one.outputs[0]).encode(errors="replace")))
        shown = sizes[: n_shown(examples, self.demonstrations)]
        paraphrase, resample = paraphrase_request(longest), induction_prompt(shown, _UNCUT)
        return [Request(paraphrase if plan.parent else resample, self.max_tokens, self.temperature) for plan in plans]


def _only_instruction(reply: str, wanted: InstructionFilter) -> str:
    """The first instruction in a reply, maybe empty; where it may have several lines, all of the reply."""
    if wanted.several_lines:
        return next(iter(parse_blocks(reply)), "")
    return next(iter(parse_instructions(reply)), "")


def explain_silence(failures: Sequence[CallFailure]) -> None:
    """Says why no text came where it is not the texts' fault.

    Raises:
        BudgetSpent: the time was up.
        ProviderError: calls failed that may succeed later.
    """
    if NOT_SENT in failures:
        raise BudgetSpent("The time was up before an instruction came")
    for failure in failures:
        if failure.kind == "failed":
            raise ProviderError(f"No instruction came ({failure.reason}); start again to ask for it")
