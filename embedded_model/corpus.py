"""The embedded model's training text: prompts of the product, answered by the families of ``embedded_model.generators``.

Most examples follow an instruction, the others write one from demonstrations (induction). What the model can't do yet is
drawn more often.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from torch import Tensor

from embedded_model import phrasings
from embedded_model.generators.families import FAMILIES
from embedded_model.generators.family import Family
from embedded_model.grammar import draw, expand

VERBS = frozenset(["abbreviate", "adapt", "add", "adjust", "alphabetise", "alphabetize", "alter", "analyse", "answer", "append", "arrange", "assess", "begin", "bring", "build", "calculate", "call", "capitalise", "capitalize", "cast", "change", "check", "choose", "classify", "clear", "clone", "collect", "combine", "compare", "compute", "consider", "construct", "convert", "copy", "count", "cross", "cut", "decide", "declare", "decrease", "decrement", "delete", "deny", "derive", "describe", "detect", "determine", "discard", "divide", "do", "double", "drop", "elevate", "erase", "evaluate", "exchange", "express", "extract", "fetch", "filter", "find", "finish", "flip", "forget", "form", "gather", "generalise", "get", "give", "group", "guess", "hand", "identify", "ignore", "imagine", "increase", "increment", "inflect", "insert", "interchange", "invert", "join", "jot", "judge", "jump", "keep", "leave", "let", "lift", "list", "locate", "look", "make", "mark", "match", "measure", "mention", "mirror", "move", "multiply", "name", "narrate", "negate", "note", "number", "offer", "omit", "oppose", "order", "output", "overwrite", "pair", "paraphrase", "pass", "passive", "phrase", "pick", "place", "pluralise", "pluralize", "polish", "preserve", "print", "produce", "put", "quote", "raise", "rank", "rate", "read", "rearrange", "recognise", "recount", "reduce", "refine", "reject", "remove", "render", "reorder", "repeat", "rephrase", "replace", "reply", "report", "represent", "respond", "restate", "retain", "retell", "return", "reverse", "reword", "rewrite", "say", "search", "select", "separate", "set", "shift", "shorten", "shout", "show", "skip", "sort", "spell", "split", "spot", "spread", "start", "state", "stop", "stretch", "strike", "strip", "subtract", "sum", "supply", "swap", "switch", "take", "tally", "tell", "throw", "total", "transcribe", "transform", "translate", "transpose", "trim", "turn", "underline", "uppercase", "use", "weigh", "work", "write"])  # fmt: skip
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
    "{}, please",
    "the task: {}",
    "i want you to {}",
    "you should {}",
    "what you have to do: {}",
    "now {}",
    "can you {}?",
    "{}. nothing more",
    "your job: {}",
    "here, {}",
    "try to {}",
    "all you do is {}",
    "{} and write the answer",
]
INDUCED, VAGUE = 0.22, 0.07  # shares of the examples; the others follow a precise instruction
LIGHT = frozenset(
    [
        "a",
        "all",
        "an",
        "and",
        "any",
        "at",
        "each",
        "every",
        "for",
        "from",
        "given",
        "in",
        "it",
        "its",
        "just",
        "of",
        "on",
        "only",
        "simply",
        "the",
        "then",
        "to",
        "with",
    ]
)


@dataclass(frozen=True)
class Segment:
    """A piece of text; the loss is taken on its tokens only if it is learned."""

    text: str
    learned: bool


def induce_weight(family: Family) -> float:
    """How often a family's instructions are induced, relative to the others."""
    if phrasings.is_seldom_induced(family.name):
        return 0.05
    return 0.7 if phrasings.is_composite(family.name) else 1.0


def follow_weight(error: float) -> float:
    """How often a family's instructions are followed, given how often the model is wrong: what it can do is drawn less."""
    return 0.1 + error


def starts_with_verb(text: str) -> bool:
    """Whether it can stand behind "The instruction was to".

    >>> starts_with_verb("write it"), starts_with_verb("its first letter")
    (True, False)
    """
    return text.split()[0].rstrip(",:") in VERBS


def sentence(text: str, generator: random.Random) -> str:
    """The instruction as people write it: mostly a sentence, sometimes bare, sometimes with the paper's prefix."""
    style = generator.random()
    if style < 0.1 and starts_with_verb(text):
        return f"The instruction was to {text}."
    if style < 0.25:
        return text
    text = text[0].upper() + text[1:]
    return text if text.endswith("?") or style < 0.35 else f"{text}."


