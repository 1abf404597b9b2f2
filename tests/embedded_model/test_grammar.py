from __future__ import annotations

import random
from collections import Counter

import pytest
from scipy import stats

from embedded_model.grammar import draw, expand

TEMPLATES = {
    "plain text": ["plain text"],
    "[a|b]": ["a", "b"],
    "[a|b] [c|d]": ["a c", "a d", "b c", "b d"],
    "x[ y|] z": ["x y z", "x z"],
    "[|a] b": ["b", "a b"],
    "[only]": ["only"],
    "  too   [ many | ]  blanks ": ["too many blanks", "too blanks"],
}


@pytest.mark.parametrize(("template", "phrasings"), TEMPLATES.items())
def test_a_template_expands_to_every_phrasing(template: str, phrasings: list[str]) -> None:
    assert expand(template) == phrasings


@pytest.mark.parametrize(("template", "phrasings"), TEMPLATES.items())
def test_draws_are_phrasings_and_reach_all_of_them(template: str, phrasings: list[str]) -> None:
    generator = random.Random(0)
    assert {draw(template, generator) for _ in range(100)} == set(phrasings)


def test_alternatives_are_equally_likely_and_a_repeated_one_counts_twice() -> None:
    generator = random.Random(0)
    counts = Counter(draw("[a|a|b|c]", generator) for _ in range(4000))
    assert stats.chisquare([counts["a"], counts["b"], counts["c"]], [2000, 1000, 1000]).pvalue > 0.001


def test_the_generator_decides() -> None:
    template = "[a|b|c|d] [e|f|g|h] [i|j|k|l]"
    assert [draw(template, random.Random(7)) for _ in range(2)] == [draw(template, random.Random(7))] * 2
