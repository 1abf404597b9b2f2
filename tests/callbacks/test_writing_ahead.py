"""Candidates that are written while the black box scores: the same with and without a thread, whole or interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from duet.features import FeatureExtractor
from duet.models.base import Outcome, Request
from duet.models.errors import ProviderError
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.models.prices import Prices
from duet.strategies.duet import Duet, Shares
from tests.engine.conftest import FIRST, Run

AHEAD = Duet(candidates=8, ahead=True)
PRICES = Prices(0.1, 0.7)
Start = Callable[..., Run]


def rows(done: Run) -> list[tuple[int, str, tuple[float, ...], float | None]]:
    return [(row.iteration, row.text, row.scores, row.candidate.predicted) for row in done.data.pool]


def test_a_thread_changes_nothing_but_the_time(run: Start, paid: Any) -> None:
    here, there = run(strategy=AHEAD, folder="here"), run(strategy=AHEAD, folder="there", wrap=paid(PRICES))
    assert rows(here) == rows(there)
    assert [one.text for one in here.data.pool.reserve] == [one.text for one in there.data.pool.reserve]


def test_from_the_second_iteration_on_all_candidates_were_written_ahead(
    run: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    generate = HashingWhiteBox.generate

    def count(self: HashingWhiteBox, prompts: Sequence[str], *args: Any, **options: Any) -> list[str]:
        if any("instruction was to" in one for one in prompts):
            written.append(len(prompts))
        return generate(self, prompts, *args, **options)

    monkeypatch.setattr(HashingWhiteBox, "generate", count)
    done = run(strategy=AHEAD, iterations=3)
    assert written == [8] * 4  # the first iteration's own, and one for each of the next ones
    assert {row.iteration for row in done.data.pool} == {0, 1, 2, 3}
    assert done.search.last_proposal.written == 8


def test_the_white_box_writes_while_the_black_box_is_asked(
    run: Start, paid: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, wrote, waited = threading.get_ident(), threading.Event(), []
    generate, complete = HashingWhiteBox.generate, ScriptedBlackBox.complete

    def tell(self: HashingWhiteBox, *args: Any, **options: Any) -> list[str]:
        if threading.get_ident() != main:
            wrote.set()
        return generate(self, *args, **options)

    def wait(self: ScriptedBlackBox, requests: Sequence[Request]) -> list[Outcome]:
        if len(self.asked) == 1 + 4 * len(FIRST):  # the first answers of the first iteration
            waited.append(wrote.wait(10))
        return complete(self, requests)

    monkeypatch.setattr(HashingWhiteBox, "generate", tell)
    monkeypatch.setattr(ScriptedBlackBox, "complete", wait)
    run(strategy=AHEAD, wrap=paid(PRICES), iterations=1)
    assert waited == [True]


def test_a_run_that_broke_down_goes_on_as_if_it_had_not(run: Start, paid: Any) -> None:
    whole = run(strategy=AHEAD, folder="whole", cache="off", wrap=paid(PRICES))
    for last in (22, 5, 5):
        with pytest.raises(ProviderError):
            run(strategy=AHEAD, wrap=paid(PRICES, last), cache="user")
    assert rows(run(strategy=AHEAD, wrap=paid(PRICES), cache="user")) == rows(whole)


def test_what_asks_the_black_box_cannot_be_done_ahead(run: Start) -> None:
    with pytest.raises(ValueError, match="Expected ahead with shares of the white box alone"):
        Duet(ahead=True, shares=Shares(paraphrase=0.1))
    with pytest.raises(ValueError, match=r"Expected ahead with search\.extractor\.outputs white_box or none"):
        run(strategy=AHEAD, extractor=FeatureExtractor(outputs="black_box"))
