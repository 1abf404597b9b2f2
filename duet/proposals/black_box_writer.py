"""A black box that writes instructions, from demonstrations or as a good one in other words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from duet.examples.example import Example
from duet.models.base import AbstractBlackBox, CallFailure, Completion, Request
from duet.pool import Candidate
from duet.prompts import (
    INDUCTION,
    MAX_CHARACTERS,
    PARAPHRASE,
    draw_demonstrations,
    induction_prompt,
    initial_request,
    n_shown,
    paraphrase_request,
)
from duet.proposals.initialisation import parse_blocks, parse_instructions
from duet.proposals.instruction_filter import InstructionFilter
from duet.proposals.proposal_spec import ProposalSpec
from duet.proposals.silence import explain_silence

_UNCUT = 10**9  # characters


@dataclass(frozen=True)
class BlackBoxWriter:
    """Has a black box write instructions; each is a paid call.

    Args:
        demonstrations: examples per prompt.
        temperature: of the replies; each is a draw with a seed of its own.
        max_tokens: most tokens of a reply.
        per_set: how many candidates in a row see the same demonstrations.
        cover_labels: whether every label is shown, where outputs are a small closed set, with more examples if need be.
        top_p: probability of the likeliest tokens that a reply is drawn from; 1 draws from all.
        template: the prompt behind demonstrations; ``{demonstrations}`` and ``{count}`` are filled in.
        paraphrase_template: the request for other words; ``{instruction}`` is filled in.
    """

    demonstrations: int
    temperature: float
    max_tokens: int
    per_set: int = 1
    cover_labels: bool = True
    top_p: float = 1.0
    template: str = INDUCTION
    paraphrase_template: str = PARAPHRASE

    def write(
        self,
        specs: Sequence[ProposalSpec],
        examples: Sequence[Example],
        black_box: AbstractBlackBox,
        generator: random.Random,
        wanted: InstructionFilter = InstructionFilter(),
    ) -> list[Candidate]:
        """Writes each spec's text, all in one stream of requests; specs whose call failed are left out.

        Args:
            specs: with a parent to be put in other words, or without one.
            examples: the demonstrations to draw from.
            black_box: the model that writes.
            generator: of draws and seeds.
            wanted: what the prompt says of the wanted instructions.

        Raises:
            BudgetSpent: the time was up before one came.
            ProviderError: none came, as calls failed.
        """
        if not specs:
            return []
        prompts = self._prompts(specs, examples, generator, wanted)
        requests = [self._request(prompt, generator.getrandbits(31)) for prompt in prompts]
        outcomes = black_box.complete(requests)
        written = [
            spec.candidate(_only_instruction(outcome.text, wanted))
            for spec, outcome in zip(specs, outcomes, strict=True)
            if isinstance(outcome, Completion)
        ]
        if not written:
            explain_silence([outcome for outcome in outcomes if isinstance(outcome, CallFailure)])
        return written

    def _prompts(
        self,
        specs: Sequence[ProposalSpec],
        examples: Sequence[Example],
        generator: random.Random,
        wanted: InstructionFilter,
    ) -> list[str]:
        prompts: list[str] = []
        n_induced, induction = 0, ""
        for spec in specs:
            if spec.parent:
                prompts.append(self._paraphrase(spec.parent, wanted))
                continue
            if n_induced % self.per_set == 0:
                covered = self.cover_labels
                shown = draw_demonstrations(examples, self.demonstrations, generator, cover_labels=covered)
                induction = self._from_examples(shown, wanted, MAX_CHARACTERS)
            n_induced += 1
            prompts.append(induction)
        return prompts

    def _request(self, prompt: str, seed: int) -> Request:
        return Request(prompt, self.max_tokens, self.temperature, seed, top_p=self.top_p)

    def _paraphrase(self, instruction: str, wanted: InstructionFilter) -> str:
        own_words = wanted.language is not None
        return paraphrase_request(
            instruction, wanted.requirements, in_own_words=own_words, template=self.paraphrase_template
        )

    def _from_examples(self, shown: Sequence[Example], wanted: InstructionFilter, max_characters: int) -> str:
        """The template, to be continued; a request for one instruction where the filter wants something of it."""
        if not wanted.requirements and not wanted.several_lines:
            return induction_prompt(shown, max_characters, self.template)
        return initial_request(
            shown,
            1,
            requirements=wanted.requirements,
            in_own_words=wanted.language is not None,
            several_lines=wanted.several_lines,
            max_characters=max_characters,
        )

    def longest_requests(
        self, specs: Sequence[ProposalSpec], examples: Sequence[Example], longest: str
    ) -> list[Request]:
        """One request per spec, each as long as it can be where the filter wants nothing special."""
        sizes = sorted(
            examples, key=lambda example: -len((example.input + example.outputs[0]).encode(errors="replace"))
        )
        shown = sizes[: n_shown(examples, self.demonstrations) if self.cover_labels else self.demonstrations]
        paraphrase = paraphrase_request(longest, template=self.paraphrase_template)
        resample = induction_prompt(shown, _UNCUT, self.template)
        return [self._request(paraphrase if spec.parent else resample, 0) for spec in specs]


def _only_instruction(reply: str, wanted: InstructionFilter) -> str:
    """The first instruction in a reply, maybe empty; where it may have several lines, all of the reply."""
    if wanted.several_lines:
        return next(iter(parse_blocks(reply)), "")
    return next(iter(parse_instructions(reply)), "")
