"""The dry run's figure is an upper bound, and in calls it is what a run without luck or duplicates asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from duet.engine.estimate import Estimate
from duet.features import FeatureExtractor
from duet.models.prices import Prices
from duet.proposals.initialisation import Initialisation
from duet.strategies.duet import Duet

PRICES = Prices(0.1, 0.7)
PER_TEXT, TEST = 4, 6


def calls(estimate: Estimate) -> dict[str, int]:
    return {part.name: part.most.calls for part in estimate.parts}


def test_the_calls_of_a_run_without_duplicates_are_those_of_the_estimate(run: Callable[..., Any], paid: Any) -> None:
    done = run(wrap=paid(PRICES), iterations=3, threshold=1.1)
    estimate = done.search.estimate()
    assert calls(estimate) == {"first instructions": 1, "scores": (5 + 3) * PER_TEXT, "final test": 2 * TEST}
    same = done.result["best_instruction"] == done.result["initial_best_instruction"]
    assert done.result["calls"] == estimate.most.calls - (TEST if same else 0)


@pytest.mark.parametrize("outputs", ["white_box", "black_box", "none"])
@pytest.mark.parametrize("mode", ["request", "sample"])
def test_no_run_spends_more_than_its_estimate(run: Callable[..., Any], paid: Any, mode: Any, outputs: Any) -> None:
    asking = Initialisation(mode, count=5, max_rounds=3, max_tokens=200)
    done = run(
        lambda _: 0.4, wrap=paid(PRICES), initialisation=asking, extractor=FeatureExtractor(outputs, probes=2),
        iterations=3, threshold=1.1, strategy=Duet(candidates=6, choose=1),
    )  # fmt: skip
    estimate, result = done.search.estimate(), done.result
    assert estimate.usd is not None
    assert result["calls"] <= estimate.most.calls
    assert result["prompt_tokens"] <= estimate.most.prompt_tokens
    assert result["completion_tokens"] <= estimate.most.completion_tokens
    assert 0 < result["cost_usd"] <= estimate.usd
    assert calls(estimate)["first instructions"] == (3 if mode == "request" else 15)
    assert calls(estimate).get("output answers") == ((5 + 3 * 6) * 2 if outputs == "black_box" else None)


def test_candidates_that_the_black_box_writes_are_part_of_it(run: Callable[..., Any], paid: Any) -> None:
    from duet.strategies.shares import Shares

    writing = Duet(candidates=4, choose=1, shares=Shares(0.0, 0.0, 0.0, paraphrase=0.5, resample=0.5), attempts=2)
    done = run(wrap=paid(PRICES), strategy=writing, iterations=2, threshold=1.1)
    estimate = done.search.estimate()
    assert calls(estimate)["candidates"] == 2 * 2 * 2  # a request for paraphrases and one for new ones
    assert done.result["calls"] <= estimate.most.calls
    assert done.result["cost_usd"] <= estimate.usd


def test_each_black_box_is_counted_at_its_own_price(run: Callable[..., Any], paid: Any) -> None:
    dear = paid(Prices(1.0, 0.0))
    done = run(proposer=dear(run(folder="other").box))
    estimate = done.search.estimate()
    [first, *others] = estimate.parts
    assert first.usd == first.most.prompt_tokens / 10**6
    assert [part.usd for part in others] == [0.0, 0.0]


def test_an_unknown_price_makes_the_sum_unknown(run: Callable[..., Any], paid: Any) -> None:
    estimate = run(wrap=paid(None)).search.estimate()
    assert estimate.usd is None
    assert estimate.most.calls > 0
