from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from duet.models.base import NOT_SENT, CallFailure, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.fakes import ScriptedBlackBox
from duet.models.openai_black_box import OpenAIBlackBox
from duet.spending.budget import Budget, Usage
from duet.spending.budgeted import BudgetedBlackBox
from duet.spending.cached import CachedBlackBox
from duet.spending.call_budget import CallBudget
from tests.servers.chat_server import ChatServer, Faults


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def _echo() -> ScriptedBlackBox:
    return ScriptedBlackBox(lambda request: request.prompt)


@pytest.mark.parametrize("cap", [{"max_calls": 0}, {"max_tokens": -1}, {"max_time": 0.0}, {"max_time": float("nan")}])
def test_a_cap_is_positive(cap: dict[str, Any]) -> None:
    [name] = cap
    with pytest.raises(ValueError, match=f"Expected {name} to be positive but got"):
        Budget(**cap)


def test_a_cap_without_an_end_is_none() -> None:
    with pytest.raises(ValueError, match="Expected max_cost_usd to be finite but got inf; leave it out for no cap"):
        Budget(max_cost_usd=float("inf"))


def test_usage_counts_calls_and_tokens() -> None:
    box = BudgetedBlackBox(_echo(), CallBudget(Budget()))
    box.complete([Request("a b"), Request("c")])
    assert box.budget.spent == Usage(2, 3, 3)
    assert box.budget.remaining_calls is None


def test_a_call_too_many_is_refused_before_anything_is_sent() -> None:
    inner = _echo()
    box = BudgetedBlackBox(inner, CallBudget(Budget(max_calls=3)))
    box.complete([Request("a")] * 2)
    assert box.budget.remaining_calls == 1
    with pytest.raises(BudgetSpent, match="cap max_calls=3: 2 spent, 2 more needed"):
        box.complete([Request("a")] * 2)
    assert (len(inner.requests), box.budget.remaining_calls) == (2, 1)
    box.complete([Request("a")])
    assert box.budget.remaining_calls == 0


def test_a_system_prompt_is_part_of_every_bound(tmp_path: Path) -> None:
    long = "Be short. " * 100
    nowhere = OpenAIBlackBox("m", "http://127.0.0.1:9/v1", system_prompt=long)
    inner = CachedBlackBox(nowhere, tmp_path / "calls.sqlite")
    box = BudgetedBlackBox(inner, CallBudget(Budget(max_tokens=1000)))
    with pytest.raises(BudgetSpent, match=r"cap max_tokens=1000: 0 spent, 1075 more needed"):
        box.complete([Request("a", max_tokens=10)])  # 1 + 64 + 1000 + 10


def test_tokens_are_refused_by_their_bound_and_settled_by_their_number() -> None:
    box = BudgetedBlackBox(_echo(), CallBudget(Budget(max_tokens=200)))
    for _ in range(30):
        box.complete([Request("a b", max_tokens=10)])  # at most 3 bytes + 64 + 10 tokens, in fact 4
    assert box.budget.spent.tokens == 120
    box.complete([Request("a b", max_tokens=10)])
    with pytest.raises(BudgetSpent, match=r"cap max_tokens=200: 124 spent, 77 more needed"):
        box.complete([Request("a b", max_tokens=10)])
    assert box.budget.spent.tokens == 124


def test_no_cap_is_exceeded_whatever_the_concurrency() -> None:
    inner = _echo()
    box = BudgetedBlackBox(inner, CallBudget(Budget(max_calls=50)))

    def ask(_: int) -> bool:
        try:
            box.complete([Request("a")] * 3)
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(ask, range(100))) == 16
    assert len(inner.requests) == box.budget.spent.calls == 48


def test_nothing_is_sent_after_the_time_is_up() -> None:
    now = [100.0]
    inner = _echo()
    box = BudgetedBlackBox(inner, CallBudget(Budget(max_time=5.0), clock=lambda: now[0]))
    now[0] = 104.9
    box.complete([Request("a")])
    now[0] = 105.0
    with pytest.raises(BudgetSpent, match=r"cap max_time=5.0: 5 seconds spent"):
        box.complete([Request("a")])
    assert len(inner.requests) == 1


def test_a_failed_call_counts_with_what_it_cost() -> None:
    box = BudgetedBlackBox(ScriptedBlackBox(lambda _: CallFailure("refused", 7, 3)), CallBudget(Budget()))
    box.complete([Request("a")])
    assert box.budget.spent == Usage(1, 7, 3)


