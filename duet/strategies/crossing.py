"""Instructions from other instructions: paraphrased, crossed and mutated by a language model (EvoPrompt)."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from duet.prompts import fill, paraphrase_request
from duet.proposals.instruction_filter import canonical

CROSSOVER = """\
Two instructions for one task:

Instruction 1: {first}
Instruction 2: {second}

Step by step:
1. Cross them: write an instruction that takes parts from both.
2. Mutate the result: change its wording, not the task.
Write the result of step 2 between <prompt> and </prompt>."""

DIFFERENCE = """\
Four instructions for one task:

Instruction 1: {first}
Instruction 2: {second}
Best instruction: {third}
Basic instruction: {fourth}

Step by step:
1. Name the parts in which instructions 1 and 2 differ.
2. Mutate these parts: change their wording, not the task.
3. Combine the mutated parts with the best instruction: let them take the place of the parts that answer to them.
4. Cross the result of step 3 with the basic instruction: write an instruction that takes parts from both.
Write the result of step 4 between <prompt> and </prompt>."""

_TAGGED = re.compile(r"<prompt>(.*?)(?:</prompt>|\Z)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Plan:
    """An instruction to be made from others.

    Args:
        origin: ``paraphrase`` of one, ``crossover`` of two, ``difference`` (of two, put into the best, crossed with the
            basic one).
        parents: their texts; the last one counts as the parent.
    """

    origin: str
    parents: tuple[str, ...]

    def request(self) -> str:
        """The prompt that asks a model for it."""
        if self.origin == "paraphrase":
            return paraphrase_request(self.parents[0])
        template = CROSSOVER if self.origin == "crossover" else DIFFERENCE
        return fill(template, dict(zip(("first", "second", "third", "fourth"), self.parents, strict=False)))

    def beginning(self, generator: random.Random) -> str:
        """The first words of the parents, spliced, for a model that can't follow a request but continues a text."""
        text = self.parents[0]
        for other in self.parents[1:]:
            text = splice(text, other, generator)
        words = text.rstrip(".?!").split()
        kept = " ".join(words[: generator.randrange(1, max(2, len(words)))])
        return kept[0].lower() + kept[1:]


def splice(first: str, second: str, generator: random.Random) -> str:
    """One-point crossover: the first words of one text, then those words of the other that follow the same place."""
    one, two = first.split(), second.split()
    cut = generator.randrange(1, max(2, min(len(one), len(two))))
    return " ".join(one[:cut] + two[cut:])


def tagged(reply: str) -> str:
    """The instruction in a reply, canonical: between the last tags or, without tags, the only line; else empty.

    >>> tagged("1. Crossed: take it. 2. <prompt>Take the last word</prompt>"), tagged("First, I\\ncross them.")
    ('Take the last word.', '')
    """
    found = _TAGGED.findall(reply) or (reply.splitlines() if len(reply.strip().splitlines()) == 1 else [])
    return canonical(found[-1]) if found else ""
