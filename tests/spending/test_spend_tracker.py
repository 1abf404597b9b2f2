"""What a run has paid: its own purchases, over all its restarts, and never more than the cap."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]

from duet.evaluation.allocation import Allocation
from duet.models.base import AbstractBlackBox, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.fakes import ScriptedBlackBox
from duet.models.openai_black_box import OpenAIBlackBox
from duet.models.prices import Prices
from duet.proposals.initialisation import Initialisation
from duet.spending.budget import Budget, Usage
from duet.spending.cache_file import user_cache_path
from duet.spending.spend_tracker import SpendTracker
from tests.servers.chat_server import ChatServer, completion

PRICES = Prices(0.1, 0.7)
ALLOCATIONS = [Allocation("fixed", examples=4), Allocation(examples=4)]
ASKING = Initialisation(count=5, max_rounds=1, max_tokens=100)


def charged(done: Any) -> int:
    """The picodollars in the journal."""
    path = done.folder / "spending.jsonl"
    return sum(json.loads(line).get("picodollars", 0) for line in path.read_text().splitlines())


def test_what_is_paid_stands_in_the_result_the_curves_and_the_journal(run: Callable[..., Any], paid: Any) -> None:
    done = run(wrap=paid(PRICES), threshold=1.1)
    spent = done.result["prompt_tokens"] * 100_000 + done.result["completion_tokens"] * 700_000
    assert done.result["cost_usd"] == spent / 10**12 == charged(done) / 10**12
    curves = EventAccumulator(str(done.folder), size_guidance={"scalars": 0})
    curves.Reload()
    values = [event.value for event in curves.Scalars("cost/usd")]
    assert len(values) == 3
    assert 0 < values[0] < values[1] < values[2] < done.result["cost_usd"]


def test_a_model_in_this_process_costs_nothing(run: Callable[..., Any]) -> None:
    done = run()
    assert done.result["cost_usd"] == 0.0
    assert not (done.folder / "spending.jsonl").exists()
    assert not user_cache_path().exists()


def test_unknown_prices_are_an_unknown_cost(run: Callable[..., Any], paid: Any) -> None:
    assert run(wrap=paid(None)).result["cost_usd"] is None


def test_what_another_run_has_paid_for_costs_nothing(run: Callable[..., Any], paid: Any) -> None:
    first, second = run(wrap=paid(PRICES), folder="one"), run(wrap=paid(PRICES), folder="two")
    assert (second.result["cost_usd"], second.box.requests) == (0.0, [])
    assert second.result["calls"] == first.result["calls"]
    assert second.texts == first.texts
    assert not (first.folder / "calls.sqlite").exists()


@pytest.mark.parametrize("allocation", ALLOCATIONS)
@pytest.mark.parametrize("cache", ["user", "{folder}/mine.sqlite"])
def test_a_run_that_broke_down_again_and_again_pays_what_an_uninterrupted_one_pays(
    run: Callable[..., Any], paid: Any, cache: str, allocation: Allocation, tmp_path: Path
) -> None:
    cache = cache.format(folder=tmp_path)
    whole = run(wrap=paid(PRICES), folder="whole", cache="off", allocation=allocation)
    for last in (0, 1, 9, 20):
        with pytest.raises(ProviderError):
            run(wrap=paid(PRICES, last), cache=cache, allocation=allocation)
    resumed = run(wrap=paid(PRICES), cache=cache, allocation=allocation)
    times = ("seconds",)
    assert {k: v for k, v in resumed.result.items() if k not in times} == {
        k: v for k, v in whole.result.items() if k not in times
    }
    assert charged(resumed) == charged(whole)


def test_without_a_cache_what_is_bought_twice_is_paid_twice(run: Callable[..., Any], paid: Any) -> None:
    once = run(wrap=paid(PRICES), folder="once", cache="off")
    with pytest.raises(ProviderError):
        run(wrap=paid(PRICES, 9), cache="off")
    resumed = run(wrap=paid(PRICES), cache="off")
    assert resumed.result["calls"] == once.result["calls"]
    assert resumed.result["cost_usd"] > once.result["cost_usd"]


@pytest.mark.parametrize("allocation", ALLOCATIONS)
@pytest.mark.parametrize("share", [0.6, 0.95])
@pytest.mark.parametrize("kind", ["max_calls", "max_tokens", "max_cost_usd"])
def test_whatever_is_capped_the_final_test_is_paid_and_no_cap_exceeded(
    run: Callable[..., Any], paid: Any, kind: str, share: float, allocation: Allocation
) -> None:
    free = run(
        wrap=paid(PRICES), allocation=allocation, initialisation=ASKING, iterations=6, cache="off", folder="free"
    ).result
    spent = {"max_calls": free["calls"], "max_cost_usd": free["cost_usd"]}
    spent["max_tokens"] = free["prompt_tokens"] + free["completion_tokens"]
    cap = int(share * spent[kind]) if kind != "max_cost_usd" else share * spent[kind]
    done = run(
        wrap=paid(PRICES), initialisation=ASKING, iterations=6, cache="off", allocation=allocation,
        budget=Budget(**{kind: cap}),
    ).result  # fmt: skip
    used = {"max_calls": done["calls"], "max_cost_usd": done["cost_usd"]}
    used["max_tokens"] = done["prompt_tokens"] + done["completion_tokens"]
    assert done["stop_reason"] == "budget" or allocation.kind == "successive_halving"
    assert None not in (done["test_score"], done["initial_best_test_score"])
    assert used[kind] <= cap


def test_a_cap_in_dollars_needs_known_prices(paid: Any) -> None:
    box = paid(None)(ScriptedBlackBox({}))
    with pytest.raises(ValueError, match=r"max_cost_usd: expected known prices .* m at https://models.example/v1; set"):
        SpendTracker((ScriptedBlackBox({}), box), Budget(max_cost_usd=1.0), "auto")


@pytest.mark.parametrize(
    ("cache", "free", "costly"),
    [
        ("auto", "run/calls.sqlite", "user"), ("user", "user", "user"), ("off", None, None),
        ("run", "run/calls.sqlite", "run/calls.sqlite"), ("my/file", "my/file", "my/file"),
    ],
)  # fmt: skip
def test_the_cache_lies_where_it_should(paid: Any, cache: str, free: str | None, costly: str | None) -> None:
    box = ScriptedBlackBox({})
    accounts = SpendTracker((box, box), Budget(), cache)
    places = {"user": user_cache_path(), None: None}
    assert accounts.cache_path(box, Path("run")) == places.get(free, Path(free or ""))
    assert accounts.cache_path(paid(PRICES)(box), Path("run")) == places.get(costly, Path(costly or ""))


# How much fits


def tracker(box: AbstractBlackBox, **caps: Any) -> SpendTracker:
    return SpendTracker((box, box), Budget(**caps), "off")


def scoring(count: int) -> Usage:
    """The most that 20 examples for each of some instructions cost."""
    return Usage(20, 20 * 300, 20 * 64) * count


def test_how_many_fit_is_found_by_bisection() -> None:
    seen: list[int] = []

    def needed(count: int) -> Usage:
        seen.append(count)
        return scoring(count)

    assert tracker(ScriptedBlackBox({}), max_calls=815).affordable(needed, 2000) == 40
    assert len(seen) <= 11
    assert tracker(ScriptedBlackBox({}), max_calls=19).affordable(scoring, 2000) == 0
    assert tracker(ScriptedBlackBox({})).affordable(scoring, 2000) == 2000


def test_each_cap_bounds_it(paid: Any) -> None:
    box = paid(Prices(1.0, 2.0))(ScriptedBlackBox({}))
    each = scoring(1)
    assert tracker(box, max_tokens=10 * each.tokens).affordable(scoring, 50) == 10
    price = (each.prompt_tokens + 2 * each.completion_tokens) / 10**6
    assert tracker(box, max_cost_usd=7 * price).affordable(scoring, 50) == 7


def test_what_was_learned_makes_more_of_them_fit_and_survives_a_restart(tmp_path: Path) -> None:
    words = ScriptedBlackBox(lambda _: "x")
    spending = tracker(words, max_tokens=100_000)
    box, _ = spending.open(tmp_path)
    before = spending.affordable(scoring, 2000)
    for count in (100, 300):  # at most 300 + 64 tokens each, in fact 118 + 1
        box.complete([Request("w " * 118, max_tokens=64)] * count)
    after = spending.affordable(scoring, 2000)
    assert (before, after) == (100_000 // (20 * 364), (100_000 - 400 * 119) // math.ceil(20 * 119 * 1.05))
    again = tracker(words, max_tokens=100_000)
    again.load_state_dict(spending.state_dict())
    assert again.affordable(scoring, 2000) == after


def test_room_is_kept_by_what_is_learned(tmp_path: Path) -> None:
    spending = tracker(ScriptedBlackBox(lambda _: "x"), max_tokens=30_000)
    box, _ = spending.open(tmp_path)
    spending.keep(scoring(5))  # at most 36,400 tokens
    with pytest.raises(BudgetSpent, match="kept for the final test"):
        box.complete([Request("a", max_tokens=64)])
    spending.keep(Usage())
    box.complete([Request("w " * 118, max_tokens=64)] * 50)
    spending.keep(scoring(5))  # expected 13,585 beside the 5,950
    box.complete([Request("w " * 118, max_tokens=64)] * 10)


def test_what_may_have_been_charged_is_shown_beside_what_was_paid(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with ChatServer() as server:
        server.reply = lambda _: (200, b"{") if len(server.seen) == 1 else (200, completion("A"))
        spending = tracker(OpenAIBlackBox("m", server.url, prices=Prices(1.0, 1.0), pause=0.01), max_calls=5)
        box, _ = spending.open(tmp_path)
        box.complete([Request("a", max_tokens=6)])
    assert (spending.usd, spending.possibly_charged_usd) == (10 / 10**6, 71 / 10**6)
    assert spending.usage == Usage(1, 7, 3)
    assert (spending.possibly_charged.calls, spending.remaining_calls) == (1, 3)
