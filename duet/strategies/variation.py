"""Instructions made from others: paraphrased, crossed and mutated by a language model (EvoPrompt's operators)."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from duet.prompts import PARAPHRASE, fill, paraphrase_request, require_fields
from duet.proposals.instruction_filter import canonical

PARENTS = ("first", "second", "third", "fourth")  # their fields in a template
CROSSOVER = """\
Follow the two steps to write a better instruction. Write it between <prompt> and </prompt>.
1. Cross the two instructions: write one that takes parts from both.
2. Mutate the result of step 1: change its wording, not the task.

Instruction 1: Name the city from which the letter was sent.
Instruction 2: Read the letter and find out where its writer lives, in one word.
1. Read the letter and name the city where it was written, in one word.
2. <prompt>From what the letter says, give the city of its writer, and nothing more.</prompt>

Follow the same two steps for these instructions.
Instruction 1: {first}
Instruction 2: {second}"""

DIFFERENCE = """\
Follow the four steps to write a better instruction. Write it between <prompt> and </prompt>.
1. Name the parts in which instructions 1 and 2 differ.
2. Mutate these parts: change their wording, not the task.
3. Combine the mutated parts with the best instruction: let them replace the parts that correspond to them.
4. Cross the result of step 3 with the basic instruction: write one that takes parts from both.

Instruction 1: Name the city from which the letter was sent.
Instruction 2: Read the letter and find out where its writer lives, in one word.
Best instruction: Give the place where the letter was written.
Basic instruction: Decide from the letter which city its author is in.
1. "Name the city" differs from "find out where", and only instruction 2 says "in one word".
2. "Say which town" instead of "name the city"; "with a single word" instead of "in one word".
3. Say with a single word in which town the letter was written.
4. <prompt>Decide from the letter in which town its author wrote it, and say it with a single word.</prompt>

Follow the same four steps for these instructions.
Instruction 1: {first}
Instruction 2: {second}
Best instruction: {third}
Basic instruction: {fourth}"""

_TAGGED = re.compile(r"<prompt>(.*?)(?:</prompt>|\Z)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class VariationTemplates:
    """The requests for variations; the reply's instruction stands between ``<prompt>`` tags.

    Args:
        paraphrase: for one instruction in other words; ``{instruction}`` is filled in.
        crossover: for a child of two; ``{first}`` and ``{second}`` are filled in.
        difference: for a child by differential evolution: ``{first}`` and ``{second}`` are the two that differ,
            ``{third}`` is the best one, ``{fourth}`` the basic one.
    """

    paraphrase: str = PARAPHRASE
    crossover: str = CROSSOVER
    difference: str = DIFFERENCE

    def __post_init__(self) -> None:
        require_fields("templates.paraphrase", self.paraphrase, ("instruction",))
        require_fields("templates.crossover", self.crossover, PARENTS[:2])
        require_fields("templates.difference", self.difference, PARENTS)


@dataclass(frozen=True)
class Variation:
    """An instruction to be made from others.

    Args:
        origin: ``paraphrase`` of one, ``crossover`` of two, ``difference`` (of two, put into the best, crossed with the
            basic one).
        parents: their texts; the last one counts as the parent.
    """

    origin: str
    parents: tuple[str, ...]

    def request(self, templates: VariationTemplates) -> str:
        """The prompt that requests it of a model."""
        if self.origin == "paraphrase":
            return paraphrase_request(self.parents[0], template=templates.paraphrase)
        template = templates.crossover if self.origin == "crossover" else templates.difference
        return fill(template, dict(zip(PARENTS, self.parents, strict=False)))

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
    left, right = first.split(), second.split()
    cut = generator.randrange(1, max(2, min(len(left), len(right))))
    return " ".join(left[:cut] + right[cut:])


def tagged(reply: str, *, several_lines: bool = False) -> str:
    """The instruction in a reply, canonical: between the last tags or, without tags, the only line; else empty.

    Args:
        reply: of the model.
        several_lines: whether the instruction may have more lines than the first one.

    >>> tagged("1. Crossed: take it. 2. <prompt>Take the last word</prompt>"), tagged("First, I\\ncross them.")
    ('Take the last word.', '')
    """
    found = _TAGGED.findall(reply) or (reply.splitlines() if len(reply.strip().splitlines()) == 1 else [])
    return canonical(found[-1], several_lines=several_lines) if found else ""
