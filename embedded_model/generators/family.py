"""A family of examples: one rule, as many (input, outputs) pairs as one likes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "word_list", "numbers", "sentence"]
Draw = Callable[[random.Random], tuple[str, tuple[str, ...]]]


@dataclass(frozen=True)
class Family:
    """One rule that turns an input into an output.

    Args:
        name: unique, snake_case.
        kind: what an input looks like; vague instructions are shared by all families of a kind.
        draw: returns one fresh (input, accepted outputs); the first accepted output is the canonical one.
            All randomness comes from its argument.
        metric: the name of a published or a built-in metric (``duet.metrics.registry``).
    """

    name: str
    kind: Kind
    draw: Draw
    metric: str = "induction_exact_match"
