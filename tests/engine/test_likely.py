"""The likely cost: from the task before anything was sent, from the answers as they come."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from duet.models.prices import Prices
from duet.spending.budget import Usage
from duet.spending.usage_model import UsageModel
from duet.strategies.duet import Duet
from duet.strategies.shares import Shares

PRICES = Prices(20.0, 200.0)


def test_before_anything_was_sent_it_lies_far_below_the_most(run: Callable[..., Any], paid: Any) -> None:
    writing = Duet(candidates=4, choose=1, shares=Shares(0.0, 0.0, 0.0, 1.0, 1.0))
    search = run(wrap=paid(PRICES), strategy=writing, iterations=2, threshold=1.1).search
    search.pool = type(search.pool)()  # as if nothing had been sent
    most, likely = search.estimate(), search.forecast.parts
    calls = {part.name: part.calls for part in likely}
    assert calls == {"first instructions": 1, "scores": (5 + 2) * 4, "candidates": 2 * 2, "final test": 2 * 6}
    answers = next(part for part in likely if part.name == "scores").each
    assert (answers.calls, answers.completion_tokens) == (1, 2)  # as long as the accepted outputs
    assert 40 < answers.prompt_tokens < 100
    sums = sum((part.each * part.calls for part in likely), Usage())
    assert sums.calls <= most.most.calls
    assert sums.tokens < most.most.tokens / 3


def test_with_the_answers_so_far_it_comes_closer_and_ends_at_what_was_paid(
    run: Callable[..., Any], paid: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[float] = []

    def note(search: Any) -> None:
        said.append(search.likely().usd)

    from callbacks.search_progress import SearchProgress

    monkeypatch.setattr(SearchProgress, "on_train_epoch_end", lambda self, *_: note(self.search))
    done = run(wrap=paid(PRICES), iterations=4, threshold=1.1)  # it charges as much as a call can cost
    spent = json.loads((done.folder / "result.json").read_text())["cost_usd"]
    assert len(said) == 4
    assert said[-1] == pytest.approx(spent, rel=0.05)
    assert abs(said[-1] - spent) <= abs(said[0] - spent) + 1e-9


def test_a_mean_needs_ten_answers_of_the_kind() -> None:
    model = UsageModel()
    for number in range(10):
        assert model.mean(Usage(1, 0, 64), 5) is None
        model.learn(Usage(1, 400, 64), Usage(1, 100 + number, 4))
    assert model.mean(Usage(1, 0, 64), 5) == Usage(5, 523, 20)
    assert model.mean(Usage(1, 0, 65), 5) is None
