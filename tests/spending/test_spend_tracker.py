"""What a run has paid: its own purchases, over all its restarts, and never more than the cap."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]

from duet.evaluation.evaluation import EvaluationConfig
from duet.evaluation.racing import Racing
from duet.models.errors import ProviderError
from duet.models.fakes import ScriptedBlackBox
from duet.models.prices import Prices
from duet.proposals.initialisation import Initialisation
from duet.spending.budget import Budget
from duet.spending.cache_file import user_cache_path
from duet.spending.spend_tracker import SpendTracker

PRICES = Prices(0.1, 0.7)
SCORINGS = [EvaluationConfig(examples=4), EvaluationConfig(examples=4, racing=Racing(0.19, 1))]
ASKING = Initialisation(count=5, max_rounds=1, max_tokens=100)


def charged(done: Any) -> int:
    """The picodollars in the journal."""
    path = done.folder / "spending.jsonl"
    return sum(json.loads(line).get("picodollars", 0) for line in path.read_text().splitlines())


def test_what_is_paid_stands_in_the_result_the_curves_and_the_journal(run: Callable[..., Any], paid: Any) -> None:
    done = run(wrap=paid(PRICES))
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
    assert (second.result["cost_usd"], second.box.asked) == (0.0, [])
    assert second.result["calls"] == first.result["calls"]
    assert second.texts == first.texts
    assert not (first.folder / "calls.sqlite").exists()


@pytest.mark.parametrize("evaluation", SCORINGS)
@pytest.mark.parametrize("cache", ["user", "{folder}/mine.sqlite"])
def test_a_run_that_broke_down_again_and_again_pays_what_an_uninterrupted_one_pays(
    run: Callable[..., Any], paid: Any, cache: str, evaluation: EvaluationConfig, tmp_path: Path
) -> None:
    cache = cache.format(folder=tmp_path)
    whole = run(wrap=paid(PRICES), folder="whole", cache="off", evaluation=evaluation)
    for last in (0, 1, 9, 20):
        with pytest.raises(ProviderError):
            run(wrap=paid(PRICES, last), cache=cache, evaluation=evaluation)
    resumed = run(wrap=paid(PRICES), cache=cache, evaluation=evaluation)
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


@pytest.mark.parametrize("evaluation", SCORINGS)
@pytest.mark.parametrize("share", [0.6, 0.95])
@pytest.mark.parametrize("kind", ["max_calls", "max_tokens", "max_cost_usd"])
def test_whatever_is_capped_the_final_test_is_paid_and_no_cap_exceeded(
    run: Callable[..., Any], paid: Any, kind: str, share: float, evaluation: EvaluationConfig
) -> None:
    free = run(
        wrap=paid(PRICES), evaluation=evaluation, initialisation=ASKING, iterations=6, cache="off", folder="free"
    ).result
    spent = {"max_calls": free["calls"], "max_cost_usd": free["cost_usd"]}
    spent["max_tokens"] = free["prompt_tokens"] + free["completion_tokens"]
    cap = int(share * spent[kind]) if kind != "max_cost_usd" else share * spent[kind]
    done = run(
        wrap=paid(PRICES), initialisation=ASKING, iterations=6, cache="off", evaluation=evaluation,
        budget=Budget(**{kind: cap}),
    ).result  # fmt: skip
    used = {"max_calls": done["calls"], "max_cost_usd": done["cost_usd"]}
    used["max_tokens"] = done["prompt_tokens"] + done["completion_tokens"]
    assert done["stop_reason"] == "budget"
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
