"""Own starting instructions in a whole search: scored first, tested, compared, and within the estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from duet.models.prices import Prices
from duet.proposals.initialisation import Initialisation
from duet.spending.budget import Budget
from duet.strategies.duet import Duet
from duet.strategies.shares import Shares

OWN = ("second", "Take the last of the two words, whatever it is.")
TEST, PER_TEXT = 6, 4


def qualities(**scores: float) -> Callable[[str], float]:
    return lambda text: next((score for word, score in scores.items() if word in text), 0.1)


def asking(**options: Any) -> Initialisation:
    return Initialisation(**{"count": 5, "max_rounds": 1, "instructions": OWN, **options})


def test_they_are_scored_first_and_reported_as_yours(run: Callable[..., Any], listed: Callable[..., Any]) -> None:
    quality = qualities(last=0.6, Good=1.1)
    done = run(quality, initialisation=asking(), strategy=listed(["Good one."]), iterations=1)
    pool = list(done.data.pool)
    assert [row.text for row in pool[:2]] == list(OWN)
    assert [row.candidate.origin for row in pool[:3]] == ["own", "own", "initial"]
    assert len(done.data.pool.initial()) == 5
    best, other = done.result["own_instructions"]
    assert (best["instruction"], other["instruction"]) == (OWN[1], OWN[0])
    assert best["n"] == PER_TEXT
    assert best["test_score"] is not None
    assert best["test_score"] < done.result["test_score"] == 1.0
    assert other["test_score"] is None


def test_the_best_of_them_is_tested_beside_the_best_and_the_best_initial_one(
    run: Callable[..., Any], listed: Callable[..., Any]
) -> None:
    quality = qualities(last=0.3, second=0.0, colour=0.9, Good=1.1)
    done = run(quality, initialisation=asking(), strategy=listed(["Good one."]), iterations=1)
    assert done.result["initial_best_instruction"] == "Name the colour."
    tested = {"Good one.": TEST, "Name the colour.": TEST, OWN[1]: TEST, OWN[0]: 0}
    assert {text: done.times_scored(text) - PER_TEXT for text in tested} == tested


@pytest.mark.parametrize("extra", range(4))
def test_a_budget_keeps_room_for_their_test(run: Callable[..., Any], listed: Callable[..., Any], extra: int) -> None:
    cap = 1 + 6 * PER_TEXT + 3 * TEST + extra
    quality = qualities(last=0.3, second=0.0, colour=0.9, Good=1.1)
    many = listed(["Good one."], ["Bad one."], ["Worse one."])
    done = run(quality, initialisation=asking(), strategy=many, threshold=2.0, budget=Budget(max_calls=cap))
    assert done.result["own_instructions"][0]["test_score"] is not None
    assert done.result["test_score"] is not None
    assert done.result["calls"] <= cap


def test_without_them_nothing_is_reported_of_them(run: Callable[..., Any]) -> None:
    assert run().result["own_instructions"] == []


@pytest.mark.parametrize("count", [1, 2, 6])
def test_no_run_with_everything_spends_more_than_its_estimate(run: Callable[..., Any], paid: Any, count: int) -> None:
    shares = Shares(0.2, 0, 0, paraphrase=0.2, resample=0.2, reflection=0.2, exemplars=0.2)
    long = "Take the second of both. " * 40  # longer than the filter lets any other be
    done = run(
        lambda _: 0.4, wrap=paid(Prices(0.1, 0.7)), initialisation=asking(count=count, instructions=(*OWN, long)),
        iterations=3, threshold=1.1, strategy=Duet(candidates=15, choose=3, shares=shares, attempts=2),
    )  # fmt: skip
    estimate, result = done.search.estimate(), done.result
    origins = {row.candidate.origin for row in done.data.pool}
    assert "own" in origins
    assert origins & {"exemplars", "reflection", "paraphrase"}
    assert result["calls"] <= estimate.most.calls
    assert result["prompt_tokens"] <= estimate.most.prompt_tokens
    assert result["completion_tokens"] <= estimate.most.completion_tokens
    assert 0 < result["cost_usd"] <= estimate.usd
    assert {part.name: part.most.calls for part in estimate.parts}["final test"] == 3 * TEST
