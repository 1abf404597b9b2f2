"""A bracket grammar for phrasings: ``[write|give] the [first|initial] letter[ of the word|]``."""

from __future__ import annotations

import itertools
import random
import re

_GROUP = re.compile(r"\[([^\[\]]*)\]")


def draw(template: str, generator: random.Random) -> str:
    """One phrasing of ``template``, each alternative equally likely.

    >>> draw("[write|give] it", random.Random(0))
    'give it'
    """
    return " ".join(_GROUP.sub(lambda group: generator.choice(group[1].split("|")), template).split())


def expand(template: str) -> list[str]:
    """Every phrasing of ``template``.

    >>> expand("[a|the] letter[ of it|]")
    ['a letter of it', 'a letter', 'the letter of it', 'the letter']
    """
    parts = _GROUP.split(template)  # literal, alternatives, literal, ...
    choices = [[part] if i % 2 == 0 else part.split("|") for i, part in enumerate(parts)]
    return [" ".join("".join(pick).split()) for pick in itertools.product(*choices)]
