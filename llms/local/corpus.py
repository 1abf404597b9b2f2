"""The embedded model's training text: prompts of the product, answered by the families of ``tasks.generated``.

70 % follow an instruction, 30 % write one from demonstrations (induction).
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from llms.local import phrasings
from llms.local.grammar import draw
from tasks.generated.families import FAMILIES
from tasks.generated.family import Family

NOT_A_VERB = re.compile(r"^\W*(a|an|the|what|which|who|how|for|given|your|this|each|its|in|from|of|as|with|when|if)\b")
WRAPPERS = [
    "please {}",
    "your task is to {}",
    "read the input and {}",
    "for each input, {}",
    "{}, and nothing else",
    "look at the input and {}",
    "you must {}",
    "in this task you have to {}",
    "{} only",
]


@dataclass(frozen=True)
class Phase:
    """What one phase of the training draws.

    Args:
        induction: share of the examples that write an instruction instead of following one.
        vague: share of vague instructions among those that are followed.
        harder: families that take more examples to learn to follow; all others weigh 1, the composites ``composite``.
        composite: weight of a composite.
    """

    induction: float
    vague: float
    harder: dict[str, float]
    composite: float


FIRST = Phase(
    induction=0.3,
    vague=0.12,
    composite=0.35,
    harder={
        "sum": 16.0, "difference": 16.0, "animals_in_list": 3.0, "negation": 5.0, "active_to_passive": 3.0,
        "words_starting_with": 4.0, "larger_animal": 4.0, "sort_words": 3.0, "number_in_words": 2.0,
        "singular_to_plural": 3.0, "reverse_word": 2.0, "count_objects": 2.0, "antonym": 2.0, "german": 2.0,
        "spanish": 2.0, "french": 2.0, "synonym": 1.5, "odd_one_out": 2.0, "category_name": 1.5, "sentiment": 1.5,
    },
)  # fmt: skip
SECOND = Phase(  # sums and differences are learned by then; lists, selections and vocabulary are not
    induction=0.25,
    vague=0.1,
    composite=0.7,
    harder={
        "sum": 4.0, "difference": 4.0, "animals_in_list": 3.5, "foods_in_list": 1.5, "negation": 3.0,
        "active_to_passive": 2.0, "words_starting_with": 2.5, "larger_animal": 3.5, "smaller_animal": 2.0,
        "sort_words": 3.0, "number_in_words": 2.5, "singular_to_plural": 3.5, "reverse_word": 1.5, "count_objects": 2.0,
        "antonym": 2.5, "german": 2.5, "spanish": 2.5, "french": 2.5, "synonym": 2.0, "odd_one_out": 2.0,
        "category_name": 1.5, "element": 1.5, "sort_numbers": 1.5, "longest_word": 2.0, "shortest_word": 2.0,
        "alphabetically_first_word": 2.0, "alphabetically_last_word": 2.0, "reverse_order": 1.5, "next_number": 1.5,
        "previous_number": 1.5, "larger_number": 1.5, "smaller_number": 1.5,
        "first_letter": 0.6, "last_letter": 0.6, "first_word": 0.6, "sentiment": 0.6, "upper_case": 0.5,
        "first_word_of_sentence": 0.5, "last_word_of_sentence": 0.5, "name_in_sentence": 0.7,
    },
)  # fmt: skip
PHASES = (FIRST, SECOND)


@dataclass(frozen=True)
class Part:
    """A piece of text; the loss is taken on its tokens only if it is learned."""

    text: str
    learned: bool


def induce_weight(family: Family, phase: Phase) -> float:
    """How often a family's instructions are induced, relative to the others."""
    return phase.composite if phrasings.is_composite(family.name) else 1.0


def follow_weight(family: Family, phase: Phase) -> float:
    """How often a family's instructions are followed, relative to the others."""
    return phase.harder.get(family.name, induce_weight(family, phase))


def sentence(text: str, generator: random.Random) -> str:
    """The instruction as people write it: mostly a sentence, sometimes bare, sometimes with the paper's prefix."""
    style = generator.random()
    if style < 0.1 and not NOT_A_VERB.match(text):
        return f"The instruction was to {text}."
    if style < 0.25:
        return text
    text = text[0].upper() + text[1:]
    return text if text.endswith("?") or style < 0.35 else f"{text}."


def precise(family: Family, generator: random.Random, verbs_only: bool = False) -> str:
    """An instruction that says all that is needed."""
    templates = _verb_templates(family.name) if verbs_only else phrasings.PRECISE[family.name]
    text = draw(generator.choice(templates), generator)
    if generator.random() < 0.2 and not NOT_A_VERB.match(text):
        text = generator.choice(WRAPPERS if not verbs_only else ["{}, and nothing else", "{} only"]).format(text)
    return text


def vague(family: Family, generator: random.Random) -> str:
    """An instruction that is right but leaves open what exactly to do; other families share it."""
    return draw(generator.choice(phrasings.VAGUE[family.name]), generator)


@cache
def _verb_templates(name: str) -> list[str]:
    found = [template for template in phrasings.PRECISE[name] if not NOT_A_VERB.match(template.replace("[", ""))]
    return found or phrasings.PRECISE[name]


def follow(family: Family, generator: random.Random, vague_share: float = 0.12) -> list[Part]:
    """An instruction and an input, sometimes several one after the other; each answer is learned."""
    text = vague(family, generator) if generator.random() < vague_share else precise(family, generator)
    several = generator.random() < (0.7 if family.name in ("sum", "difference") else 0.2)
    parts = [Part(f"Instruction: {sentence(text, generator)}", False)]
    for _ in range(generator.randint(2, 6) if several else 1):
        question, answers = family.draw(generator)
        parts += [Part(f"\n\nInput: {question}\nOutput:", False), Part(f" {answers[0]}", True)]
    return parts


def induce(family: Family, generator: random.Random, most: int = 6) -> list[Part]:
    """Three to six demonstrations; the instruction is learned, and each output after the first two."""
    parts = []
    for index in range(generator.randint(3, most)):
        question, answers = family.draw(generator)
        gap = "\n\n" if index else ""
        parts += [Part(f"{gap}Input: {question}\nOutput:", False), Part(f" {answers[0]}", index >= 2)]
    text = vague(family, generator) if generator.random() < 0.35 else precise(family, generator, verbs_only=True)
    if generator.random() < 0.7:
        text += "."
    return [*parts, Part("\n\nThe instruction was to", False), Part(f" {text}", True)]


def examples(seed: int, phase: Phase = FIRST) -> Iterator[list[Part]]:
    """Endless training examples; the last part of each is an answer that ends."""
    generator = random.Random(seed)
    follow_weights = list(itertools.accumulate(follow_weight(family, phase) for family in FAMILIES))
    induce_weights = list(itertools.accumulate(induce_weight(family, phase) for family in FAMILIES))
    while True:
        if generator.random() < 1 - phase.induction:
            family = generator.choices(FAMILIES, cum_weights=follow_weights)[0]
            yield follow(family, generator, phase.vague)
        else:
            yield induce(generator.choices(FAMILIES, cum_weights=induce_weights)[0], generator)