def precise(family: Family, generator: random.Random, verbs_only: bool = False) -> str:
    """An instruction that says all that is needed; never one that is held out."""
    templates = _verb_templates(family.name) if verbs_only else phrasings.PRECISE[family.name]
    text = draw(generator.choice(templates), generator)
    while plain(text) in _held_out():
        text = draw(generator.choice(templates), generator)
    if generator.random() < 0.2 and starts_with_verb(text):
        text = generator.choice(WRAPPERS if not verbs_only else ["{}, and nothing else", "{} only"]).format(text)
    return text


def plain(text: str) -> str:
    """Small letters, no blanks, no end mark: what may differ between two spellings of a phrasing."""
    return re.sub(r"\s", "", text.lower()).rstrip(".?!")


@cache
def _held_out() -> frozenset[str]:
    return frozenset(plain(text) for texts in phrasings.HELD_OUT.values() for text in texts)


def thinned(text: str, generator: random.Random) -> str:
    """The instruction as someone in a hurry writes it: some of the words that carry no meaning are left out."""
    return " ".join(word for word in text.split() if word not in LIGHT or generator.random() < 0.5)


def vague(family: Family, generator: random.Random) -> str:
    """An instruction that is right but leaves open what exactly to do; other families share it."""
    return draw(generator.choice(phrasings.VAGUE[family.name]), generator)


@cache
def _verb_templates(name: str) -> list[str]:
    found = [each for each in phrasings.PRECISE[name] if all(map(starts_with_verb, expand(each)))]
    return found or phrasings.PRECISE[name]


def follow(family: Family, generator: random.Random, text: str | None = None) -> list[Segment]:
    """An instruction and an input, sometimes several one after the other; each answer is learned.

    Args:
        family: whose examples.
        generator: of all that is drawn.
        text: the instruction; a precise one by default.
    """
    text = text or precise(family, generator)
    if generator.random() < 0.15:
        text = thinned(text, generator) or text
    several = generator.random() < 0.25
    parts = [Segment(f"Instruction: {sentence(text, generator)}", False)]
    for _ in range(generator.randint(2, 4) if several else 1):
        question, answers = family.draw(generator)
        parts += [Segment(f"\n\nInput: {question}\nOutput:", False), Segment(f" {answers[0]}", True)]
    return parts


def induce(family: Family, generator: random.Random, most: int = 6) -> list[Segment]:
    """Three to six demonstrations; the instruction is learned, and each output after the first two."""
    parts = []
    for index in range(generator.randint(3, most)):
        question, answers = family.draw(generator)
        gap = "\n\n" if index else ""
        parts += [Segment(f"{gap}Input: {question}\nOutput:", False), Segment(f" {answers[0]}", index >= 2)]
    text = vague(family, generator) if generator.random() < 0.35 else precise(family, generator, verbs_only=True)
    if generator.random() < 0.7:
        text += "."
    return [*parts, Segment("\n\nThe instruction was to", False), Segment(f" {text}", True)]


@dataclass(frozen=True)
class Drawn:
    """A training example.

    Args:
        parts: the last of them is an answer that ends.
        family: index of the family whose precise instruction is followed; -1 where an error says nothing about what the
            model can do: a vague instruction, or one that is induced.
    """

    parts: list[Segment]
    family: int


def examples(seed: int, errors: Tensor) -> Iterator[Drawn]:
    """Endless training examples.

    Args:
        seed: decides everything, together with the errors.
        errors: (families,), how often the model is wrong on each at present, in [0, 1]; read anew for each example.
    """
    generator = random.Random(seed)
    induce_weights = list(itertools.accumulate(induce_weight(family) for family in FAMILIES))
    while True:
        kind = generator.random()
        if kind < INDUCED:
            yield Drawn(induce(generator.choices(FAMILIES, cum_weights=induce_weights)[0], generator), -1)
            continue
        weights = list(itertools.accumulate(map(follow_weight, errors.tolist())))
        index = generator.choices(range(len(FAMILIES)), cum_weights=weights)[0]
        family = FAMILIES[index]
        if kind < INDUCED + VAGUE:
            yield Drawn(follow(family, generator, vague(family, generator)), -1)
        else:
            yield Drawn(follow(family, generator), index)
