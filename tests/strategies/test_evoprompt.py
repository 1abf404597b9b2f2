from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from duet.examples.example import Example
from duet.models.base import NOT_SENT, CallFailure, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.strategies.evoprompt import AbstractEvoPrompt, EvoPromptDE, EvoPromptGA
from duet.strategies.strategy import Proposal
from tests.strategies.contexts import make_context

EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(12)]
BOTH = pytest.mark.parametrize("variant", [EvoPromptGA, EvoPromptDE])


class Nobody:
    """A predictor that must not be used."""

    def predict_joint(self, features: torch.Tensor, prior: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        raise AssertionError("nothing is to be predicted")


def row(name: str, score: float, iteration: int = 0, parent: str | None = None) -> ScoredInstruction:
    """An instruction, known by one letter."""
    candidate = Candidate(text(name), "x", parent and text(parent), torch.zeros(4))
    return ScoredInstruction(candidate, iteration, (score,), ("x",))


def text(name: str) -> str:
    return f"Take {name}."


def names(rows: Any) -> str:
    return "".join(row.text[5] for row in rows)


# Five initial instructions, of which a population of 4 takes the best two, with a paraphrase of each.
INITIAL = Pool((row("a", 0.2), row("b", 0.8), row("c", 0.0), row("d", 0.6), row("e", 0.4)))
FOUNDED = Pool((*INITIAL, row("f", 0.5, 1, "b"), row("g", 0.1, 2, "d")))
CHILDREN = [row("h", 0.9, 3, "b"), row("i", 0.6, 4, "d"), row("j", 0.0, 5, "f"), row("k", 0.2, 6, "g")]
GROWN = FOUNDED + CHILDREN


def propose(strategy: AbstractEvoPrompt, pool: Pool, box: ScriptedBlackBox, seed: int = 0) -> Proposal:
    return strategy.propose(pool, Nobody(), make_context(box, HashingWhiteBox(), EXAMPLES, seed=seed))


def breeding(identity: str = "scripted") -> ScriptedBlackBox:
    """Answers every request with another instruction, between tags."""
    numbers = itertools.count()
    return ScriptedBlackBox(lambda request: f"1. ...\n2. <prompt>take part {next(numbers)}</prompt>", identity)


@BOTH
def test_the_first_population_is_the_best_initial_half_and_a_paraphrase_of_each(variant: Any) -> None:
    members, children = variant(population=4).generation(FOUNDED)
    assert (names(members), names(children)) == ("bdfg", "")
    few, _ = variant(population=6).generation(Pool((row("a", 0.2), row("b", 0.8), row("c", 0.1, 1), row("d", 0, 1))))
    assert names(few) == "bacd"


def test_of_parents_and_children_the_best_live_on_in_ga() -> None:
    members, children = EvoPromptGA(population=4).generation(GROWN)
    assert (names(members), names(children)) == ("hbdi", "")  # .9 .8 .6 .6
    later = (row("l", 0.7, 7), row("m", 0.6, 8))
    members, children = EvoPromptGA(population=4).generation(GROWN + later)
    assert (names(members), names(children)) == ("hbdi", "lm")


def test_a_child_takes_its_parents_place_in_de_only_if_it_is_strictly_better() -> None:
    members, children = EvoPromptDE(population=4).generation(GROWN)
    assert (names(members), names(children)) == ("hdfk", "")  # i equals d, j is worse than f
    better = [row("l", 1.0, 7, "k"), row("m", 0.3, 8, "k"), row("n", 0.9, 9, "h"), row("o", 1.0, 10, "b")]
    members, _ = EvoPromptDE(population=4).generation(GROWN + better)
    assert names(members) == "hdfl"  # the better of two children; a child of a dead member takes no place


def test_de_asks_for_each_member_with_two_others_and_the_best_and_begins_with_those_without_a_child() -> None:
    de = EvoPromptDE(population=4)
    members, children = de.generation(FOUNDED + CHILDREN[:1])
    plans = de.crossings(members, children, row("z", 1.0), random.Random(0))
    assert [plan.parents[3][5] for plan in plans] == ["d", "f", "g", "b"]
    for plan in plans:
        first, second, best, basic = plan.parents
        assert best == text("z")
        assert len({first, second, basic}) == 3
        assert {first, second} < {member.text for member in members}


def scored(name: str, scores: tuple[int, ...], iteration: int, parent: str | None = None) -> ScoredInstruction:
    """A row that was broken off after some examples."""
    candidate = Candidate(text(name), "x", parent and text(parent))
    return ScoredInstruction(candidate, iteration, tuple(map(float, scores)), ("x",) * len(scores))


WHOLE = (1, 1, 1) + (1, 0) * 5 + (0,) * 7  # 8 of 20


@BOTH
def test_a_child_that_was_broken_off_early_does_not_win_by_its_bare_mean(variant: Any) -> None:
    parents = [scored(name, WHOLE, 0) for name in "ab"] + [scored(name, WHOLE, 1, name) for name in "cd"]
    children = [scored(child, (1, 0, 1), 2, name) for child, name in zip("efgh", "abcd", strict=True)]  # .67, not .4
    assert sorted(names(variant(population=4).generation(Pool((*parents, *children)))[0])) == list("abcd")


@BOTH
def test_a_child_that_is_better_on_the_examples_that_both_have_lives_on(variant: Any) -> None:
    parents = [scored(name, (0, 1, *WHOLE[2:]), 0) for name in "ab"]
    parents += [scored(name, (0, 1, *WHOLE[2:]), 1, name) for name in "cd"]
    children = [scored(child, (1, 1, 1), 2, name) for child, name in zip("efgh", "abcd", strict=True)]
    assert sorted(names(variant(population=4).generation(Pool((*parents, *children)))[0])) == list("efgh")


def test_the_donor_is_the_best_so_far_even_if_it_is_no_member() -> None:
    box = breeding()
    propose(EvoPromptDE(population=4), Pool((*FOUNDED, row("z", 1.0, 3, "b"))), box)
    assert text("z") in box.requests[0].prompt


@BOTH
def test_with_as_many_per_iteration_as_members_an_iteration_is_a_generation(variant: Any) -> None:
    strategy, pool, box = variant(population=4, per_iteration=4), INITIAL, breeding()
    for iteration in range(1, 5):
        found = propose(strategy, pool, box).candidates
        assert len(found) == (2 if iteration == 1 else 4)
        pool += [ScoredInstruction(candidate, iteration, (0.5,), ("x",)) for candidate in found]
        assert len(strategy.generation(pool)[1]) == 0


@BOTH
def test_paraphrases_come_first_then_children_and_a_generation_is_never_exceeded(variant: Any) -> None:
    strategy = variant(population=4, per_iteration=3)
    first = propose(strategy, INITIAL, breeding())
    assert [(candidate.origin, candidate.parent) for candidate in first.candidates] == [
        ("paraphrase", text("b")), ("paraphrase", text("d")),
    ]  # fmt: skip
    [second] = propose(strategy, Pool(FOUNDED.observations[:-1]), breeding()).candidates
    assert second.parent == text("d")
    assert len(propose(strategy, FOUNDED, breeding()).candidates) == 3
    assert len(propose(strategy, FOUNDED + CHILDREN[:3], breeding()).candidates) == 1


def test_ga_shows_two_parents_and_de_four() -> None:
    box = breeding()
    [child] = propose(EvoPromptGA(population=4), FOUNDED, box).candidates
    assert child.origin == "crossover"
    assert sum(member.text in box.requests[0].prompt for member in FOUNDED) == 2
    assert box.requests[0].prompt.count("Take ") == 2
    [child] = propose(EvoPromptDE(population=4), FOUNDED, box).candidates
    assert (child.origin, child.parent) == ("difference", text("b"))
    assert box.requests[1].prompt.count("Take ") == 4
    assert {(request.temperature, request.max_tokens) for request in box.requests} == {(0.5, 512)}


@BOTH
def test_a_pool_without_any_success_has_children_too(variant: Any) -> None:
    pool = Pool((*(row(name, 0.0) for name in "abcd"), row("e", 0.0, 1, "a"), row("f", 0.0, 2, "b")))
    assert len(propose(variant(population=4, per_iteration=4), pool, breeding()).candidates) == 4


@BOTH
def test_it_asks_again_where_nothing_new_came_and_gives_up_after_its_attempts(variant: Any) -> None:
    replies: Iterator[str | CallFailure] = iter(
        ["<prompt>take b</prompt>", CallFailure("server error"), "no idea,\nsorry", "<prompt>take z"]
    )
    box = ScriptedBlackBox(lambda request: next(replies))
    proposal = propose(variant(population=4), FOUNDED, box)
    assert ([candidate.text for candidate in proposal.candidates], proposal.written) == ([text("z")], 3)
    assert len({request.prompt for request in box.requests}) > 1
    box = ScriptedBlackBox(lambda request: "<prompt>take b</prompt>")
    assert propose(variant(population=4, attempts=4), FOUNDED, box) == Proposal((), 4, 0)
    assert [request.temperature for request in box.requests] == [0.5, 0.5, 0.5, 0.75]


@BOTH
def test_calls_that_fail_are_no_lack_of_ideas(variant: Any) -> None:
    failing = ScriptedBlackBox(lambda request: CallFailure("server error"))
    with pytest.raises(ProviderError, match=r"No instruction arrived \(server error\); start again"):
        propose(variant(population=4), FOUNDED, failing)
    late = ScriptedBlackBox(lambda request: NOT_SENT)
    with pytest.raises(BudgetSpent, match="Time ran out"):
        propose(variant(population=4), FOUNDED, late)


@BOTH
def test_a_model_that_cant_follow_requests_continues_the_parents_words_behind_demonstrations(variant: Any) -> None:
    box = ScriptedBlackBox(lambda request: " all of it", follows_requests=False)
    [child] = propose(variant(population=4), FOUNDED, box).candidates
    [request] = box.requests
    demonstrations, _, beginning = request.prompt.rpartition("\n\nThe instruction was to ")
    assert demonstrations.count("Input:") == 5
    assert child.text == f"T{beginning[1:]} all of it."
    assert request.max_tokens == 64
    propose(variant(population=4, operator="request"), FOUNDED, box)
    assert "<prompt>" in box.requests[1].prompt


def test_continuation_can_be_asked_of_any_model() -> None:
    def continued(request: Request) -> str:
        return f" part {request.seed}"

    strategy = EvoPromptGA(population=4, operator="continuation", per_iteration=2)
    assert len(propose(strategy, INITIAL, ScriptedBlackBox(continued)).candidates) == 2


@BOTH
def test_the_longest_requests_hold_four_parents_for_all_attempts(variant: Any) -> None:
    requests = variant(attempts=3, per_iteration=2).longest_requests(EXAMPLES, "a" * 400)
    assert len(requests) == 6
    assert requests[0].prompt.count("a" * 400) == 4


def test_parents_that_are_drawn_independently_may_be_one() -> None:
    pool = Pool((row("a", 1.0), row("b", 0.0), row("c", 0.0, 1, "a"), row("d", 0.0, 2, "b")))
    box = breeding()
    propose(EvoPromptGA(population=4, distinct_parents=False), pool, box)
    assert box.requests[0].prompt.count(text("a")) == 2


def test_numbers_are_in_range() -> None:
    with pytest.raises(ValueError, match="Expected attempts of at least 1 but got 0"):
        EvoPromptGA(attempts=0)
    with pytest.raises(ValueError, match="Expected a population of at least 4 but got 3"):
        EvoPromptDE(population=3)
