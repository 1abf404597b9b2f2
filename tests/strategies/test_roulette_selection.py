from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from duet.pool import Candidate, ScoredInstruction
from duet.strategies.roulette_selection import roulette_selection


def row(name: str, *scores: float) -> ScoredInstruction:
    return ScoredInstruction(Candidate(name, "x"), 0, scores, ("x",) * len(scores))


def names(rows: Sequence[ScoredInstruction]) -> str:
    return "".join(row.text for row in rows)


def test_it_draws_in_proportion_to_fitness() -> None:
    members = [row("a", 0.75), row("b", 0.25), row("c", 0.0)]
    drawn = Counter(names(roulette_selection(members, 4000, False, random.Random(0))))
    assert set(drawn) == {"a", "b"}
    assert abs(drawn["a"] - 3000) < 110  # four standard deviations of 27.4


@pytest.mark.parametrize("distinct", [True, False])
def test_it_draws_all_alike_where_all_fitness_is_zero(distinct: bool) -> None:
    members = [row(name, 0.0) for name in "abc"]
    generator = random.Random(0)
    pairs = [names(roulette_selection(members, 2, distinct, generator)) for _ in range(900)]
    firsts = Counter(pair[0] for pair in pairs)
    assert all(abs(firsts[name] - 300) < 57 for name in "abc")  # four standard deviations of 14.1
    assert any(pair[0] == pair[1] for pair in pairs) is not distinct


def test_distinct_parents_are_two_although_only_one_is_fit() -> None:
    members = [row("a", 1.0), row("b", 0.0), row("c", 0.0)]
    pairs = {names(roulette_selection(members, 2, True, random.Random(seed))) for seed in range(40)}
    assert pairs == {"ab", "ac"}
    assert names(roulette_selection(members[:1], 2, True, random.Random(0))) == "aa"


def test_fitness_is_that_on_the_examples_that_all_have() -> None:
    members = [row("a", 1.0, 0.0, 0.0, 0.0), row("b", 0.0)]
    assert set(names(roulette_selection(members, 50, False, random.Random(0)))) == {"a"}