def test_a_call_that_raised_frees_what_was_reserved() -> None:
    def refuse(_: Request) -> str:
        raise ProviderError("no key")

    box = BudgetedBlackBox(ScriptedBlackBox(refuse), CallBudget(Budget(max_calls=1)))
    with pytest.raises(ProviderError):
        box.complete([Request("a")])
    assert (box.budget.spent, box.budget.remaining_calls) == (Usage(), 1)


def test_a_resumed_run_goes_on_counting() -> None:
    now = [0.0]
    first = BudgetedBlackBox(_echo(), CallBudget(Budget(max_calls=3, max_time=10.0), clock=lambda: now[0]))
    first.complete([Request("a b")] * 2)
    now[0] = 6.0
    state = first.budget.state_dict()
    learned = {"scripted": {"64": [2, 134, 128, 2, 4, 4]}}  # two calls: their bounds, and what they did cost
    assert state == {
        "calls": 2, "prompt_tokens": 4, "completion_tokens": 4, "milliseconds": 6000, "learned": learned,
    }  # fmt: skip
    second = BudgetedBlackBox(_echo(), CallBudget(Budget(max_calls=3, max_time=10.0), clock=lambda: now[0]))
    second.budget.load_state_dict(state)
    now[0] = 9.0
    assert (second.budget.remaining_calls, second.budget.spent) == (1, first.budget.spent)
    second.complete([Request("a")])
    assert second.budget.state_dict()["milliseconds"] == 9000


def test_answers_from_a_cache_count_like_any_other(tmp_path: Path) -> None:
    usages = []
    for _ in range(2):
        box = BudgetedBlackBox(CachedBlackBox(_echo(), tmp_path / "cache"), CallBudget(Budget()))
        box.complete([Request("a b"), Request("a b"), Request("c")])
        usages.append(box.budget.spent)
    assert usages == [Usage(3, 5, 5)] * 2


def test_a_budget_changes_no_identity() -> None:
    assert BudgetedBlackBox(_echo(), CallBudget(Budget())).identity == "scripted"


def test_no_request_is_sent_after_the_time_though_many_were_admitted_before() -> None:
    now = [0.0]

    def slow(request: Request) -> str:
        now[0] += 0.1
        return request.prompt

    inner = ScriptedBlackBox(slow)
    box = BudgetedBlackBox(inner, CallBudget(Budget(max_time=5.0), clock=lambda: now[0]))
    outcomes = box.complete([Request("a b")] * 200)
    assert len(inner.requests) == 64  # the fake answers so many at once
    assert outcomes[64:] == [NOT_SENT] * 136
    assert box.budget.spent == Usage(64, 128, 128)


def test_what_arrived_before_an_error_is_counted() -> None:
    def spend(_: Request) -> str:
        if len(inner.requests) > 64:
            raise ProviderError("no money left")
        return "a"

    inner = ScriptedBlackBox(spend)
    box = BudgetedBlackBox(inner, CallBudget(Budget(max_calls=200)))
    with pytest.raises(ProviderError):
        box.complete([Request("a")] * 200)
    assert (box.budget.spent, box.budget.remaining_calls) == (Usage(64, 64, 64), 136)


def test_a_request_that_was_not_sent_costs_nothing() -> None:
    box = BudgetedBlackBox(_echo(), CallBudget(Budget()))
    assert list(box.stream([Request("a")], lambda: False)) == [{0: NOT_SENT}]
    assert box.budget.spent == Usage()


def test_no_cap_is_exceeded_over_the_network_at_concurrency_64() -> None:
    with ChatServer(latency=0.02, faults=Faults(0.2, ("500", "429"))) as server:
        inner = OpenAIBlackBox("m", server.url, max_concurrency=64, pause=0.01)
        box = BudgetedBlackBox(inner, CallBudget(Budget(max_calls=100, max_tokens=10_000)))
        requests = [Request(str(number), max_tokens=3) for number in range(101)]
        with pytest.raises(BudgetSpent):
            box.complete(requests)
        assert server.seen == []
        box.complete(requests[:100])
        with pytest.raises(BudgetSpent):
            box.complete(requests[100:])
        assert server.paid.total() == 100
        assert box.budget.spent == Usage(100, 700, 300)
